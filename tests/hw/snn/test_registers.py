"""The register map of pyralis.hw.snn.registers: what a driver relies on."""

from dataclasses import replace

import pytest

from pyralis.hw.snn.config import PRESETS, SnnConfig
from pyralis.hw.snn.counters import LAYERS, TOTALS
from pyralis.hw.snn.program import VERSION as PROGRAM_VERSION
from pyralis.hw.snn.program import ErrorCode
from pyralis.hw.snn.registers import IDENTIFICATION, VERSION, register_map

CAPABILITIES = ("lanes", "widths", "depths", "tiles")


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_offsets_never_overlap(config):
    words = register_map(config).words
    offsets = [word.offset for word in words]
    assert len(set(offsets)) == len(offsets)
    assert all(offset % 4 == 0 and offset < 256 for offset in offsets)
    assert all(word.register.offset % 8 == 0 for word in words if word.register.width == 64)


def test_the_first_words_identify_the_core():
    first, second = register_map(SnnConfig()).words[:2]
    assert (first.offset, first.reset, first.reset.to_bytes(4, "big")) == (0, IDENTIFICATION, b"PySN")
    assert (second.offset, second.reset) == (4, PROGRAM_VERSION << 16 | VERSION)


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_capabilities_are_those_of_the_configuration(config):
    registers = register_map(config)
    found = {field.name: field.reset for name in CAPABILITIES for field in registers[name].fields}
    assert found.pop("leak_multiplies") == (config.leak == "multiply")
    assert 1 << found.pop("bus_log2") == config.bus_bits
    assert found.pop("weight_words") == config.weight_depth
    assert found.pop("layer_counters") == LAYERS
    assert found == {name: getattr(config, name) for name in found} and len(found) == 10


def test_only_the_capabilities_differ_between_cores():
    maps = [register_map(config) for config in (*PRESETS.values(), SnnConfig(leak="shift", leak_bits=15))]
    assert len({(m.name, m.address_bits) for m in maps}) == 1
    rest = {tuple(register for register in m.registers if register.name not in CAPABILITIES) for m in maps}
    assert len(rest) == 1
    for name in CAPABILITIES[:3]:
        assert len({m[name] for m in maps}) > 1, name


def test_a_size_that_its_field_cannot_hold_is_told():
    config = replace(PRESETS["tiny"], weight_depth=1 << 16)
    with pytest.raises(
        ValueError, match=r"register 'depths': reset of 'weight_words' must be in 0\.\.65535, not 65536"
    ):
        register_map(config)


def test_every_counter_and_error_has_its_place():
    registers = register_map(SnnConfig())
    for name in TOTALS:
        assert registers[f"total_{name}"].fields[0].width == 48
    code = registers["error"].fields[0]
    assert code.values is ErrorCode and max(error.value for error in ErrorCode) < 1 << code.width
    assert 1 << registers["layer_select"].fields[0].width == LAYERS
