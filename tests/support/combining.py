"""A Combination Engine in the simulator: phases of products, and what must come of them."""

import random
from dataclasses import dataclass, field

import cocotb
import numpy as np
import torch
from cocotb.triggers import ClockCycles, RisingEdge

from pyralis.gen.gcn.intnetwork import Epilogue
from pyralis.hw.gcn.column import CombineSettings
from pyralis.hw.gcn.config import LINE, NO_SOURCE, GcnConfig
from pyralis.hw.gcn.epilogue import BiasLoad, OutputType
from pyralis.hw.gcn.epilogue import Engine as Owner
from pyralis.hw.gcn.lines import LINE_JOB, LOAD_JOB, ROW_BITS, SLICE_BITS, LineLayout
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, pack, stalls, start, unpack
from pyralis.sim.golden.gcn.epilogue import epilogue
from pyralis.sim.golden.gcn.systolic import padded


@dataclass(frozen=True)
class Product:
    """One combination: sums of all rows, and what the epilogue makes of them.

    ``entries``: of each row (index, value), in gather mode; otherwise ``source`` is (N, K). ``boundary``,
    ``signed``, ``second_signed``: see DenseSettings.
    """

    weight: torch.Tensor
    epilogue: Epilogue
    source: torch.Tensor | None = None
    entries: list[list[tuple[int, int]]] | None = None
    valued: bool = False
    boundary: int = 1 << 30
    signed: bool = False
    second_signed: bool = False
    cooperative: bool = False
    base: int = 0

    @property
    def rows(self) -> int:
        return len(self.entries if self.source is None else self.source)

    def sums(self) -> torch.Tensor:
        if self.source is not None:
            return self.source @ self.weight
        whole = torch.zeros(self.rows, self.weight.shape[0], dtype=torch.int64)
        for row, entries in enumerate(self.entries):
            for index, value in entries:
                whole[row, index] += value if self.valued else 1
        return whole @ self.weight

    def expected(self, lanes: int) -> tuple[torch.Tensor, bool]:
        """(N, slices, lanes) int64, the elements of slices that are not columns of the weights set to 0."""
        rows, saturated = epilogue(self.sums(), self.epilogue)
        return padded(rows, lanes).reshape(len(rows), -1, lanes), bool(saturated.any())


