"""The serial protocol: what a host and :class:`pyralis.hw.serial.bridge.SerialBridge` say to each other.

Plain Python without Amaranth, because the driver on the host imports it too.

Bytes go over a UART (8 data bits, no parity, one stop bit). A frame lies between two ``END`` bytes; inside it
``END`` and ``ESC`` are escaped (RFC 1055, SLIP). Empty frames are ignored, so a host begins and ends each
frame with ``END`` and whatever noise came before it is a frame of its own.

============  ==============================================================================
request       ``command`` u8, ``sequence`` u8, ``count`` u16, ``address`` u32, ``count`` words (WRITE), CRC
reply         ``status`` u8, ``sequence`` u8, ``count`` u16, ``count`` words, CRC
============  ==============================================================================

All numbers are little endian; a word has 32 bits; ``address`` counts bytes and is a multiple of 4; word ``n``
of a request is at ``address + 4 n``. The CRC is that of IEEE 802.3 (``zlib.crc32``) over all bytes before it.

Every frame gets one reply with its sequence number (of a damaged one: what stands in its place, 0 if it was
too short). A request is carried out only when its whole frame has arrived unharmed. A WRITE that equals the
last WRITE carried out, sequence number and CRC included, is answered as that one was and not carried out
again, so a host may repeat a request whose reply it did not get. HELLO forgets that WRITE. Two WRITEs with
nothing but READs between them must have different sequence numbers, or the second is taken for the first.

Replies other than OK carry no words, but BUS and TIMEOUT: the address at fault; words before it were written.

Address map
-----------
``MEMORY``: block RAM, if the design has any; ``CORE``: registers of the core; ``SHELL``: registers of the
board's own logic (:mod:`pyralis.boards.shell.registers`).

Source: RFC 1055 for the framing.
"""

from enum import IntEnum

__all__ = [
    "CORE",
    "END",
    "ESC",
    "ESC_END",
    "ESC_ESC",
    "MAX_WORDS",
    "MEMORY",
    "REPLY_HEADER_BYTES",
    "REQUEST_HEADER_BYTES",
    "SHELL",
    "VERSION",
    "Command",
    "Status",
]

VERSION = 1
"""First word of the reply to HELLO; the second is MAX_WORDS."""

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD

MAX_WORDS = 128
"""Words in one frame."""

REQUEST_HEADER_BYTES, REPLY_HEADER_BYTES = 8, 4

MEMORY, CORE, SHELL = 0x0000_0000, 0x8000_0000, 0xC000_0000


class Command(IntEnum):
    """What a request asks for."""

    HELLO = 0
    READ = 1
    WRITE = 2


class Status(IntEnum):
    """What became of a request."""

    OK = 0
    CHECKSUM = 1
    """The CRC is wrong, a stop bit was missing, or an escape made no sense."""
    SHORT = 2
    """The frame ended before its header and CRC were complete."""
    LONG = 3
    """The frame is longer than the longest request."""
    LENGTH = 4
    """The frame does not hold as many words as ``count`` says."""
    COMMAND = 5
    """There is no such command."""
    COUNT = 6
    """READ or WRITE of no words, or of more than MAX_WORDS."""
    ADDRESS = 7
    """The address is no multiple of 4."""
    BUS = 8
    """The bus refused an access."""
    TIMEOUT = 9
    """The bus did not answer."""
