"""Requests and replies, byte by byte as the protocol says."""

import struct
import zlib

import pytest

from pyralis.boards.runtime.frames import LONGEST_REPLY, parse_reply, request
from pyralis.hw.serial.protocol import Command, Status


def sealed(body):
    return body + struct.pack("<I", zlib.crc32(body))


def test_requests():
    assert request(Command.HELLO, 7) == sealed(bytes([0, 7, 0, 0, 0, 0, 0, 0]))
    assert request(Command.READ, 255, 0x8000_0010, count=128) == sealed(
        bytes([1, 255, 128, 0, 0x10, 0, 0, 0x80])
    )
    assert request(Command.WRITE, 1, 4, words=[0x11223344, 5]) == sealed(
        bytes([2, 1, 2, 0, 4, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 5, 0, 0, 0])
    )


def test_replies():
    frame = sealed(bytes([8, 3, 1, 0, 0x10, 0, 0, 0x80]))
    reply = parse_reply(frame)
    assert (reply.status, reply.sequence, reply.words) == (Status.BUS, 3, (0x8000_0010,))
    assert LONGEST_REPLY == 4 + 512 + 4


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"1234567",
        sealed(bytes([0, 1, 0, 0]))[:-1],
        sealed(bytes([0, 1, 1, 0])),
        sealed(bytes([0, 1, 0, 0, 1, 2, 3, 4])),
        sealed(bytes([0, 1, 0, 0, 9])),
        sealed(bytes([77, 1, 0, 0])),
    ],
)
def test_what_is_no_reply(frame):
    assert parse_reply(frame) is None


def test_every_flipped_bit_is_seen():
    frame = sealed(bytes([0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8]))
    for bit in range(8 * len(frame)):
        bad = bytearray(frame)
        bad[bit // 8] ^= 1 << bit % 8
        assert parse_reply(bytes(bad)) is None
