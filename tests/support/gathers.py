"""Driving an Aggregation Engine: row matrices into the store, adjacencies into the lines, rows back."""

import json
import os
import random
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from amaranth.lib import data
from cocotb.triggers import RisingEdge

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.lines import LINE_JOB, LOAD_JOB, ROW_BITS, LineLayout
from pyralis.hw.gcn.merge import RowLayout
from pyralis.hw.gcn.rowstore import StoreWriteLayout
from pyralis.hw.gcn.simdcore import AGGREGATION_SETTINGS
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.golden.gcn.lines import LineJob, pack_rows
from pyralis.sim.golden.gcn.sums import aggregate


def config_of_bench() -> GcnConfig:
    return GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))


def word(layout: data.StructLayout, fields: dict) -> int:
    """Payload of *layout* with *fields*, the others 0."""
    total = 0
    for name, value in fields.items():
        place = layout[name]
        total |= (int(value) & (1 << place.width) - 1) << place.offset
    return total


def line_words(config_values: bool, entries: np.ndarray, values: np.ndarray) -> list[int]:
    """Payloads of LineLayout."""
    layout = LineLayout(config_values)
    words = []
    for line, bytes_ in zip(entries.tolist(), values.tolist(), strict=True):
        payload = sum(entry << 16 * k for k, entry in enumerate(line))
        if config_values:
            payload |= (
                sum((value & 0xFF) << 8 * k for k, value in enumerate(bytes_)) << layout["values"].offset
            )
        words.append(payload)
    return words


def job_word(job: LineJob) -> int:
    return word(LINE_JOB, asdict(job))


@dataclass
class Gather:
    """One phase: rows of an adjacency, the row matrix they name, and how it is done.

    ``matrix`` has up to ``lanes`` columns for each slice.
    """

    rows: list[list[int]]
    matrix: np.ndarray
    weights: list[list[int]] | None = None
    maximum: bool = False
    is_signed: bool = True
    splits: int = 0
    by_row: bool = False
    hub_bits: int | None = None
    hub_base: int = 0
    group_rows: int | None = None
    base: int = 0
    settings: dict = field(default_factory=dict)

    def expected(self) -> torch.Tensor:
        indptr = torch.tensor([0, *np.cumsum([len(row) for row in self.rows])])
        indices = torch.tensor([u for row in self.rows for u in row], dtype=torch.int64)
        weight = None
        if self.weights is not None:
            weight = torch.tensor([w for row in self.weights for w in row], dtype=torch.int64)
        source = torch.tensor(self.matrix.astype(np.int64))
        return aggregate(source, indptr, indices, weight, "max" if self.maximum else "sum")


