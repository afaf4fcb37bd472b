"""Framing, compared with RFC 1055."""

import random

import pytest

from pyralis.boards.runtime.slip import SlipDecoder, encode


def test_the_bytes_of_the_rfc():
    assert encode(b"ab") == b"\xc0ab\xc0"
    assert encode(b"\xc0\xdb\xdc\xdd") == b"\xc0\xdb\xdc\xdb\xdd\xdc\xdd\xc0"


def test_every_frame_comes_back_however_it_arrives():
    rng = random.Random(1)
    frames = [
        bytes(rng.choice([0xC0, 0xDB, 0xDC, 0xDD, 7]) for _ in range(rng.randrange(1, 60)))
        for _ in range(200)
    ]
    data = b"".join(map(encode, frames))
    decoder, got = SlipDecoder(100), []
    while data:
        count = rng.randrange(1, 30)
        got += decoder.feed(data[:count])
        data = data[count:]
    assert got == frames


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        (b"\xc0\xc0\xc0", []),
        (b"dirt\xc0\xc0ok\xc0", [b"dirt", b"ok"]),
        (b"a\xdbb\xc0ok\xc0", [None, b"ok"]),
        (b"a\xdb\xc0ok\xc0", [None, b"ok"]),
        (b"12345\xc0ok\xc0", [None, b"ok"]),
        (b"1234\xc0", [b"1234"]),
        (b"123\xdb\xdc\xc0", [b"123\xc0"]),
    ],
)
def test_damage_ends_with_its_frame(data, frames):
    assert SlipDecoder(4).feed(data) == frames
