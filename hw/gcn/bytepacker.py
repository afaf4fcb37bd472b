"""Words of rows to words without gaps: rows take their own bytes."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.reorder import OrderedWord

__all__ = ["BytePacker", "PackedWord"]


def PackedWord(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """``used``: bytes that count; all but of the last word of a column (``last``), where the others are 0."""
    return data.StructLayout({"word": config.row_bits, "used": range(config.lanes + 1), "last": 1})


class BytePacker(wiring.Component):
    """Joins the bytes of words that count.

    All bytes of a word count, but for the last one of a row: of that, ``tail``. A word is turned by the bytes
    that are left of those before it, and completed by these.

    Ports
    -----
    tail : In(range(lanes + 1))
        1..lanes; constant while words of a phase are inside.
    words : In(stream of OrderedWord)
    output : Out(stream of PackedWord)

    Timing
    ------
    A word a cycle, and one more cycle at the end if bytes are left. Three cycles from a word to the one that
    it completes.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        super().__init__({
            "tail": In(range(config.lanes + 1)),
            "words": In(stream.Signature(OrderedWord(config))),
            "output": Out(stream.Signature(PackedWord(config))),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        lanes = self.config.lanes
        move, flush = Signal(), Signal()  # the pipeline advances; the bytes that are left are next
        fill = Signal(range(lanes))  # bytes that are left
        total, rest, ended = Signal(range(2 * lanes + 1)), Signal(range(lanes)), Signal()
        m.d.comb += [
            move.eq(~self.output.valid | self.output.ready),
            self.words.ready.eq(move & ~flush),
            total.eq(fill + Mux(self.words.p.ends, self.tail, lanes)),
            rest.eq(total[: len(fill)]),
            ended.eq(self.words.valid & self.words.p.ends & self.words.p.last),
        ]
        with m.If(move):
            with m.If(flush):
                m.d.sync += [flush.eq(0), fill.eq(0)]
            with m.Elif(self.words.valid):
                m.d.sync += [flush.eq(ended & (rest != 0)), fill.eq(rest)]
        note = data.StructLayout({
            "emit": 1,
            "keep": 1,
            "flush": 1,
            "last": 1,
            "fill": range(lanes),
        })
        notes = [Signal(note, name="note")]
        m.d.comb += [
            notes[0].keep.eq(self.words.valid),
            notes[0].emit.eq(flush | (self.words.valid & (total >= lanes))),
            notes[0].flush.eq(flush),
            notes[0].last.eq(flush | (ended & (rest == 0))),
            notes[0].fill.eq(fill),
        ]
        for stage in (1, 2):
            notes.append(Signal(note, name=f"note_{stage}"))
            with m.If(move):
                m.d.sync += notes[stage].eq(notes[stage - 1])
        word = Signal(data.ArrayLayout(8, lanes))
        m.d.comb += word.eq(self.words.p.word)
        coarse = self._turned(m, "coarse", word, fill[2:] if lanes > 4 else Const(0, 1), 4, move)
        turned = self._turned(m, "fine", coarse, notes[1].fill[:2], 1, move)
        self._join(m, notes, turned, move)
        return m

    def _turned(self, m: Module, name: str, word, count, unit: int, move: Signal):
        """*word*, its bytes moved up by ``count * unit``, around the end; one cycle later."""
        lanes = self.config.lanes
        turned = Signal(data.ArrayLayout(8, lanes), name=name, reset_less=True)
        chosen = [word[b] for b in range(lanes)]
        for bit in range(len(count)):
            step = unit << bit
            chosen = [Mux(count[bit], chosen[(b - step) % lanes], chosen[b]) for b in range(lanes)]
        with m.If(move):
            m.d.sync += turned.eq(Cat(chosen))
        return turned

    def _join(self, m: Module, notes: list, turned, move: Signal) -> None:
        """Bytes that are left, and above them those of the turned word."""
        lanes = self.config.lanes
        note = notes[2]
        is_left = Signal(lanes)  # of each byte of the next word, whether it is one of those that are left
        with m.If(move):
            m.d.sync += [is_left[b].eq(notes[1].fill > b) for b in range(lanes)]
        left = Signal(data.ArrayLayout(8, lanes), reset_less=True)
        out = Signal(PackedWord(self.config), reset_less=True)
        m.d.comb += self.output.payload.eq(out)
        joined = data.View(data.ArrayLayout(8, lanes), out.word)
        with m.If(move):
            m.d.sync += [
                self.output.valid.eq(note.emit),
                out.used.eq(Mux(note.flush, note.fill, lanes)),
                out.last.eq(note.last),
            ]
            for b in range(lanes):
                m.d.sync += joined[b].eq(Mux(is_left[b], left[b], Mux(note.flush, 0, turned[b])))
                with m.If(note.keep & (note.emit | ~is_left[b])):
                    m.d.sync += left[b].eq(turned[b])
