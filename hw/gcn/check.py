"""Legality of one program descriptor of the graph core."""

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.draws import SampleKind
from pyralis.hw.gcn.eliminator import WORD, Elimination
from pyralis.hw.gcn.epilogue import BIAS_SLICES, TOTAL_BITS, OutputType
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.program import (
    AGGREGATE,
    COMBINE,
    COMPACT_BITS,
    END,
    LOAD,
    VERSION,
    Content,
    ErrorCode,
    Opcode,
    Source,
    Target,
    line_bytes,
    scale_depth,
    takes_compact,
)
from pyralis.hw.gcn.results import RESULT_WORDS

__all__ = ["Check"]

PLACE_BITS = 17
"""No memory has more than ``1 << 16`` words, and so no load more."""

RESERVED = 3
"""Origin, source, target and kind of a sample have no fourth member."""


def _log2(value: int) -> int:
    return value.bit_length() - 1


class Check(wiring.Component):
    """Says whether a core of this configuration can execute a descriptor.

    Everything that one descriptor shows without a product of two of its fields is checked: reserved values,
    empty shapes, places beyond the memories of this core, fields that contradict each other, alignment. What
    needs a product (do all slices of a matrix fit) or the entries of a sparse matrix (do they name rows that
    there are) is not seen by the core at all: addresses wrap round.

    Ports
    -----
    descriptor : In(1024)
        One descriptor as it lies in memory, byte 0 in the least significant bits.
    code : Out(ErrorCode)
        ``NONE`` for a legal descriptor. A wrong version wins over an unknown opcode, since the opcode of
        another version means nothing here; ``FIELD`` covers all the rest. STORE is not known to this core.

    Timing
    ------
    One cycle: a register holds what is wrong with each field, and ``code`` is what follows from it.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        super().__init__({"descriptor": In(8 * DESCRIPTOR_BYTES), "code": Out(ErrorCode)})

    def elaborate(self, platform) -> Module:
        m = Module()
        header = data.View(END, self.descriptor)
        aggregate, combine = data.View(AGGREGATE, self.descriptor), data.View(COMBINE, self.descriptor)
        faults = {
            Opcode.END: [],
            Opcode.LOAD: self._load_faults(data.View(LOAD, self.descriptor)),
            Opcode.AGGREGATE: [*self._aggregate_faults(aggregate), *self._finish_faults(aggregate)],
            Opcode.COMBINE: [*self._combine_faults(combine), *self._finish_faults(combine)],
        }
        known = Signal(data.StructLayout({"opcode": 8, "version": 8}), reset_less=True)
        m.d.sync += [known.opcode.eq(header.opcode), known.version.eq(header.version)]
        wrong = {}
        for opcode, conditions in faults.items():
            wrong[opcode] = Signal(max(len(conditions), 1), name=opcode.name.lower(), reset_less=True)
            m.d.sync += wrong[opcode].eq(Cat(conditions))
        m.d.comb += self.code.eq(ErrorCode.NONE)
        with m.If(known.version != VERSION):
            m.d.comb += self.code.eq(ErrorCode.VERSION)
        with m.Else(), m.Switch(known.opcode):
            for opcode, found in wrong.items():
                with m.Case(opcode), m.If(found.any()):
                    m.d.comb += self.code.eq(ErrorCode.FIELD)
            with m.Default():
                m.d.comb += self.code.eq(ErrorCode.OPCODE)
        return m

    def _unaligned(self, address: Value) -> Value:
        """Not at the beginning of a bus beat."""
        return address[: _log2(self.config.bus_bits // 8)].any()

    def _uneven(self, row: Value) -> Value:
        """Not a row of column 0."""
        return row[: _log2(self.config.columns)].any()

    def _rows_of_column(self, d) -> Value:
        """Rows of the longest column."""
        return (self._rows(d) + (self.config.columns - 1)) >> _log2(self.config.columns)

    def _rows(self, d) -> Value:
        """Rows of all columns, in as many bits as the number of a row in its column allows."""
        return d.rows[: ROW_BITS + _log2(self.config.columns)]

    def _too_long(self, shift: Value) -> Value:
        return shift > TOTAL_BITS - 1

    def _load_faults(self, d) -> list[Value]:
        content, c = Value.cast(d.content), self.config
        start, count = d.start[:PLACE_BITS], d.count[:PLACE_BITS]
        lines = c.columns * line_bytes(False)
        memories = {  # words of the memory, and bytes of one of them
            Content.EDGES: (c.edge_lines, lines),
            Content.FEATURES: (c.feature_lines, lines * c.clusters),
            Content.WEIGHTS: (c.weight_rows, c.lanes),
            Content.BIASES: (BIAS_SLICES, 4 * c.lanes),
            Content.SCALES: (scale_depth(c), 2 * c.columns),
            Content.ROWS: (c.rows, c.lanes),
        }
        faults = [
            Value.cast(d.origin) == RESERVED,
            self._unaligned(d.source),
            d.count == 0,
            d.start[PLACE_BITS:].any(),
            d.count[PLACE_BITS:].any(),
            d.after_store != 0,
            content > Content.OCCUPANCY.value if c.occupancy_words else content > Content.ROWS.value,
            (content == Content.BIASES.value) & self._too_long(d.shift),
            (content == Content.ROWS.value) & self._uneven(d.start),
            *self._elimination_faults(d),
        ]
        whole = Const(1)  # all that it is to look through is loaded
        if c.occupancy_words:
            memories[Content.OCCUPANCY] = c.occupancy_words, WORD // 8
            whole = Value.cast(d.eliminate) == Elimination.NONE.value
        for kind, (words, size) in memories.items():
            valued = {Content.EDGES: c.edge_weights, Content.FEATURES: c.feature_values}.get(kind)
            needed = self._beats(count, size)
            if compact := takes_compact(c, kind):  # so many sixteenths of the bytes
                short = COMPACT_BITS[kind] + 1
                needed = Mux(d.compact, self._beats(short * count, size // 16), needed)
            if valued:  # with values lines have twice the bytes
                needed = Mux(d.valued, self._beats(count, 2 * size), needed)
            wrong = [
                whole & (start + count > words),
                whole & (d.beats != needed),
                *([] if valued else [d.valued]),
                d.compact & d.valued if compact else d.compact,
            ]
            faults += [(content == kind.value) & fault for fault in wrong]
        return faults

    def _elimination_faults(self, d) -> list[Value]:
        c = self.config
        eliminate = Value.cast(d.eliminate)
        if not c.occupancy_words:
            return [eliminate != Elimination.NONE.value]
        rows = c.occupancy_words * WORD
        beats = c.rows * c.row_bits // c.bus_bits  # of all words of the row store
        faults = [
            Value.cast(d.content) != Content.ROWS.value,
            eliminate == RESERVED,
            d.height == 0,
            *([d.height > rows] if rows < 1 << len(d.height) else []),
            d.occupancy + ((d.count[:PLACE_BITS] + (WORD - 1)) >> _log2(WORD)) > c.occupancy_words,
            d.beats > beats,
            d.start[:PLACE_BITS] + self._words(d.beats[: beats.bit_length()]) > c.rows,
            *([d.beats[: _log2(c.row_bits // c.bus_bits)].any()] if c.row_bits > c.bus_bits else []),
        ]
        return [(eliminate != Elimination.NONE.value) & fault for fault in faults]

    def _words(self, beats: Value) -> Value:
        """Words of the row store in *beats*."""
        rows, beat = self.config.row_bits, self.config.bus_bits
        return beats << _log2(beat // rows) if beat > rows else beats >> _log2(rows // beat)

    def _beats(self, words: Value, size: int) -> Value:
        """Bus beats that *words* of *size* bytes fill; both sizes are powers of two."""
        beat = self.config.bus_bits // 8
        if size > beat:
            return words << _log2(size // beat)
        return (words + (beat // size - 1)) >> _log2(beat // size)

    def _aggregate_faults(self, d) -> list[Value]:
        c = self.config
        target = Value.cast(d.target)
        return [
            d.start >= c.edge_lines,
            d.group_rows == 0,
            (target == Target.CHAIN.value) & (d.group_rows != c.pe_rows),
            (target == Target.MEMORY.value) & (d.group_rows != 1 << d.result_group),
            (target == Target.MEMORY.value) & self._order_fault(d, Const(1)),
            *self._sample_faults(d.sample),
            *self._parts_faults(d.splits, d.slices),
            d.hubs & self._copies_faults(d.hub_base, d.hub_bits, d.slices),
            *self._source_faults(d.base),
            *(d.extra & fault for fault in self._matrix_faults(d.extra_base, d.extra_stride, d)),
        ]

    def _sample_faults(self, sample) -> list[Value]:
        kind = Value.cast(sample.kind)
        if not self.config.sampler:
            return [kind != SampleKind.NONE.value]
        return [
            kind == RESERVED,
            (kind != SampleKind.NONE.value) & (sample.count == 0),
            (kind == SampleKind.PREDEFINED.value) & (sample.step == 0),
        ]

    def _combine_faults(self, d) -> list[Value]:
        c = self.config
        source = Value.cast(d.source)
        sparse = source == Source.FEATURES.value
        two = ~sparse & (d.boundary < d.elements)
        return [
            source == RESERVED,
            d.elements == 0,
            d.weight_base + d.weight_stride > c.weight_rows,
            sparse & (d.start >= c.feature_lines),
            sparse & d.cooperative,
            *([] if c.feature_values else [sparse & d.valued]),
            ~sparse & (d.elements > c.group_bytes),
            ~sparse & (d.weight_stride != d.elements),
            ~sparse & ((d.boundary == 0) | (d.boundary > d.elements)),
            two & d.boundary[: _log2(c.lanes)].any(),
            *((source == Source.ROWS.value) & fault for fault in self._matrix_faults(d.base, d.stride, d)),
            *(two & fault for fault in self._matrix_faults(d.second_base, d.second_stride, d)),
            Value.cast(d.target) == Target.CHAIN.value,
            (Value.cast(d.target) == Target.MEMORY.value) & self._order_fault(d, sparse),
        ]

    def _order_fault(self, d, sparse: Value) -> Value:
        """The reorder memory has no room for what is finished out of order."""
        c = self.config
        dense = d.result_parts > _log2(RESULT_WORDS // c.pe_rows)
        return Mux(sparse, d.result_group + d.result_parts > _log2(RESULT_WORDS // 2), dense)

    def _parts_faults(self, splits: Value, slices: Value) -> list[Value]:
        """Narrow rows: more parts than a word of this core has, or rows of several words."""
        return [splits > _log2(self.config.splits), (splits != 0) & (slices != 1)]

    def _copies_faults(self, base: Value, bits: Value, slices: Value) -> Value:
        """Whether copies of the first ``2**bits`` rows are beyond what a core holds."""
        hubs = self.config.hubs
        if not hubs:
            return Const(1)
        beyond = [(bits == k) & (base + (slices << k) > hubs) for k in range(_log2(hubs) + 1)]
        return Cat(*beyond, bits > _log2(hubs)).any()

    def _source_faults(self, base: Value) -> list[Value]:
        return [self._uneven(base), base >= self.config.rows]

    def _matrix_faults(self, base: Value, stride: Value, d) -> list[Value]:
        """Of a matrix that has a row for each of the descriptor's."""
        return [self._uneven(base), self._uneven(stride), base + self._rows(d) > self.config.rows]

    def _finish_faults(self, d) -> list[Value]:
        c = self.config
        target, output = Value.cast(d.target), Value.cast(d.epilogue.output)
        to_rows, to_memory = target == Target.ROWS.value, target == Target.MEMORY.value
        bytes_only = (output == OutputType.INT8.value) | (output == OutputType.UINT8.value)
        rows = [
            *self._matrix_faults(d.target_base, d.target_stride, d),
            (d.slices != 1) & (d.target_stride < self._rows(d)),
            *self._parts_faults(d.target_splits, d.slices),
            d.target_hubs & self._copies_faults(d.target_hub_base, d.target_hub_bits, d.slices),
        ]
        return [
            d.rows == 0,
            d.rows[len(self._rows(d)) :].any(),
            self._rows_of_column(d) >= 1 << ROW_BITS,
            d.slices == 0,
            d.after_store != 0,
            d.bias_base + d.slices > BIAS_SLICES,
            self._too_long(d.epilogue.shift),
            d.epilogue.narrow & (d.slices != 1),
            d.scaled & (d.scale_base + self._rows_of_column(d) > scale_depth(c)),
            target == RESERVED,
            ~to_memory & ~bytes_only,
            *(to_rows & fault for fault in rows),
            *(to_memory & fault for fault in self._result_faults(d)),
        ]

    def _result_faults(self, d) -> list[Value]:
        output = Value.cast(d.epilogue.output)
        size = Mux(output == OutputType.INT32.value, 2, output == OutputType.INT16.value)  # log2 of the bytes
        lanes = self.config.lanes
        words = ((d.slices - 1)[:8] << size) + ((d.result_last + (lanes - 1)) >> _log2(lanes))
        return [
            self._unaligned(d.result_address),
            self._unaligned(d.result_stride),
            d.result_last == 0,
            d.result_last > (lanes << size),
            words > 1 << d.result_parts,
        ]
