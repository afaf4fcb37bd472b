"""Buffers of jobs: as large as memory allows, kept, and given back."""

import pytest
from fakecores import FakeTransport

from pyralis.boards.runtime.errors import MemoryFullError
from pyralis.boards.runtime.jobbuffers import MOST_BYTES, JobBuffers
from pyralis.hw.axi.registermap import RegisterMap


def fresh(memory_bytes, source=100, target=64):
    transport = FakeTransport(RegisterMap(name="x", registers=()), memory_bytes)
    return transport, JobBuffers(transport, source, target)


@pytest.mark.parametrize("pages", [2, 3, 5, 9, 30])
def test_nearly_as_many_runs_as_fit(pages):
    _, buffers = fresh(4096 * pages)
    source, target, runs = buffers.reserve(10**6)
    assert source.size == 100 * runs and target.size == 64 * runs
    best = max(n for n in range(1, 2000) if -(-100 * n // 4096) + -(-64 * n // 4096) <= pages)
    assert best - 1 - best // 8 <= runs <= best


def test_what_fits_is_not_searched_for_again():
    transport, buffers = fresh(4096 * 5)
    first = buffers.reserve(10**6)
    calls = []
    transport.allocate = calls.append
    assert buffers.reserve(10**6) == first
    assert buffers.reserve(3) == (*first[:2], 3)
    assert not calls


def test_they_grow_when_more_is_needed():
    transport, buffers = fresh(4096 * 9)
    small, _, runs = buffers.reserve(5)
    assert runs == 5
    large, _, runs = buffers.reserve(50)
    assert runs == 50 and small.freed and not large.freed
    buffers.free()
    assert large.freed and transport.window.reserve(4096 * 9) == 0


def test_room_that_was_made_is_used():
    transport, buffers = fresh(4096 * 9)
    transport.window.reserve(4096 * 6)
    before = buffers.reserve(500)[2]
    transport.window.release(0)
    assert buffers.reserve(500)[2] == before
    buffers.free()
    assert buffers.reserve(500)[2] > before


def test_no_job_takes_all_of_a_large_memory():
    _, buffers = fresh(4 * MOST_BYTES)
    source, _, runs = buffers.reserve(10**9)
    assert source.size <= MOST_BYTES and runs == MOST_BYTES // 100


def test_no_room_for_one_run():
    transport, buffers = fresh(4096)
    with pytest.raises(MemoryFullError) as caught:
        buffers.reserve(7)
    assert caught.value.what == (
        "one run needs 100 bytes for its input and 64 for its results, and there is no room for 64 bytes: "
        "the board's memory has 4096, and the largest free piece has 0"
    )
    assert transport.window.reserve(4096) == 0, "what was reserved in vain was given back"
