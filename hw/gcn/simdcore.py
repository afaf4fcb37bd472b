"""SIMD core of the Aggregation Engine: adds the rows of a task's entries."""

from functools import reduce

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.stream import Queue
from pyralis.hw.gcn.config import INDEX_BITS, LINE, NO_SOURCE, GcnConfig
from pyralis.hw.gcn.contextsums import accumulate, by_splits
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS
from pyralis.hw.gcn.matching import RequestLayout
from pyralis.hw.gcn.rowstore import ReplyLayout
from pyralis.hw.gcn.tasks import CHUNK_BITS, SLOTS, TaskLayout

__all__ = ["AGGREGATION_SETTINGS", "ResultLayout", "SimdCore"]

AGGREGATION_SETTINGS = data.StructLayout({
    "by_row": 1,
    "maximum": 1,
    "is_signed": 1,
    "splits": 2,
    "hubs": 1,
    "hub_bits": 4,
    "hub_base": INDEX_BITS,
})
"""What holds for a whole phase. ``by_row``: tasks go to cores by row number, not to the first free one.
``maximum``: the largest element, not the sum. ``is_signed``: rows are int8, not uint8. ``splits``: log2 of
the entries that a core takes a cycle; rows have ``lanes >> splits`` elements. ``hubs``: the rows with numbers
below ``2**hub_bits`` are taken from the core's own copies, that of slice s of row v at address
``hub_base + (s << hub_bits) + v``."""


