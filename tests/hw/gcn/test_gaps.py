"""RTL of pyralis.hw.gcn.gaps against the indices that the gaps were made of."""

import random

import numpy as np
import pytest
from loading import Rows, ascending_rows, entries_of
from pysim import send, simulate, take

from pyralis.hw.gcn.config import LINE, NO_SOURCE
from pyralis.hw.gcn.gaps import GapDecoder
from pyralis.hw.gcn.program import Content

STREAMS = 3


def rows_of(matrix: Rows, decoder: GapDecoder) -> list:
    """Lines of all streams in memory, one of each together."""
    lines, shape = matrix.packed(STREAMS, compact=Content.FEATURES), decoder.rows.p.shape()
    parts = lines.reshape(-1, STREAMS * 10)
    return [shape.from_bits(int.from_bytes(part.tobytes(), "little")) for part in parts]


def named(rows):
    """Rows without the entries that name nothing."""
    return [[index for index, _ in row if index != NO_SOURCE] for row in rows]


@pytest.mark.parametrize("width", [1, 2, 4, 8])
@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_indices_are_those_that_the_gaps_were_made_of(width, stall):
    """Rows over many lines, empty ones, escapes; after the first matrix the decoder is cleared."""
    random_, rng = random.Random(width), np.random.default_rng(width)
    decoder = GapDecoder(STREAMS, width)
    every = Rows([[(index, None) for index in range(n, NO_SOURCE, 31 + n)] for n in range(STREAMS)])
    long = Rows([[(NO_SOURCE - 1, None)], [], [(0, None)], [(511, None)], [(510, None)], [(1022, None)]])
    matrices = [ascending_rows(rng, 60, 12), every, long, ascending_rows(rng, 31, 40)]
    images, got, counts = [rows_of(matrix, decoder) for matrix in matrices], [], []

    async def give(ctx):
        for image in images:
            ctx.set(decoder.clear, 1)
            await ctx.tick()
            ctx.set(decoder.clear, 0)
            await send(decoder.rows, image, random_, stall)(ctx)
            while len(got) < sum(map(len, images[: len(counts) + 1])):
                await ctx.tick()
            counts.append(len(got))

    simulate(decoder, give, background=[take(decoder.lines, got, random_, stall)], cycles=60_000)
    seen, before = 0, 0
    for matrix, count in zip(matrices, counts, strict=True):
        for s in range(STREAMS):
            words = [line.as_bits() >> 16 * LINE * s & (1 << 16 * LINE) - 1 for _, line in got[before:count]]
            own = matrix.of_stream(s, STREAMS)
            found = entries_of(words, len(own), valued=False)
            assert named(found) == named(own)
            seen += sum(len(row) for row in found) - sum(max(len(row), 1) for row in named(own))
        before = count
    assert seen > 20, "no escapes"
    if not stall:
        cycles = [cycle for cycle, _ in got[: counts[0]]]
        assert cycles == list(range(cycles[0], cycles[0] + LINE // width * counts[0], LINE // width))
        assert cycles[0] == 1 + LINE // width + 2 + (width == 8), "taken in cycle 1"


def test_a_clear_drops_what_is_inside():
    decoder, rng = GapDecoder(1, 4), random.Random(1)
    shape = decoder.rows.p.shape()
    got, line = [], sum((gap | last << 9) << 10 * k for k, (gap, last) in enumerate([(5, 0), (1, 1)] * 4))

    async def give(ctx):
        for delay in range(6):
            await send(decoder.rows, [shape.from_bits(line >> 10)], rng)(ctx)  # ends in the midst of a row
            for _ in range(delay):
                await ctx.tick()
            ctx.set(decoder.clear, 1)
            await ctx.tick()
            ctx.set(decoder.clear, 0)
            await ctx.tick()  # one may have been taken with the clear
            before = len(got)
            await send(decoder.rows, [shape.from_bits(line)], rng)(ctx)
            for _ in range(8):
                await ctx.tick()
            assert len(got) == before + 1
            found = entries_of([got[-1][1].as_bits()], 4, valued=False)
            assert found == [[(5, None), (7, None)]] * 4

    simulate(decoder, give, background=[take(decoder.lines, got, rng)])


def test_widths_that_do_not_divide_a_line_are_refused():
    with pytest.raises(ValueError, match=r"^width must be 1, 2, 4 or 8, not 3$"):
        GapDecoder(1, 3)
