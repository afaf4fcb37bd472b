"""cocotb side of test_tasks.py: runs inside the simulator."""

import random
from dataclasses import asdict

import cocotb
from amaranth.lib import data
from cocotb.triggers import RisingEdge
from gathers import line_words, random_rows, word

from pyralis.hw.gcn.lines import LineLayout, SpanLayout
from pyralis.hw.gcn.tasks import SLOTS, TaskLayout
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.gcn.lines import LineJob, pack_rows, spans
from pyralis.sim.golden.gcn.tasks import Task, tasks


class Bench:
    def __init__(self, dut) -> None:
        self.dut = dut
        self.spans, self.tasks = StreamSource(dut, "spans"), StreamSink(dut, "tasks")
        self.monitors = monitor_streams(dut)
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.heavy = 0
        dut.single.value = 0
        dut.freed__valid.value = 0

    def send(self, rows: list, values: list, job: LineJob) -> None:
        words = line_words(True, *pack_rows(rows, values))
        layout = SpanLayout(True)
        assert layout["line"].offset == 0
        for span in spans([max(len(row), 1) for row in rows], job):
            fields = {key: value for key, value in asdict(span).items() if key != "line"}
            self.spans.send_nowait(word(layout, fields) | words[span.line - job.start])
        assert LineLayout(True).size == layout["line"].width

    async def receive(self) -> Task:
        got = data.Const(TaskLayout(True), await self.tasks.recv_int())
        count = got.count
        values = [got["values"][k] for k in range(count)]
        slot, chunk = (got.slot, got.chunk) if got.partial else (0, 0)
        return Task(
            tuple(got.indices[k] for k in range(count)),
            tuple(value - (value >> 7 << 8) for value in values),
            got.ends,
            got.row,
            got.slice,
            got.base,
            bool(got.partial),
            bool(got.final),
            slot,
            chunk,
        )

    async def free(self, slot: int) -> None:
        self.dut.freed__valid.value, self.dut.freed__slot.value = 1, slot
        await RisingEdge(self.dut.clk)
        self.dut.freed__valid.value = 0

    async def check(self, rows: list, values: list, job: LineJob, *, single: bool = False) -> list[Task]:
        expected = tasks(rows, job, values=values, single=single, heavy=self.heavy)
        for want in expected:
            got = await self.receive()
            assert got == want
            if want.final:
                self.heavy += 1
                await self.free(got.slot)
        return expected


def weights(rng: random.Random, rows: list) -> list:
    return [[rng.randint(-128, 127) for _ in row] for row in rows]


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4], single=[False, True])
async def against_golden(dut, stall, single):
    bench = Bench(dut)
    rng = bench.rng
    await start(dut)
    dut.single.value = int(single)
    if stall:
        bench.spans.set_pause_generator(stalls(rng, stall))
        bench.tasks.set_pause_generator(stalls(rng, stall))
    kinds = set()
    for _ in range(40):
        rows = random_rows(rng, rng.randint(1, 40), rng.choice([1, 3, 8, 20]), most=60)
        values = weights(rng, rows)
        job = LineJob(
            start=5,
            rows=len(rows),
            group_rows=rng.choice([1, 2, 5, 100]),
            replays=rng.choice([1, 2, 3]),
            base=rng.randrange(1 << 12),
            step=rng.randrange(1 << 10),
        )
        bench.send(rows, values, job)
        for task in await bench.check(rows, values, job, single=single):
            kinds.add("chunk" if task.partial else f"{min(task.ends.bit_count(), 2)} rows")
    assert kinds == {"chunk", "1 rows"} | ({"2 rows"} if not single else set())
    for _ in range(4):
        await RisingEdge(dut.clk)
    assert not int(dut.busy.value)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def waits_for_a_slot(dut):
    """As many heavy rows as there are slots, and one more."""
    bench = Bench(dut)
    await start(dut)
    rows = [[k] * 9 for k in range(SLOTS + 1)]
    values = weights(bench.rng, rows)
    job = LineJob(start=0, rows=len(rows), group_rows=len(rows))
    bench.send(rows, values, job)
    expected = tasks(rows, job, values=values)
    for want in expected[: 2 * SLOTS]:
        assert await bench.receive() == want
    for _ in range(20):
        await RisingEdge(dut.clk)
    assert bench.tasks.empty() and not int(dut.tasks__valid.value)
    await bench.free(3)  # not the one that is next
    for _ in range(20):
        await RisingEdge(dut.clk)
    assert bench.tasks.empty()
    await bench.free(0)
    for want in expected[2 * SLOTS :]:
        assert await bench.receive() == want


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def one_task_a_cycle(dut):
    bench = Bench(dut)
    await start(dut)
    rows = [[k] * (3 + k % 5) for k in range(60)]
    values = weights(bench.rng, rows)
    job = LineJob(start=0, rows=60, group_rows=60)
    bench.send(rows, values, job)
    expected = await bench.check(rows, values, job)
    times = bench.monitors["tasks"].times
    assert times[0] - bench.monitors["spans"].times[0] == 3
    # A span holds more than a task, so spans are never what is waited for.
    assert times[-1] - times[0] == len(expected) - 1
