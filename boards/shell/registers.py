"""Register map of the board's own logic, which a host finds at :data:`pyralis.hw.serial.protocol.SHELL`.

From it a driver learns all that it needs without a file: the clock, the memory and what lies in it. The table
of contents has one entry for each piece of memory that the bitstream has filled::

    name     up to eight letters, the first in the lowest byte, zeros behind
    address  of its first byte, as the core sees it
    bytes    its length
    crc      CRC-32 (IEEE 802.3, ``zlib.crc32``) of what the bitstream has put there

Memory from ``free_address`` on is the driver's. A reset of the core leaves the memory as it is.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyralis.hw.axi.identity import identification
from pyralis.hw.axi.registermap import Field, Register, RegisterMap
from pyralis.hw.serial import protocol

__all__ = [
    "ADDRESS_BITS",
    "CONTENTS",
    "ENTRIES",
    "ENTRY_BYTES",
    "IDENTIFICATION",
    "NAME_BYTES",
    "PAGE",
    "VERSION",
    "Content",
    "lay_out",
    "register_map",
]

IDENTIFICATION = int.from_bytes(b"PyBd", "big")
"""First word of the map."""

VERSION = 1
"""Raised when a register changes its meaning."""

ADDRESS_BITS = 8

PAGE = 4096
"""Contents begin at multiples of this address, which no AXI4 burst crosses."""

CONTENTS, ENTRY_BYTES, ENTRIES, NAME_BYTES = 0x40, 0x20, 6, 8
"""Offset of the table of contents, bytes between two entries, most entries, letters of a name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A piece of memory that the bitstream has filled: ``name``, ``address`` of its first byte, ``data``."""

    name: str
    address: int
    data: bytes

    @property
    def end(self) -> int:
        """First byte of the page behind it."""
        return self.address + -(-len(self.data) // PAGE) * PAGE


def lay_out(memory: Mapping[str, bytes]) -> tuple[Content, ...]:
    """The pieces *memory* (name -> bytes) one behind the other from address 0, each on pages of its own.

    Raises ValueError if there are more than the table of contents holds, or a name does not fit.
    """
    if len(memory) > ENTRIES:
        raise ValueError(f"memory can hold {ENTRIES} pieces by name, not {len(memory)}")
    contents: list[Content] = []
    for name, data in memory.items():
        if not name.isascii() or not 1 <= len(name) <= NAME_BYTES:
            raise ValueError(f"a piece of memory must have a name of 1..{NAME_BYTES} letters, not {name!r}")
        address = contents[-1].end if contents else 0
        contents.append(Content(name=name, address=address, data=bytes(data)))
    return tuple(contents)


def register_map(*, clock_hz: int, memory_bytes: int, contents: Sequence[Content] = ()) -> RegisterMap:
    """The registers of a board.

    Parameters
    ----------
    clock_hz : int
        Of the core, in Hz.
    memory_bytes : int
        Block RAM that the core reaches, from address 0; 0 if it has no memory ports.
    contents : sequence of Content
        What lies in it, as :func:`lay_out` has placed it.
    """
    versions = identification(IDENTIFICATION, registers=VERSION)
    registers = (
        *versions,
        Register("protocol", 0x08, access="const", reset=protocol.VERSION, doc="Version of the protocol."),
        Register("clock", 0x0C, access="const", reset=clock_hz, doc="Clock of the core, in Hz."),
        Register("memory", 0x10, access="const", reset=memory_bytes, doc="Bytes of memory, from address 0."),
        Register(
            "free_address",
            0x14,
            access="const",
            reset=contents[-1].end if contents else 0,
            doc="First byte of memory that holds nothing.",
        ),
        Register("contents", 0x18, access="const", reset=len(contents), doc="Entries of the table below."),
        Register(
            "status",
            0x20,
            access="ro",
            fields=(Field("interrupt", 0, doc="The core's interrupt is high."),),
            doc="What the core shows.",
        ),
        Register(
            "control",
            0x24,
            access="pulse",
            fields=(Field("reset", 0, doc="Reset the core. Its registers fall back; memory stays."),),
        ),
        *(register for index, content in enumerate(contents) for register in _entry(index, content)),
    )
    return RegisterMap(
        name="board", registers=registers, address_bits=ADDRESS_BITS, doc="Logic of the board around a core."
    )


def _entry(index: int, content: Content) -> tuple[Register, ...]:
    base, prefix = CONTENTS + index * ENTRY_BYTES, f"content_{index}"
    letters = int.from_bytes(content.name.encode(), "little")
    return (
        Register(f"{prefix}_name", base, access="const", width=64, reset=letters, doc=repr(content.name)),
        Register(f"{prefix}_address", base + 8, access="const", reset=content.address),
        Register(f"{prefix}_bytes", base + 12, access="const", reset=len(content.data)),
        Register(f"{prefix}_crc", base + 16, access="const", reset=zlib.crc32(content.data)),
    )
