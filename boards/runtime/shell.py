"""What the logic around a core tells of itself: :mod:`pyralis.boards.shell.registers`, as plain numbers.

That module needs the hardware language, and a driver runs where there is none; a test keeps both equal.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyralis.boards.runtime.errors import WrongCoreError
from pyralis.hw.serial.protocol import VERSION as PROTOCOL

__all__ = ["CONTROL", "IDENTIFICATION", "STATUS", "VERSION", "Content", "ShellFacts", "read_shell"]

IDENTIFICATION = int.from_bytes(b"PyBd", "big")
VERSION = 1

HEAD_WORDS = 7
"""ident, version, protocol, clock, memory, free_address, contents."""

STATUS, CONTROL = 0x20, 0x24
"""Bit 0 of STATUS is the core's interrupt; a 1 to bit 0 of CONTROL resets the core."""

CONTENTS, ENTRY_BYTES, ENTRY_WORDS = 0x40, 0x20, 5


@dataclass(frozen=True)
class Content:
    """A piece of memory that the bitstream has filled: ``name``, ``address``, ``size`` and ``crc``."""

    name: str
    address: int
    size: int
    crc: int


@dataclass(frozen=True)
class ShellFacts:
    """``clock_hz`` of the core, ``memory_bytes`` beside it, ``free_address`` behind its ``contents``."""

    clock_hz: int
    memory_bytes: int
    free_address: int
    contents: tuple[Content, ...]


def read_shell(read_words: Callable[[int, int], Sequence[int]]) -> ShellFacts:
    """Reads the board's own registers.

    Parameters
    ----------
    read_words : callable
        ``(offset, count)`` to words.

    Raises
    ------
    WrongCoreError
        There is other logic, or another version of it.
    """
    ident, version, protocol, clock, memory, free, count = read_words(0, HEAD_WORDS)
    if ident != IDENTIFICATION:
        raise WrongCoreError(
            f"the board's own registers begin with {ident:#010x}, not {IDENTIFICATION:#010x}",
            "load a bitstream that pyralis bitstream has made",
        )
    for name, got, wanted in (("registers", version, VERSION), ("protocol", protocol, PROTOCOL)):
        if got != wanted:
            raise WrongCoreError(
                f"the board has version {got} of its {name}, and this driver is for version {wanted}",
                "take the driver that was made with the bitstream",
            )
    contents = []
    for index in range(count):
        low, high, address, size, crc = read_words(CONTENTS + ENTRY_BYTES * index, ENTRY_WORDS)
        name = struct.pack("<2I", low, high).rstrip(b"\0").decode("ascii", "replace")
        contents.append(Content(name, address, size, crc))
    return ShellFacts(clock, memory, free, tuple(contents))
