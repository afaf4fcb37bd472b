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

READ and HELLO carry no words: ``count`` of READ is the number of words asked for, and HELLO has no use for
``count`` and ``address``. HELLO is answered with the words VERSION and MAX_WORDS, READ with the words at the
address, WRITE with none. Replies other than OK carry no words, but BUS and TIMEOUT: the address at fault;
words before it were written.

Every frame gets one reply with its sequence number (of a damaged one: what stands in its place, 0 if it was
too short). The first of SHORT, LONG, CHECKSUM, COMMAND, COUNT, LENGTH, ADDRESS that applies is its status. A
request is carried out only when its whole frame has arrived unharmed.

Repetition
----------
A WRITE that equals the last request carried out, sequence number and CRC included, is answered as that one
was, BUS and TIMEOUT included, and not carried out again: a host may repeat a request whose reply it did not
get, until it sends another one, and takes a new sequence number for each new request. (So a WRITE long after
another with the same sequence number is never taken for its repetition.)

Damage may make an END, and the pieces are frames with a reply each; or it may take away the last END, and the
frame goes on to the END that begins the next one, and so does its reply. So a host repeats a request when no
reply has come in time, and ignores replies with a sequence number that it does not expect.

A host may begin the next request when the first byte of a reply arrives. Bytes that come while a request is
being carried out, or waits for the reply before its own to be sent, are lost: a frame that goes on afterwards
gets CHECKSUM, and those that end in that time get one CHECKSUM together, with sequence number 0.

After TIMEOUT the bus may still carry out the access at fault, but none after it. Until it has, a READ after a
READ or a WRITE after a WRITE waits for it, and ends in TIMEOUT without an access if it waits too long.

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
