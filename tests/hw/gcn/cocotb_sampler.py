"""cocotb side of test_sampler.py: runs inside the simulator."""

import os
import random
from dataclasses import asdict, replace

import cocotb
import numpy as np
import torch
from amaranth.lib import data
from cocotb.triggers import RisingEdge
from gathers import line_words, word

from pyralis.gen.gcn.intnetwork import IntAdjacency, IntSample
from pyralis.gen.gcn.sampling import with_headers
from pyralis.hw.gcn.config import LINE
from pyralis.hw.gcn.draws import RECIPROCALS, SAMPLE_SETTINGS, SampleKind
from pyralis.hw.gcn.lines import SpanLayout
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.gcn.lines import LineJob, Span, pack_rows, spans, with_empty
from pyralis.sim.golden.gcn.sampler import taken

VALUES = os.environ["VALUES"] == "1"
LAYOUT = SpanLayout(VALUES)


class Rows:
    """Random rows with numbers and values, as lists and as lists of their samples."""

    def __init__(self, rng: random.Random, degrees: list[int]) -> None:
        indptr = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64)
        generator = np.random.default_rng(rng.randrange(1 << 30))
        self.whole = IntAdjacency(
            indptr=indptr,
            indices=generator.integers(0, 32767, indptr[-1]),
            weight=generator.integers(-128, 128, indptr[-1], dtype=np.int8),
        )
        self.numbers = generator.integers(0, 1 << 17, len(degrees))

    def listed(self, sample: IntSample | None) -> tuple[list, list]:
        """Rows of indices and of values, as they stand in memory."""
        return _rows(self.whole if sample is None else with_headers(self.whole, self.numbers))

    def samples(self, sample: IntSample | None) -> tuple[list, list]:
        """The same of the entries that the golden model takes."""
        numbers = torch.as_tensor(self.numbers)
        found = taken(torch.as_tensor(self.whole.indptr), sample, numbers)
        entries, rows = (part.numpy() for part in found)
        starts = np.concatenate([[0], np.bincount(rows, minlength=len(numbers)).cumsum()])
        taken_ones = IntAdjacency(
            indptr=starts, indices=self.whole.indices[entries], weight=self.whole.weight[entries]
        )
        return _rows(taken_ones)


def _rows(adjacency: IntAdjacency) -> tuple[list, list]:
    bounds = adjacency.indptr[1:-1]
    indices, values = np.split(adjacency.indices, bounds), np.split(adjacency.weight, bounds)
    return [part.tolist() for part in indices], [part.tolist() for part in values]


def settings(sample: IntSample | None) -> dict:
    if sample is None:
        return {"kind": SampleKind.NONE.value}
    if sample.kind == "uniform":
        return {"kind": SampleKind.UNIFORM.value, "count": sample.count, "seed": sample.seed}
    fields = {"count": sample.count, "start": sample.start, "step": sample.step}
    return {"kind": SampleKind.PREDEFINED.value, **fields}


class Bench:
    def __init__(self, dut) -> None:
        self.dut = dut
        self.spans, self.sampled = StreamSource(dut, "spans"), StreamSink(dut, "sampled")
        self.monitors = monitor_streams(dut)
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.choose(None)

    def choose(self, sample: IntSample | None) -> None:
        self.sample = sample
        self.dut.settings.value = word(SAMPLE_SETTINGS, settings(sample))
        self.dut.reciprocal.value = RECIPROCALS[sample.count if sample else 0]

    def send(self, rows: Rows, job: LineJob) -> int:
        """Sends the spans of *job*; returns how many."""
        indices, values = rows.listed(self.sample)
        words = line_words(VALUES, *pack_rows(indices, values))
        found = spans([max(len(row), 1) for row in indices], job)
        for span in found:
            self.spans.send_nowait(_word(span, words[span.line]))
        return len(found)

    async def check(self, rows: Rows, job: LineJob) -> int:
        """Receives the samples of *job*; returns the number of spans."""
        if self.sample is None:
            return await self.passed(rows, job)
        indices, values = rows.samples(self.sample)
        count = 0
        for first in range(0, job.rows, job.group_rows):
            group = slice(first, first + job.group_rows)
            lengths = [len(row) for row in with_empty(indices[group])]
            alone = replace(job, start=0, rows=len(lengths), group_rows=len(lengths))
            entries, weights = pack_rows(indices[group], values[group])
            for want in spans(lengths, alone):
                got = data.Const(LAYOUT, await self.sampled.recv_int())
                assert (got.begin, got.end, got.group_end) == (want.begin, want.end, want.group_end)
                assert (got.row, got.slice, got.base) == (first, want.slice, want.base)
                for k in range(want.begin, want.end):
                    entry = got.line.entries[k]
                    assert entry.index | entry.last << 15 == entries[want.line, k]
                    if VALUES:
                        assert got.line["values"][k] == int(weights[want.line, k]) & 0xFF
                count += 1
        return count

    async def passed(self, rows: Rows, job: LineJob) -> int:
        """Receives the spans of *job* as they were sent."""
        indices, values = rows.listed(None)
        words = line_words(VALUES, *pack_rows(indices, values))
        found = spans([max(len(row), 1) for row in indices], job)
        for span in found:
            assert await self.sampled.recv_int() == _word(span, words[span.line])
        return len(found)

    async def settle(self) -> None:
        for _ in range(4):
            await RisingEdge(self.dut.clk)
        assert not int(self.dut.busy.value) and not int(self.dut.sampled__valid.value)


