"""Results of the graph core in the simulator: phases of rows, a memory behind, and what must stand there."""

import random
from dataclasses import dataclass, field

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge

from pyralis.hw.axi.dma import DmaJob
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import FinishedRow, OutputType
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.resultwriter import JOB_BEATS
from pyralis.hw.gcn.rowform import RESULT_SETTINGS, RESULT_WORDS
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, pack, stalls, start
from pyralis.sim.gcn.memories import packed_results

TYPES = {OutputType.INT8: "i1", OutputType.UINT8: "u1", OutputType.INT16: "<i2", OutputType.INT32: "<i4"}


@dataclass(frozen=True)
class Matrix:
    """Rows of results: (rows, slices, lanes), and how they are written.

    ``dense``: rows come in order, the slices of so many rows in turn; 0: groups of rows in any order.
    ``group``: log2 of the rows of a group, if it can be; ``only``: the column that has all rows.
    """

    config: GcnConfig
    words: np.ndarray
    last: int
    output: OutputType
    address: int = 0
    gap: int = 0
    dense: int = 0
    group: int | None = None
    only: int | None = None

    @staticmethod
    def random(rng: random.Random, config: GcnConfig, rows: int, width: int, output: OutputType, **more):
        dtype = np.dtype(TYPES[output])
        slices = -(-width // config.lanes)
        words = np.frombuffer(
            rng.randbytes(rows * slices * config.lanes * dtype.itemsize), dtype=dtype
        ).reshape(rows, slices, config.lanes)
        last = (width - (slices - 1) * config.lanes) * dtype.itemsize
        return Matrix(config, words, last, output, **more)

    @property
    def parts(self) -> int:
        slices, size = self.words.shape[1], self.words.itemsize
        return ((slices - 1) * size + -(-self.last // self.config.lanes) - 1).bit_length()

    @property
    def groups(self) -> int:
        """log2 of the rows of a group."""
        if self.dense:
            return self.dense.bit_length() - 1
        most = (RESULT_WORDS // 2).bit_length() - 1 - self.parts
        return most if self.group is None else min(most, self.group)

    @property
    def columns(self) -> list[bytes]:
        if self.only is None:
            return packed_results(self.words, self.last, self.config)
        every = np.repeat(self.words, self.config.columns, axis=0)  # all columns the same
        whole = packed_results(every, self.last, self.config)
        return [each if n == self.only else b"" for n, each in enumerate(whole)]

    @property
    def stride(self) -> int:
        return max(map(len, self.columns)) + self.gap * self.config.bus_bits // 8

    def settings(self) -> int:
        return RESULT_SETTINGS.const({
            "output": self.output,
            "slices": self.words.shape[1],
            "last": self.last,
            "parts": self.parts,
            "group": self.groups,
            "address": self.address,
            "stride": self.stride,
        }).as_bits()

    def rows_of(self, column: int) -> np.ndarray:
        if self.only is not None:
            return self.words if column == self.only else self.words[:0]
        return self.words[column :: self.config.columns]

    def payload(self, column: int, row: int, index: int) -> int:
        """The FinishedRow of a slice."""
        layout = FinishedRow(self.config.lanes, ROW_BITS)
        values = pack(self.rows_of(column)[row, index].tolist(), 32)
        return (
            row << layout["tag"].offset | index << layout["slice"].offset | values << layout["values"].offset
        )


@dataclass
class Bench:
    """Drives all ports of ``Results``, with a memory that answers when it likes."""

    dut: object
    config: GcnConfig
    stall: float = 0.0
    rng: random.Random = field(default_factory=lambda: random.Random(cocotb.RANDOM_SEED))
    memory: dict = field(default_factory=dict)
    """Beats that have been written, by address."""
    jobs_taken: list = field(default_factory=list)
    tasks: list = field(default_factory=list)

    """Cycles in which a row of a begun group waited, in phases of groups."""

    async def begin(self):
        c, dut = self.config, self.dut
        self.rows = [StreamSource(dut, f"rows__{n}") for n in range(c.columns)]
        self.jobs, self.data = StreamSink(dut, "jobs"), StreamSink(dut, "data")
        self.monitors = monitor_streams(dut)
        for port in ("start", "done", "settings", "row_counts", "output_address"):
            dut[port].value = 0
        await start(dut)
        self._go()
        if self.stall:
            for sink in (self.jobs, self.data):
                sink.set_pause_generator(stalls(self.rng, self.stall))

    def _go(self) -> None:
        due: list[int] = []
        self.tasks = [cocotb.start_soon(each) for each in (self._memory(due), self._done(due))]

    async def reset(self):
        """Resets the design, and forgets what was under way."""
        for task in self.tasks:
            task.cancel()
        self.dut.done.value, self.dut.rst.value = 0, 1
        for driver in (*self.rows, self.jobs, self.data):
            driver.clear()
        await ClockCycles(self.dut.clk, 2)
        self.dut.rst.value = 0
        await RisingEdge(self.dut.clk)
        assert not int(self.dut.busy.value)
        for driver in (*self.rows, self.jobs, self.data):
            assert driver.empty()
        self._go()

    async def _memory(self, due: list[int]):
        """Puts the beats of jobs where they belong; a job is done some time after its last beat."""
        c, step = self.config, self.config.bus_bits // 8
        layout = DmaJob(c.handler.dma)
        while True:
            job = layout.from_bits(await self.jobs.recv_int())
            beats, address = job.beats, job.address
            assert 1 <= beats <= JOB_BEATS
            assert address % step == 0
            line = address // step
            assert line // JOB_BEATS == (line + beats - 1) // JOB_BEATS, "a job goes across a boundary"
            self.jobs_taken.append((line, beats))
            for n in range(beats):
                at = address + n * step
                assert at not in self.memory, f"{at:#x} is written twice"
                self.memory[at] = (await self.data.recv_int()).to_bytes(step, "little")
            due.append(self.rng.randrange(40) if self.stall else 3)

    async def _done(self, due: list[int]):
        edge = RisingEdge(self.dut.clk)
        while True:
            await edge
            self.dut.done.value = 0
            if due:
                due[0] -= 1
                if due[0] < 0:
                    due.pop(0)
                    self.dut.done.value = 1

    async def phase(self, matrix: Matrix, base: int = 0) -> int:
        """One matrix, and that it stands in memory as it should; returns the cycles from start to done."""
        c, dut, rng = self.config, self.dut, self.rng
        self.memory.clear()
        self.jobs_taken.clear()
        dut.settings.value = matrix.settings()
        dut.output_address.value = base
        dut.row_counts.value = pack([len(matrix.rows_of(n)) for n in range(c.columns)], ROW_BITS)
        dut.start.value = 1
        await RisingEdge(dut.clk)
        dut.start.value = 0
        feeds = [cocotb.start_soon(self._feed(matrix, n)) for n in range(c.columns)]
        self.tasks += feeds
        cycles = 1
        await ClockCycles(dut.clk, 1)
        while True:
            await ReadOnly()
            if not int(dut.busy.value):
                break
            await RisingEdge(dut.clk)
            cycles += 1
            assert cycles < 200_000, "busy for ever"
        await RisingEdge(dut.clk)
        for feed in feeds:
            await feed
        self.check(matrix, base)
        await ClockCycles(dut.clk, rng.randrange(3))
        return cycles

    def check(self, matrix: Matrix, base: int) -> None:
        step, expected = self.config.bus_bits // 8, {}
        for column, content in enumerate(matrix.columns):
            first = base + matrix.address + column * matrix.stride
            expected |= {first + at: content[at : at + step] for at in range(0, len(content), step)}
        assert self.memory.keys() == expected.keys(), "other beats are written"
        wrong = [at for at in expected if self.memory[at] != expected[at]]
        assert not wrong, f"{len(wrong)} beats are wrong, the first one at {wrong[0]:#x}"
        assert self.data.empty()

    async def _feed(self, matrix: Matrix, column: int) -> None:
        source, (rows, slices) = self.rows[column], (len(matrix.rows_of(column)), matrix.words.shape[1])
        if self.stall:
            source.set_pause_generator(stalls(self.rng, self.stall * self.rng.random()))
        if matrix.dense:
            for first in range(0, rows, matrix.dense):
                for index in range(slices):
                    for row in range(first, min(first + matrix.dense, rows)):
                        await source.send_int(matrix.payload(column, row, index))
            return
        begun, left = 0, []
        edge = RisingEdge(self.dut.clk)
        size = 1 << matrix.groups
        sent = 0
        while sent < rows * slices:
            await edge
            may = int(self.dut.allowed.value) >> column * ROW_BITS & (1 << ROW_BITS) - 1
            while begun < may and begun * size < rows:
                group = range(begun * size, min((begun + 1) * size, rows))
                left += [(row, index) for row in group for index in range(slices)]
                begun += 1
            if left and source.count() < 1:
                place = self.rng.randrange(len(left))
                left[place], left[-1] = left[-1], left[place]
                await source.send_int(matrix.payload(column, *left.pop()))
                sent += 1
