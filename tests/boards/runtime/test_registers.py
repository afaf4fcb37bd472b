"""Registers by name: every kind of access, both halves of a moment, and a sentence for each mistake."""

import json

import pytest
from fakecores import FakeTransport

from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.registers import Registers, near
from pyralis.gen.emit.registers import to_json
from pyralis.hw.axi.registermap import Field, Register, RegisterMap
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.registers import register_map

MAP = RegisterMap(
    name="sample",
    registers=(
        Register("ident", 0x00, access="const", reset=7),
        Register(
            "mixed",
            0x04,
            fields=(
                Field("go", 0, access="pulse"),
                Field("event", 1, access="w1c", reset=1),
                Field("level", 4, width=4, reset=3),
                Field("seen", 8, width=4, access="ro"),
            ),
        ),
        Register("counter", 0x08, access="ro", width=64, fields=(Field("value", 0, width=48),)),
        Register("place", 0x10, width=64),
        Register("order", 0x18, access="pulse", fields=(Field("now", 0),)),
        Register("first", 0x20),
        Register("second", 0x24, access="ro"),
    ),
)


class Sample(FakeTransport):
    """The counter runs: reading its low half catches the high one, as the hardware does."""

    def __init__(self):
        super().__init__(MAP)
        self.pulses = []
        self.count = 0xFFFF_FFFF

    def read(self, offset):
        if offset == 0x08:
            self.inputs["counter_lo", "value_lo"] = self.count & 0xFFFFFFFF
            self.inputs["counter_hi", "value_hi"] = self.count >> 32
            self.count += 1
        return super().read(offset)

    def pulse(self, word, field):
        self.pulses.append((word, field))


@pytest.fixture
def board():
    return Sample()


@pytest.fixture
def registers(board):
    return Registers(board, json.loads(to_json(MAP)))


def test_long_registers_are_read_whole(registers):
    assert [registers.read("counter") for _ in range(3)] == [0xFFFF_FFFF, 1 << 32, (1 << 32) + 1]
    assert registers.read("counter_lo") == 2
    assert registers.read("counter_hi") == 1


def test_long_registers_are_written_low_half_first(registers, board):
    registers.write("place", 0x1_2345_6789)
    assert board.log == [("place_lo", 0x2345_6789), ("place_hi", 1)]
    assert registers.read("place") == 0x1_2345_6789


def test_fields_are_read_and_written_by_name(registers, board):
    board.inputs["mixed", "seen"] = 9
    assert registers.read_fields("mixed") == {"go": 0, "event": 1, "level": 3, "seen": 9}
    assert registers.read_field("mixed", "seen") == 9


def test_writing_a_field_leaves_the_others_alone(registers, board):
    """Neither a pulse nor the clearing of an event comes with it, nor is the level lost with them."""
    registers.write_field("mixed", "level", 12)
    assert registers.read_fields("mixed") == {"go": 0, "event": 1, "level": 12, "seen": 0}
    assert board.pulses == []
    registers.write_field("mixed", "go", 1)
    assert registers.read_fields("mixed")["level"] == 12 and board.pulses == [("mixed", "go")]
    registers.write_field("mixed", "event", 1)
    assert registers.read_fields("mixed") == {"go": 0, "event": 0, "level": 12, "seen": 0}


def test_pulses_are_not_read_before(registers, board):
    registers.write_field("order", "now", 1)
    assert board.pulses == [("order", "now")] and board.log == [("order", 1)]


def test_spans_are_one_access_each(registers, board):
    registers.write("first", 5)
    assert registers.read_span("counter", "place") == {"counter": 0xFFFF_FFFF, "place": 0}

    asked = []

    class Blocks(Sample):
        def read_words(self, offset, count):
            asked.append((offset, count))
            return [self.read(offset + 4 * n) for n in range(count)]

        def write_words(self, offset, values):
            asked.append((offset, len(values)))

    fast = Registers(Blocks(), json.loads(to_json(MAP)))
    assert fast.read_span("counter", "place") == {"counter": 0xFFFF_FFFF, "place": 0}
    fast.write_span("place_lo", [1, 2])
    assert asked == [(0x08, 4), (0x10, 2)]


