"""The register map of pyralis.hw.gcn.registers: what a driver relies on."""

from dataclasses import replace

import pytest

from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.counters import PER_DESCRIPTOR, TOTALS
from pyralis.hw.gcn.program import VERSION as PROGRAM_VERSION
from pyralis.hw.gcn.program import ErrorCode, scale_depth
from pyralis.hw.gcn.registers import IDENTIFICATION, VERSION, register_map
from pyralis.hw.snn.config import PRESETS as SPIKING
from pyralis.hw.snn.registers import register_map as spiking_map

CAPABILITIES = ("lanes", "engines", "depths", "tables", "memories", "handler")

OTHERWISE = ("bus_bits", "address_bits", "scale_rows")
"""Fields that stand in the registers in another form, or not at all."""


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_offsets_never_overlap(config):
    words = register_map(config).words
    offsets = [word.offset for word in words]
    assert len(set(offsets)) == len(offsets)
    assert all(offset % 4 == 0 and offset < 256 for offset in offsets)
    assert all(word.register.offset % 8 == 0 for word in words if word.register.width == 64)


def test_the_first_words_identify_the_core():
    first, second = register_map(GcnConfig()).words[:2]
    assert (first.offset, first.reset, first.reset.to_bytes(4, "big")) == (0, IDENTIFICATION, b"PyGC")
    assert (second.offset, second.reset) == (4, PROGRAM_VERSION << 16 | VERSION)


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_capabilities_are_those_of_the_configuration(config):
    registers = register_map(config)
    found = {field.name: field.reset for name in CAPABILITIES for field in registers[name].fields}
    assert found.pop("descriptor_counters") == PER_DESCRIPTOR
    assert 1 << found.pop("bus_log2") == config.bus_bits
    assert [found.pop(name) for name in ("burst_bit", "bank_bit", "bank_bits")] == [
        config.handler.burst_bit,
        config.handler.bank_bit,
        config.handler.bank_bits,
    ]
    assert 1 << found.pop("scale_rows_log2") == scale_depth(config)
    sizes = {name.removesuffix("_log2"): 1 << found.pop(name) for name in list(found) if "_log2" in name}
    found |= sizes
    assert found == {name: getattr(config, name) for name in found}
    every = {
        field
        for field in GcnConfig.__slots__
        if field not in ("bus_bits", "address_bits", "scale_rows", "program_queue")
    }
    assert set(found) == every, "a driver cannot find out all of a core's size"


def test_the_largest_sizes_have_room():
    largest = GcnConfig(
        columns=64,
        cores=4,
        lanes=16,
        splits=4,
        pe_rows=64,
        gather_ports=8,
        banks=16,
        store_rows=32,
        hubs=1 << 15,
        rounds=4,
        contexts=16,
        weight_rows=1 << 15,
        edge_lines=1 << 16,
        feature_lines=1 << 16,
        group_bytes=4096,
        accumulator_bits=32,
        bus_bits=512,
    )
    assert register_map(largest)["tables"].fields[0].reset == 1 << 15
    assert register_map(replace(largest, banks=1, columns=4, store_rows=1 << 13))["depths"]


def test_only_the_capabilities_differ_between_cores():
    maps = [register_map(config) for config in PRESETS.values()]
    assert len({(m.name, m.address_bits) for m in maps}) == 1
    rest = {tuple(register for register in m.registers if register.name not in CAPABILITIES) for m in maps}
    assert len(rest) == 1
    for name in CAPABILITIES:
        assert len({m[name] for m in maps}) > 1, name


def test_every_counter_and_error_has_its_place():
    registers = register_map(GcnConfig())
    for name in TOTALS:
        assert registers[f"total_{name}"].fields[0].width == 48
    code = registers["error"].fields[0]
    assert code.values is ErrorCode and max(error.value for error in ErrorCode) < 1 << code.width
    assert 1 << registers["descriptor_select"].fields[0].width == PER_DESCRIPTOR


def test_jobs_are_started_as_on_the_spiking_core():
    """Drivers share what starts and watches a job."""
    own, other = register_map(GcnConfig()), spiking_map(SPIKING["tiny"])
    shared = [word for word in other.words if word.offset < 8 or 0x20 <= word.offset < 0x70]
    assert len(shared) == 22
    for word in shared:
        mine = next(each for each in own.words if each.offset == word.offset)
        assert (mine.name, mine.writable) == (word.name, word.writable)
        fields = [(part.field.name, part.lsb, part.width, part.field.access) for part in word.parts]
        assert [(part.field.name, part.lsb, part.width, part.field.access) for part in mine.parts] == fields


def test_the_seed_of_samples_has_all_bits_and_is_0_after_reset():
    (field,) = register_map(GcnConfig())["sample_seed"].fields
    assert (field.lsb, field.width, field.reset) == (0, 16, 0)


def test_memory_switches_after_reset():
    fields = register_map(GcnConfig())["memory"].fields
    resets = {"priority": 1, "batch": 0, "remap": 0, "need": 1}
    assert {field.name: field.reset for field in fields} == resets
    assert [field.lsb for field in fields] == [0, 1, 2, 3]
