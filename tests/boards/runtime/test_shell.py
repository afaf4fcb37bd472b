"""The plain numbers are those of the board's register map."""

import zlib

import pytest

from pyralis.boards.runtime import shell
from pyralis.boards.runtime.errors import WrongCoreError
from pyralis.boards.runtime.shell import Content, ShellFacts, read_shell
from pyralis.boards.shell import registers
from pyralis.hw.serial import protocol

CONTENTS = registers.lay_out({"program": bytes(640), "weights": bytes(range(256)) * 40})


def words(**settings):
    built = registers.register_map(clock_hz=62_500_000, memory_bytes=1 << 16, contents=CONTENTS, **settings)
    return {word.offset: word.reset for word in built.words}


def reader(held):
    return lambda offset, count: [held[offset + 4 * n] for n in range(count)]


def test_a_board_is_read():
    assert read_shell(reader(words())) == ShellFacts(
        clock_hz=62_500_000,
        memory_bytes=1 << 16,
        free_address=CONTENTS[1].end,
        contents=tuple(
            Content(content.name, content.address, len(content.data), zlib.crc32(content.data))
            for content in CONTENTS
        ),
    )
    assert [content.name for content in CONTENTS] == ["program", "weights"]


def test_a_board_without_memory_is_read():
    built = registers.register_map(clock_hz=100_000_000, memory_bytes=0)
    facts = read_shell(reader({word.offset: word.reset for word in built.words}))
    assert facts == ShellFacts(100_000_000, 0, 0, ())


def test_the_constants_are_those_of_the_map():
    built = registers.register_map(clock_hz=1, memory_bytes=0)
    assert (built["status"].offset, built["control"].offset) == (shell.STATUS, shell.CONTROL)
    assert built["status"].fields[0].name == "interrupt" and built["status"].fields[0].lsb == 0
    assert built["control"].fields[0].name == "reset" and built["control"].fields[0].lsb == 0
    assert (shell.IDENTIFICATION, shell.VERSION) == (registers.IDENTIFICATION, registers.VERSION)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("ident", 0, "the board's own registers begin with 0x00000000, not 0x50794264"),
        ("version", 2, "the board has version 2 of its registers, and this driver is for version 1"),
        (
            "protocol",
            protocol.VERSION + 1,
            "the board has version 2 of its protocol, and this driver is for version 1",
        ),
    ],
)
def test_other_boards_are_refused(name, value, what):
    held = words()
    held[registers.register_map(clock_hz=1, memory_bytes=0)[name].offset] = value
    with pytest.raises(WrongCoreError) as caught:
        read_shell(reader(held))
    assert caught.value.what == what
