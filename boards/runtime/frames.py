"""Requests to and replies from a serial bridge, as bytes; see :mod:`pyralis.hw.serial.protocol`."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from pyralis.hw.serial.protocol import MAX_WORDS, REPLY_HEADER_BYTES, REQUEST_HEADER_BYTES, Command, Status

__all__ = ["CRC_BYTES", "LONGEST_REPLY", "Reply", "parse_reply", "request"]

CRC_BYTES = 4

LONGEST_REPLY = REPLY_HEADER_BYTES + 4 * MAX_WORDS + CRC_BYTES
"""Bytes, before they are escaped."""


@dataclass(frozen=True)
class Reply:
    """What the board answered: ``status``, ``sequence`` of the request, ``words``."""

    status: Status
    sequence: int
    words: tuple[int, ...]


def request(
    command: Command, sequence: int, address: int = 0, *, count: int = 0, words: Sequence[int] = ()
) -> bytes:
    """A request without its framing; *words* are those of a WRITE, *count* that of a READ."""
    body = struct.pack("<BBHI", command, sequence, len(words) or count, address)
    assert len(body) == REQUEST_HEADER_BYTES
    body += struct.pack(f"<{len(words)}I", *words)
    return body + struct.pack("<I", zlib.crc32(body))


def parse_reply(frame: bytes) -> Reply | None:
    """The reply in *frame*; None if it is damaged."""
    size = len(frame) - REPLY_HEADER_BYTES - CRC_BYTES
    if size < 0 or size % 4 or zlib.crc32(frame[:-CRC_BYTES]) != int.from_bytes(frame[-CRC_BYTES:], "little"):
        return None
    status, sequence, count = struct.unpack_from("<BBH", frame)
    if count != size // 4 or status not in set(Status):
        return None
    return Reply(Status(status), sequence, struct.unpack_from(f"<{count}I", frame, REPLY_HEADER_BYTES))
