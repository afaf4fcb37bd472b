"""RTL of pyralis.hw.gcn.finish against pyralis.sim.golden.gcn.epilogue, with its reads of the row store."""

import random
from collections import deque

import numpy as np
import pytest
import torch

from pyralis.gen.gcn.intnetwork import Epilogue
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import BIAS_SLICES, OutputType
from pyralis.hw.gcn.finish import Finish
from pyralis.sim.golden.gcn.epilogue import epilogue
from tests.support.pysim import answer, send, simulate, take

CONFIG = GcnConfig(columns=4, lanes=4, epilogue_lanes=2)
LANES, SUM_BITS = CONFIG.lanes, CONFIG.accumulator_bits
ROWS, SLICES = 64, 6  # numbers of rows in the column, and slices, are below these


def content(address: int) -> int:
    """What stands in the row store: tells its address."""
    return (address + 1) * 0x9E37_79B9 % (1 << CONFIG.row_bits)


def number(rng, bits):
    """A signed number of *bits* bits, of any magnitude."""
    size = rng.randrange(bits)
    return rng.randint(-(1 << size), (1 << size) - 1)


class Bench:
    """Phase after phase on one column.

    Parameters
    ----------
    stall, blocked, slow : float
        Probability in a cycle that no row comes; that a read has to wait; that the output has to.

    Attributes
    ----------
    asked : list of int
        Rows whose scales were read.
    times : list of int
        Cycles in which rows were taken.
    """

    def __init__(self, column, rng, *, latency=6, stall=0.0, blocked=0.0, slow=0.0, late=0.0):
        self.column, self.rng, self.late = column, rng, late
        self.dut = Finish(CONFIG, column)
        self.rows, self.got = deque(), []
        self.asked, self.times, self.reads, self.scaled = [], [], [], 0
        self.scales = [rng.randrange(1 << 16) for _ in range(ROWS)]
        self.seen = set()
        self.sides = [
            send(self.dut.rows, self.rows, rng, stall),
            take(self.dut.output, self.got, rng, slow),
            answer(self.dut.requests, self.dut.word, latency, self.read, rng, blocked),
            self.give_scales,
            self.watch,
        ]

    def read(self, address):
        self.reads.append(address)
        return content(address)

    async def give_scales(self, ctx):
        port = self.dut.scales
        while True:
            _, _, enable, row = await ctx.tick().sample(port.enable, port.row)
            if enable:
                there = self.rng.random() >= self.late  # else it is still being loaded
                ctx.set(port.there, there)
                ctx.set(port.scale, self.scales[row] if there else self.rng.getrandbits(16))
                if there or not self.scaled:
                    self.asked.append(row)

    async def watch(self, ctx):
        """``busy`` is high as long as a row is inside, and no longer."""
        dut, inside, cycle = self.dut, 0, 0
        while True:
            _, _, *given, left, leaves, busy = await ctx.tick().sample(
                dut.rows.valid, dut.rows.ready, dut.output.valid, dut.output.ready, dut.busy
            )
            assert busy == (inside > 0), cycle
            if all(given):
                self.times.append(cycle)
            inside += all(given) - (left and leaves)
            cycle += 1

    async def phase(self, ctx, count, *, extra, scaled, narrow=0, relu=None, shift=None, output=None):
        """*count* random rows of a phase with random settings."""
        width = CONFIG.epilogue_lanes if narrow else LANES
        dut, rng, self.scaled = self.dut, self.rng, scaled
        kind = rng.choice(list(OutputType)) if output is None else output
        relu = rng.getrandbits(1) if relu is None else relu
        shift = rng.randrange(48) if shift is None else shift
        bias_shift, bias_base = rng.randrange(16), rng.randrange(BIAS_SLICES - SLICES + 1)
        common = rng.randrange(1 << 16)
        extra_scale, extra_signed = number(rng, 16), rng.getrandbits(1)
        base, stride = (CONFIG.columns * rng.randrange(limit) for limit in (1024, 128))
        biases = [[number(rng, 31) for _ in range(LANES)] for _ in range(SLICES)]
        ctx.set(
            dut.settings,
            {
                "scaled": scaled,
                "scale": common,
                "extra": extra,
                "extra_base": base,
                "extra_stride": stride,
                "bias_base": bias_base,
                "epilogue": {
                    "relu": relu,
                    "output": kind,
                    "shift": shift,
                    "bias_shift": bias_shift,
                    "extra_scale": extra_scale,
                    "extra_signed": extra_signed,
                    "narrow": narrow,
                },
            },
        )
        ctx.set(dut.clear, 1)
        for s, values in enumerate(biases):
            for lane, value in enumerate(values):
                kept = (value << bias_shift) + (1 << shift >> 1)
                ctx.set(dut.bias, {"valid": 1, "slice": bias_base + s, "lane": lane, "value": kept})
                await ctx.tick()
                ctx.set(dut.clear, 0)
        ctx.set(dut.bias, {"valid": 0})
        await ctx.tick()

        rows, expected, saturated, addresses = [], [], False, []
        for _ in range(count):
            row, s = rng.randrange(ROWS), rng.randrange(SLICES)
            sums = [number(rng, SUM_BITS) for _ in range(LANES)]
            rows.append({"row": row, "slice": s, "sums": sums})
            addresses.append(base + s * stride + row * CONFIG.columns + self.column)
            others = np.frombuffer(
                content(addresses[-1]).to_bytes(LANES, "little"), np.int8 if extra_signed else np.uint8
            )
            golden = Epilogue(
                scale=self.scales[row] if scaled else common,
                extra="other" if extra else None,
                extra_scale=extra_scale,
                bias=np.array(biases[s][:width]),
                bias_shift=bias_shift,
                shift=shift,
                relu=bool(relu),
                output=kind.name.lower(),
            )
            values, changed = epilogue(
                torch.tensor([sums[:width]]), golden, torch.from_numpy(others[:width].astype(np.int64))[None]
            )
            expected.append((row, s, values[0].tolist() + [0] * (LANES - width)))
            saturated |= bool(changed.any())
        self.asked.clear()
        self.times.clear()
        self.reads.clear()
        self.got.clear()
        self.rows.extend(rows)
        while len(self.got) < count:
            await ctx.tick()
        found = [(row.tag, row.slice, [row["values"][j] for j in range(LANES)]) for _, row in self.got]
        assert found == expected
        assert self.reads == (addresses if extra else [])
        assert self.asked == [row for row, *_ in expected]
        await ctx.tick().repeat(3)
        assert ctx.get(dut.saturated) == saturated
        self.seen.add(saturated)


