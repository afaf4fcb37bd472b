"""pyralis.hw.axi.registermap: the words of a map, and what a wrong declaration is told."""

import runpy
from pathlib import Path

import pytest

from pyralis.hw.axi.registermap import Field, Register, RegisterMap

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("map_example.py")))["EXAMPLE"]


def test_words_are_what_the_bus_sees():
    words = {word.name: word for word in EXAMPLE.words}
    assert list(words) == [
        *("identity", "control", "status", "scratch", "cycles_lo", "cycles_hi", "base_lo", "base_hi"),
        *("mixed_lo", "mixed_hi"),
    ]
    assert [words[name].offset for name in ("cycles_lo", "cycles_hi", "mixed_hi")] == [0x10, 0x14, 0x2C]
    assert (
        words["control"].reset == 5 << 4 and words["status"].reset == 3 << 28 and words["base_hi"].reset == 1
    )
    assert [word.name for word in EXAMPLE.words if not word.writable] == [
        "identity",
        "cycles_lo",
        "cycles_hi",
    ]
    parts = [
        (part.field.name, part.start, part.lsb, part.width, part.mask) for part in words["mixed_lo"].parts
    ]
    assert parts == [("flags", 0, 20, 12, 0xFFF00000)]
    parts = [
        (part.field.name, part.start, part.lsb, part.width, part.mask) for part in words["mixed_hi"].parts
    ]
    assert parts == [("flags", 12, 0, 12, 0xFFF), ("top", 0, 28, 4, 0xF0000000)]
    assert EXAMPLE["status"].fields[1].name == "events"
    with pytest.raises(KeyError, match="map 'example' has no register 'nothing'"):
        EXAMPLE["nothing"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Register("Status", 0), "register name must be a lower-case identifier, not 'Status'"),
        (lambda: Register("class", 0), "register name must be a lower-case identifier, not 'class'"),
        (lambda: Register("bus", 0), "register name 'bus' is taken by the bank itself"),
        (lambda: Register("a", 6), "register 'a': offset must be a multiple of 4, not 0x6"),
        (lambda: Register("a", 0, width=16), "register 'a': width must be 32 or 64, not 16"),
        (lambda: Register("a", 0, access="read"), "register 'a': access of 'value' must be one of"),
        (
            lambda: Register("a", 0, fields=(Field("B"),)),
            "register 'a': field name must be a lower-case identifier",
        ),
        (
            lambda: Register("a", 0, fields=(Field("b", 3, width=2), Field("c", 4))),
            "register 'a': fields 'b' and 'c' overlap at bit 4",
        ),
        (
            lambda: Register("a", 0, fields=(Field("b", 30, width=4),)),
            r"register 'a': field 'b' takes bits 30..33, beyond 0..31",
        ),
        (
            lambda: Register("a", 0, fields=(Field("b", 0, width=3, reset=8),)),
            r"register 'a': reset of 'b' must be in 0..7, not 8",
        ),
        (
            lambda: Register("a", 0, fields=(Field("b", access="w1c"), Field("b_set", 1))),
            "register 'a': field names .* must be different",
        ),
        (
            lambda: RegisterMap(name="m", registers=(Register("a", 0), Register("a", 4))),
            "map 'm': two registers are called 'a'",
        ),
        (
            lambda: RegisterMap(name="m", registers=(Register("b", 4), Register("a", 0, width=64))),
            "map 'm': registers 'a' and 'b' overlap at 0x4",
        ),
        (
            lambda: RegisterMap(name="m", registers=(Register("a", 12, width=64),), address_bits=4),
            "map 'm': register 'a' at 0xc lies beyond its 16 bytes",
        ),
        (
            lambda: RegisterMap(name="m", registers=(), address_bits=33),
            "address_bits must be in 2..32, not 33",
        ),
    ],
)
def test_a_wrong_declaration_is_told_what_is_wrong(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
