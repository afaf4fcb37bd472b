"""cocotb side of test_simdcore.py: runs inside the simulator."""

import random
from dataclasses import asdict

import cocotb
import torch
from amaranth.lib import data
from cocotb.triggers import RisingEdge
from gathers import config_of_bench, random_rows, word

from pyralis.hw.gcn.matching import RequestLayout
from pyralis.hw.gcn.rowstore import ReplyLayout
from pyralis.hw.gcn.simdcore import AGGREGATION_SETTINGS, ResultLayout
from pyralis.hw.gcn.tasks import TaskLayout
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, pack, stalls, start, unpack
from pyralis.sim.golden.gcn.lines import LineJob
from pyralis.sim.golden.gcn.sums import aggregate
from pyralis.sim.golden.gcn.tasks import Task, tasks

NODES = 60


def payload(task: Task) -> int:
    layout = TaskLayout(True)
    fields = {key: value for key, value in asdict(task).items() if key not in ("indices", "values")}
    bits = word(layout, fields | {"count": len(task.indices)})
    bits |= pack(task.indices, 15) << layout["indices"].offset
    return bits | pack(task.values, 8) << layout["values"].offset


class Store:
    """Answers requests from a matrix, at most one a part and cycle, late and in any order.

    With rows that are not narrow the parts of a group answer together.
    """

    def __init__(self, dut, config, rng: random.Random, *, patience: float) -> None:
        self.dut, self.config, self.rng, self.patience = dut, config, rng, patience
        self.parts = range(config.splits)
        self.sinks = [StreamSink(dut, f"requests__{part}") for part in self.parts]
        self.waiting: list[list[int]] = [[] for _ in self.parts]
        self.matrix, self.copies, self.splits = torch.zeros(1, 1), torch.zeros(1, 1), 0
        self.asked = 0
        for part in self.parts:
            dut[f"replies__{part}__valid"].value = 0
        cocotb.start_soon(self._run())

    async def _run(self) -> None:
        layout, answer = RequestLayout(self.config), ReplyLayout(self.config)
        wide = self.config.lanes // self.config.splits
        while True:
            await RisingEdge(self.dut.clk)
            together = self.config.splits >> self.splits
            for part in self.parts:
                self.dut[f"replies__{part}__valid"].value = 0
                self.waiting[part] += [
                    self.sinks[part].queue.popleft() for _ in range(self.sinks[part].count())
                ]
                assert part % together == 0 or not self.waiting[part]
            for part in self.parts:
                if not self.waiting[part] or self.rng.random() < self.patience:
                    continue
                request = data.Const(
                    layout, self.waiting[part].pop(self.rng.randrange(len(self.waiting[part])))
                )
                self.asked += 1
                source = self.copies if request.hub else self.matrix
                row = [99] * (wide * together) if request.none else source[request.address].tolist()
                for member in range(together):
                    values = row[member * wide : (member + 1) * wide]
                    fields = {
                        "data": pack(values, 8),
                        "context": request.context,
                        "none": request.none,
                        "value": request["value"],
                    }
                    self.dut[f"replies__{part + member}__payload"].value = word(answer, fields)
                    self.dut[f"replies__{part + member}__valid"].value = 1


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.5], splits=[0, 1], maximum=[False, True], hub_bits=[None, 3])
async def against_golden(dut, stall, splits, maximum, hub_bits):
    config = config_of_bench()
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "tasks"), StreamSink(dut, "results")
    store = Store(dut, config, rng, patience=0.5 if stall else 0.0)
    monitors = monitor_streams(dut)
    is_signed = rng.random() < 0.5
    fields = {"maximum": maximum, "splits": splits, "is_signed": is_signed}
    fields |= {"hubs": hub_bits is not None, "hub_bits": hub_bits or 0, "hub_base": 5}
    dut.settings.value = word(AGGREGATION_SETTINGS, fields)
    await start(dut)
    if stall:
        for driver in (source, sink, *store.sinks):
            driver.set_pause_generator(stalls(rng, stall))
    width = config.lanes >> splits
    low, high = (-128, 128) if is_signed else (0, 256)
    base, slice_ = 100, 2
    matrix = torch.randint(low, high, (base + NODES, width))
    store.splits, store.matrix = splits, matrix
    if hub_bits is not None:  # copies with numbers of their own, so that they cannot be taken for the rows
        store.copies = torch.randint(low, high, (5 + (slice_ + 1 << hub_bits), width))
        matrix = matrix.clone()
        at = 5 + (slice_ << hub_bits)
        matrix[base : base + (1 << hub_bits)] = store.copies[at : at + (1 << hub_bits)]
    rows = random_rows(rng, 120, 4, most=30, indices=NODES)
    values = [[1 if maximum else rng.randint(-128, 127) for _ in row] for row in rows]
    sent = tasks(rows, LineJob(start=0, rows=120, group_rows=120, base=base), values=values)
    for task in sent:
        source.send_nowait(payload(task) | slice_ << TaskLayout(True)["slice"].offset)
    layout, bits = ResultLayout(config), config.accumulator_bits
    for task in sent:
        ends = [k + 1 for k in range(8) if task.ends >> k & 1] or [len(task.indices)]
        for number, (begin, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            got = data.Const(layout, await sink.recv_int())
            names = [k for k in range(begin, end) if task.indices[k] != 0x7FFF]
            expected = aggregate(
                matrix[base:],
                torch.tensor([0, len(names)]),
                torch.tensor([task.indices[k] for k in names], dtype=torch.int64),
                None if maximum else torch.tensor([task.values[k] for k in names], dtype=torch.int64),
                "max" if maximum else "sum",
            )[0].tolist()
            if maximum and not names:
                expected = [-1 << bits - 1] * width
            sums = unpack(got.as_value().value >> layout["sums"].offset, bits, config.lanes, signed=True)
            assert sums[:width] == expected
            assert not any(sums[width:])
            assert (got.row, got.slice) == (task.row + number, slice_)
            assert (bool(got.partial), bool(got.final)) == (task.partial, task.final)
            if task.partial:
                assert (got.slot, got.chunk) == (task.slot, task.chunk)
    assert store.asked == sum(len(task.indices) for task in sent)
    for _ in range(3):
        await RisingEdge(dut.clk)
    assert not int(dut.busy.value)
    assert bool(monitors["results"].waits) == bool(stall)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(splits=[0, 1])
async def an_entry_a_cycle_and_part(dut, splits):
    config = config_of_bench()
    rng = random.Random(cocotb.RANDOM_SEED)
    source, sink = StreamSource(dut, "tasks"), StreamSink(dut, "results")
    store = Store(dut, config, rng, patience=0.0)
    monitors = monitor_streams(dut)
    dut.settings.value = word(AGGREGATION_SETTINGS, {"splits": splits})
    await start(dut)
    store.splits, store.matrix = splits, torch.zeros(NODES, config.lanes >> splits, dtype=torch.int64)
    rows = [[k % NODES] * 8 for k in range(40)]
    for task in tasks(rows, LineJob(start=0, rows=40, group_rows=40)):
        source.send_nowait(payload(task))
    await sink.recv_ints(40)
    times = monitors["requests__0"].times
    assert times == list(range(times[0], times[0] + (320 >> splits)))
