"""Sparsity Eliminator: which source rows one destination interval has to load."""

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.common.stream import RegisterSlice

__all__ = ["BLOCK", "WORD", "Elimination", "EliminatorJob", "SparsityEliminator", "Window"]

WORD = 64
"""Rows of a word of the bitmap."""

BLOCK = 8
"""Rows that are looked at in one cycle where there are occupied ones."""


class Elimination(enum.Enum, shape=2):
    """What is left out."""

    NONE = 0
    """Nothing: all rows, in windows of the full height."""
    WINDOW = 1
    """Window sliding and shrinking: a window begins at an occupied row, ends at the last occupied row that
    its height reaches, and has every row between."""
    ROWS = 2
    """Every row that is not occupied; windows are runs of occupied rows, cut at the height."""


class EliminatorJob(data.StructLayout):
    """One destination interval.

    ``rows``: source rows, that is valid bits of the bitmap; ``height``: of a window at most, at least 1;
    ``mode``.
    """

    def __init__(self, row_bits: int) -> None:
        super().__init__({"rows": row_bits, "height": row_bits, "mode": Elimination})


class Window(data.StructLayout):
    """Rows to load as one block: ``start``, ``rows``, and ``last``, the mark of the last one of a job.

    ``rows`` is 0 only in a job that has nothing to load.
    """

    def __init__(self, row_bits: int) -> None:
        super().__init__({"start": row_bits, "rows": row_bits, "last": 1})


def _lowest(m: Module, name: str, bits) -> Signal:
    """Number of the lowest bit of *bits* that is set."""
    number = Signal(range(len(bits)), name=name)
    for n in reversed(range(len(bits))):
        with m.If(bits[n]):
            m.d.comb += number.eq(n)
    return number


def _highest(m: Module, name: str, bits) -> Signal:
    number = Signal(range(len(bits)), name=name)
    for n in range(len(bits)):
        with m.If(bits[n]):
            m.d.comb += number.eq(n)
    return number


def _below(count, width: int):
    """The *count* lowest of *width* bits."""
    return Cat(count > n for n in range(width))