def test_spans_are_written_in_order(registers, board):
    registers.write_span("place_lo", [1, 2])
    assert board.log == [("place_lo", 1), ("place_hi", 2)]


@pytest.mark.parametrize(
    ("call", "what", "hint"),
    [
        (
            lambda r: r.read("kounter"),
            "there is no register 'kounter' in the map 'sample'",
            "did you mean counter?",
        ),
        (
            lambda r: r.read("x"),
            "there is no register 'x' in the map 'sample'",
            "there are: counter, first, ident, mixed, order, place, second",
        ),
        (
            lambda r: r.read("order"),
            "register 'order' can only be written; it reads as 0 always",
            "see the map of sample for those that can be read",
        ),
        (
            lambda r: r.write("second", 1),
            "register 'second' can only be read",
            "see the map for those that can be written",
        ),
        (
            lambda r: r.write("first", 1 << 32),
            "register 'first' holds 0..4294967295, not 4294967296",
            "give a value in this range",
        ),
        (
            lambda r: r.write("first", -1),
            "register 'first' holds 0..4294967295, not -1",
            "give a value in this range",
        ),
        (
            lambda r: r.write("mixed", 0x1F3),
            "register 'mixed' holds nothing in the bits 0x100 of 0x1f3",
            "it has: go, event, level",
        ),
        (
            lambda r: r.write_field("mixed", "seen", 1),
            "field 'seen' of register 'mixed' can only be read",
            "these can be written: go, event, level",
        ),
        (
            lambda r: r.write_field("mixed", "level", 16),
            "field 'level' of register 'mixed' holds 0..15, not 16",
            "give a value in this range",
        ),
        (
            lambda r: r.read_field("mixed", "lever"),
            "register 'mixed' has no field 'lever'",
            "it has: go, event, level, seen",
        ),
        (
            lambda r: r.read_fields("counter"),
            "register 'counter' has two words",
            "name one of them: counter_lo, counter_hi",
        ),
        (
            lambda r: r.write_span("place_lo", [1, 2, 3, 4]),
            "register 'order' holds nothing in the bits 0x2 of 0x3",
            "it has: now",
        ),
        (
            lambda r: r.write_span("place_lo", [1, 2, 1, 4]),
            "there are only 3 registers from 'place_lo' on, not 4",
            "give fewer values",
        ),
    ],
)
def test_mistakes_are_sentences_and_change_nothing(registers, board, call, what, hint):
    with pytest.raises(DriverError) as caught:
        call(registers)
    assert (caught.value.what, caught.value.hint) == (what, hint)
    assert board.log == []


def test_names_and_values_of_the_map():
    registers = Registers(Sample(), json.loads(to_json(register_map(PRESETS["tiny"]))))
    assert registers.value_name("error", "code", 9) == "timeout"
    assert registers.value_name("error", "code", 77) == "77"
    assert registers.values_of("error", "code")["opcode"] == 1
    assert registers.reset_of("lanes", "out_lanes") == PRESETS["tiny"].out_lanes
    assert registers.starting_with("layer_") == [
        "layer_select",
        "layer_cycles",
        "layer_active",
        "layer_stalls",
        "layer_spikes",
    ]
    assert "total_cycles" in registers and "total_cycles_hi" in registers and "total" not in registers


def test_the_map_comes_from_a_file(tmp_path, board):
    path = tmp_path / "registers.json"
    path.write_text(to_json(MAP))
    assert Registers(board, path).read("ident") == 7
    for content, what in (
        (None, "the register map registers.json cannot be read: No such file or directory"),
        ("{", "registers.json is no JSON: Expecting property name enclosed in double quotes in line 1"),
        ("[]", "the register map has the format None, not 'pyralis-registers-1'"),
        ('{"format": "2"}', "the register map has the format '2', not 'pyralis-registers-1'"),
    ):
        path.unlink()
        if content is not None:
            path.write_text(content)
        with pytest.raises(DriverError) as caught:
            Registers(board, path)
        assert caught.value.what == what
        path.touch()


def test_long_lists_of_names_end():
    names = [f"r{n}" for n in range(20)]
    assert near("zzz", names).endswith("r18, r19 and 8 more")
    assert near("rate_l", ["rate_lo", "rate_hi"]) == "did you mean rate_lo or rate_hi?"
