"""Reorder memory of a column: words of rows are written in any order, and read in that of the rows."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.memory import RACELESS, read_later
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.rowform import AHEAD_BITS, PLACE_BITS, RESULT_WORDS, RowForm
from pyralis.hw.gcn.rowwords import PlacedWord

__all__ = ["OrderedWord", "ReorderMemory"]


def OrderedWord(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """``ends``: it is the last word of a row, of which ``tail`` bytes count; ``last``: of the last row."""
    return data.StructLayout({"word": config.row_bits, "ends": 1, "last": 1})


_BITS = 4  # of neighbouring places, in one word


class ReorderMemory(wiring.Component):
    """Keeps ``RESULT_WORDS`` words of a column until those in front of them have been written.

    Beside each place stand two bits, one of the writer, who turns it with each word, and one of the reader,
    who makes it equal when he reads the word: where they differ, there is a word. So whatever a phase leaves
    out, nothing has to be made ready for the next one; each bit is written from one side only. Those of
    ``_BITS`` places lie in one word, since tables of memory are a few bits wide.

    Ports
    -----
    form : In(RowForm)
        Constant from ``start`` until the last word has been read.
    start : In(1)
        Row 0 comes next. Not before all words of the phase before have been read; not while ``forget``.
    row_count : In(ROW_BITS)
        With ``start``.
    enable : In(1)
        While it is low, ``allowed`` is 0.
    forget : In(1)
        After a reset, for ``RESULT_WORDS`` cycles without words: what was there before is forgotten.
    write : In(PlacedWord)
    words : Out(stream of OrderedWord)
    oldest : Out(AHEAD_BITS)
        Low bits of the number of the first row of which words have not been read: places of rows before it
        may be written again.
    allowed : Out(ROW_BITS)
        Groups of rows that may be begun, of ``group_mask + 1`` rows each, from ``start`` on: those of which
        each row has its places when it comes.

    Timing
    ------
    A word is offered two cycles after ``write``, or later; one word a cycle.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        super().__init__({
            "form": In(RowForm(config)),
            "start": In(1),
            "row_count": In(ROW_BITS),
            "enable": In(1),
            "forget": In(1),
            "write": In(PlacedWord(config)),
            "words": Out(stream.Signature(OrderedWord(config))),
            "oldest": Out(AHEAD_BITS),
            "allowed": Out(ROW_BITS),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        form = self.form
        base, number, left = Signal(PLACE_BITS), Signal.like(form.last_word), Signal(ROW_BITS)
        place, found, move, ends = Signal(PLACE_BITS), Signal(), Signal(), Signal()
        step = Signal()
        read = self._memories(m, place, found, move, step)
        m.d.comb += [
            place.eq(base | number),
            move.eq(~self.words.valid | self.words.ready),
            ends.eq(number == form.last_word),
            self.words.p.word.eq(read),
        ]
        ended, last = Signal(reset_less=True), Signal(reset_less=True)
        m.d.comb += [self.words.p.ends.eq(ended), self.words.p.last.eq(last)]
        m.d.comb += step.eq(move & found & (left != 0))
        with m.If(move):
            m.d.sync += [self.words.valid.eq(step), ended.eq(ends), last.eq(left == 1)]
        with m.If(step):
            m.d.sync += number.eq(Mux(ends, 0, number + 1))
        with m.If(step & ends):
            m.d.sync += [base.eq(base + form.step), left.eq(left - 1), self.oldest.eq(self.oldest + 1)]
            with m.If((self.oldest & form.group_mask) == form.group_mask):
                m.d.sync += self.allowed.eq(self.allowed + 1)
        with m.If(~self.enable):
            m.d.sync += self.allowed.eq(0)
        with m.If(self.forget):
            m.d.sync += base.eq(base + 1)
        with m.If(self.start):
            m.d.sync += [
                base.eq(0),
                self.oldest.eq(0),
                left.eq(self.row_count),
                self.allowed.eq(form.first_groups),
            ]
        return m

    def _memories(self, m: Module, place: Signal, found: Signal, move: Signal, step: Signal) -> data.View:
        """Words and bits; drives *found* with whether the word of *place* is there, returns the word."""
        write = self.write
        # A word that is written in this cycle counts as not there, whatever is read of it.
        words = Memory(shape=self.config.row_bits, depth=RESULT_WORDS, init=[], attrs=RACELESS)
        m.submodules.words = words
        m.submodules.written = written = Memory(shape=_BITS, depth=RESULT_WORDS // _BITS, init=[])
        m.submodules.taken = taken = Memory(shape=_BITS, depth=RESULT_WORDS // _BITS, init=[])
        write_word = words.write_port()
        turn, turned, seen = written.write_port(), *(written.read_port(domain="comb") for _ in range(2))
        take, took = taken.write_port(), taken.read_port(domain="comb")
        low = (_BITS - 1).bit_length()
        own, differ = Signal(_BITS), Signal(_BITS)
        m.d.comb += [
            write_word.en.eq(write.valid),
            write_word.addr.eq(write.place),
            write_word.data.eq(write.word),
            turn.en.eq(write.valid),
            turn.addr.eq(write.place[low:]),
            turned.addr.eq(write.place[low:]),
            turn.data.eq(turned.data ^ (1 << write.place[:low])),
            seen.addr.eq(place[low:]),
            own.eq(1 << place[:low]),
            take.en.eq(step | self.forget),
            take.addr.eq(place[low:]),
            take.data.eq(took.data ^ (differ & own)),
            took.addr.eq(place[low:]),
            differ.eq(seen.data ^ took.data),
            found.eq((differ & own).any()),
        ]
        return read_later(m, words, "word", place, move)