class SparsityEliminator(wiring.Component):
    """Cuts the occupied rows of a destination interval into windows (HyGCN, algorithms 3 and 4).

    A source row is occupied if it has an edge into the destination interval. HyGCN's algorithm 4 slides over
    rows without edges, takes a window of ``height`` rows, shrinks it from below to its last row with an edge,
    and goes on below the window as it was before shrinking. Its loops have no end of the graph; here windows
    end at the last row, and sliding ends there.

    Parameters
    ----------
    row_bits : int
        Width of a row number; at most ``2**row_bits - 64`` rows.

    Ports
    -----
    jobs : In(stream of EliminatorJob)
        A job is taken when the one before has ended.
    bitmap : In(stream of 64 bits)
        ``ceil(rows / 64)`` words a job: bit n of word k says that row 64 k + n is occupied. Bits beyond the
        rows do not matter. Taken also where nothing is eliminated.
    windows : Out(stream of Window)
        In order of their rows, without overlap, at least one a job.
    rows_loaded : Out(32)
        Sum of ``rows`` of all windows that have been transferred, modulo 2**32.
    clear : In(1)
        Sets ``rows_loaded`` to 0.

    Timing
    ------
    A word without occupied rows takes a cycle; blocks of 8 rows with occupied ones take a cycle each, and up
    to 3 where a window begins, one more for each further window of the block. There is no combinational path
    between the streams.
    """

    def __init__(self, row_bits: int = 20) -> None:
        if not 7 <= row_bits <= 32:
            raise ValueError(f"row_bits must be in 7..32, not {row_bits}")
        self.row_bits = row_bits
        super().__init__({
            "jobs": In(stream.Signature(EliminatorJob(row_bits))),
            "bitmap": In(stream.Signature(WORD)),
            "windows": Out(stream.Signature(Window(row_bits))),
            "rows_loaded": Out(32),
            "clear": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        active = Signal()
        job = Signal(EliminatorJob(self.row_bits), reset_less=True)
        m.d.comb += self.jobs.ready.eq(~active)
        with m.If(~active):
            m.d.sync += [job.eq(self.jobs.p), active.eq(self.jobs.valid)]
        found = self._words(m, job, active)
        # Readiness would otherwise go from the search for windows through the words to the bitmap.
        m.submodules.blocks = blocks = RegisterSlice(found.payload.shape())
        connect(m, found, blocks.input)
        cut, cut_free = self._output(m)
        final = self._search(m, job, blocks.output, cut, cut_free)
        with m.If(final):
            m.d.sync += active.eq(0)
        return m

    def _words(self, m: Module, job, active):
        """Words of the bitmap become blocks of 8 rows, those without an occupied row left out, and an end."""
        bits = self.row_bits
        left, at, ended = (
            Signal(bits),
            Signal(bits),
            Signal(),
        )  # rows to come, next row, the end was passed on
        raw = data.StructLayout({"bits": WORD, "base": bits, "end": 1})
        masked, masked_valid = Signal(raw, reset_less=True), Signal()
        flags, word, base, word_valid = (
            Signal(WORD // BLOCK + 1),  # the last one is the end
            Signal(WORD, reset_less=True),
            Signal(bits, reset_less=True),
            Signal(),
        )
        block = stream.Signature(data.StructLayout({"bits": BLOCK, "base": bits, "end": 1})).create()

        masked_free, word_free = Signal(), Signal()
        mask = Signal(WORD)
        m.d.comb += [
            masked_free.eq(~masked_valid | word_free),
            mask.eq(Mux(left >= WORD, -1, _below(left[:6], WORD))),
            self.bitmap.ready.eq(active & masked_free & (left != 0)),
        ]
        with m.If(masked_free):
            m.d.sync += [
                masked_valid.eq(0),
                masked.base.eq(at),
                masked.end.eq(left == 0),
                masked.bits.eq(mask & (self.bitmap.payload | (job.mode == Elimination.NONE).replicate(WORD))),
            ]
            with m.If(active & (left == 0) & ~ended):
                m.d.sync += [masked_valid.eq(1), ended.eq(1)]
        with m.If(self.bitmap.valid & self.bitmap.ready):
            m.d.sync += [masked_valid.eq(1), at.eq(at + WORD), left.eq(Mux(left >= WORD, left - WORD, 0))]
        with m.If(~active):
            m.d.sync += [left.eq(self.jobs.p.rows), at.eq(0), ended.eq(0)]

        # The lowest block that has something goes out; a word is left with its last one.
        pick, rest = Signal.like(flags), Signal.like(flags)
        m.d.comb += [
            rest.eq(flags & (flags - 1)),
            pick.eq(flags & ~rest),
            word_free.eq(~word_valid | (flags == 0) | ((rest == 0) & block.ready)),
            block.valid.eq(word_valid & (flags != 0)),
            block.payload.end.eq(pick[-1]),
        ]
        chosen, number = Signal(BLOCK), Signal(range(WORD // BLOCK))
        for n in range(WORD // BLOCK):
            with m.If(pick[n]):
                m.d.comb += [chosen.eq(word.word_select(n, BLOCK)), number.eq(n)]
        m.d.comb += [
            block.payload.bits.eq(chosen),
            block.payload.base.eq(Cat(Const(0, 3), number, base[6:])),
        ]
        with m.If(block.valid & block.ready):
            m.d.sync += flags.eq(rest)
        with m.If(word_free):
            occupied = Cat(masked.bits.word_select(n, BLOCK).any() for n in range(WORD // BLOCK))
            m.d.sync += [
                word_valid.eq(masked_valid),
                flags.eq(Mux(masked.end, 1 << (WORD // BLOCK), occupied)),
                word.eq(masked.bits),
                base.eq(masked.base),
            ]
        return block

    def _search(self, m: Module, job, block, cut, cut_free):
        """Blocks become windows. Returns a pulse when a job's last window has been cut."""
        bits = self.row_bits
        here = Signal.like(block.payload, reset_less=True)
        valid, settled = Signal(), Signal()  # a block is here; `stop` fits `start`
        rest = Signal(BLOCK, reset_less=True)  # rows of the block that no window has yet
        seen = Signal(BLOCK, reset_less=True)  # rows in front of those that may belong to the window
        mask = Signal(BLOCK, reset_less=True)  # rows that the open window's height reaches
        opened, joined = Signal(), Signal()  # a window is open; its last row is the last of the block
        start, last, stop = (Signal(bits, reset_less=True, name=name) for name in ("start", "last", "stop"))

        by_rows, filled, run, allowed = Signal(), Signal(BLOCK), Signal(BLOCK), Signal(BLOCK)
        inside, beyond = Signal(BLOCK), Signal(BLOCK)
        m.d.comb += [
            by_rows.eq(job.mode == Elimination.ROWS),
            filled.eq(rest | seen),
            *(run[n].eq(filled[: n + 1].all()) for n in range(BLOCK)),
            allowed.eq(mask & Mux(by_rows, run, -1)),
            inside.eq(rest & allowed),
            beyond.eq(rest & ~allowed),
        ]
        bottom = Signal(bits)  # last row of the window, this block included
        m.d.comb += bottom.eq(Mux(inside.any(), Cat(_highest(m, "highest", inside), here.base[3:]), last))

        # A window is cut where a row follows that is not its own, and at the end.
        emit, done, ends = Signal(), Signal(), Signal()
        m.d.comb += [
            ends.eq(valid & here.end),
            emit.eq(cut_free & (ends | (valid & beyond.any() & opened))),
            cut.valid.eq(emit),
            cut.payload.start.eq(Mux(opened, start, 0)),
            cut.payload.bottom.eq(bottom),
            cut.payload.some.eq(opened),
            cut.payload.last.eq(here.end),
        ]
        lowest = _lowest(m, "lowest", beyond)
        begin = Signal()
        m.d.comb += begin.eq(valid & ~here.end & beyond.any() & (cut_free | ~opened))
        m.d.sync += stop.eq(start + job.height)
        with m.If(valid & ~beyond.any()):
            m.d.sync += settled.eq(1)
        with m.If(begin):
            reach = Signal(BLOCK)  # rows up to the height, as far as they are in this block
            m.d.comb += reach.eq(Mux(job.height >= BLOCK, -1, _below(lowest + job.height[:3], BLOCK)))
            m.d.sync += [
                opened.eq(1),
                settled.eq(0),
                start.eq(Cat(lowest, here.base[3:])),
                rest.eq(beyond),
                seen.eq(_below(lowest, BLOCK)),
                mask.eq(reach),
            ]
        # A window of occupied rows that ends inside the block does not reach the next one, wherever it stops.
        known = settled | ~opened | (by_rows & ~run[-1])
        m.d.comb += done.eq((ends & cut_free) | (valid & ~here.end & ~beyond.any() & known))

        free = Signal()
        m.d.comb += [free.eq(~valid | done), block.ready.eq(free)]
        with m.If(done):
            m.d.sync += [valid.eq(0), last.eq(bottom), joined.eq(opened & run[-1])]
        with m.If(ends & cut_free):
            m.d.sync += opened.eq(0)
        next_row = Signal(bits)
        reaches, ahead = Signal(BLOCK), Signal(signed(bits + 1))
        m.d.comb += [
            next_row.eq(here.base + BLOCK),
            ahead.eq(stop - block.payload.base),
            reaches.eq(Mux(ahead >= BLOCK, -1, _below(ahead, BLOCK))),
        ]
        still_joined = Mux(valid, opened & run[-1], joined) & (next_row == block.payload.base)
        with m.If(free & block.valid):
            m.d.sync += [
                valid.eq(1),
                here.eq(block.payload),
                rest.eq(block.payload.bits),
                seen.eq(0),
                mask.eq(Mux(opened & (~by_rows | still_joined), reaches, 0)),
            ]
        return ends & cut_free

    def _output(self, m: Module):
        """Windows that have been cut get their number of rows and go out; returns their stream and ready."""
        bits = self.row_bits
        layout = data.StructLayout({"start": bits, "bottom": bits, "some": 1, "last": 1})
        cut = stream.Signature(layout).create()
        kept, kept_valid = Signal(layout, reset_less=True), Signal()
        m.submodules.slice = slice_ = RegisterSlice(Window(bits))
        connect(m, slice_.output, flipped(self.windows))
        out, out_free, cut_free = slice_.input, Signal(), Signal()
        taken = self.windows
        m.d.comb += [out_free.eq(~out.valid | out.ready), cut_free.eq(~kept_valid | out_free)]
        with m.If(cut_free):
            m.d.sync += [kept.eq(cut.payload), kept_valid.eq(cut.valid)]
        with m.If(out_free):
            m.d.sync += [
                out.valid.eq(kept_valid),
                out.p.start.eq(kept.start),
                out.p.rows.eq(Mux(kept.some, kept.bottom - kept.start + 1, 0)),
                out.p.last.eq(kept.last),
            ]
        with m.If(self.clear):
            m.d.sync += self.rows_loaded.eq(0)
        with m.Elif(taken.valid & taken.ready):
            m.d.sync += self.rows_loaded.eq(self.rows_loaded + taken.p.rows)
        return cut, cut_free
