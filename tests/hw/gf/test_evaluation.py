"""Sums of columns where bits are 1."""

import random

import pytest
from amaranth import Module, Signal
from amaranth.sim import Simulator

from pyralis.hw.gf.code import residue_code
from pyralis.hw.gf.evaluation import column_sum, sum_levels


def columns_of(m: int, channel: int) -> tuple[tuple[int, ...], int]:
    code = residue_code(m, 5)
    return tuple(code.column(channel, k) for k in range(2 * m - 1)), code.r


@pytest.mark.parametrize(
    ("columns", "r"), [((3, 0, 1, 3, 7, 4), 3), ((1,), 1), columns_of(8, 3), columns_of(45, 7)], ids=str
)
def test_the_sum_of_the_columns(columns, r):
    m = Module()
    bits = Signal(len(columns))
    value = column_sum(m, columns, r, bits, "sum")
    rng, seen = random.Random(r), []
    words = [0, (1 << len(columns)) - 1, *(rng.getrandbits(len(columns)) for _ in range(50))]

    async def bench(ctx):
        for word in words:
            ctx.set(bits, word)
            seen.append(ctx.get(value))

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    for word, found in zip(words, seen, strict=True):
        total = 0
        for k, column in enumerate(columns):
            total ^= column if word >> k & 1 else 0
        assert found == total


def test_depth_stays_near_the_logarithm():
    columns, r = columns_of(45, 3)
    assert 6 <= sum_levels(columns, r) <= 9
