"""Weights, biases, scales, rows and bitmaps from beats of the bus to the units that keep them."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.words import UnpackWords
from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.epilogue import EPILOGUE_SETTINGS, BiasLoad, Engine
from pyralis.hw.gcn.fork import fork
from pyralis.hw.gcn.program import Content
from pyralis.hw.gcn.scales import COUNT_BITS, ScaleWrite
from pyralis.hw.gcn.weightbuffer import WeightWrite, write_ports
from pyralis.hw.gcn.windowjobs import HALF, OccupancyWrite

__all__ = ["CONSTANT_LOAD", "ConstantLoader", "LoadedRow"]

CONSTANT_LOAD = data.StructLayout({
    "content": Content,
    "engine": Engine,
    "both": 1,
    "shift": EPILOGUE_SETTINGS.members["shift"],
    "bias_shift": EPILOGUE_SETTINGS.members["bias_shift"],
    "start": 16,
    "count": COUNT_BITS,
})
"""As in a LOAD descriptor; ``count`` at least one, ``start`` of rows a multiple of those of a beat."""

_BIAS = 32  # bits


class LoadedRow(data.StructLayout):
    """A word of the row store for an address of it."""

    def __init__(self, config: GcnConfig) -> None:
        super().__init__({"address": INDEX_BITS, "data": config.row_bits})


class ConstantLoader(wiring.Component):
    """Cuts beats into what the content of a load is made of, and gives each its place.

    Ports
    -----
    load : In(stream of CONSTANT_LOAD)
        Taken when the one before is done; not of edges or features.
    beats : In(stream of bus_bits)
        Those of the load. What comes after its last word, and before the next load, is dropped.
    weights : Out(stream of WeightWrite)
        See :class:`pyralis.hw.gcn.weightbuffer.WeightBuffer`.
    biases : Out(stream of BiasLoad)
        In order, of one slice after the other.
    scales : Out(ScaleWrite)
        Those of one row of all columns at a time.
    rows : Out(stream of {address, data}), for each column
        Words of the row store; word a goes to column a mod columns.
    occupancy : Out(OccupancyWrite)
        Only of cores with ``occupancy_words``: half a word of a bitmap at a time.
    done : Out(1)
        Pulse: the last word is taken; of scales, which have readers that wait for them, the load is.
    busy : Out(1)
        Words of a load are still to come.
    written : Out(1)
        The same, of bitmaps.

    Timing
    ------
    As many weight rows as are written in a cycle, a bias or half a word of a bitmap, a row of scales a cycle
    (which takes as many cycles as it has times the bits of those weight rows); of rows of the store as many
    as a beat has, at most one for each column.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        super().__init__({
            "load": In(stream.Signature(CONSTANT_LOAD)),
            "beats": In(stream.Signature(c.bus_bits)),
            "weights": Out(stream.Signature(WeightWrite(c))),
            "biases": Out(stream.Signature(BiasLoad(c.lanes))),
            "scales": Out(ScaleWrite(c)),
            "rows": Out(stream.Signature(LoadedRow(c))).array(c.columns),
            "done": Out(1),
            "busy": Out(1),
            **({"occupancy": Out(OccupancyWrite(c)), "written": Out(1)} if c.occupancy_words else {}),
        })

    @property
    def parts(self) -> int:
        """Rows of the store that are handed over together."""
        return max(1, min(self.config.bus_bits // self.config.row_bits, self.config.columns))

    def elaborate(self, platform) -> Module:
        m = Module()
        load, begin = Signal(CONSTANT_LOAD, reset_less=True), Signal()
        place, left = Signal(16, reset_less=True), Signal(COUNT_BITS, reset_less=True)  # next word; words
        running, moved = Signal(), Signal()
        lane_bits = (self.config.lanes - 1).bit_length()
        m.d.comb += [self.load.ready.eq(~running), begin.eq(self.load.valid & ~running)]
        with m.If(~running):
            m.d.sync += [
                running.eq(self.load.valid),
                load.eq(self.load.p),
                place.eq(self.load.p.start),
                left.eq(self.load.p.count),
            ]
            with m.If(self.load.p.content == Content.BIASES):  # counted in slices
                m.d.sync += [
                    place.eq(self.load.p.start << lane_bits),
                    left.eq(self.load.p.count << lane_bits),
                ]
            if self.config.occupancy_words:
                with m.If(self.load.p.content == Content.OCCUPANCY):  # halves of words
                    m.d.sync += [place.eq(self.load.p.start << 1), left.eq(self.load.p.count << 1)]
        uses = {}
        contents = [Content.WEIGHTS, Content.BIASES, Content.SCALES, Content.ROWS]
        for content in contents + [Content.OCCUPANCY] * bool(self.config.occupancy_words):
            name = content.name.lower()
            uses[name] = Signal(name=f"is_{name}")
            m.d.comb += uses[name].eq(running & (load.content == content))
        streams = self._cut(m, uses, running, begin)
        m.d.comb += moved.eq(
            self._rows(m, streams["rows"], place, left) | self._others(m, streams, uses, load, place, left)
        )
        step = Mux(uses["rows"], self.parts, Mux(uses["weights"], write_ports(self.config), 1))
        m.d.comb += self.busy.eq(running)
        with m.If(begin & (self.load.p.content == Content.SCALES)):
            m.d.comb += self.done.eq(1)
        with m.If(moved):
            m.d.sync += [place.eq(place + step), left.eq(left - step)]
            with m.If(left <= step):
                m.d.comb += self.done.eq(~uses["scales"])
                if self.config.occupancy_words:
                    m.d.comb += self.written.eq(uses["occupancy"])
                m.d.sync += running.eq(0)
        return m

    def _cut(self, m: Module, uses: dict[str, Signal], running, begin) -> dict:
        """Beats in words of the sizes that each content has; a stream for each."""
        c, whole = self.config, self.parts * self.config.row_bits
        first = "rows" if c.bus_bits >= c.row_bits else "scales"  # words that can be smaller than the others
        source = self.beats if first == "scales" else self._unpacked(m, "whole", self.beats, whole, begin)
        streams = self._branches(m, source, running, {first: uses[first], "other": ~uses[first]})
        words = self._unpacked(m, "words", streams.pop("other"), write_ports(c) * c.row_bits, begin)
        others = {name: use for name, use in uses.items() if name not in (first, "occupancy")}
        if c.occupancy_words:  # in pieces of the same size
            assert HALF == _BIAS
            others["biases"] = uses["biases"] | uses["occupancy"]
        streams |= self._branches(m, words, running, others)
        for name, bits in (("biases", _BIAS), ("scales", 16 * c.columns)):
            streams[name] = self._unpacked(m, name, streams[name], bits, begin)
        return streams

    @staticmethod
    def _branches(m: Module, source, running, uses: dict) -> dict:
        """The stream *source* for whoever uses it; what comes while nothing runs is dropped."""
        branches, ready = {}, [~running]
        for name, use in uses.items():
            branch = stream.Signature(source.payload.shape()).create(path=(f"{name}_branch",))
            m.d.comb += [branch.payload.eq(source.payload), branch.valid.eq(running & use & source.valid)]
            ready.append(use & branch.ready)
            branches[name] = branch
        m.d.comb += source.ready.eq(Cat(ready).any())
        return branches

    @staticmethod
    def _unpacked(m: Module, name: str, source, bits: int, clear):
        """The stream *source* in words of *bits* bits."""
        if len(source.payload) == bits:
            return source
        m.submodules[f"{name}_words"] = unpack = UnpackWords(bits, len(source.payload))
        m.d.comb += [
            unpack.clear.eq(clear),
            unpack.beats.payload.eq(source.payload),
            unpack.beats.valid.eq(source.valid),
            source.ready.eq(unpack.beats.ready),
        ]
        return unpack.words

    def _rows(self, m: Module, rows, place, left) -> Signal:
        """Words to the columns, as many as come together; returns what is high when all have been taken."""
        c = self.config
        low, column_bits = (self.parts - 1).bit_length(), (c.columns - 1).bit_length()
        turn = place[low:column_bits]  # columns that they belong to
        wanted = []
        for column, port in enumerate(self.rows):
            part = column % self.parts
            m.d.comb += [
                port.p.address.eq(Cat(Const(part, low), place[low:])),
                port.p.data.eq(rows.payload[c.row_bits * part :][: c.row_bits]),
            ]
            there = left > part
            wanted.append((turn == column >> low) & there if self.parts < c.columns else there)
        moved = fork(m, "rows", rows.valid, wanted, self.rows)
        m.d.comb += rows.ready.eq(moved)
        return moved

    def _others(self, m: Module, streams: dict, uses: dict, load, place, left) -> Signal:
        """Words to the unit of the content; returns what is high when they have been taken."""
        lane_bits = (self.config.lanes - 1).bit_length()
        weights, biases, scales = (streams[name] for name in ("weights", "biases", "scales"))
        m.d.comb += [
            self.weights.valid.eq(weights.valid),
            self.weights.p.row.eq(place),
            self.weights.p.data.eq(weights.payload),
            weights.ready.eq(self.weights.ready),
            self.biases.valid.eq(biases.valid & uses["biases"]),  # not what is behind the last one
            self.biases.p.engine.eq(load.engine),
            self.biases.p.shift.eq(load.shift),
            self.biases.p.bias_shift.eq(load.bias_shift),
            self.biases.p.lane.eq(place[:lane_bits]),
            self.biases.p.slice.eq(place[lane_bits:]),
            self.biases.p.value.eq(biases.payload),
            biases.ready.eq(self.biases.ready),
            self.scales.valid.eq(scales.valid & uses["scales"]),
            self.scales.coming.eq(uses["scales"]),
            self.scales.left.eq(left),
            self.scales.engine.eq(load.engine),
            self.scales.both.eq(load.both),
            self.scales.row.eq(place),
            self.scales.scales.eq(scales.payload),
            scales.ready.eq(1),
        ]
        if write_ports(self.config) == 2:
            m.d.comb += self.weights.p.both.eq(left > 1)
        taken = [port.valid & port.ready for port in (self.weights, self.biases)]
        if self.config.occupancy_words:
            write = self.occupancy
            m.d.comb += [
                write.valid.eq(biases.valid & uses["occupancy"]),
                write.upper.eq(place[0]),
                write.word.eq(place[1:]),
                write.data.eq(biases.payload),
                biases.ready.eq(self.biases.ready | uses["occupancy"]),
            ]
            taken.append(write.valid)
        return Cat(*taken, self.scales.valid).any()
