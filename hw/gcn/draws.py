"""Positions of samples: which entries of each row of an adjacency an aggregation takes."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import INDEX_BITS, LINE

__all__ = [
    "DRAW",
    "INSTEAD_OF_ZERO",
    "PLACE",
    "RECIPROCALS",
    "RECIPROCAL_BITS",
    "ROW",
    "SAMPLE_SETTINGS",
    "TAPS",
    "Draws",
    "SampleKind",
]

COUNT_BITS = 8
"""Of the entries of a sample."""

RECIPROCAL_BITS = 26

RECIPROCALS = (0, *(((1 << RECIPROCAL_BITS) - 1) // count for count in range(1, 1 << COUNT_BITS)))
"""For each count, what a degree is multiplied by instead of a division: never more than the quotient."""

FRACTION_BITS = 16
"""Of a position behind its point, and of a draw."""

COARSE = 5
"""Lowest bits of the fraction of a part's length that its product with a draw does without."""

TAPS = 0xB400
"""Feedback of the Galois register: x^16 + x^14 + x^13 + x^11 + 1."""

INSTEAD_OF_ZERO = 0xACE1
"""Start where seed and row give the one state that the register never leaves."""

LINE_BITS = 13
"""Of the number of a line, counted modulo ``2**13``: more lines than the longest row has."""


class SampleKind(enum.Enum, shape=2):
    """Which entries of a row an aggregation takes."""

    NONE = 0
    """All; lists have no headers."""
    UNIFORM = 1
    """Of a row with more than ``count``, one at random from each of ``count`` equal parts."""
    PREDEFINED = 2
    """Those at ``start + i * step``, i in 0..count-1, as far as the row has them."""


SAMPLE_SETTINGS = data.StructLayout({
    "kind": SampleKind,
    "count": COUNT_BITS,
    "seed": FRACTION_BITS,
    "start": INDEX_BITS,
    "step": INDEX_BITS,
})
"""What holds for a whole phase."""

PLACE = data.StructLayout({"entry": (LINE - 1).bit_length(), "line": LINE_BITS})
"""An entry of a line."""

ROW = data.StructLayout({"first": PLACE, "length": INDEX_BITS, "number": INDEX_BITS, "end": 1})
"""A row of ``length`` entries, at least 1, from ``first`` on, whose draws begin with ``number``. ``end``: no
row, but the group ends in the line of ``first``."""

DRAW = data.StructLayout({"first": PLACE, "second": PLACE, "two": 1, "final": 1, "none": 1, "end": 1})
"""One entry of the sample, or ``two``, in order. ``final``: with these the sample is complete. ``none``: it
has no entry, and one that names no source stands for it. ``end``: as in ROW."""


