"""Sampler: of each row of an adjacency only some entries go on to the cores."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import INDEX_BITS, LINE, NO_SOURCE
from pyralis.hw.gcn.lines import SpanLayout

__all__ = [
    "DRAW_LATENCY",
    "HEADERS",
    "RECIPROCALS",
    "RECIPROCAL_BITS",
    "SAMPLE_SETTINGS",
    "SampleKind",
    "Sampler",
]

HEADERS = 2
"""Entries in front of each row of a list that is sampled: its degree, and the number that its draws begin
with. Neither of them has the mark of a row's last entry."""

COUNT_BITS = 8
"""Of the entries of a sample."""

RECIPROCAL_BITS = 26

RECIPROCALS = (0, *(((1 << RECIPROCAL_BITS) - 1) // count for count in range(1, 1 << COUNT_BITS)))
"""For each count, what a degree is multiplied by instead of a division: never more than the quotient."""

DRAW_LATENCY = 4
"""Cycles from the headers of a row to its first draw."""

FRACTION_BITS = 16
"""Of a position behind its point, and of a draw."""

COARSE = 5
"""Lowest bits of the fraction of a part's length that its product with a draw does without."""

TAPS = 0xB400
"""Feedback of the Galois register: x^16 + x^14 + x^13 + x^11 + 1."""

INSTEAD_OF_ZERO = 0xACE1
"""Start where seed and row give the one state that the register never leaves."""

PLACE_BITS = 3
"""Of an entry in its line."""

POSITION_BITS = INDEX_BITS + 1
"""Of a position counted from the begin of the line in which a row begins."""


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

DRAW = data.StructLayout({
    "place": PLACE_BITS,
    "line": POSITION_BITS - PLACE_BITS,
    "final": 1,
    "none": 1,
})
"""Entry ``place`` of the ``line``-th line of the row; ``final``: the last one of the sample. ``none``: the
sample has no entry, and one that names no source stands for it."""


class Sampler(wiring.Component):
    """Takes lines of whole rows with headers and gives lines of samples, packed in the same way.

    A row of which all entries are taken passes two entries at a time. Of others the lines that hold no entry
    of the sample pass by, one a cycle. Positions of a uniform sample, in units of ``2**-16`` entries::

        length = degree * (2**26 - 1) // count >> 10
        position = (i * length + (u * (length >> 5) >> 16 << 5)) >> 16

    for draw i, u being the state of the register after i + 1 steps.

    Ports
    -----
    settings : In(SAMPLE_SETTINGS)
        Constant while ``busy``, and while something comes.
    reciprocal : In(RECIPROCAL_BITS)
        That of ``settings.count`` in :data:`RECIPROCALS`.
    spans : In(stream of SpanLayout)
    sampled : Out(stream of SpanLayout)
        The same as if the lists held the samples alone. Without a sample, ``spans`` as they are.
    busy : Out(1)
        Entries have been taken and not yet given on.

    Timing
    ------
    Without a sample combinational. A row takes a cycle for its headers (two where a line ends between them);
    then two entries a cycle if all are taken, or else, from the fourth cycle on, one of the sample a cycle,
    and a cycle for each line without any and for the last line behind the sample. An entry that ends a group
    is in ``sampled`` two cycles after it was taken.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.sampler.taken`, exact.

    Source
    ------
    HyGCN (Yan et al., HPCA 2020), section 4.3: uniform at run time, and predefined index intervals. One draw
    from each of equal parts, with a reciprocal in place of a division, is ours.
    """

    def __init__(self, *, values: bool = False) -> None:
        self.values = values
        super().__init__({
            "settings": In(SAMPLE_SETTINGS),
            "reciprocal": In(RECIPROCAL_BITS),
            "spans": In(stream.Signature(SpanLayout(values))),
            "sampled": Out(stream.Signature(SpanLayout(values))),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        span = self.spans.p
        enabled, valid = Signal(), Signal()
        m.d.comb += [
            enabled.eq(self.settings.kind != SampleKind.NONE),
            valid.eq(self.spans.valid & enabled),
        ]

        # Where the row that is looked at goes on; a line of which nothing is used yet begins at `begin`.
        at, place, inside = Signal(range(LINE)), Signal(range(LINE)), Signal()
        behind, moves = Signal(range(LINE + 1)), Signal()  # go on with entry `behind` of this line
        leave, line_over = Signal(), Signal()  # nothing more of this line, of this row or of all
        m.d.comb += [
            at.eq(Mux(inside, place, span.begin)),
            line_over.eq(leave | moves & (behind == span.end)),
        ]
        with m.If(line_over):
            m.d.sync += inside.eq(0)
        with m.Elif(moves):
            m.d.sync += [inside.eq(1), place.eq(behind)]

        # A row begins: with so many entries, its draws with this number.
        begins, whole = Signal(), Signal()
        degree, number, known = Signal(INDEX_BITS), Signal(INDEX_BITS), Signal(INDEX_BITS, reset_less=True)
        m.d.comb += whole.eq((self.settings.kind == SampleKind.UNIFORM) & (degree <= self.settings.count))
        length = Signal(INDEX_BITS, reset_less=True)  # entries of the row, of an empty one the one it has
        origin = Signal(PLACE_BITS, reset_less=True)  # its first one
        left = Signal(INDEX_BITS, reset_less=True)  # of a row that is taken whole
        line, last = Signal(POSITION_BITS - PLACE_BITS, reset_less=True), Signal(DRAW)
        entries = Signal(INDEX_BITS)
        m.d.comb += entries.eq(Mux(degree == 0, 1, degree))
        with m.If(begins):
            m.d.sync += [length.eq(entries), left.eq(entries), origin.eq(behind), line.eq(0)]
        with m.Elif(leave):
            m.d.sync += line.eq(line + 1)

        pop = Signal()
        draw, draw_valid, coming, coming_valid = self._draws(
            m, begins & ~whole, number, behind, length, origin, last, pop
        )

        drawing, skipping, append, pair = Signal(), Signal(), Signal(), Signal()
        row_over, group_over = Signal(), Signal()
        first, second = self._entries(m, Mux(drawing, draw.place, at))
        taken = Signal.like(first)
        m.d.comb += [
            taken.eq(first),
            group_over.eq(row_over & line_over & span.group_end),
        ]
        with m.If(drawing):
            m.d.comb += taken.last.eq(draw.final)
            with m.If(draw.none):
                m.d.comb += taken.index.eq(NO_SOURCE)
                if self.values:
                    m.d.comb += taken.value.eq(0)
        room, single = self._gather(m, taken, second, append, pair, skipping, group_over)

        def begin() -> None:
            m.d.comb += [begins.eq(1), moves.eq(1)]
            with m.If(whole):
                m.next = "WHOLE"
            with m.Else():
                m.next = "DRAW"

        def finish() -> None:
            """The sample is complete: on to the row's end."""
            with m.If(line == last.line):
                m.d.comb += [moves.eq(1), behind.eq(last.place + 1), row_over.eq(1)]
                m.next = "DEGREE"
            with m.Else():
                m.d.comb += leave.eq(1)
                m.next = "SKIP"

        with m.FSM():
            with m.State("DEGREE"):
                m.d.comb += degree.eq(first.index)
                with m.If(valid):
                    m.d.sync += known.eq(first.index)
                    with m.If(at == LINE - 1):
                        m.d.comb += leave.eq(1)
                        m.next = "NUMBER"
                    with m.Else():
                        m.d.comb += [number.eq(second.index), behind.eq(at + HEADERS)]
                        begin()
            with m.State("NUMBER"):
                m.d.comb += degree.eq(known)
                with m.If(valid):
                    m.d.comb += [number.eq(first.index), behind.eq(1)]
                    begin()
            with m.State("WHOLE"):
                m.d.comb += pair.eq((at != LINE - 1) & ~single & (left != 1))
                with m.If(valid & room):
                    m.d.comb += [append.eq(1), moves.eq(1), behind.eq(at + 1 + pair)]
                    m.d.sync += left.eq(left - 1 - pair)
                    with m.If(left == Mux(pair, 2, 1)):
                        m.d.comb += row_over.eq(1)
                        m.next = "DEGREE"
            with m.State("DRAW"):
                m.d.comb += drawing.eq(1)
                with m.If(valid & draw_valid):
                    with m.If(~draw.none & (draw.line != line)):
                        m.d.comb += leave.eq(1)
                    with m.Elif(room):
                        m.d.comb += [append.eq(1), pop.eq(1)]
                        with m.If(draw.final):
                            finish()
                        with m.Elif(coming_valid & (coming.line != line)):
                            m.d.comb += leave.eq(1)
            with m.State("SKIP"):
                m.d.comb += skipping.eq(1)
                with m.If(valid):
                    finish()
        m.d.comb += self.spans.ready.eq(Mux(enabled, line_over, self.sampled.ready))
        return m

    def _draws(self, m: Module, begins, number, behind, length, origin, last, pop) -> tuple:
        """Draws of the row that began, the one whose turn it is and the one after it."""
        s = self.settings
        predefined = Signal()
        m.d.comb += predefined.eq(s.kind == SampleKind.PREDEFINED)
        # The row's end, and the length of a part: two cycles behind its begin.
        limit, end = Signal(POSITION_BITS, reset_less=True), Signal(POSITION_BITS)
        part = Signal(INDEX_BITS + RECIPROCAL_BITS, reset_less=True)
        stride = Signal(INDEX_BITS + FRACTION_BITS)
        m.d.comb += [
            end.eq(limit - 1),
            last.place.eq(end),
            last.line.eq(end[PLACE_BITS:]),
            stride.eq(Mux(predefined, s.step << FRACTION_BITS, part[RECIPROCAL_BITS - FRACTION_BITS :])),
        ]
        m.d.sync += [limit.eq(origin + length), part.eq(length * self.reciprocal)]

        # Draw by draw: the fraction times the part in a register, and behind it the position.
        pending, active, forward = Signal(), Signal(), Signal()
        state, following = Signal(FRACTION_BITS, reset_less=True), Signal(FRACTION_BITS)
        seeded = Signal(FRACTION_BITS)
        sum_ = Signal(POSITION_BITS + 1 + FRACTION_BITS, reset_less=True)
        drawn = Signal(COUNT_BITS, reset_less=True)
        beyond, final, issue = Signal(), Signal(), Signal()
        begin = Signal(POSITION_BITS)
        m.d.comb += [
            seeded.eq(s.seed ^ Cat(number, number[2] ^ number[6] ^ number[10])),
            following.eq(state >> 1 ^ Mux(state[0], TAPS, 0)),
            begin.eq(behind[:PLACE_BITS] + Mux(predefined, s.start, 0)),
            beyond.eq(predefined & (sum_[FRACTION_BITS:] >= limit)),
            final.eq(drawn == s.count - 1),
            issue.eq(active & (~beyond | (drawn == 0))),
        ]
        product = Signal(INDEX_BITS + 2 * FRACTION_BITS - COARSE, reset_less=True)
        sum_of, final_of, none_of, product_valid = Signal.like(sum_), Signal(), Signal(), Signal()
        m.d.sync += pending.eq(begins)
        with m.If(begins):
            m.d.sync += [
                state.eq(Mux(seeded == 0, INSTEAD_OF_ZERO, seeded)),
                sum_.eq(begin << FRACTION_BITS),
                drawn.eq(0),
            ]
        with m.If(forward):
            m.d.sync += product_valid.eq(issue)
            with m.If(issue):
                m.d.sync += [
                    product.eq(following * stride[COARSE:]),
                    sum_of.eq(sum_),
                    final_of.eq(final),
                    none_of.eq(beyond),
                    sum_.eq(sum_ + stride),
                    state.eq(following),
                    drawn.eq(drawn + 1),
                ]
        with m.If(pending):
            m.d.sync += active.eq(1)
        with m.Elif(forward & (final | beyond)):
            m.d.sync += active.eq(0)

        offset, position = Signal(INDEX_BITS + FRACTION_BITS), Signal.like(sum_)
        made = Signal(DRAW)
        m.d.comb += [
            offset.eq(product[FRACTION_BITS:] << COARSE),
            position.eq(sum_of + Mux(predefined, 0, offset)),
            made.place.eq(position[FRACTION_BITS:]),
            made.line.eq(position[FRACTION_BITS + PLACE_BITS :]),
            made.final.eq(final_of | beyond),  # `sum_` is the position after this one
            made.none.eq(none_of),
        ]
        draw, coming = (Signal(DRAW, name=n, reset_less=True) for n in ("draw", "coming"))
        draw_valid, coming_valid, free = Signal(), Signal(), Signal()
        m.d.comb += [
            free.eq(~draw_valid | pop),
            forward.eq(~product_valid | ~coming_valid | free),
        ]
        with m.If(free):
            m.d.sync += [
                draw.eq(Mux(coming_valid, coming, made)),
                draw_valid.eq(coming_valid | product_valid),
                coming_valid.eq(coming_valid & product_valid),
                coming.eq(made),
            ]
        with m.Elif(~coming_valid):
            m.d.sync += [coming.eq(made), coming_valid.eq(product_valid)]
        return draw, draw_valid, coming, coming_valid

    def _entries(self, m: Module, at) -> tuple[data.View, data.View]:
        """The entry at *at*, and the one behind it if it is in the line; with values."""
        fields = {"index": INDEX_BITS, "last": 1} | ({"value": 8} if self.values else {})
        chosen = Signal(range(LINE), name="chosen")
        first, second = (Signal(data.StructLayout(fields), name=n) for n in ("first", "second"))
        line = self.spans.p.line
        m.d.comb += chosen.eq(at)
        with m.Switch(chosen):
            for k in range(LINE):
                with m.Case(k):
                    for target, place in ((first, k), (second, min(k + 1, LINE - 1))):
                        m.d.comb += [
                            target.index.eq(line.entries[place].index),
                            target.last.eq(line.entries[place].last),
                        ]
                        if self.values:
                            m.d.comb += target.value.eq(line["values"][place])
        return first, second

    def _gather(self, m: Module, first, second, append, pair, undecided, group_over) -> tuple[Signal, Signal]:
        """Entries to lines: *first* behind those that are there, and with *pair* *second* behind it.

        A full line goes on once it is known whether its group ends with it. Returns whether there is room,
        and whether it is for one entry only.
        """
        span, out = self.spans.p, Signal(SpanLayout(self.values), name="out", reset_less=True)
        made = Signal(SpanLayout(self.values), reset_less=True)
        filled, count, flush = Signal(range(LINE + 1)), Signal(range(LINE + 1)), Signal()
        out_valid, move, room, single = Signal(), Signal(), Signal(), Signal()
        full = filled == LINE
        m.d.comb += [
            move.eq((flush | full & ~undecided) & ~out_valid),
            count.eq(Mux(move, 0, filled)),
            room.eq(move | ~(flush | full)),
            single.eq(count == LINE - 1),
        ]
        m.d.sync += [filled.eq(count + append + (append & pair)), flush.eq(group_over | flush & ~move)]
        with m.If(append):
            m.d.sync += [made[name].eq(span[name]) for name in ("row", "slice", "base")]
        for k in range(LINE):
            entry, is_second = Signal.like(first, name=f"entry_{k}"), count == k - 1
            m.d.comb += entry.eq(Mux(is_second, second, first))
            with m.If(append & ((count == k) | is_second & pair if k else count == 0)):
                m.d.sync += [
                    made.line.entries[k].index.eq(entry.index),
                    made.line.entries[k].last.eq(entry.last),
                ]
                if self.values:
                    m.d.sync += made.line["values"][k].eq(entry.value)
        with m.If(move):
            m.d.sync += [out.eq(made), out.begin.eq(0), out.end.eq(filled), out.group_end.eq(flush)]
        with m.If(move):
            m.d.sync += out_valid.eq(1)
        with m.Elif(self.sampled.ready):
            m.d.sync += out_valid.eq(0)
        enabled = self.settings.kind != SampleKind.NONE
        m.d.comb += [
            self.sampled.p.eq(Mux(enabled, out, span)),
            self.sampled.valid.eq(Mux(enabled, out_valid, self.spans.valid)),
            self.busy.eq((filled != 0) | out_valid),
        ]
        return room, single