@pytest.mark.parametrize(
    ("column", "stall", "blocked", "slow", "late"),
    [(0, 0.0, 0.0, 0.0, 0.0), (3, 0.4, 0.2, 0.1, 0.1), (2, 0.1, 0.8, 0.1, 0.0), (1, 0.1, 0.3, 0.7, 0.5)],
)
def test_against_golden(column, stall, blocked, slow, late):
    rng = random.Random(column)
    latency = rng.choice((5, 8))
    bench = Bench(column, rng, latency=latency, stall=stall, blocked=blocked, slow=slow, late=late)

    async def phases(ctx):
        for extra in (1, 0):  # what was added before is not added any more
            for scaled in (0, 1):
                for count, narrow in ((1, 1), (0, 0), (50, 0), (30, 1)):
                    await bench.phase(ctx, count, extra=extra, scaled=scaled, narrow=narrow)

    simulate(bench.dut, phases, background=bench.sides)
    assert bench.seen == {False, True}


@pytest.mark.parametrize("latency", [5, 8])
@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("narrow", [0, 1])
def test_no_cycle_is_lost(narrow, extra, latency):
    """Whatever the rounds of the row store (latency 5 to 8)."""
    every = 1 if narrow else LANES // CONFIG.epilogue_lanes
    bench = Bench(2, random.Random(5), latency=latency)

    async def phase(ctx):
        await bench.phase(ctx, 60, extra=extra, scaled=1, narrow=narrow)
        times = [cycle for cycle, _ in bench.got]
        assert times == list(range(times[0], times[0] + 60 * every, every))
        if narrow:
            assert bench.times == list(range(bench.times[0], bench.times[0] + 60))

    simulate(bench.dut, phase, background=bench.sides)


@pytest.mark.parametrize("side", ["blocked", "slow"])
def test_no_more_rows_are_taken_than_there_is_room_for(side):
    """With a memory that takes hardly any read, and with a consumer that takes hardly anything."""
    bench = Bench(0, random.Random(6), **{side: 0.98})

    async def phase(ctx):
        await bench.phase(ctx, 45, extra=1, scaled=1)

    simulate(bench.dut, phase, background=bench.sides)
    assert bench.times[-1] - bench.times[0] > 200