def ResultLayout(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """Sums of a row, or of a chunk of a heavy one (``partial``); see :func:`pyralis.hw.gcn.tasks.TaskLayout`.

    Of narrow rows only the lowest ``lanes >> splits`` sums mean something; the others are 0. The maximum over
    no source is :func:`pyralis.hw.gcn.contextsums.identity`.
    """
    return data.StructLayout({
        **_OF_A_TASK,
        "sums": data.ArrayLayout(signed(config.accumulator_bits), config.lanes),
    })


class SimdCore(wiring.Component):
    """Adds, for each row of a task, the rows of the row store that its entries name.

    Every row (or chunk) has a context from its first request to its result; replies of different rows
    interleave. Results leave in the order of the tasks.

    With ``splits``, entry k of those taken in a cycle goes to part k of the store's words, and so to part k
    of the sums; when the row is complete the sums of its parts are added.

    Ports
    -----
    tasks : In(stream of TaskLayout)
    requests : Out(stream of RequestLayout), for each part
    replies : In({valid, payload of ReplyLayout}), for each part
    results : Out(stream of ResultLayout)
    settings : In(AGGREGATION_SETTINGS)
        Constant while ``busy``.
    busy : Out(1)
        A task or a result is inside.

    Timing
    ------
    ``2**splits`` entries a cycle, in order, as long as the store takes them and a context is free. The result
    is valid 3 cycles after the last reply (one more with edge weights) if those of all earlier rows are gone.

    Numerics
    --------
    Exact if every sum fits ``accumulator_bits``, which the compiler proves; otherwise modulo
    ``2**accumulator_bits``.

    Golden model
    ------------
    :func:`pyralis.sim.golden.gcn.sums.aggregate`, exact.
    """

    def __init__(self, config: GcnConfig) -> None:
        if config.contexts < config.splits:
            raise ValueError(f"contexts ({config.contexts}) must not be less than splits ({config.splits})")
        self.config = config
        reply = wiring.Signature({"valid": Out(1), "payload": Out(ReplyLayout(config))})
        super().__init__({
            "tasks": In(stream.Signature(TaskLayout(config.edge_weights))),
            "requests": Out(stream.Signature(RequestLayout(config))).array(config.splits),
            "replies": In(reply).array(config.splits),
            "results": Out(stream.Signature(ResultLayout(config))),
            "settings": In(AGGREGATION_SETTINGS),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        bits = (c.contexts - 1).bit_length()
        head, tail = Signal(bits), Signal(bits)  # oldest context; the one that entries go to
        closed, out = Signal(range(c.contexts + 1)), Signal()  # contexts from head to tail; a result leaves
        ended = Signal(range(c.splits + 1))  # rows that end with the entries of this cycle
        m.d.sync += [
            tail.eq(tail + ended),
            head.eq(head + out),
            closed.eq(closed + ended - out),
        ]
        asked = self._issue(m, tail, closed, ended)
        answered, sums = accumulate(m, c, self.settings, self.replies, head, out)
        complete = self._pending(m, asked, answered, head)
        self._emit(m, closed, complete, sums, out)
        return m

    def _issue(self, m: Module, tail, closed, ended) -> list[tuple]:
        """Entries of the task to requests; returns for each part whether it asks, and its context."""
        c = self.config
        splits = self.settings.splits
        task = Signal(TaskLayout(c.edge_weights), reset_less=True)
        left, room, step = Signal(range(LINE + 1)), Signal(), Signal()
        sent = Signal(c.splits)  # parts whose last request is not taken yet
        marks = Signal(LINE)  # entries that end a row or the task
        width = Signal(range(c.splits + 1))
        m.d.comb += [
            width.eq(1 << splits),
            room.eq(closed + width <= c.contexts),
            sent.eq(Cat(port.valid & ~port.ready for port in self.requests)),
            step.eq((left != 0) & room & ~sent.any()),
        ]
        last = Signal()  # of the task
        m.d.comb += last.eq(left <= width)
        load = Signal()
        m.submodules.queue = self._rows = rows = Queue(_TASK_ROWS, c.contexts + 4)
        # A task is taken in the cycle of the last entries of the one before.
        m.d.comb += [
            load.eq(self.tasks.valid & rows.input.ready & ((left == 0) | (step & last))),
            self.tasks.ready.eq(rows.input.ready & ((left == 0) | (step & last))),
            rows.input.valid.eq(load),
            rows.input.p.row.eq(self.tasks.p.row),
            rows.input.p.slice.eq(self.tasks.p.slice),
            rows.input.p.partial.eq(self.tasks.p.partial),
            rows.input.p.final.eq(self.tasks.p.final),
            rows.input.p.slot.eq(self.tasks.p.slot),
            rows.input.p.chunk.eq(self.tasks.p.chunk),
        ]
        coming = Signal(LINE)
        for k in range(LINE):
            m.d.comb += coming[k].eq(self.tasks.p.ends[k] | (self.tasks.p.count == k + 1))
        m.d.comb += rows.input.p.rows.eq(sum((coming[k] for k in range(1, LINE)), coming[0]))
        with m.If(load):
            m.d.sync += [task.eq(self.tasks.p), left.eq(self.tasks.p.count), marks.eq(coming)]
        with m.Elif(step):
            m.d.sync += left.eq(Mux(last, 0, left - width))
            with m.Switch(splits):
                for s in range(c.splits.bit_length()):
                    with m.Case(s):
                        m.d.sync += marks.eq(marks >> (1 << s))
                        for k in range(LINE - (1 << s)):
                            m.d.sync += task.indices[k].eq(task.indices[k + (1 << s)])
                            if c.edge_weights:
                                m.d.sync += task["values"][k].eq(task["values"][k + (1 << s)])

        hub_slice = Signal(INDEX_BITS)  # where the copies of this slice begin
        m.d.comb += hub_slice.eq(self.settings.hub_base + (task.slice << self.settings.hub_bits))
        asked = []
        used = []
        for part in range(c.splits):
            entry, shift = self._entry_of(m, part)
            request = self.requests[part]
            asks, context = Signal(name=f"asks_{part}"), Signal(len(tail), name=f"context_{part}")
            index = Signal(INDEX_BITS, name=f"index_{part}")
            hub = Signal(name=f"hub_{part}")
            before = Signal(range(c.splits + 1), name=f"before_{part}")
            inside = Signal(name=f"inside_{part}")  # there is such an entry
            m.d.comb += [
                index.eq(task.indices[0]),
                inside.eq(shift & (left != 0)),
                hub.eq(self.settings.hubs & ((index >> self.settings.hub_bits) == 0)),
                asks.eq(step & inside),
                context.eq(tail + before),
            ]
            for k, use in entry.items():
                with m.If(use):
                    m.d.comb += [
                        index.eq(task.indices[k]),
                        before.eq(sum((marks[i] for i in range(k)), Const(0, 1))),
                        inside.eq(left > k),
                    ]
            with m.If(step):
                m.d.sync += [
                    request.valid.eq(inside),
                    request.p.address.eq(Mux(hub, hub_slice + index, task.base + index)),
                    request.p.hub.eq(hub),
                    request.p.none.eq(index == NO_SOURCE),
                    request.p.context.eq(context),
                ]
                if c.edge_weights:
                    for k, use in entry.items():
                        with m.If(use):
                            m.d.sync += request.p["value"].eq(task["values"][k])
            with m.Elif(request.ready):
                m.d.sync += request.valid.eq(0)
            asked.append((asks, context))
            used.append(inside)
        ends_now = Signal(c.splits)
        m.d.comb += ends_now.eq(Cat(marks[k] & (width > k) for k in range(c.splits)))
        with m.If(step):
            m.d.comb += ended.eq(sum((ends_now[k] for k in range(1, c.splits)), ends_now[0]))
        m.d.comb += self.busy.eq((left != 0) | rows.output.valid | self.results.valid | (closed != 0))
        return asked

    def _entry_of(self, m: Module, part: int) -> tuple[dict, Signal]:
        """Which entry of a cycle a part takes, by ``splits``; and whether it takes one at all."""
        c = self.config
        entry: dict = {}
        takes = Signal(name=f"takes_{part}")
        for s in range(c.splits.bit_length()):
            width = c.splits >> s  # parts of one row
            if part % width == 0:
                chosen = self.settings.splits == s
                k = part // width
                entry[k] = entry[k] | chosen if k in entry else chosen
        m.d.comb += takes.eq(reduce(lambda a, b: a | b, entry.values()))
        return entry, takes

    def _pending(self, m: Module, asked: list, answered: list, head) -> Signal:
        """Counts the requests of each context that have no reply yet; returns whether the oldest has none."""
        c = self.config
        none = Signal(c.contexts)
        for k in range(c.contexts):
            pending = Signal(range(LINE + 1), name=f"pending_{k}")
            more = [use & (context == k) for use, context in asked]
            less = [use & (context == k) for use, context in answered]
            m.d.sync += pending.eq(pending + sum(more[1:], more[0]) - sum(less[1:], less[0]))
            m.d.comb += none[k].eq(pending == 0)
        complete = Signal()
        m.d.comb += complete.eq(none.bit_select(head, 1))
        return complete

    def _emit(self, m: Module, closed, complete, sums: list, out) -> None:
        """Results of complete contexts, the oldest first."""
        c = self.config
        layouts = by_splits(m, c, self.settings, sums)
        rows, result = self._rows.output, self.results.p
        number = Signal(range(LINE))  # of the row in its task
        m.d.comb += [
            out.eq((closed != 0) & complete & rows.valid & (~self.results.valid | self.results.ready)),
            rows.ready.eq(out & (number + 1 == rows.p.rows)),
        ]
        with m.If(self.results.ready):
            m.d.sync += self.results.valid.eq(0)
        with m.If(out):
            m.d.sync += [
                number.eq(Mux(rows.ready, 0, number + 1)),
                self.results.valid.eq(1),
                result.row.eq(rows.p.row + number),
                result.slice.eq(rows.p.slice),
                result.partial.eq(rows.p.partial),
                result.final.eq(rows.p.final),
                result.slot.eq(rows.p.slot),
                result.chunk.eq(rows.p.chunk),
            ]
            with m.Switch(self.settings.splits):
                for splits, lanes in enumerate(layouts):
                    with m.Case(splits):
                        m.d.sync += [
                            result.sums[k].eq(lanes[k] if k < len(lanes) else 0) for k in range(c.lanes)
                        ]


_OF_A_TASK = {
    "row": ROW_BITS,
    "slice": SLICE_BITS,
    "partial": 1,
    "final": 1,
    "slot": range(SLOTS),
    "chunk": CHUNK_BITS,
}

_TASK_ROWS = data.StructLayout({"rows": range(LINE + 1), **_OF_A_TASK})
"""What a task's results say of their rows."""