class Draws(wiring.Component):
    """Positions of the samples of rows, two a cycle.

    Those of a uniform sample, in units of ``2**-16`` entries::

        part = degree * (2**26 - 1) // count >> 10
        position = (i * part + (u * (part >> 5) >> 16 << 5)) >> 16

    for draw i, u being the state of the register after i + 1 steps. A row with no more entries than the
    sample is taken whole.

    Ports
    -----
    settings : In(SAMPLE_SETTINGS)
        Constant while rows come or are inside.
    reciprocal : In(RECIPROCAL_BITS)
        That of ``settings.count`` in :data:`RECIPROCALS`.
    rows : In(stream of ROW)
    draws : Out(stream of DRAW)

    Timing
    ------
    Four cycles from a row to its first draws. Two positions of a row each cycle, and those of the next row in
    the cycle after them; one cycle more behind a predefined sample that the row's end has cut short.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.sampler.positions`, exact.
    """

    def __init__(self) -> None:
        super().__init__({
            "settings": In(SAMPLE_SETTINGS),
            "reciprocal": In(RECIPROCAL_BITS),
            "rows": In(stream.Signature(ROW)),
            "draws": Out(stream.Signature(DRAW)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        s, given = self.settings, self.rows.p
        predefined = Signal()
        m.d.comb += predefined.eq(s.kind == SampleKind.PREDEFINED)

        # A row, and the length of a part of it.
        row, row_valid, accept = Signal(ROW, reset_less=True), Signal(), Signal()
        part = Signal(INDEX_BITS + RECIPROCAL_BITS, reset_less=True)
        m.d.comb += self.rows.ready.eq(~row_valid | accept)
        with m.If(self.rows.ready):
            m.d.sync += [
                row_valid.eq(self.rows.valid),
                row.eq(given),
                part.eq(given.length * self.reciprocal),
            ]

        # The row whose draws are made: the next two of them, from the begin of its first line on.
        active, fresh, forward, over = Signal(), Signal(), Signal(), Signal()
        m.d.comb += accept.eq(forward & (~active | over))
        whole, begin = Signal(), Signal(17)
        seeded, stride_of = Signal(FRACTION_BITS), Signal(INDEX_BITS + FRACTION_BITS)
        number = row.number
        m.d.comb += [
            whole.eq(~predefined & (row.length <= s.count)),
            seeded.eq(s.seed ^ Cat(number, number[2] ^ number[6] ^ number[10])),
            stride_of.eq(Mux(predefined, s.step << FRACTION_BITS, part[RECIPROCAL_BITS - FRACTION_BITS :])),
            begin.eq(row.first.as_value() + Mux(predefined & ~row.end, s.start, 0)),
        ]
        with m.If(whole):
            m.d.comb += stride_of.eq(1 << FRACTION_BITS)
        sums = [Signal(18 + FRACTION_BITS, name=f"sum_{k}", reset_less=True) for k in range(2)]
        limit, stride = Signal(17, reset_less=True), Signal.like(stride_of, reset_less=True)
        state, left = Signal(FRACTION_BITS, reset_less=True), Signal(INDEX_BITS, reset_less=True)
        plain, end = Signal(reset_less=True), Signal(reset_less=True)  # nothing drawn; the group ends
        states = [Signal(FRACTION_BITS, name=f"state_{k}") for k in range(2)]
        m.d.comb += [states[0].eq(_step(state)), states[1].eq(_step(states[0]))]
        beyond = Signal(2)
        issue, none = Signal(), Signal()
        m.d.comb += [
            beyond.eq(Cat(predefined & (each[FRACTION_BITS:] >= limit) for each in sums)),
            none.eq(fresh & beyond[0]),
            issue.eq(active & (end | fresh | ~beyond[0])),
            over.eq(end | beyond.any() | (left <= 2)),
        ]
        with m.If(accept):
            m.d.sync += [
                active.eq(row_valid),
                fresh.eq(1),
                end.eq(row.end),
                plain.eq(whole | predefined | row.end),
                sums[0].eq(begin << FRACTION_BITS),
                sums[1].eq((begin << FRACTION_BITS) + stride_of),
                stride.eq(stride_of),
                limit.eq(row.first.as_value() + row.length),
                state.eq(Mux(seeded == 0, INSTEAD_OF_ZERO, seeded)),
                left.eq(Mux(whole, row.length, s.count)),
            ]
        with m.Elif(forward):
            m.d.sync += [fresh.eq(0), state.eq(states[1]), left.eq(left - 2)]
            m.d.sync += [each.eq(each + (stride << 1)) for each in sums]

        # Products of draws and parts, in registers, and behind them the positions.
        of = [Signal.like(each, name=f"of_{k}") for k, each in enumerate(sums)]
        products = [
            Signal(INDEX_BITS + 2 * FRACTION_BITS - COARSE, name=f"product_{k}", reset_less=True)
            for k in range(2)
        ]
        issued, issued_valid = Signal(DRAW, reset_less=True), Signal()
        plain_of = Signal(reset_less=True)
        with m.If(forward):
            m.d.sync += [
                issued_valid.eq(issue),
                issued.two.eq(~end & (left != 1) & ~beyond[1]),
                issued.final.eq(over),
                issued.none.eq(none & ~end),
                issued.end.eq(end),
                plain_of.eq(plain),
            ]
            for k in range(2):
                m.d.sync += [of[k].eq(sums[k]), products[k].eq(states[k] * stride[COARSE:])]
        draw = self.draws.p
        m.d.comb += forward.eq(~issued_valid | ~self.draws.valid | self.draws.ready)
        with m.If(~self.draws.valid | self.draws.ready):
            m.d.sync += [
                self.draws.valid.eq(issued_valid),
                draw.eq(issued),
                draw.final.eq(issued.final | beyond[0]),  # if it was not, these are the two behind it
            ]
            for k, target in enumerate((draw.first, draw.second)):
                offset, position = Signal(INDEX_BITS + FRACTION_BITS, name=f"offset_{k}"), Signal.like(of[k])
                m.d.comb += [
                    offset.eq(products[k][FRACTION_BITS:] << COARSE),
                    position.eq(of[k] + Mux(plain_of, 0, offset)),
                ]
                m.d.sync += target.eq(position[FRACTION_BITS:])
        return m


def _step(state) -> Signal:
    """The register after one shift."""
    return (state >> 1) ^ Mux(state[0], TAPS, 0)
