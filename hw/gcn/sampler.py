"""Sampler: of each row of an adjacency only some entries go on to the cores."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.stream import Queue
from pyralis.hw.gcn.config import INDEX_BITS, LINE, NO_SOURCE
from pyralis.hw.gcn.draws import DRAW, PLACE, RECIPROCAL_BITS, ROW, SAMPLE_SETTINGS, Draws, SampleKind
from pyralis.hw.gcn.lines import SpanLayout

__all__ = ["HEADERS", "Sampler"]

HEADERS = 2
"""Entries in front of each row of a list that is sampled: its degree, and the number that its draws begin
with. Neither of them has the mark of a row's last entry."""

PLACE_BITS = PLACE["entry"].width

AHEAD = 12
"""Lines that may be between the headers and the draws of a row: more than draws take to come."""


class Sampler(wiring.Component):
    """Takes lines of whole rows with headers and gives lines of samples, packed in the same way.

    Headers are read as lines come; lines wait in a queue until their rows are drawn. Then the entries of the
    sample are taken, two a cycle, and lines without any pass by.

    Ports
    -----
    settings : In(SAMPLE_SETTINGS)
        Constant while ``busy``, and while something comes.
    reciprocal : In(RECIPROCAL_BITS)
        See :class:`pyralis.hw.gcn.draws.Draws`.
    spans : In(stream of SpanLayout)
    sampled : Out(stream of SpanLayout)
        The same as if the lists held the samples alone. Without a sample, ``spans`` as they are.
    busy : Out(1)
        Lines have been taken, and their samples not yet given on.

    Timing
    ------
    Without a sample combinational. Otherwise two units are at work side by side: one takes two cycles for the
    headers of each row, and one for each line without any; the other one a cycle for two entries of a row's
    sample in the same line, or for one, and for each line without any.

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
        m.submodules.draws = draws = Draws()
        m.submodules.queue = queue = Queue(SpanLayout(self.values), AHEAD)
        enabled, ready = Signal(), Signal()
        m.d.comb += [
            enabled.eq(self.settings.kind != SampleKind.NONE),
            draws.settings.eq(self.settings),
            draws.reciprocal.eq(self.reciprocal),
            queue.input.payload.eq(self.spans.p),
            self.spans.ready.eq(Mux(enabled, ready, self.sampled.ready)),
        ]
        given, begun = self._headers(m, enabled & self.spans.valid, ready, queue.input, draws.rows)
        out, out_valid, some, taken = self._samples(m, queue.output, draws.draws, begun)
        m.d.comb += [
            self.sampled.p.eq(Mux(enabled, out, self.spans.p)),
            self.sampled.valid.eq(Mux(enabled, out_valid, self.spans.valid)),
            self.busy.eq((given != taken) | some | out_valid),
        ]
        return m

    def _headers(self, m: Module, valid, ready: Signal, lines, rows) -> tuple[Signal, Signal]:
        """Reads the headers of rows, and hands over lines.

        Returns the number of the next line, and whether a row, or the end of a group, goes to be drawn.
        """
        span = self.spans.p
        inside, ahead = Signal(), Signal(INDEX_BITS + 1, reset_less=True)
        at, place = (
            Signal(INDEX_BITS + 1),
            Signal(range(LINE)),
        )  # where the next row begins, from this line on
        m.d.comb += [at.eq(Mux(inside, ahead, span.begin)), place.eq(at)]
        first, second = Signal(INDEX_BITS), Signal(INDEX_BITS)
        indices = [span.line.entries[k].index for k in range(LINE)]
        _pick(m, place, indices, first)
        _pick(m, place, [*indices[1:], indices[-1]], second)

        # In one cycle headers are read, and in the next one it is seen where their row ends.
        line = Signal(PLACE["line"].width)
        row, read, split = Signal(ROW, reset_less=True), Signal(), Signal()  # split: by the end of a line
        behind = Signal(range(LINE + 1), reset_less=True)  # where the row's entries begin
        over, go, leaves, begun, free = Signal(), Signal(), Signal(), Signal(), Signal()
        following, near, far = Signal(INDEX_BITS + 1), Signal(5), Signal()
        m.d.comb += [
            # The group ends with what is behind all its rows; else a header stands there.
            over.eq(span.group_end & (at == span.end) & ~split & ~read),
            following.eq(behind + row.length),
            near.eq(behind + row.length[:PLACE_BITS]),  # the same in few bits
            far.eq((row.length[PLACE_BITS:] != 0) | (near >= LINE)),
            free.eq(~rows.valid | rows.ready),
            go.eq(valid & lines.ready & free),
            begun.eq(go & (read | over)),
            ready.eq(go & leaves),
            lines.valid.eq(go & leaves),
        ]
        with m.If(read):  # all that begins in this line has begun, unless the group ends with it
            ends = span.group_end & (row.length[PLACE_BITS + 1 :] == 0) & (following[:5] == span.end)
            m.d.comb += leaves.eq(far & ~ends)
        with m.Else():
            m.d.comb += leaves.eq(~split & ((at >= LINE - 1) | over))
        with m.If(free):
            m.d.sync += [rows.valid.eq(begun), rows.p.eq(row), rows.p.end.eq(over)]
            m.d.sync += rows.p.first.as_value().eq((line << PLACE_BITS) + Mux(over, at - 1, behind))
        with m.If(go):
            m.d.sync += [inside.eq(~over), line.eq(line + leaves), read.eq(0), split.eq(0)]
            with m.If(read):
                m.d.sync += ahead.eq(Cat(following[:PLACE_BITS], following[PLACE_BITS:] - leaves))
            with m.Elif(split):
                m.d.sync += [read.eq(1), row.number.eq(first), behind.eq(1)]
            with m.Elif((at < LINE) & ~over):
                m.d.sync += [
                    row.length.eq(Mux(first == 0, 1, first)),
                    row.number.eq(second),
                    behind.eq(place + HEADERS),
                    read.eq(~leaves),
                    split.eq(leaves),
                    ahead.eq(Mux(leaves, 0, at)),
                ]
            with m.Else():
                m.d.sync += ahead.eq(at - LINE)
        return line, begun

    def _samples(self, m: Module, lines, draws, begun: Signal) -> tuple:
        """Takes the entries of samples; *begun*: a row, or the end of a group, has gone to be drawn.

        Returns what goes out, whether it does, whether there is something of it, and the number of the line.
        """
        span, coming = lines.p, draws.p
        draw, draw_valid, free = Signal(DRAW, reset_less=True), Signal(), Signal()
        line = Signal(PLACE["line"].width)
        first, second = self._entry(m, span, draw.first, "first"), self._entry(m, span, draw.second, "second")
        append, pair, ends = Signal(), Signal(), Signal()
        out, out_valid, some, room, single = self._gather(
            m, span, first, second, append, pair, ends, draw_valid & ~draw.end
        )
        here, done, rest, leaves = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            here.eq(lines.valid & draw_valid & (draw.none | (draw.first.line == line))),
            rest.eq(draw.second.line != line),  # of two entries, the second is in another line
            append.eq(here & ~draw.end & room),
            pair.eq(draw.two & ~rest & ~single),
            done.eq(append & (pair | ~draw.two) | ends),
            free.eq(~draw_valid | done),
            draws.ready.eq(free),
            first.last.eq(draw.final & ~draw.two),
            second.last.eq(draw.final),
            ends.eq(here & draw.end),
        ]
        # Behind the samples of all rows that have begun, lines are of no use.
        waiting = Signal(4)
        m.d.sync += waiting.eq(waiting + begun - (done & (draw.final | draw.end)))
        with m.If(lines.valid & ((waiting == 0) | draw_valid & ~here)):
            m.d.comb += leaves.eq(1)
        with m.Elif(append & draw.two & rest):
            m.d.comb += leaves.eq(1)
        with m.Elif(append & done & draws.valid & ~coming.none & (coming.first.line != line)):
            m.d.comb += leaves.eq(1)
        with m.Elif(ends):
            m.d.comb += leaves.eq(1)
        m.d.comb += lines.ready.eq(leaves)
        m.d.sync += line.eq(line + leaves)
        with m.If(free):
            m.d.sync += [draw_valid.eq(draws.valid), draw.eq(coming)]
        with m.Elif(append):  # of two the first
            m.d.sync += [draw.first.eq(draw.second), draw.two.eq(0)]
        with m.If(draw.none):
            m.d.comb += first.index.eq(NO_SOURCE)
            if self.values:
                m.d.comb += first.value.eq(0)
        return out, out_valid, some, line

    def _entry(self, m: Module, span, place, name: str) -> data.View:
        """The entry at *place* of its line; ``last`` is the caller's to say."""
        fields = {"index": INDEX_BITS, "last": 1} | ({"value": 8} if self.values else {})
        found = Signal(data.StructLayout(fields), name=name)
        _pick(m, place.entry, [span.line.entries[k].index for k in range(LINE)], found.index)
        if self.values:
            _pick(m, place.entry, [span.line["values"][k] for k in range(LINE)], found.value)
        return found

    def _gather(self, m: Module, span, first, second, append, pair, ends, goes_on) -> tuple:
        """Entries to lines: *first* behind those that are there, and with *pair* *second* behind it.

        A full line goes out once it is known that its group *goes_on*, or *ends* with it. Returns also
        whether there is something, whether there is room, and whether it is for one entry only.
        """
        out = Signal(SpanLayout(self.values), name="out", reset_less=True)
        made = Signal(SpanLayout(self.values), reset_less=True)
        filled, count, flush = Signal(range(LINE + 1)), Signal(range(LINE + 1)), Signal()
        out_valid, move, room, single = Signal(), Signal(), Signal(), Signal()
        full = filled == LINE
        m.d.comb += [
            move.eq((flush | full & goes_on) & ~out_valid),
            count.eq(Mux(move, 0, filled)),
            room.eq(move | ~(flush | full)),
            single.eq(count == LINE - 1),
        ]
        m.d.sync += [filled.eq(count + append + (append & pair)), flush.eq(ends | flush & ~move)]
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
            m.d.sync += out_valid.eq(1)
        with m.Elif(self.sampled.ready):
            m.d.sync += out_valid.eq(0)
        return out, out_valid, filled != 0, room, single


def _pick(m: Module, place, choices: list, target) -> None:
    """*target* is number *place* of *choices*."""
    with m.Switch(place):
        for k, choice in enumerate(choices):
            with m.Case(k):
                m.d.comb += target.eq(choice)
