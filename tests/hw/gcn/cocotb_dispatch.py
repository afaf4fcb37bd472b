"""cocotb side of test_dispatch.py: runs inside the simulator."""

import os
import random
from dataclasses import asdict

import cocotb
import numpy as np
from amaranth.lib import data
from cocotb.triggers import RisingEdge
from gathers import random_rows, word

from pyralis.hw.gcn.tasks import TaskLayout
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.gcn.dispatch import dispatch
from pyralis.sim.golden.gcn.lines import LineJob
from pyralis.sim.golden.gcn.tasks import Task, tasks

LAYOUT = TaskLayout(False)


def payload(task: Task) -> int:
    fields = {key: value for key, value in asdict(task).items() if key not in ("indices", "values")}
    bits = word(LAYOUT, fields | {"count": len(task.indices)})
    return bits | sum(index << 15 * k for k, index in enumerate(task.indices)) << LAYOUT["indices"].offset


class Bench:
    def __init__(self, dut) -> None:
        self.cores = int(os.environ["CORES"])
        self.dut = dut
        self.tasks = StreamSource(dut, "tasks")
        self.sinks = [StreamSink(dut, f"cores__{k}") for k in range(self.cores)]
        monitor_streams(dut)
        self.rng = random.Random(cocotb.RANDOM_SEED)
        dut.by_row.value = dut.clear.value = 0

    def work(self) -> list[int]:
        counts = int(self.dut.work.value)
        return [counts >> 32 * k & 0xFFFFFFFF for k in range(self.cores)]

    async def drain(self) -> list[list[int]]:
        """All tasks that have come, by core, after everything is through."""
        await self.tasks.wait()
        while int(self.dut.busy.value) or any(int(sink.valid.value) for sink in self.sinks):
            await RisingEdge(self.dut.clk)
        await RisingEdge(self.dut.clk)
        return [[await sink.recv_int() for _ in range(sink.count())] for sink in self.sinks]


def some_tasks(rng: random.Random, *, single: bool) -> tuple[list, list[Task]]:
    rows = random_rows(rng, 150, 5, most=40)
    return rows, tasks(rows, LineJob(start=0, rows=150, group_rows=150), single=single)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(by_row=[False, True])
async def every_task_once(dut, by_row):
    bench = Bench(dut)
    await start(dut)
    dut.by_row.value = int(by_row)
    bench.tasks.set_pause_generator(stalls(bench.rng, 0.2))
    for sink in bench.sinks:
        sink.set_pause_generator(stalls(bench.rng, 0.8))
    _, sent = some_tasks(bench.rng, single=by_row)
    words = [payload(task) for task in sent]
    for value in words:
        bench.tasks.send_nowait(value)
    got = await bench.drain()
    assert sorted(value for core in got for value in core) == sorted(words)
    for core, values in enumerate(got):
        of_core = [data.Const(LAYOUT, value) for value in values]
        assert [task.row for task in of_core] == sorted(task.row for task in of_core)
        assert bench.work()[core] == sum(task.count for task in of_core) > 0
        if by_row:
            assert all(task.row % bench.cores == core for task in of_core)
    dut.clear.value = 1
    await RisingEdge(dut.clk)
    dut.clear.value = 0
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    assert not any(bench.work())


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_core_that_stands_still_gets_one_task(dut):
    bench = Bench(dut)
    await start(dut)
    bench.sinks[0].pause = True
    _, sent = some_tasks(bench.rng, single=False)
    for task in sent:
        bench.tasks.send_nowait(payload(task))
    await bench.tasks.wait() if bench.cores > 1 else None
    for _ in range(20):
        await RisingEdge(dut.clk)
    assert bench.sinks[0].empty() and int(bench.sinks[0].valid.value)
    others = sum(sink.count() for sink in bench.sinks[1:])
    assert others == (len(sent) - 1 if bench.cores > 1 else 0)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(by_row=[False, True])
async def work_of_the_software_model(dut, by_row):
    """Cores that take one cycle for an entry get what the software model says."""
    bench = Bench(dut)
    await start(dut)
    dut.by_row.value = int(by_row)
    rows, sent = some_tasks(bench.rng, single=by_row)

    async def core(number: int) -> None:
        sink, left = bench.sinks[number], 0
        sink.pause = True
        while True:  # a task is taken in the cycle of the last entry of the one before
            sink.ready.value = int(left <= 1)
            await RisingEdge(dut.clk)
            if left <= 1 and int(sink.valid.value):
                left = data.Const(LAYOUT, int(sink.payload.value)).count
            else:
                left = max(left - 1, 0)

    for number in range(bench.cores):
        bench.sinks[number].pause = True
        cocotb.start_soon(core(number))
    for task in sent:
        bench.tasks.send_nowait(payload(task))
    await bench.tasks.wait()
    for _ in range(100):
        await RisingEdge(dut.clk)
    degrees = np.array([len(row) for row in rows])
    expected = dispatch(degrees, 1, bench.cores, static=by_row)
    got, wanted = np.array(bench.work()), expected.entries[0]
    assert got.sum() == wanted.sum()
    assert (got == wanted).all()
    assert got.max() <= 1.05 * got.mean() or by_row