def _word(span: Span, line: int) -> int:
    fields = {key: value for key, value in asdict(span).items() if key != "line"}
    assert LAYOUT["line"].offset == 0
    return word(LAYOUT, fields) | line


def random_sample(rng: random.Random) -> IntSample:
    count = rng.choice([1, 2, 3, 5, 8, 10, 25, 255])
    if rng.random() < 0.6:
        return IntSample(count=count, seed=rng.randrange(1 << 16))
    start, step = rng.choice([0, 1, 7, 40, 32767]), rng.choice([1, 2, 9, 50, 32767])
    return IntSample(count=count, kind="predefined", start=start, step=step)


def random_job(rng: random.Random, rows: int) -> LineJob:
    return LineJob(
        start=0,
        rows=rows,
        group_rows=rng.choice([1, 2, 3, 8, rows]),
        replays=rng.choice([1, 2, 3]),
        base=rng.randrange(1 << 12),
        step=rng.randrange(1 << 10),
    )


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def random_rows(dut, stall):
    """Rows of all lengths around the sample's, across lines, groups and replays; with none between."""
    bench = Bench(dut)
    rng = bench.rng
    await start(dut)
    kinds = dict.fromkeys(("drawn", "whole", "empty", "nothing of it", "none"), 0)
    for number in range(36):
        if stall:
            bench.spans.set_pause_generator(stalls(rng, stall * rng.random()))
            bench.sampled.set_pause_generator(stalls(rng, 2 * stall * rng.random()))
        sample = None if number % 7 == 6 else random_sample(rng)
        k = sample.count if sample else 3
        degrees = [
            rng.choice([0, 1, 2, 5, k - 1, k, k + 1, 2 * k, rng.randrange(60), 8 * rng.randrange(20)])
            for _ in range(rng.randint(1, 30))
        ]
        rows, job = Rows(rng, degrees), random_job(rng, len(degrees))
        bench.choose(sample)
        bench.send(rows, job)
        await bench.check(rows, job)
        await bench.settle()
        sizes = sample.sizes(np.array(degrees)).tolist() if sample else degrees
        kinds["none"] += sample is None
        for degree, size in zip(degrees, sizes, strict=True):
            kinds["empty"] += not degree
            kinds["nothing of it"] += bool(degree and not size)
            kinds["drawn" if 0 < size < degree else "whole"] += 1
    assert all(kinds.values()), kinds
    if stall:
        assert bench.monitors["spans"].waits and bench.monitors["sampled"].waits


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def heavy_rows(dut):
    """Up to the longest row that there can be, and the extremes of both kinds."""
    bench = Bench(dut)
    await start(dut)
    samples = [
        IntSample(count=1, seed=5),
        IntSample(count=255, seed=0xFFFF),
        IntSample(count=255, kind="predefined", start=100, step=128),
        IntSample(count=3, kind="predefined", start=32766, step=32767),
    ]
    for sample in samples:
        rows = Rows(bench.rng, [3, 5000, 0, 32767, 26, 300])
        job = LineJob(start=0, rows=6, group_rows=4)
        bench.choose(sample)
        bench.send(rows, job)
        await bench.check(rows, job)
        await bench.settle()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def cycles(dut):
    """Lines of heavy rows pass by one a cycle; of rows that are taken, two entries a cycle."""
    bench = Bench(dut)
    await start(dut)

    async def measured(sample: IntSample | None, degrees: list[int]) -> int:
        """From the first span that comes to the last one that goes."""
        rows, job = Rows(bench.rng, degrees), LineJob(start=0, rows=len(degrees), group_rows=len(degrees))
        bench.choose(sample)
        begin = len(bench.monitors["spans"].times)
        bench.send(rows, job)
        await bench.check(rows, job)
        await bench.settle()
        return bench.monitors["sampled"].times[-1] - bench.monitors["spans"].times[begin]

    # 25 lines: without a sample one a cycle
    assert await measured(None, [200]) == 24
    delay = 14
    # 626 lines, of which each may have an entry of the sample
    lines = -(-5002 // LINE)
    assert lines <= await measured(IntSample(count=10), [5000]) <= lines + delay
    # each row is seven lines: of most of them four entries are taken, in two cycles or three
    assert await measured(IntSample(count=25), [54] * 40) <= 40 * 7 * 2.5 + delay
    # each row is a line: six entries in three cycles
    assert await measured(IntSample(count=8), [6] * 20) <= 20 * 3 + delay
    # two rows of two entries are a line, and their headers take two cycles
    assert await measured(IntSample(count=8), [2] * 40) <= 2 * 40 + delay


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def passes_at_once_without_a_sample(dut):
    bench = Bench(dut)
    await start(dut)
    rows, job = Rows(bench.rng, [9] * 40), LineJob(start=0, rows=40, group_rows=40)
    bench.send(rows, job)
    await bench.check(rows, job)
    assert bench.monitors["spans"].times == bench.monitors["sampled"].times
