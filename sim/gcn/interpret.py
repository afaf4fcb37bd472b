"""Interpreter of the graph core's programs: descriptor by descriptor, on arrays in place of memories.

It does what the core's units do, word for word and lane for lane, and knows nothing of the compiler. That
programs mean the same in every order that their waits allow is checked first.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.draws import SampleKind
from pyralis.hw.gcn.epilogue import TOTAL_BITS, OutputType
from pyralis.hw.gcn.program import Content, Opcode, Origin, Source, Target
from pyralis.hw.gcn.results import RESULT_WORDS
from pyralis.sim.gcn.descriptors import SIZES, decode, dense_slices, eliminates, jobs
from pyralis.sim.gcn.loading import load, windows_of
from pyralis.sim.gcn.memories import Entries, Memories, Memory, packed_results
from pyralis.sim.gcn.ordering import check
from pyralis.sim.gcn.samples import sampled

__all__ = ["Outcome", "run"]

RANGES = {
    OutputType.INT8: (-128, 127),
    OutputType.UINT8: (0, 255),
    OutputType.INT16: (-(1 << 15), (1 << 15) - 1),
    OutputType.INT32: (-(1 << 31), (1 << 31) - 1),
}


@dataclass(kw_only=True, eq=False)
class Outcome:
    """What a run leaves.

    Attributes
    ----------
    outputs : bytes
        At ``output_address``; what was not written is 0.
    saturated : bool
    read : dict of int
        Bytes of each content.
    entries : dict of int
        By index of the descriptor: entries of sparse rows, each slice counted, that name a source.
    rows_seen, rows_loaded : int
        Of the Sparsity Eliminator, each slice counted: rows that it looked at, and rows in its windows.
    """

    outputs: bytes = b""
    saturated: bool = False
    read: dict[Content, int] = field(default_factory=lambda: dict.fromkeys(Content, 0))
    entries: dict[int, int] = field(default_factory=dict)
    rows_seen: int = 0
    rows_loaded: int = 0


def run(
    program: bytes,
    constants: bytes,
    inputs: bytes,
    config: GcnConfig,
    *,
    output_bytes: int,
    sample_seed: int = 0,
) -> Outcome:
    """Runs *program* on memory with *constants* and *inputs* at their base registers.

    *sample_seed* is the register of that name.

    Raises
    ------
    OrderError
        Some order that the waits allow gives something else, or comes to a standstill.
    UnwrittenError
        Something is read that was never written.
    AssertionError
        A sum leaves its width, or a field its range.
    """
    descriptors = decode(program)
    check(jobs(descriptors, config))
    machine = _Machine(config, constants, inputs, output_bytes, sample_seed)
    for each in descriptors:
        machine.step(each)
    machine.outcome.outputs = bytes(machine.outputs)
    return machine.outcome


class _Machine:
    def __init__(
        self, config: GcnConfig, constants: bytes, inputs: bytes, output_bytes: int, sample_seed: int
    ) -> None:
        self.config, self.m, self.sample_seed = config, Memories(config), sample_seed
        self.origins = {Origin.WEIGHTS: constants, Origin.INPUT: inputs}
        self.outputs = bytearray(output_bytes)
        self.outcome = Outcome()
        self.chain: np.ndarray | None = None

    def step(self, d: dict[str, Any]) -> None:
        if d["opcode"] is Opcode.LOAD:
            self.load(d)
        elif d["opcode"] is Opcode.STORE:
            words = self.m.store.read(slice(d["base"], d["base"] + d["words"])).tobytes()
            self.outputs[d["address"] : d["address"] + len(words)] = words
        elif d["opcode"] is Opcode.AGGREGATE:
            self.finish(d, 0, self.aggregate(d))
        else:
            gathers = d["source"] is Source.FEATURES
            self.finish(d, 1, self.gather(d) if gathers else self.dense(d))

    def load(self, d: dict[str, Any]) -> None:
        """What stands in memory, or in results so far, to a memory of the core."""
        image = bytes(self.outputs) if d["origin"] is Origin.OUTPUT else self.origins[d["origin"]]
        found = windows_of(d, self.config, self.m) if eliminates(d) else []
        if eliminates(d):
            self.outcome.rows_seen += d["count"]
            self.outcome.rows_loaded += sum(window.rows for window in found)
        self.outcome.read[d["content"]] += load(d, self.config, self.m, image, found)

    def rows_of(self, rows: int, column: int) -> int:
        """Rows of a column."""
        return -(-(rows - column) // self.config.columns)

    def sparse(
        self, lines: Memory, rows: int, start: int, clusters: int, sample: dict[str, Any] | None = None
    ) -> Entries:
        """Entries of all rows, or of their samples, with the numbers of the rows in the matrix."""
        columns = self.config.columns
        parts = []
        for column in range(columns):
            own = self.rows_of(rows, column)
            for cluster in range(clusters):
                count = -(-(own - cluster) // clusters) if own > cluster else 0
                stream = column * clusters + cluster
                part = Entries.of(lines, stream, columns * clusters, start, count, every=sample is not None)
                if sample is not None:
                    part = sampled(part, sample, self.sample_seed)
                row = (part.row * clusters + cluster) * columns + column
                parts.append((row, part.index, part.value))
        return Entries(*(np.concatenate(each) for each in zip(*parts, strict=True)))

    def aggregate(self, d: dict[str, Any]) -> np.ndarray:
        """Sums: (rows, slices, lanes) int64."""
        c, m = self.config, self.m
        assert d["rows"] >= 1
        assert d["group_rows"] >= 1
        assert d["slices"] >= 1
        assert d["group_rows"] == c.pe_rows or d["target"] is not Target.CHAIN
        sample = None if d["sample"]["kind"] is SampleKind.NONE else d["sample"]
        assert sample is None or c.sampler
        entries = self.sparse(m.edges, d["rows"], d["start"], 1, sample)
        self.outcome.entries[d["index"]] = d["slices"] * len(entries.row)
        part = c.lanes >> d["splits"]
        least = -(1 << c.accumulator_bits - 1)
        sums = np.full((d["rows"], d["slices"], c.lanes), least if d["maximum"] else 0, dtype=np.int64)
        hub = entries.index < (1 << d["hub_bits"] if d["hubs"] else 0)
        lane = np.arange(len(entries.row)) % (1 << d["splits"])  # part of the word that an entry reads
        for s in range(d["slices"]):
            words = np.zeros((len(entries.row), c.lanes), dtype=np.uint8)
            words[hub] = m.hubs.read(d["hub_base"] + (s << d["hub_bits"]) + entries.index[hub])
            named = d["base"] + s * d["stride"] + entries.index[~hub]
            words[~hub] = m.store.read(named % c.rows)  # addresses wrap round
            words = words.reshape(len(words), c.lanes // part, part)[np.arange(len(words)), lane]
            elements = _elements(words, d["is_signed"])
            if c.edge_weights:
                elements = elements * entries.value[:, None]
            join = np.maximum if d["maximum"] else np.add
            join.at(sums[:, s, :part], entries.row, elements)
        if d["maximum"]:
            sums[sums == least] = 0  # of no source
        _fit(sums, c.accumulator_bits)
        return sums

    def gather(self, d: dict[str, Any]) -> np.ndarray:
        c, m = self.config, self.m
        entries = self.sparse(m.features, d["rows"], d["start"], c.clusters)
        self.outcome.entries[d["index"]] = d["slices"] * len(entries.row)
        value = entries.value if d["valued"] else np.ones_like(entries.value)
        if d["valued"] and not d["is_signed"]:
            value = value & 255
        sums = np.zeros((d["rows"], d["slices"], c.lanes), dtype=np.int64)
        for s in range(d["slices"]):
            words = m.weights.read(d["weight_base"] + s * d["weight_stride"] + entries.index)
            np.add.at(sums[:, s], entries.row, words * value[:, None])
        _fit(sums, c.product_bits)
        return sums

    def dense(self, d: dict[str, Any]) -> np.ndarray:
        c, m, rows = self.config, self.m, d["rows"]
        first, second = dense_slices(d, c)
        assert 1 <= d["elements"] <= c.group_bytes
        assert d["weight_stride"] == d["elements"]
        assert not second or d["boundary"] % c.lanes == 0
        if d["source"] is Source.CHAIN:
            assert self.chain is not None, "no rows come through the chain"
            assert self.chain.shape[:2] == (rows, first), "the chain brings other rows"
            words, self.chain = self.chain, None
        else:
            words = self._words(d["base"], d["stride"], rows, first)
        if second:
            words = np.concatenate(
                [words, self._words(d["second_base"], d["second_stride"], rows, second)], axis=1
            )
        group = words.reshape(rows, -1)[:, : d["elements"]]
        boundary = d["boundary"]
        before = _elements(group[:, :boundary], d["is_signed"])
        behind = _elements(group[:, boundary:], d["second_signed"])
        elements = np.concatenate([before, behind], axis=1)
        sums = np.zeros((rows, d["slices"], c.lanes), dtype=np.int64)
        for s in range(d["slices"]):
            base = d["weight_base"] + s * d["elements"]
            sums[:, s] = elements @ m.weights.read(slice(base, base + d["elements"])).astype(np.int64)
        _fit(sums, c.product_bits)
        return sums

    def _words(self, base: int, stride: int, rows: int, slices: int) -> np.ndarray:
        return np.stack(
            [self.m.store.read(np.arange(rows) + base + s * stride) for s in range(slices)], axis=1
        )

    def finish(self, d: dict[str, Any], engine: int, sums: np.ndarray) -> None:
        """Epilogue, and where the rows go."""
        c, m, e = self.config, self.m, d["epilogue"]
        rows, slices = sums.shape[:2]
        if d["scaled"]:
            v = np.arange(rows)
            at = (d["scale_base"] + v // c.columns) * c.columns + v % c.columns
            total = sums * m.scales[engine].read(at)[:, None, None]
        else:
            total = sums * d["scale"]
        if not engine and d["extra"]:
            extra = self._words(d["extra_base"], d["extra_stride"], rows, slices)
            total = total + _elements(extra, e["extra_signed"]) * e["extra_scale"]
        total = total + m.biases[engine].read(slice(d["bias_base"], d["bias_base"] + slices))
        _fit(total, TOTAL_BITS)
        if e["narrow"]:
            assert slices == 1, "narrow rows of several slices"
            assert not sums[:, :, c.epilogue_lanes :].any(), "narrow rows are not narrow"
            total[:, :, c.epilogue_lanes :] = 0
        if e["relu"]:
            total = np.maximum(total, 0)
        shifted = total >> e["shift"]
        values = shifted.clip(*RANGES[e["output"]])
        self.outcome.saturated |= bool((values != shifted).any())
        words = values.astype(f"<i{SIZES[e['output']]}" if e["output"] is not OutputType.UINT8 else "u1")
        if d["target"] is Target.MEMORY:
            self._to_memory(d, words)
            return
        assert SIZES[e["output"]] == 1, "rows of more than 8 bits go to memory only"
        words = words.view(np.uint8)
        if d["target"] is Target.CHAIN:
            self.chain = words
        else:
            self._to_store(d, words)

    def _to_memory(self, d: dict[str, Any], words: np.ndarray) -> None:
        c, slices, size = self.config, words.shape[1], words.itemsize
        beat, last, parts = c.bus_bits // 8, d["result_last"], d["result_parts"]
        assert d["result_address"] % beat == 0
        assert d["result_stride"] % beat == 0
        assert 1 <= last <= c.lanes * size
        assert 1 << parts >= (slices - 1) * size + -(-last // c.lanes)
        if d["opcode"] is Opcode.COMBINE and d["source"] is not Source.FEATURES:
            assert c.pe_rows << parts <= RESULT_WORDS, "the rows of a group have no room"
        else:
            assert 2 << d["result_group"] + parts <= RESULT_WORDS, "two groups of rows have no room"
        if d["opcode"] is Opcode.AGGREGATE:
            assert d["group_rows"] == 1 << d["result_group"]
        for column, packed in enumerate(packed_results(words, last, c)):
            start = d["result_address"] + column * d["result_stride"]
            assert c.columns == 1 or len(packed) <= d["result_stride"], "columns of results meet"
            assert start + len(packed) <= len(self.outputs), "results beyond the output"
            self.outputs[start : start + len(packed)] = packed

    def _to_store(self, d: dict[str, Any], words: np.ndarray) -> None:
        c, m = self.config, self.m
        assert d["target_base"] % c.columns == 0
        assert d["target_stride"] % c.columns == 0
        part = c.lanes >> d["target_splits"]
        for s in range(words.shape[1]):
            made = np.tile(words[:, s, :part], 1 << d["target_splits"])
            m.store.write(np.arange(len(made)) + d["target_base"] + s * d["target_stride"], made)
            if d["target_hubs"]:
                count = min(1 << d["target_hub_bits"], len(made))
                base = d["target_hub_base"] + (s << d["target_hub_bits"])
                m.hubs.write(slice(base, base + count), made[:count])


def _elements(words: np.ndarray, signed: int) -> np.ndarray:
    return (words.view(np.int8) if signed else words).astype(np.int64)


def _fit(values: np.ndarray, bits: int) -> None:
    assert values.min() >= -(1 << bits - 1), f"more than {bits} bits"
    assert values.max() < 1 << bits - 1, f"more than {bits} bits"
