"""cocotb side of test_eliminator.py: bitmaps in, windows out, against sim/golden/gcn/windows.py."""

import os
import pickle
import random
from itertools import product
from pathlib import Path

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles

from pyralis.hw.gcn.eliminator import Elimination
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, pack, stalls, start, unpack
from pyralis.sim.golden.gcn.windows import intervals, windows

ROW_BITS = 20
CORA = Path(os.environ["PYRALIS_CORA"])
MODES = list(Elimination)


class Bench:
    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        dut.clear.value = 0
        self.jobs, self.bitmap = StreamSource(dut, "jobs"), StreamSource(dut, "bitmap")
        self.windows = StreamSink(dut, "windows")
        self.streams = monitor_streams(dut)
        self.loaded = 0

    def stall(self, probability):
        for port in (self.jobs, self.bitmap, self.windows):
            port.set_pause_generator(stalls(self.rng, probability))

    def send(self, occupied, height, mode):
        """One job. Bits beyond the rows carry rubbish."""
        self.jobs.send_nowait(pack([len(occupied), height, mode.value], ROW_BITS))
        bits = [int(bit) for bit in occupied]
        bits += [self.rng.randrange(2) for _ in range(-len(bits) % 64)]
        for n in range(0, len(bits), 64):
            self.bitmap.send_nowait(pack(bits[n : n + 64], 1))

    async def check(self, occupied, height, mode):
        """The windows of one job are those of the model."""
        expected = [tuple(window) for window in windows(occupied, height, mode)] or [(0, 0)]
        for n, window in enumerate(expected):
            got = await self.windows.recv_int()
            at = f"window {n} of {len(expected)}, {len(occupied)} rows, height {height}, {mode.name}"
            assert tuple(unpack(got, ROW_BITS, 2)) == window, at
            assert got >> 2 * ROW_BITS == (n == len(expected) - 1), f"last of {at}"
        self.loaded += sum(rows for _, rows in expected)

    async def try_all(self, cases):
        for case in cases:
            self.send(*case)
        for case in cases:
            await self.check(*case)
        await ClockCycles(self.dut.clk, 5)
        assert self.windows.empty() and self.jobs.empty() and self.bitmap.empty()
        assert int(self.dut.rows_loaded.value) == self.loaded


def one(rows, *occupied):
    bitmap = np.zeros(rows, bool)
    bitmap[list(occupied)] = True
    return bitmap


HARD = [
    np.zeros(0, bool),
    np.zeros(1, bool),
    np.zeros(64, bool),
    np.zeros(200, bool),
    np.ones(1, bool),
    np.ones(64, bool),
    np.ones(65, bool),
    np.ones(300, bool),
    one(2708, 2707),
    one(64, 63),
    one(65, 64),
    one(200, 0),
    one(200, 7, 8),
    one(200, 63, 64),
    one(300, 0, 63, 64, 127, 128, 299),
    one(300, *range(5, 290)),
    one(300, *range(0, 300, 2)),
    one(300, *range(1, 300, 8)),
    one(300, *(n for n in range(300) if n % 9)),
    one(300, *range(8), *range(16, 24), *range(120, 136)),
]
HEIGHTS = [1, 2, 3, 7, 8, 9, 11, 16, 63, 64, 65, 200, 5000]


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.3])
async def hard_bitmaps(dut, stall):
    bench = Bench(dut)
    await start(dut)
    if stall:
        bench.stall(stall)
    heights = HEIGHTS if not stall else [1, 3, 8, 11, 65]
    await bench.try_all(list(product(HARD, heights, MODES)))
    if stall:
        assert all(monitor.waits > 5 for monitor in bench.streams.values())


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def random_bitmaps(dut):
    bench = Bench(dut)
    await start(dut)
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    cases = []
    for _ in range(120):
        rows = int(rng.integers(1, 700))
        # Occupied in patches, so that there are runs and gaps of all lengths.
        density = np.repeat(rng.random(rows // 20 + 1) ** 3, 20)[:rows]
        height = int(rng.choice([*HEIGHTS, rng.integers(1, 100)]))
        cases.append((rng.random(rows) < density, height, MODES[int(rng.integers(3))]))
    await bench.try_all(cases)
    dut.clear.value = 1
    await ClockCycles(dut.clk, 2)
    dut.clear.value, bench.loaded = 0, 0
    await ClockCycles(dut.clk, 2)
    assert int(dut.rows_loaded.value) == 0
    await bench.try_all(cases[:5])


@cocotb.test(timeout_time=4, timeout_unit="ms", skip=not CORA.exists())
async def cora(dut):
    """Every interval, with HyGCN's sizes and others: rows of 1,433 words, windows of half of 128 KiB."""
    bench = Bench(dut)
    await start(dut)
    with CORA.open("rb") as file:
        graph = pickle.load(file, encoding="latin1")
    edges = np.eye(len(graph), dtype=bool)
    for node, neighbours in graph.items():
        edges[neighbours, node] = edges[node, neighbours] = True
    sizes = [(11, 731), (11, 914), (11, 1463), (22, 731), (8, 300)]
    loaded = {}
    for (height, width), mode in product(sizes, MODES):
        before = bench.loaded
        shards = [edges[:, first:end].any(1) for first, end in intervals(len(graph), width)]
        await bench.try_all([(occupied, height, mode) for occupied in shards])
        loaded[height, width, mode] = bench.loaded - before
    for (height, width), ratio in zip(sizes[:3], (0.87, 0.93, 0.98), strict=True):
        whole = loaded[height, width, Elimination.NONE]
        assert round(loaded[height, width, Elimination.WINDOW] / whole, 2) == ratio


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def rates(dut):
    """A word without occupied rows takes a cycle, a block of 8 rows one, a window of its own up to 3."""
    bench = Bench(dut)
    await start(dut)
    words = bench.streams["bitmap"]
    await bench.try_all([(one(64 * 100, 6399), 8, Elimination.WINDOW)])
    assert words.times[-1] - words.times[0] == 99
    await bench.try_all([(np.ones(64 * 20, bool), 1280, Elimination.WINDOW)])
    assert words.times[-1] - words.times[-20] <= 8 * 19 + 3
    cut = bench.streams["windows"]
    await bench.try_all([(one(1280, *range(0, 1280, 2)), 8, Elimination.ROWS)])
    # Four runs in each block: one cycle each, and two more where the block begins and ends.
    assert cut.times[-1] - cut.times[-640] <= 6 * 160
    await bench.try_all([(one(1280, *range(0, 1280, 8)), 8, Elimination.ROWS)])
    assert cut.times[-1] - cut.times[-160] <= 3 * 160


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reset_in_mid_job(dut):
    bench = Bench(dut)
    await start(dut)
    bench.send(np.ones(6400, bool), 4, Elimination.WINDOW)
    await ClockCycles(dut.clk, 100)
    assert bench.windows.count() > 10
    dut.rst.value = 1
    await ClockCycles(dut.clk, 3)
    for port in (bench.jobs, bench.bitmap, bench.windows):
        port.clear()
    dut.rst.value = 0
    await ClockCycles(dut.clk, 2)
    bench.bitmap.clear()
    bench.windows.clear()
    await bench.try_all([(one(300, 5, 200), 11, Elimination.WINDOW)])
