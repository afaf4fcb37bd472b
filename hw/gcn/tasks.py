"""Cuts lines of entries to tasks for the cores: the first half of HyGCN's eSched."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import INDEX_BITS, LINE
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS, SpanLayout

__all__ = ["CHUNK_BITS", "SLOTS", "TaskLayout", "Tasks"]

SLOTS = 8
"""Heavy rows of a column whose chunks may be on their way at a time."""

CHUNK_BITS = 7
"""Bits of the number of a chunk of a heavy row, counted modulo 2**7: far more than can be on their way."""


def TaskLayout(values: bool) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """Work for one core: whole rows of together at most 8 entries, or a chunk of one heavy row.

    ``indices``, and ``values`` of a matrix that has them: entries in the order of the matrix, ``count`` of
    them. ``ends``: bit k is set if a row ends with entry k. ``row``: number in the column of the first row.
    ``slice``, ``base``: see :func:`pyralis.hw.gcn.lines.SpanLayout`. ``partial``: a chunk; its row is added
    up in slot ``slot``, ``chunk`` is its number in the row modulo 2**CHUNK_BITS. ``final``: its last chunk.
    """
    fields: dict[str, object] = {"indices": data.ArrayLayout(INDEX_BITS, LINE)}
    if values:
        fields["values"] = data.ArrayLayout(8, LINE)
    return data.StructLayout({
        **fields,
        "count": range(LINE + 1),
        "ends": LINE,
        "row": ROW_BITS,
        "slice": SLICE_BITS,
        "base": INDEX_BITS,
        "partial": 1,
        "final": 1,
        "slot": range(SLOTS),
        "chunk": CHUNK_BITS,
    })


class Tasks(wiring.Component):
    """One task a cycle from lines in which rows lie without gaps.

    A task is as many whole rows as begin and end within the next eight entries. If not even the first of
    them does, the row is heavy: it is cut to chunks of eight entries, the last of which may be shorter and is
    not filled up with other rows. Tasks do not go across the end of a group.

    Ports
    -----
    spans : In(stream of SpanLayout)
    tasks : Out(stream of TaskLayout)
    single : In(1)
        Only one row a task. Constant while a group is inside.
    freed : In({valid, slot})
        Slot ``slot`` has given away its row.
    busy : Out(1)
        A span or a task is inside.

    Timing
    ------
    One task a cycle while ``tasks.ready`` is held, lines follow each other, and there is a slot for every
    heavy row; the first task of a group 3 cycles after its first span. A line is cut only when the next one
    is there, so that tasks depend on the rows alone and not on when lines arrive.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.tasks.tasks`, exact.

    Source
    ------
    HyGCN (Yan et al., HPCA 2020), section 4.3: eSched; the chunks of heavy rows are ours.
    """

    def __init__(self, *, values: bool = False) -> None:
        self.values = values
        super().__init__({
            "spans": In(stream.Signature(SpanLayout(values))),
            "tasks": Out(stream.Signature(TaskLayout(values))),
            "single": In(1),
            "freed": In(wiring.Signature({"valid": Out(1), "slot": Out(range(SLOTS))})),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        low, high = (Signal(SpanLayout(self.values), name=n, reset_less=True) for n in ("low", "high"))
        low_valid, high_valid = Signal(), Signal()
        at = Signal(range(LINE))  # the first entry of `low` that is not in a task yet
        task = self.tasks.p
        first, any_end, take, step = Signal(LINE), Signal(), Signal(range(LINE + 1)), Signal()
        continues = Signal()  # the entries go on with a heavy row

        # The next eight entries: bits of the two lines, shifted.
        valid, lasts = Signal(2 * LINE), Signal(2 * LINE)
        for k in range(LINE):
            m.d.comb += [
                valid[k].eq(low.end > k),
                valid[LINE + k].eq((high.end > k) & ~low.group_end),
                lasts[k].eq(low.line.entries[k].last & valid[k]),
                lasts[LINE + k].eq(high.line.entries[k].last & valid[LINE + k]),
            ]
        ends = Signal(LINE)
        m.d.comb += [ends.eq((lasts >> at)[:LINE]), any_end.eq(ends.any())]

        # Entries to take: up to the first end of a row, or the last one, or all eight.
        only_first = Signal()
        m.d.comb += [only_first.eq(continues | self.single), take.eq(LINE)]
        for k in range(LINE):
            with m.If(ends[k] & ~only_first):
                m.d.comb += take.eq(k + 1)
        for k in reversed(range(LINE)):
            with m.If(ends[k] & only_first):
                m.d.comb += take.eq(k + 1)
        m.d.comb += first.eq(Cat(ends[k] & (take > k) for k in range(LINE)))

        slot, following, chunk = Signal(range(SLOTS)), Signal(range(SLOTS)), Signal(CHUNK_BITS)
        partial, begins, slot_free = Signal(), Signal(), Signal()
        nothing = Signal()  # the last line of the group went into a task with the one before
        taken_slots = Signal(SLOTS)
        m.d.comb += [
            partial.eq(continues | ~any_end),
            begins.eq(~continues & ~any_end),
            nothing.eq(low_valid & low.group_end & (low.end == at)),
            step.eq(
                low_valid
                & ~nothing
                & (low.group_end | high_valid)
                & (~begins | slot_free)
                & (~self.tasks.valid | self.tasks.ready)
            ),
        ]
        self._slots(m, begins & step, following, slot_free, taken_slots)
        # The last task stays in its register: the rows that end in it are counted with the next one.
        started, following_row = Signal(), Signal(ROW_BITS)
        m.d.comb += following_row.eq(task.row + sum((task.ends[k] for k in range(1, LINE)), task.ends[0]))

        with m.If(self.tasks.ready):
            m.d.sync += self.tasks.valid.eq(0)
        group_over = self._advance(m, low, low_valid, high, high_valid, at, take, step, nothing)
        with m.If(nothing):
            m.d.sync += started.eq(0)
        with m.If(step):
            m.d.sync += [
                self.tasks.valid.eq(1),
                task.count.eq(take),
                task.ends.eq(first),
                task.row.eq(Mux(started, following_row, low.row)),
                task.slice.eq(low.slice),
                task.base.eq(low.base),
                task.partial.eq(partial),
                task.final.eq(continues & any_end),
                task.slot.eq(Mux(continues, slot, following)),
                task.chunk.eq(Mux(continues, chunk, 0)),
                continues.eq(~any_end),
                chunk.eq(Mux(continues, chunk, 0) + 1),
                started.eq(~group_over),
            ]
            with m.If(begins):
                m.d.sync += slot.eq(following)
            both = [
                *(low.line.entries[k].index for k in range(LINE)),
                *(high.line.entries[k].index for k in range(LINE - 1)),
            ]
            self._shift(m, at, both, [task.indices[k] for k in range(LINE)])
            if self.values:
                both = [
                    *(low.line["values"][k] for k in range(LINE)),
                    *(high.line["values"][k] for k in range(LINE - 1)),
                ]
                self._shift(m, at, both, [task["values"][k] for k in range(LINE)])
        m.d.comb += self.busy.eq(low_valid | high_valid | self.tasks.valid)
        return m

    def _shift(self, m: Module, at: Signal, entries: list, targets: list) -> None:
        """Registers entries ``at`` to ``at + 7``: shifts by 4, 2 and 1, which share most of their choices."""
        for bit in reversed(range(len(at))):
            step = 1 << bit
            entries = [Mux(at[bit], entries[k + step], entries[k]) for k in range(LINE - 1 + step)]
        m.d.sync += [target.eq(entry) for target, entry in zip(targets, entries, strict=True)]

    def _slots(self, m: Module, begin, following: Signal, slot_free: Signal, taken: Signal) -> None:
        """Hands out slots in turn; one that has not been freed is waited for."""
        m.d.comb += slot_free.eq(~taken.bit_select(following, 1))
        for k in range(SLOTS):
            with m.If(begin & (following == k)):
                m.d.sync += taken[k].eq(1)
            with m.Elif(self.freed.valid & (self.freed.slot == k)):
                m.d.sync += taken[k].eq(0)
        with m.If(begin):
            m.d.sync += following.eq(following + 1)

    def _advance(self, m: Module, low, low_valid, high, high_valid, at, take, step, nothing):
        """Moves on behind the entries taken: lines move up when all of a line is in tasks."""
        end, done, group_over = Signal(range(2 * LINE)), Signal(), Signal()
        carried = Signal(range(LINE))  # entries of the next line that are already in tasks
        m.d.comb += [
            end.eq(at + take),
            group_over.eq(low.group_end & (end == low.end)),
            done.eq(nothing | step & (end[3] | group_over)),
            carried.eq(Mux(nothing | step & group_over, 0, Mux(step, end[:3], at))),
        ]
        with m.If(step | nothing):
            m.d.sync += at.eq(carried)
        # Lines move up into free places.
        free = Signal()  # `low` is free at this edge
        m.d.comb += [free.eq(~low_valid | done), self.spans.ready.eq(~high_valid | free)]
        with m.If(free):
            m.d.sync += [
                low_valid.eq(high_valid | self.spans.valid),
                low.eq(Mux(high_valid, high, self.spans.p)),
                high_valid.eq(high_valid & self.spans.valid),
                high.eq(self.spans.p),
            ]
            coming = Mux(high_valid, high.begin, self.spans.p.begin)
            with m.If(high_valid | self.spans.valid):
                m.d.sync += at.eq(carried | coming)  # one of the two is 0
        with m.Elif(~high_valid):
            m.d.sync += [high_valid.eq(self.spans.valid), high.eq(self.spans.p)]
        return group_over