class Engine:
    """Drivers of all ports of an Aggregation component."""

    def __init__(self, dut, config: GcnConfig, *, monitored: bool = True) -> None:
        self.dut, self.config = dut, config
        columns = range(config.columns)
        self.loads = [StreamSource(dut, f"loads__{c}") for c in columns]
        self.lines = [StreamSource(dut, f"lines__{c}") for c in columns]
        self.jobs = [StreamSource(dut, f"jobs__{c}") for c in columns]
        self.writes = [StreamSource(dut, f"writes__{c}") for c in columns]
        self.rows = [StreamSink(dut, f"rows__{c}") for c in columns]
        self.monitors = monitor_streams(dut) if monitored else {}
        dut.settings.value = 0
        dut.clear.value = 0
        dut.open.value = 1
        for c in columns:
            dut[f"reads__{c}"].value = 0
            dut[f"jobs_allowed__{c}"].value = (1 << ROW_BITS) - 1

    async def reset(self) -> None:
        for driver in [*self.loads, *self.lines, *self.jobs, *self.writes, *self.rows]:
            driver.clear()
        await start(self.dut)

    def stall(self, rng: random.Random, inputs: float, outputs: float) -> None:
        for driver in [*self.loads, *self.lines, *self.jobs, *self.writes]:
            driver.set_pause_generator(stalls(rng, inputs) if inputs else None)
        for driver in self.rows:
            driver.set_pause_generator(stalls(rng, outputs) if outputs else None)

    async def cycles(self, count: int) -> None:
        for _ in range(count):
            await RisingEdge(self.dut.clk)

    async def write_matrix(self, gather: Gather) -> None:
        """Slice k of the matrix goes to ``base + k * step`` and after it."""
        c = self.config
        layout = StoreWriteLayout(c)
        width = c.lanes >> gather.splits
        nodes = len(gather.matrix)
        for s in range(self.slices(gather)):
            for v, row in enumerate(gather.matrix[:, s * width : (s + 1) * width].tolist()):
                hub = gather.hub_bits is not None and v < 1 << gather.hub_bits
                fields = {
                    "address": gather.base + s * self.step(nodes) + v,
                    "data": sum((value & 0xFF) << 8 * k for k, value in enumerate(row)),
                    "splits": gather.splits,
                    "hub": hub,
                    "hub_address": gather.hub_base + (s << gather.hub_bits) + v if hub else 0,
                }
                await self.writes[v % c.columns].send_int(word(layout, fields))
        for driver in self.writes:
            await driver.wait()
        await self.cycles(c.rounds + 2)
        while not int(self.dut.settled.value):
            await RisingEdge(self.dut.clk)

    def slices(self, gather: Gather) -> int:
        return max(1, -(-gather.matrix.shape[1] // (self.config.lanes >> gather.splits)))

    def step(self, nodes: int) -> int:
        return -(-nodes // self.config.columns) * self.config.columns

    def column_rows(self, rows: list, column: int) -> list:
        return rows[column :: self.config.columns]

    async def load(self, gather: Gather, start_line: int = 0) -> None:
        """Queues the adjacency of every column; does not wait."""
        for column in range(self.config.columns):
            rows = self.column_rows(gather.rows, column)
            if not rows:
                continue
            weights = self.column_rows(gather.weights, column) if gather.weights is not None else None
            entries, values = pack_rows(rows, weights)
            job = {"start": start_line, "lines": len(entries)}
            await self.loads[column].send_int(word(LOAD_JOB, job))
            for line in line_words(self.config.edge_weights, entries, values):
                await self.lines[column].send_int(line)

    def set(self, gather: Gather) -> None:
        fields = {
            "by_row": gather.by_row,
            "maximum": gather.maximum,
            "is_signed": gather.is_signed,
            "splits": gather.splits,
            "hubs": gather.hub_bits is not None,
            "hub_bits": gather.hub_bits or 0,
            "hub_base": gather.hub_base,
        }
        self.dut.settings.value = word(AGGREGATION_SETTINGS, fields)

    async def start(self, gather: Gather, start_line: int = 0) -> None:
        self.set(gather)
        for column in range(self.config.columns):
            count = len(self.column_rows(gather.rows, column))
            if count:
                job = LineJob(
                    start=start_line,
                    rows=count,
                    group_rows=gather.group_rows or count,
                    replays=self.slices(gather),
                    base=gather.base,
                    step=self.step(len(gather.matrix)),
                )
                await self.jobs[column].send_int(job_word(job))

    async def collect(self, gather: Gather) -> torch.Tensor:
        """Waits for all rows; every row and slice must come once."""
        c = self.config
        width = c.lanes >> gather.splits
        slices = self.slices(gather)
        layout = RowLayout(c)
        result = torch.zeros(len(gather.rows), slices * width, dtype=torch.int64)
        seen = set()
        for column in range(c.columns):
            count = len(self.column_rows(gather.rows, column))
            for _ in range(count * slices):
                row = data.Const(layout, await self.rows[column].recv_int())
                key = (row.row * c.columns + column, row.slice)
                assert key not in seen, f"row and slice {key} came twice"
                seen.add(key)
                v, s = key
                result[v, s * width : (s + 1) * width] = torch.tensor([row.sums[k] for k in range(width)])
                if gather.splits:
                    assert not any(row.sums[k] for k in range(width, c.lanes)), "above a narrow row"
        assert len(seen) == len(gather.rows) * slices
        return result[:, : gather.matrix.shape[1]]

    async def run(self, gather: Gather, *, start_line: int = 0, warm: bool = False) -> torch.Tensor:
        if not warm:
            await self.write_matrix(gather)
            await self.load(gather, start_line)
            await self.cycles(3)  # the load job is on its way before a job that reads its lines
        await self.start(gather, start_line)
        return await self.collect(gather)

    async def idle(self) -> None:
        for _ in range(20):
            await RisingEdge(self.dut.clk)
            if not int(self.dut.busy.value):
                return
        raise AssertionError("busy after the last row")

    def work(self) -> np.ndarray:
        """(columns, cores) entries given to each core."""
        c = self.config
        return np.array([
            [int(self.dut[f"work__{column}"].value) >> 32 * k & 0xFFFFFFFF for k in range(c.cores)]
            for column in range(c.columns)
        ])


def random_rows(rng: random.Random, count: int, mean: float, *, most: int, indices: int = 1000) -> list:
    """Rows of random indices; their lengths fall off exponentially, from 0 up to *most*."""
    lengths = [min(int(rng.expovariate(1 / mean)), most) for _ in range(count)]
    return [[rng.randrange(indices) for _ in range(length)] for length in lengths]
