"""Words of a column to bus beats, one of which stands ready."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.bytepacker import PackedWord
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["BeatBuilder"]


class BeatBuilder(wiring.Component):
    """Fills one beat with words, or cuts a word that is wider than the bus into beats.

    Who takes beats decides one cycle ahead, so that a choice among many columns is no part of a path that
    goes back into them.

    Ports
    -----
    words : In(stream of PackedWord)
        The last one of a column fills its beat up with zeros. Of a word of several beats, those without a
        byte that counts are left out.
    beat : Out(bus_bits), last : Out(1)
        ``last``: the last one of the column.
    coming : Out(1)
        In the next cycle, a beat stands here.
    taken : In(1)
        The beat that stands here leaves.

    Timing
    ------
    A word, or a beat, a cycle if beats are taken at once.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        super().__init__({
            "words": In(stream.Signature(PackedWord(config))),
            "beat": Out(config.bus_bits),
            "last": Out(1),
            "coming": Out(1),
            "taken": In(1),
        })

    def elaborate(self, platform) -> Module:
        return self._fill() if self.config.row_bits <= self.config.bus_bits else self._cut()

    def _fill(self) -> Module:
        m = Module()
        count = self.config.bus_bits // self.config.row_bits
        held = Signal(data.ArrayLayout(self.config.row_bits, count), reset_less=True)
        place, last = Signal(range(max(2, count))), Signal(reset_less=True)
        full, put, ends = Signal(), Signal(), Signal()
        m.d.comb += [
            self.words.ready.eq(~full | self.taken),
            put.eq(self.words.valid & self.words.ready),
            ends.eq((place == count - 1) | self.words.p.last),
            self.coming.eq(Mux(put, ends, full & ~self.taken)),
            self.beat.eq(held),
            self.last.eq(last),
        ]
        m.d.sync += full.eq(self.coming)
        with m.If(put):
            m.d.sync += [place.eq(Mux(ends, 0, place + 1)), last.eq(self.words.p.last)]
            for n in range(count):
                with m.If(place == n):
                    m.d.sync += held[n].eq(self.words.p.word)
                with m.Elif(place == 0):
                    m.d.sync += held[n].eq(0)
        return m

    def _cut(self) -> Module:
        m = Module()
        bus, count = self.config.bus_bits, self.config.row_bits // self.config.bus_bits
        held, last = Signal(self.config.row_bits, reset_less=True), Signal(reset_less=True)
        left, wanted, put = Signal(range(count + 1)), Signal(range(count + 1)), Signal()
        m.d.comb += [
            self.words.ready.eq((left == 0) | (left == 1) & self.taken),
            put.eq(self.words.valid & self.words.ready),
            wanted.eq((self.words.p.used + (bus // 8 - 1)) >> (bus // 8 - 1).bit_length()),
            self.coming.eq(put | (left > 1) | (left == 1) & ~self.taken),
            self.beat.eq(held),
            self.last.eq(last & (left == 1)),
        ]
        with m.If(put):
            m.d.sync += [held.eq(self.words.p.word), last.eq(self.words.p.last), left.eq(wanted)]
        with m.Elif(self.taken):
            m.d.sync += [held.eq(held >> bus), left.eq(left - 1)]
        return m
