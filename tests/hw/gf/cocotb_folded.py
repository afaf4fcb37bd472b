"""cocotb side of test_folded.py: runs inside the simulator."""

import os
import random

import cocotb
from cocotb.triggers import RisingEdge

from pyralis.hw.gf.code import residue_code
from pyralis.hw.gf.decoder import decode
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.folded import FoldedCorrector
from pyralis.sim.bench.stream import start

M, T, POINTS = map(int, os.environ["FOLDED"].split())
CODE, FIELD = residue_code(M, T), Gf2m(M)
CYCLES = FoldedCorrector(FIELD, CODE, T, POINTS).cycles


class Bench:
    """Draws patterns and knows what becomes of them."""

    def __init__(self, dut) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)

    def draw(self, weight: int) -> tuple[int, tuple[int, int, int]]:
        """A syndrome, and its flips, corrected, uncorrectable."""
        values = CODE.syndrome(sum(1 << k for k in self.rng.sample(range(CODE.length), weight)))
        flat = sum(value << n * CODE.r for n, value in enumerate(values))
        known = decode(CODE, values, T)
        if known is None or any(k >= CODE.length for k in known):
            return flat, (0, 0, 1)
        return flat, (FIELD.reduce(sum(1 << k for k in known)), 1, 0)

    async def edge(self) -> None:
        """The end of a cycle: its outputs are sampled here."""
        await RisingEdge(self.dut.clk)

    def outcome(self) -> tuple[int, int, int]:
        dut = self.dut
        return int(dut.flips.value), int(dut.corrected.value), int(dut.uncorrectable.value)


async def begin(dut) -> Bench:
    dut.start.value = dut.syndrome.value = 0
    await start(dut)
    return Bench(dut)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def starts_follow_each_other_without_a_gap(dut):
    bench = await begin(dut)
    dut.start.value = 1  # for good: taken in the first cycle and with every done
    drawn = [bench.draw(n % (2 * T + 2)) for n in range(40)]
    assert {expected[1] for _, expected in drawn} == {0, 1}
    for n, (syndrome, _) in enumerate(drawn):
        dut.syndrome.value = syndrome
        for cycle in range(CYCLES):
            await bench.edge()
            assert int(dut.busy.value) == (cycle > 0)
            assert int(dut.done.value) == (cycle == 0 < n)
            if cycle == 0 < n:
                assert bench.outcome() == drawn[n - 1][1]


@cocotb.test(timeout_time=200, timeout_unit="us")
async def a_start_while_busy_is_ignored_and_results_hold(dut):
    bench = await begin(dut)
    await bench.edge()
    assert bench.outcome()[1:] == (0, 0), "no flags before the first result"
    for n in range(12):
        syndrome, expected = bench.draw(n % (T + 3))
        dut.syndrome.value, dut.start.value = syndrome, 1
        await bench.edge()
        for cycle in range(1, CYCLES):
            dut.start.value = bench.rng.random() < 0.5 and cycle < CYCLES - 1
            await bench.edge()
            assert int(dut.busy.value) and not int(dut.done.value)
        dut.start.value = 0
        await bench.edge()
        assert int(dut.done.value) and not int(dut.busy.value) and bench.outcome() == expected
        dut.syndrome.value = bench.rng.getrandbits(len(dut.syndrome))
        for _ in range(bench.rng.randrange(1, 9)):
            await bench.edge()
            assert not int(dut.done.value) and not int(dut.busy.value) and bench.outcome() == expected


@cocotb.test(timeout_time=200, timeout_unit="us")
async def a_reset_at_any_time_leaves_nothing_behind(dut):
    bench = await begin(dut)
    for cycles in (1, 2, CYCLES // 3, CYCLES // 2, CYCLES - 2, CYCLES - 1, CYCLES, CYCLES + 1):
        syndrome, _ = bench.draw(T)
        dut.syndrome.value, dut.start.value = syndrome, 1
        for _ in range(cycles):
            await bench.edge()
            dut.start.value = 0
        dut.rst.value = 1
        for _ in range(2):
            await bench.edge()
        syndrome, expected = bench.draw(T)
        dut.rst.value, dut.syndrome.value, dut.start.value = 0, syndrome, 1
        for cycle in range(CYCLES):
            await bench.edge()
            dut.start.value = 0
            assert int(dut.busy.value) == (cycle > 0) and not int(dut.done.value)
            assert bench.outcome()[1:] == (0, 0)
        await bench.edge()
        assert int(dut.done.value) and bench.outcome() == expected
