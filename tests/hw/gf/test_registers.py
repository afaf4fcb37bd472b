"""The register map of the finite-field core: what a driver relies on."""

import pytest

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import Injection
from pyralis.hw.gf.registers import COUNTERS, IDENTIFICATION, SLOTS, VERSION, register_map

CONFIGS = {
    "small": GfConfig(m=8, t=2, correct=1),
    "everything": GfConfig(m=571, t=5, correct=5, inject=True, separate_operands=True),
    "copies": GfConfig(m=128, order="ghash", protect="tmr", inject=True),
}


@pytest.mark.parametrize("operands", [False, True])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_offsets_never_overlap(config, operands):
    registers = register_map(config, operands=operands)
    offsets = [word.offset for word in registers.words]
    assert len(set(offsets)) == len(offsets)
    assert all(offset < 1 << registers.address_bits for offset in offsets)
    assert any(word.name == "a_0" for word in registers.words) == operands
    assert any(word.name == "cycles" for word in registers.words) == operands


def test_the_first_words_identify_the_core():
    first, second = register_map(CONFIGS["small"], operands=True).words[:2]
    assert (first.offset, first.reset.to_bytes(4, "big")) == (0, b"PyGF") and first.reset == IDENTIFICATION
    assert (second.offset, second.reset) == (4, VERSION)


def test_capabilities_are_those_of_the_configuration():
    registers = register_map(CONFIGS["everything"], operands=True)
    found = {field.name: field.reset for name in ("sizes", "kinds") for field in registers[name].fields}
    assert found == {
        "m": 571,
        "t": 5,
        "correct": 5,
        "protection": 7,
        "multiplier": 0,
        "reflected": 0,
        "separate_operands": 1,
        "injection": 1,
    }


def test_an_element_has_all_its_words():
    names = [word.name for word in register_map(CONFIGS["everything"], operands=True).words]
    for name in ("a", "b", "a_check", "b_check", "product"):
        assert [n for n in names if n.rpartition("_")[0] == name] == [f"{name}_{n}" for n in range(18)]
    assert sum(name.startswith("slot_") for name in names) == SLOTS
    assert all(f"count_{name}" in names for name in COUNTERS)


def test_every_net_has_a_number():
    for config in CONFIGS.values():
        if config.inject:
            net = register_map(config, operands=False)["slot_0"].fields[1]
            assert len(Injection(config).members) <= 1 << net.width
            assert all(name in net.doc for name in Injection(config).members)


def test_too_large_an_element_is_told():
    trinomial = 1 << 1279 | 1 << 216 | 1  # the search for one takes minutes
    config = GfConfig(m=1279, polynomial=trinomial, protect="none")
    with pytest.raises(ValueError, match=r"holds elements of at most 1024 bits, not m = 1279\."):
        register_map(config, operands=True)
