"""cocotb side of test_lines.py: runs inside the simulator."""

import random
from itertools import pairwise

import cocotb
from amaranth.lib import data
from cocotb.triggers import RisingEdge
from gathers import job_word, line_words, random_rows, word

from pyralis.hw.gcn.lines import LOAD_JOB, ROW_BITS, LineLayout, SpanLayout
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.gcn.lines import LineJob, pack_rows, spans

DEPTH = 64
LAYOUT = SpanLayout(True)


class Bench:
    def __init__(self, dut) -> None:
        self.dut = dut
        self.loads, self.lines, self.jobs = (StreamSource(dut, name) for name in ("loads", "lines", "jobs"))
        self.spans = StreamSink(dut, "spans")
        self.monitors = monitor_streams(dut)
        self.rng = random.Random(cocotb.RANDOM_SEED)
        dut.allowed.value = (1 << ROW_BITS) - 1

    async def load(self, first: int, words: list[int]) -> None:
        await self.loads.send_int(word(LOAD_JOB, {"start": first, "lines": len(words)}))
        await self.loads.wait()
        for line in words:
            await self.lines.send_int(line)

    async def check(self, job: LineJob, rows: list, words: list[int]) -> None:
        """Spans of *job* come as they should, *words* being the lines from its start on."""
        lengths = [max(len(row), 1) for row in rows]
        for span in spans(lengths, job):
            got = data.Const(LAYOUT, await self.spans.recv_int())
            assert (got.begin, got.end, got.group_end) == (span.begin, span.end, span.group_end), span
            assert (got.row, got.slice, got.base) == (span.row, span.slice, span.base), span
            mask = (1 << LineLayout(True).size) - 1
            assert got.as_value().value & mask == words[span.line - job.start], span

    async def cycles(self, count: int) -> None:
        for _ in range(count):
            await RisingEdge(self.dut.clk)


def packed(rng: random.Random, rows: list) -> list[int]:
    values = [[rng.randint(-128, 127) for _ in row] for row in rows]
    return line_words(True, *pack_rows(rows, values))


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def groups_and_replays(dut, stall):
    bench = Bench(dut)
    rng = bench.rng
    await start(dut)
    if stall:
        for driver in (bench.loads, bench.lines, bench.jobs, bench.spans):
            driver.set_pause_generator(stalls(rng, stall))
    inside = 0
    for _ in range(40):
        rows = random_rows(rng, rng.randint(1, 40), rng.choice([1, 3, 8]), most=60)
        words = packed(rng, rows)[:DEPTH]
        first = rng.randint(0, DEPTH - len(words))
        while sum(max(len(row), 1) for row in rows) > 8 * len(words):
            rows.pop()
        await bench.load(first, words)
        for _ in range(2):  # cold, then warm
            job = LineJob(
                start=first,
                rows=rng.randint(1, len(rows)),
                group_rows=rng.choice([1, 2, 5, 100]),
                replays=rng.choice([1, 2, 3]),
                base=rng.randrange(1 << 12),
                step=rng.randrange(1 << 10),
            )
            await bench.jobs.send_int(job_word(job))
            await bench.check(job, rows, words)
            lengths = [max(len(row), 1) for row in rows]
            inside += any(span.begin for span in spans(lengths, job))
        await bench.lines.wait()  # rows that no job asked for may still be on their way
        await bench.cycles(4)
        assert not int(dut.busy.value)
    assert inside
    assert bool(stall) == bool(bench.monitors["spans"].waits)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def waits_for_lines_that_are_missing(dut):
    bench = Bench(dut)
    await start(dut)
    rows = [[k] * 8 for k in range(10)]
    words = packed(bench.rng, rows)
    await bench.loads.send_int(word(LOAD_JOB, {"start": 20, "lines": 10}))
    await bench.loads.wait()
    job = LineJob(start=20, rows=10, group_rows=10)
    await bench.jobs.send_int(job_word(job))
    for count in (0, 4):
        for line in words[:count]:
            await bench.lines.send_int(line)
        await bench.cycles(20)
        assert bench.spans.transfers == count
    for line in words[4:]:
        await bench.lines.send_int(line)
    await bench.check(job, rows, words)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def other_lines_do_not_wait(dut):
    """While a load job waits for its lines, those around them can be read."""
    bench = Bench(dut)
    await start(dut)
    rows = [[k] * 8 for k in range(10)]
    below, above = packed(bench.rng, rows), packed(bench.rng, rows)
    await bench.load(0, below)
    await bench.lines.wait()
    await bench.load(50, above)
    await bench.lines.wait()
    await bench.cycles(2)
    await bench.loads.send_int(word(LOAD_JOB, {"start": 10, "lines": 40}))
    await bench.loads.wait()
    for first, words in ((50, above), (0, below)):
        job = LineJob(start=first, rows=10, group_rows=10)
        await bench.jobs.send_int(job_word(job))
        await bench.check(job, rows, words)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def groups_wait_until_they_are_allowed(dut):
    """Of a job no more groups are begun than are allowed, with all their replays; the next one goes on."""
    bench = Bench(dut)
    await start(dut)
    rows = [[k] * 8 for k in range(10)]
    words = packed(bench.rng, rows)
    await bench.load(0, words)
    for _ in range(2):
        job = LineJob(start=0, rows=10, group_rows=4, replays=2)
        dut.allowed.value, before = 0, bench.spans.transfers
        await bench.jobs.send_int(job_word(job))
        for allowed, count in ((0, 0), (1, 8), (2, 16), (3, 20), (4, 20)):
            dut.allowed.value = allowed
            await bench.cycles(40)
            assert bench.spans.transfers - before == count
        await bench.check(job, rows, words)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def timing(dut):
    bench = Bench(dut)
    await start(dut)
    rows = [[k] * 8 for k in range(12)]
    words = packed(bench.rng, rows)
    await bench.load(0, words)
    await bench.lines.wait()
    job = LineJob(start=0, rows=12, group_rows=6, replays=2)
    await bench.jobs.send_int(job_word(job))
    await bench.check(job, rows, words)
    times = [time - bench.monitors["jobs"].times[-1] for time in bench.monitors["spans"].times]
    assert times[0] == 5
    gaps = [after - before for before, after in pairwise(times)]
    inside = [1] * 5
    assert gaps == [*inside, 3, *inside, 4, *inside, 3, *inside]
