"""Entries of sparse rows from the gaps between their indices."""

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import INDEX_BITS, LINE, NO_SOURCE
from pyralis.hw.gcn.lines import ENTRY
from pyralis.hw.gcn.program import GAP_BITS

__all__ = ["GAP_ENTRY", "GapDecoder"]

GAP_ENTRY = data.StructLayout({"gap": GAP_BITS, "last": 1})
"""One entry in memory; :mod:`pyralis.hw.gcn.program` says how an index follows from the gaps of a row."""

_LEVELS = 2
"""Additions one behind the other in a cycle."""


class _Sum:
    """Of an entry: the sum back to the begin of its row, or of the entries that are joined so far."""

    def __init__(self, value: Value, begun: Value) -> None:
        self.value, self.begun = value, begun  # a row begins with one of them


class GapDecoder(wiring.Component):
    """Turns gaps to indices, line by line of all streams at a time.

    A line is decoded in ``LINE / width`` steps. In each, sums of gaps go back to the begin of a row or of the
    step, in levels of which each joins twice as many entries (Sklansky's prefix adder, rows being segments);
    then the index that the step before has come to is added to those that no row begins in front of.

    Parameters
    ----------
    streams : int
    width : int
        Entries of a stream in a step: 1, 2, 4 or 8.

    Ports
    -----
    clear : In(1)
        Rows begin with the next line. What is inside is dropped.
    rows : In(stream of ArrayLayout(ArrayLayout(GAP_ENTRY, LINE), streams))
    lines : Out(stream of ArrayLayout(ArrayLayout(ENTRY, LINE), streams))
        Entries that only move the index on name no source.

    Timing
    ------
    A line of every stream in ``LINE / width`` cycles, offered ``LINE / width + 2`` cycles after it was taken,
    with a *width* of 8 one more.

    Raises
    ------
    ValueError
        *width* is not a power of two up to 8.

    Source
    ------
    J. Sklansky, Conditional-sum addition logic, IRE Transactions on Electronic Computers 9 (1960).
    """

    def __init__(self, streams: int, width: int = LINE) -> None:
        if width not in (1, 2, 4, 8):
            raise ValueError(f"width must be 1, 2, 4 or 8, not {width}")
        self.streams, self.width = streams, width
        gaps = data.ArrayLayout(data.ArrayLayout(GAP_ENTRY, LINE), streams)
        entries = data.ArrayLayout(data.ArrayLayout(ENTRY, LINE), streams)
        super().__init__({
            "clear": In(1),
            "rows": In(stream.Signature(gaps)),
            "lines": Out(stream.Signature(entries)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        steps = LINE // self.width
        go = Signal()  # everything moves on
        m.d.comb += go.eq(~self.lines.valid | self.lines.ready)
        there, left = Signal(), Signal(range(max(steps, 2)))  # steps behind this one
        m.d.comb += self.rows.ready.eq(go & (~there | (left == 0)) & ~self.clear)
        with m.If(self.clear):
            m.d.sync += there.eq(0)
        with m.Elif(self.rows.ready):
            m.d.sync += [there.eq(self.rows.valid), left.eq(steps - 1)]
        with m.Elif(go):
            m.d.sync += left.eq(left - 1)
        # A step, and whether it is the last one of its line, stage by stage.
        valid, final = there, Signal()
        m.d.comb += final.eq(left == 0)
        levels = (self.width - 1).bit_length()
        stages = max(1, -(-levels // _LEVELS))
        for n in range(stages):
            before = valid, final
            valid, final = Signal(name=f"valid_{n}"), Signal(name=f"final_{n}")
            with m.If(self.clear):
                m.d.sync += valid.eq(0)
            with m.Elif(go):
                m.d.sync += [valid.eq(before[0]), final.eq(before[1])]
        with m.If(self.clear):
            m.d.sync += self.lines.valid.eq(0)
        with m.Elif(go):
            m.d.sync += self.lines.valid.eq(valid & final)
        for s in range(self.streams):
            self._stream(m, s, go, go & valid, stages)
        return m

    def _stream(self, m: Module, s: int, go: Signal, put: Signal, stages: int) -> None:
        """Stream *s*: the line that is decoded, its sums, and the line that they come together to."""
        step = data.ArrayLayout(GAP_ENTRY, self.width)
        line = Signal(LINE * GAP_ENTRY.size, name=f"line_{s}", reset_less=True)
        with m.If(self.rows.ready):
            m.d.sync += line.eq(self.rows.p[s])
        with m.Elif(go):  # what is left of it
            m.d.sync += line[: -step.size].eq(line[step.size :])
        entries = data.View(step, line[: step.size])
        marks, escapes = self._flags(m, s, entries)
        sums = [_Sum(entries[k].gap, Const(0)) for k in range(self.width)]
        levels = (self.width - 1).bit_length()
        for n in range(stages):
            for level in range(_LEVELS * n, min(levels, _LEVELS * (n + 1))):
                sums = [self._joined(k, level, sums, marks, escapes) for k in range(self.width)]
            sums, marks, escapes = self._registered(m, f"{s}_{n}", go, sums, marks, escapes)

        # What the row goes on with in the next step: the last index, plus 1 but for what only moved on.
        base, carry = Signal(INDEX_BITS, name=f"base_{s}"), Signal(name=f"carry_{s}")
        indices = []
        for each in sums:
            added = Mux(each.begun, 0, base)
            indices.append(_add(each.value, added, carry & ~each.begun)[:INDEX_BITS])
        made = Signal(data.ArrayLayout(ENTRY, LINE), name=f"made_{s}", reset_less=True)
        new = [
            Cat(Mux(escape, NO_SOURCE, index), mark)
            for index, mark, escape in zip(indices, marks, escapes, strict=True)
        ]
        with m.If(self.clear):
            m.d.sync += [base.eq(0), carry.eq(0)]
        with m.Elif(put):
            m.d.sync += [
                made.eq(Cat(Value.cast(made)[ENTRY.size * self.width :], *new)),
                base.eq(Mux(marks[-1], 0, indices[-1])),
                carry.eq(~(marks[-1] | escapes[-1])),
            ]
        m.d.comb += self.lines.p[s].eq(made)

    def _flags(self, m: Module, s: int, entries) -> tuple[Signal, Signal]:
        marks, escapes = Signal(self.width, name=f"marks_{s}"), Signal(self.width, name=f"escapes_{s}")
        for k in range(self.width):
            m.d.comb += [marks[k].eq(entries[k].last), escapes[k].eq(entries[k].gap.all())]
        return marks, escapes

    def _joined(self, k: int, level: int, sums: list[_Sum], marks, escapes) -> _Sum:
        """Entry *k* with the ``2**level`` entries in front of its block, if it is an upper half."""
        if not k >> level & 1:
            return sums[k]
        first = k >> level << level  # of its half
        left, right = sums[first - 1], sums[k]
        open_ = ~(right.begun | marks[first - 1])
        # An index follows the one before, but for one that was only moved on.
        value = _add(right.value, Mux(open_, left.value, 0), open_ & ~escapes[first - 1])
        return _Sum(value, left.begun | right.begun | marks[first - 1])

    def _registered(self, m: Module, name: str, go: Signal, sums: list[_Sum], marks, escapes):
        found = []
        for k, each in enumerate(sums):
            value = Signal(len(each.value), name=f"sum_{name}_{k}", reset_less=True)
            begun = Signal(name=f"begun_{name}_{k}", reset_less=True)
            with m.If(go):
                m.d.sync += [value.eq(each.value), begun.eq(each.begun)]
            found.append(_Sum(value, begun))
        flags = [Signal(self.width, name=f"{kind}_{name}", reset_less=True) for kind in ("marks", "escapes")]
        with m.If(go):
            m.d.sync += [flags[0].eq(marks), flags[1].eq(escapes)]
        return found, *flags


def _add(one: Value, two: Value, carry: Value) -> Value:
    """Both and one bit, in one carry chain."""
    return (Cat(Const(1, 1), one) + Cat(carry, two))[1:]
