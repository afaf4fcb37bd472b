"""Finished rows of a column to words of its reorder memory."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import FinishedRow
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.rowform import AHEAD_BITS, PLACE_BITS, RowForm

__all__ = ["PlacedWord", "RowWords"]


def PlacedWord(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """A word that is to be written."""
    return data.StructLayout({"valid": 1, "place": PLACE_BITS, "word": config.row_bits})


class RowWords(wiring.Component):
    """Cuts the elements of a slice down to their size and gives each word of ``lanes`` bytes its place.

    A slice of elements of 1, 2 or 4 bytes is so many words; of the last one of a row, those that nothing is
    kept of are left out. Word k of row r has place ``(r << parts) + k``.

    Ports
    -----
    form : In(RowForm)
        Constant while ``enable``.
    enable : In(1)
        Rows are taken.
    oldest : In(AHEAD_BITS)
        Low bits of the number of the first row that still needs its places. A row that would come to places
        of it or of a later one waits, and those behind it with it.
    rows : In(stream of FinishedRow)
        Tag: number of the row in the column; not one before ``oldest``, and less than ``2 * RESULT_WORDS``
        behind it.
    write : Out(PlacedWord)

    Timing
    ------
    A word a cycle, without gaps from row to row; one cycle after it was taken from ``rows``. ``rows.ready``
    does not depend on ``rows.valid``.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        super().__init__({
            "form": In(RowForm(config)),
            "enable": In(1),
            "oldest": In(AHEAD_BITS),
            "rows": In(stream.Signature(FinishedRow(config.lanes, ROW_BITS))),
            "write": Out(PlacedWord(config)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        form, row = self.form, self.rows.p
        part, last_part = Signal(2), Signal(2)
        ahead, room, take, ends = Signal(AHEAD_BITS), Signal(), Signal(), Signal()
        with m.If(row.slice == form.last_slice):
            m.d.comb += last_part.eq(form.last_part)
        with m.Else():
            m.d.comb += last_part.eq((1 << form.size_bits) - 1)
        m.d.comb += [
            ahead.eq(row.tag - self.oldest),
            room.eq(self.enable & ~(ahead & form.beyond).any()),
            ends.eq(part == last_part),
            take.eq(self.rows.valid & room),
            self.rows.ready.eq(room & ends),
        ]
        with m.If(take):
            m.d.sync += part.eq(Mux(ends, 0, part + 1))
        place, word = Signal(PLACE_BITS, reset_less=True), Signal(self.config.row_bits, reset_less=True)
        m.d.sync += [
            self.write.valid.eq(take),
            # Each has zeros where the next one has its bits.
            place.eq(row.tag << form.parts | row.slice << form.size_bits | part),
            word.eq(self._word(m, part)),
        ]
        m.d.comb += [self.write.place.eq(place), self.write.word.eq(word)]
        return m

    def _word(self, m: Module, part: Signal) -> data.View:
        """Word *part* of the slice: two choices among four for each byte, each a look-up table a bit."""
        lanes, size_bits = self.config.lanes, self.form.size_bits
        word = Signal(data.ArrayLayout(8, lanes), name="chosen")
        values = self.rows.p["values"]

        def byte(size: int, number: int, b: int):
            """Byte *b* of word *number* if elements have *size* bytes."""
            lane, place = divmod(number * lanes + b, size)
            return values[lane].as_unsigned()[8 * place : 8 * place + 8]

        second = Signal(2)  # which of bytes, the two words of 16 bits, and those of 32 bits
        m.d.comb += second.eq(Mux(size_bits[1], 3, Cat(size_bits[0] & ~part[0], size_bits[0] & part[0])))
        for b in range(lanes):
            wide = Signal(8, name=f"wide_{b}")
            choices = [byte(4, number, b) for number in range(4)]
            m.d.comb += [
                wide.eq(_choice(part, choices)),
                word[b].eq(_choice(second, [byte(1, 0, b), byte(2, 0, b), byte(2, 1, b), wide])),
            ]
        return word


def _choice(number: Signal, four: list):
    """One of *four*."""
    low, high = (Mux(number[0], four[n + 1], four[n]) for n in (0, 2))
    return Mux(number[1], high, low)
