"""Memory beside a core: pieces on pages, no two in one place, only differences written."""

import random

import pytest
from fakecores import FakeBuffer, FakeTransport

from pyralis.boards.runtime.errors import MemoryFullError
from pyralis.boards.runtime.memory import PAGE, PIECE, MemoryWindow, put
from pyralis.hw.axi.registermap import RegisterMap


def test_pieces_lie_on_pages_and_nowhere_twice():
    rng = random.Random(1)
    window, held = MemoryWindow(1 << 18, [(0, 5000)]), {0: 5000}
    refused = 0
    for _ in range(400):
        if len(held) > 1 and rng.random() < 0.4:
            address = rng.choice([address for address in held if address])
            window.release(address)
            window.release(address)
            del held[address]
        size = rng.randrange(1, 20_000)
        try:
            address = window.reserve(size)
        except MemoryFullError:
            refused += 1
            continue
        assert address % PAGE == 0 and address + size <= 1 << 18
        assert all(address + size <= other or other + length <= address for other, length in held.items())
        held[address] = size
    assert refused > 10


def test_all_of_it_can_be_had_and_one_byte_more_cannot():
    assert MemoryWindow(3 * PAGE).reserve(3 * PAGE) == 0
    assert MemoryWindow(3 * PAGE, [(0, 1)]).reserve(2 * PAGE) == PAGE
    with pytest.raises(MemoryFullError) as caught:
        MemoryWindow(3 * PAGE, [(0, 1)]).reserve(2 * PAGE + 1)
    assert caught.value.what == (
        "there is no room for 8193 bytes: the board's memory has 12288, and the largest free piece has 8192"
    )
    assert caught.value.hint == "free a buffer, run fewer images at a time, or take a board with more memory"


def test_a_board_without_memory_says_so():
    with pytest.raises(MemoryFullError, match="the board's memory has 0, and the largest free piece has 0"):
        MemoryWindow(0).reserve(4)


def test_only_pieces_that_differ_are_written():
    transport = FakeTransport(RegisterMap(name="x", registers=()))
    content = bytes(range(256)) * 8
    place = transport.allocate(len(content) + 10)
    assert isinstance(place, FakeBuffer)
    assert put(place, content) == len(content)
    assert put(place, content) == 0
    changed = content[:700] + b"\xff" + content[701:-1] + b"\x01"
    place.writes.clear()
    assert put(place, changed) == 2 * PIECE
    assert place.writes == [(PIECE, PIECE), (3 * PIECE, PIECE)]
    assert place.read(len(changed)) == changed