@dataclass
class Engine:
    """Drives all ports of the engine *dut*."""

    dut: object
    config: GcnConfig
    stall: float = 0.0
    rng: random.Random = field(default_factory=lambda: random.Random(cocotb.RANDOM_SEED))
    issued: int = 0
    """Entries issued, in gather mode."""
    stepped: int = 0
    """Steps given to modules, in dense mode."""
    cycle: int = 0

    async def begin(self):
        c, dut = self.config, self.dut
        self.weights, self.biases = StreamSource(dut, "weights"), StreamSource(dut, "biases")
        self.groups = [StreamSource(dut, f"groups__{n}") for n in range(c.columns)]
        self.rows = [StreamSink(dut, f"rows__{n}") for n in range(c.columns)]
        clusters = range(c.columns * c.clusters)
        self.loads = [StreamSource(dut, f"loads__{n}") for n in clusters]
        self.lines = [StreamSource(dut, f"lines__{n}") for n in clusters]
        self.jobs = [StreamSource(dut, f"jobs__{n}") for n in clusters]
        self.monitors = monitor_streams(dut)
        self.scales = [[] for _ in range(c.columns)]
        dut.start.value = dut.clear.value = 0
        for n in range(c.columns):
            dut[f"jobs_allowed__{n}"].value = (1 << ROW_BITS) - 1
        cocotb.start_soon(self._watch())
        await start(dut)
        if self.stall:
            for port in (*self.groups, *self.rows, *self.lines):
                port.set_pause_generator(stalls(self.rng, self.stall))

    async def _watch(self):
        """Answers the scale ports, and counts."""
        dut, columns = self.dut, range(self.config.columns)
        ports = [
            [dut[f"scales__{n}__{name}"] for name in ("enable", "row", "scale", "there")] for n in columns
        ]
        while True:
            await RisingEdge(dut.clk)
            self.cycle += 1
            self.issued += int(dut.issued.value).bit_count()
            self.stepped += int(dut.stepping.value).bit_count()
            for n, (enable, row, scale, there) in enumerate(ports):
                if int(enable.value) and self.scales[n]:
                    index = int(row.value)
                    scale.value = self.scales[n][index] if index < len(self.scales[n]) else 0
                    there.value = 1

    async def set_up(self, product: Product):
        """Weights, biases, scales and settings of a phase."""
        c, dut = self.config, self.dut
        weight = padded(product.weight, c.lanes)
        slices = weight.shape[1] // c.lanes
        row = product.base
        for part in weight.split(c.lanes, dim=1):
            for word in part.tolist():
                await self.weights.send_int(row | pack(word, 8) << 15)
                row += 1
        how, elements = product.epilogue, weight.shape[0]
        group_slices = -(-elements // c.lanes)
        counts = [len(range(n, product.rows, c.columns)) for n in range(c.columns)]
        scaled = not isinstance(how.scale, int)
        self.scales = [list(map(int, how.scale[n :: c.columns])) if scaled else [] for n in range(c.columns)]
        dense = product.source is not None
        dut.settings.value = (
            CombineSettings(c)
            .const({
                "gather": not dense,
                "cooperative": product.cooperative,
                "sparse": {"valued": product.valued, "signed": product.signed},
                "dense": {
                    "groups": -(-max(counts) // c.pe_rows),
                    "elements": elements if dense else 1,
                    "boundary": min(product.boundary, elements) if dense else 1,
                    "signed": product.signed,
                    "second_signed": product.second_signed,
                    "slices": slices,
                    "base": product.base,
                    "stride": (group_slices - 1).bit_length() if dense else 0,
                },
                "group_slices": group_slices if dense else 1,
                "scaled": scaled,
                "scale": 0 if scaled else how.scale,
                "epilogue": {
                    "relu": how.relu,
                    "output": OutputType[how.output.upper()],
                    "shift": how.shift,
                    "bias_shift": how.bias_shift,
                    "narrow": product.weight.shape[1] <= c.epilogue_lanes,
                },
            })
            .as_bits()
        )
        dut.row_counts.value = pack(counts, ROW_BITS)
        bias = np.zeros(weight.shape[1], dtype=np.int64)
        if how.bias is not None:
            bias[: len(how.bias)] = how.bias
        word = BiasLoad(c.lanes)
        for index, value in enumerate(bias.tolist()):
            place = {"slice": index // c.lanes, "lane": index % c.lanes, "engine": Owner.COMBINATION}
            shifts = {"shift": how.shift, "bias_shift": how.bias_shift}
            await self.biases.send_int(word.const({**place, "value": value, **shifts}).as_bits())
        dut.clear.value = 1
        await ClockCycles(dut.clk, 1)
        dut.clear.value = 0
        await self.weights.wait()
        await self.biases.wait()
        await ClockCycles(dut.clk, 4)

    async def run(self, product: Product, *, ordered: bool = True) -> int:
        """Runs a phase and compares all its rows; returns its cycles from the first start to the last row."""
        await self.set_up(product)
        if product.source is not None:
            begin = await self._dense(product, ordered)
        else:
            begin = await self._sparse(product)
        await self.compare(product)
        return self.cycle - begin

    async def _dense(self, product: Product, ordered: bool) -> int:
        c = self.config
        self.dut.start.value = 1
        await ClockCycles(self.dut.clk, 1)
        self.dut.start.value = 0
        begin = self.cycle
        source = padded(product.source, c.lanes)
        for n, port in enumerate(self.groups):
            own = list(enumerate(source[n :: c.columns]))
            if not ordered:  # rows of groups that may be in the buffer together, in any order
                for at in range(0, len(own), c.pe_rows):
                    part = own[at : at + c.pe_rows]
                    own[at : at + c.pe_rows] = self.rng.sample(part, len(part))
            for row, elements in own:
                for index, part in enumerate(elements.split(c.lanes)):
                    port.send_nowait(
                        row | index << ROW_BITS | pack(part.tolist(), 8) << ROW_BITS + SLICE_BITS
                    )
        return begin

    def lines_of(self, rows: list[list[tuple[int, int]]]) -> list[int]:
        """Rows as lines, without gaps."""
        layout, flat = LineLayout(self.config.feature_values), []
        for row in rows:
            entries = row or [(NO_SOURCE, 77)]
            flat += [(index, value, k == len(entries) - 1) for k, (index, value) in enumerate(entries)]
        lines = []
        for at in range(0, len(flat), LINE):
            part = flat[at : at + LINE]
            part += [(self.rng.getrandbits(15), 0, self.rng.getrandbits(1))] * (LINE - len(part))
            word = {"entries": [{"index": index, "last": last} for index, _, last in part]}
            if self.config.feature_values:
                word["values"] = [value & 255 for _, value, _ in part]
            lines.append(layout.const(word).as_bits())
        return lines

    async def _sparse(self, product: Product) -> int:
        c = self.config
        slices = -(-product.weight.shape[1] // c.lanes)
        parts = []
        for column in range(c.columns):
            own = product.entries[column :: c.columns]
            parts += [own[k :: c.clusters] for k in range(c.clusters)]
        for n, rows in enumerate(parts):
            lines = self.lines_of(rows)
            if lines:
                self.loads[n].send_nowait(LOAD_JOB.const({"start": 0, "lines": len(lines)}).as_bits())
            for line in lines:
                self.lines[n].send_nowait(line)
        for port in self.lines:
            await port.wait()
        await ClockCycles(self.dut.clk, 4)
        begin = self.cycle
        for n, rows in enumerate(parts):
            if rows:
                job = {
                    "start": 0,
                    "rows": len(rows),
                    "group_rows": len(rows),
                    "replays": slices,
                    "base": product.base,
                    "step": product.weight.shape[0],
                }
                self.jobs[n].send_nowait(LINE_JOB.const(job).as_bits())
        return begin

    async def compare(self, product: Product):
        """Takes the rows of the phase, in any order of those of a column; and no more of them."""
        c = self.config
        expected, saturated = product.expected(c.lanes)
        expected = expected.tolist()
        columns = product.weight.shape[1]
        slices = len(expected[0]) if expected else 0
        for n, port in enumerate(self.rows):
            missing = {
                (row, index)
                for row in range(len(range(n, product.rows, c.columns)))
                for index in range(slices)
            }
            order = []
            while missing:
                word = await port.recv_int()
                row, index = word & (1 << ROW_BITS) - 1, word >> ROW_BITS & (1 << SLICE_BITS) - 1
                values = unpack(word >> ROW_BITS + SLICE_BITS, 32, c.lanes, signed=True)
                assert (row, index) in missing, f"column {n}: row {row}, slice {index} a second time"
                missing.remove((row, index))
                order.append((row // c.pe_rows, index, row))
                used = min(c.lanes, columns - index * c.lanes)
                assert values[:used] == expected[row * c.columns + n][index][:used], (
                    f"column {n}, row {row}, slice {index}"
                )
            assert product.source is None or order == sorted(order), "dense rows out of order"
        await ClockCycles(self.dut.clk, 2)
        while int(self.dut.busy.value):
            await ClockCycles(self.dut.clk, 1)
        assert all(port.empty() for port in self.rows), "more rows than there are"
        assert int(self.dut.saturated.value) == saturated
