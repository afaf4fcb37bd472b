"""RTL of pyralis.hw.gcn.packedlines against the same bits, cut in Python."""

import random
import re

import pytest
from pysim import send, simulate, take

from pyralis.hw.gcn.packedlines import PackedLines

SIZES = [
    # bus, bits of a row: 2, 4, 4, 8 places of a beat that rows begin at; 1; a row little more than a beat
    (512, 1280),
    (512, 1664),
    (256, 320),
    (256, 416),
    (256, 512),
    (64, 72),
]


@pytest.mark.parametrize(("bus", "size"), SIZES)
@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_rows_are_what_the_beats_are_cut_to(bus, size, stall):
    """Twice, so that the second time begins in the midst of what the first one has left."""
    rng = random.Random(bus + size)
    packed, rows = PackedLines(bus, size), [rng.getrandbits(size) for _ in range(23)]
    image = sum(row << size * n for n, row in enumerate(rows))
    count = -(-size * len(rows) // bus)
    beats = [image >> bus * n & (1 << bus) - 1 for n in range(count)]
    got, taken = [], []

    async def give(ctx):
        for left_out in (7, 0):
            ctx.set(packed.clear, 1)
            await ctx.tick()
            ctx.set(packed.clear, 0)
            await send(packed.beats, beats[: count - left_out], rng, stall)(ctx)
            taken.append(len(got))
        for _ in range(20):
            await ctx.tick()

    simulate(packed, give, background=[take(packed.rows, got, rng, stall)])
    before = (count - 7) * bus // size
    assert [row for _, row in got] == rows[:before] + rows
    if not stall:  # each with its last beat, and every beat at once
        cycles = [cycle for cycle, _ in got]
        first = cycles[before] - (size - 1) // bus
        assert cycles[before:] == [first + (size * (n + 1) - 1) // bus for n in range(len(rows))]
        assert cycles[0] == (size - 1) // bus + 1


def test_rows_that_are_smaller_than_a_beat_are_refused():
    sentence = "a row of 320 bits is smaller than a beat of 512"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        PackedLines(512, 320)
