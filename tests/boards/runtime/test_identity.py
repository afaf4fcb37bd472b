"""A driver refuses every core that is not the one of its register map, and says how it differs."""

import json
from dataclasses import replace

import pytest
from fakecores import FakeTransport

from pyralis.boards.runtime.errors import WrongCoreError
from pyralis.boards.runtime.identity import check_identity
from pyralis.boards.runtime.registers import Registers
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.gen.emit.registers import to_json
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.registers import register_map as gf_map
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.registers import register_map

TINY = PRESETS["tiny"]
TOGETHER = "take the driver and registers.json that were made with the bitstream"


def refusal(board, config=TINY):
    with pytest.raises(WrongCoreError) as caught:
        check_identity(Registers(board, json.loads(to_json(register_map(config)))), SnnDriver.NOUNS)
    return caught.value.what, caught.value.hint


@pytest.mark.parametrize("preset", PRESETS)
def test_its_own_core_is_accepted(preset):
    registers = register_map(PRESETS[preset])
    check_identity(Registers(FakeTransport(registers), json.loads(to_json(registers))), SnnDriver.NOUNS)


def test_another_core():
    board = FakeTransport(gf_map(GfConfig(m=8), operands=True))
    assert refusal(board) == (
        "the identification word is 0x50794746 ('PyGF'), and the driver is for 0x5079534e ('PySN')",
        "load the bitstream that belongs to this driver, and check the address of the registers",
    )


def test_no_core_at_all():
    board = FakeTransport(register_map(TINY))
    board.held["ident"] = 0
    assert refusal(board)[0] == (
        "the identification word is 0x00000000, and the driver is for 0x5079534e ('PySN')"
    )


def test_another_version_of_registers_or_programs():
    board = FakeTransport(register_map(TINY))
    right = board.held["version"]
    board.held["version"] = right + 1
    assert refusal(board) == (
        "this core has version 2 of the registers, and the driver was made for version 1",
        TOGETHER,
    )
    board.held["version"] = right + 0x20000
    assert (
        refusal(board)[0] == "this core has version 3 of the program, and the driver was made for version 1"
    )


def test_another_size():
    board = FakeTransport(register_map(TINY))
    assert refusal(board, replace(TINY, out_lanes=16)) == (
        "this core has 8 output lanes, the driver was made for 16",
        TOGETHER,
    )
    other = replace(TINY, weight_depth=100, leak="shift")
    assert refusal(board, other)[0] == (
        "this core has leak_multiplies = 1 and 256 words of weights, the driver was made for "
        "leak_multiplies = 0 and 100"
    )


def test_every_bit_of_every_constant_word_counts():
    registers = register_map(TINY)
    board = FakeTransport(registers)
    constant = {
        word.name: part.mask
        for word in registers.words
        for part in word.parts
        if all(other.field.access == "const" for other in word.parts)
    }
    assert set(constant) == {"ident", "version", "lanes", "widths", "depths", "tiles"}
    for word in registers.words:
        for part in word.parts if word.name in constant else ():
            for bit in range(part.lsb, part.lsb + part.width):
                board.held[word.name] ^= 1 << bit
                refusal(board)
                board.held[word.name] ^= 1 << bit
