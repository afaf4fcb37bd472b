"""Line buffer: the entries of a column's sparse matrices, written in order and read by jobs."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.memory import RACELESS, read_later
from pyralis.hw.common.stream import RegisterSlice
from pyralis.hw.gcn.config import INDEX_BITS, LINE

__all__ = [
    "ENTRY",
    "LINE_JOB",
    "LOAD_JOB",
    "ROW_BITS",
    "SLICE_BITS",
    "LineBuffer",
    "LineLayout",
    "SpanLayout",
]

ROW_BITS = 16
"""Bits of a number of a row in its column, and of a number of rows."""

SLICE_BITS = 8
"""Bits of the number of a slice: of ``lanes`` elements of rows that are wider than a core."""

ENTRY = data.StructLayout({"index": INDEX_BITS, "last": 1})
"""One entry of a sparse matrix; ``last`` is set on the last one of a row."""

LOAD_JOB = data.StructLayout({"start": 16, "lines": 17})
"""The next ``lines`` lines that arrive go to ``start`` and after it; at least one."""

LINE_JOB = data.StructLayout({
    "start": 16,
    "rows": ROW_BITS,
    "group_rows": ROW_BITS,
    "replays": SLICE_BITS,
    "base": INDEX_BITS,
    "step": INDEX_BITS,
})
"""Reads ``rows`` rows, the first of which begins with line ``start``, in groups of ``group_rows`` (the last
one may be smaller), each of them ``replays`` times: once for every slice of wide rows. All but ``start``,
``base`` and ``step`` are at least 1. To the indices of replay r belongs the address ``base + r * step``."""


def LineLayout(values: bool) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """Eight entries and, with *values*, an int8 value of each."""
    fields: dict[str, object] = {"entries": data.ArrayLayout(ENTRY, LINE)}
    if values:
        fields["values"] = data.ArrayLayout(8, LINE)
    return data.StructLayout(fields)


def SpanLayout(values: bool) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """What is to be used of a line: entries ``begin`` to ``end - 1``.

    Only the first line of a group begins behind entry 0, only its last (``group_end``) may end before entry
    8. ``row``: number in the column of the first row of the group. ``slice``: number of the replay; ``base``:
    its address.
    """
    return data.StructLayout({
        "line": LineLayout(values),
        "begin": range(LINE),
        "end": range(LINE + 1),
        "group_end": 1,
        "row": ROW_BITS,
        "slice": SLICE_BITS,
        "base": INDEX_BITS,
    })


class LineBuffer(wiring.Component):
    """Memory of *depth* lines. Rows lie in it without gaps, so that a row may begin inside of a line.

    Ports
    -----
    loads : In(stream of LOAD_JOB), lines : In(stream of LineLayout)
        Lines are taken only while a load job runs.
    jobs : In(stream of LINE_JOB)
        A job reads a line as soon as it is there: it waits for the lines that the running load job has not
        yet written, and takes all others for written. Whoever sends jobs must see to it that the load job of
        a line has been accepted.
    allowed : In(ROW_BITS)
        Groups of a job, counted from 0, below this may begin; all of them where nothing drives it.
    spans : Out(stream of SpanLayout)
    busy : Out(1)
        A job runs, or a span has not been taken.

    Timing
    ------
    One span a cycle inside of a group, the first one 5 cycles after the job was accepted; 2 cycles more from
    one replay to the next, 3 from one group to the next. One line a cycle is written, and can be read in the
    next one.

    Raises
    ------
    ValueError
        *depth* is not a power of two in 16..65,536.
    """

    def __init__(self, depth: int, *, values: bool = False) -> None:
        if not 16 <= depth <= 1 << 16 or depth & (depth - 1):
            raise ValueError(f"depth must be a power of two in 16..65536, not {depth}")
        self.depth = depth
        self.values = values
        super().__init__({
            "loads": In(stream.Signature(LOAD_JOB)),
            "lines": In(stream.Signature(LineLayout(values))),
            "jobs": In(stream.Signature(LINE_JOB)),
            "allowed": In(ROW_BITS, init=(1 << ROW_BITS) - 1),
            "spans": Out(stream.Signature(SpanLayout(values))),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        # What a read gives in the cycle in which its line is written is not looked at.
        m.submodules.memory = memory = Memory(
            shape=LineLayout(self.values).size, depth=self.depth, init=[], attrs=RACELESS
        )
        write = memory.write_port()
        pointer, missing = self._load(m, write)

        # Fetch: the memory's output register, and behind it the line that is looked at.
        address, fetched, held, move, restart = Signal(16), Signal(), Signal(), Signal(), Signal()
        line = Signal(LineLayout(self.values), reset_less=True)
        line_address, fetched_address = Signal(16, reset_less=True), Signal(16, reset_less=True)
        reads = Signal()
        taken = Signal()  # the line that is looked at leaves
        there = Signal()
        m.d.comb += [
            move.eq(~held | taken),
            reads.eq(~fetched | move),
            # Not one of the lines that the load job still has to write.
            there.eq((missing == 0) | (((address - pointer)[:16]) >= missing)),
        ]
        read = read_later(m, memory, "fetched_line", address, reads)
        with m.If(reads):
            m.d.sync += [fetched.eq(there), fetched_address.eq(address)]
            with m.If(there):
                m.d.sync += address.eq(address + 1)
        with m.If(move):
            m.d.sync += [held.eq(fetched), line.eq(read), line_address.eq(fetched_address)]

        m.submodules.slice = out = RegisterSlice(SpanLayout(self.values))
        wiring.connect(m, out.output, wiring.flipped(self.spans))
        self._groups(m, out.input, line, line_address, held, taken, address, restart)
        with m.If(restart):  # what was fetched ahead is of no use
            m.d.sync += [fetched.eq(0), held.eq(0)]
        return m

    def _load(self, m: Module, write) -> tuple[Signal, Signal]:
        """Writes lines; returns the address of the next one and how many the load job still has to write."""
        pointer, missing = Signal(16), Signal(17)
        m.d.comb += [
            self.loads.ready.eq(missing == 0),
            self.lines.ready.eq(missing != 0),
            write.addr.eq(pointer),
            write.data.eq(self.lines.payload),
            write.en.eq(self.lines.valid & self.lines.ready),
        ]
        with m.If(self.loads.valid & self.loads.ready):
            m.d.sync += [pointer.eq(self.loads.p.start), missing.eq(self.loads.p.lines)]
        with m.Elif(write.en):
            m.d.sync += [pointer.eq(pointer + 1), missing.eq(missing - 1)]
        return pointer, missing

    def _groups(self, m: Module, out, line, line_address, held, taken, address, restart) -> None:
        """Counts the rows of a group and begins again where the next replay or group begins."""
        job = Signal(LINE_JOB, reset_less=True)
        rows = Signal(ROW_BITS)  # not yet in a finished group, of the job
        left = Signal(ROW_BITS)  # not yet seen, of the group
        size, row = Signal(ROW_BITS), Signal(ROW_BITS)  # of the group; its first row
        group = Signal(ROW_BITS)
        replay, begin, origin = Signal(SLICE_BITS), Signal(range(LINE)), Signal(range(LINE))
        origin_address = Signal(16)  # the group begins with entry `origin` of this line
        base = Signal(INDEX_BITS)
        running = Signal()

        # ends[k]: rows that end up to entry k; the group ends with entry `last`, if it ends in this line.
        lasts = Signal(LINE)
        ends = [Signal(range(LINE + 1), name=f"ends_{k}") for k in range(LINE)]
        end, group_end = Signal(range(LINE + 1)), Signal()
        for k in range(LINE):
            m.d.comb += [
                lasts[k].eq(line.entries[k].last & (begin <= k)),
                ends[k].eq(sum((lasts[i] for i in range(k)), lasts[k])),
            ]
        reached = Signal(LINE)
        m.d.comb += [reached[k].eq(ends[k] == left) for k in range(LINE)]
        m.d.comb += [group_end.eq(reached.any()), end.eq(LINE)]
        for k in reversed(range(LINE)):
            with m.If(reached[k]):
                m.d.comb += end.eq(k + 1)
        m.d.comb += [
            out.p.line.eq(line),
            out.p.begin.eq(begin),
            out.p.end.eq(end),
            out.p.group_end.eq(group_end),
            out.p.row.eq(row),
            out.p.slice.eq(replay),
            out.p.base.eq(base),
            out.valid.eq(held & running),
            taken.eq(running & out.ready),
        ]
        next_line = Signal(16)  # where the group after this one begins
        m.d.comb += next_line.eq(Mux(end == LINE, line_address + 1, line_address))

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.jobs.ready.eq(1)
                m.d.sync += [
                    job.eq(self.jobs.p),
                    rows.eq(self.jobs.p.rows),
                    row.eq(0),
                    group.eq(0),
                    origin_address.eq(self.jobs.p.start),
                    origin.eq(0),
                ]
                with m.If(self.jobs.valid):
                    m.next = "GROUP"
            with m.State("GROUP"):
                count = Mux(rows < job.group_rows, rows, job.group_rows)
                m.d.comb += restart.eq(1)
                m.d.sync += [
                    size.eq(count),
                    left.eq(count),
                    replay.eq(0),
                    base.eq(job.base),
                    begin.eq(origin),
                    address.eq(origin_address),
                ]
                with m.If(group < self.allowed):
                    m.d.sync += group.eq(group + 1)
                    m.next = "RUN"
            with m.State("RUN"):
                m.d.comb += running.eq(1)
                with m.If(held & out.ready):
                    m.d.sync += [begin.eq(0), left.eq(left - ends[-1])]
                    with m.If(group_end):
                        m.d.comb += restart.eq(1)
                        with m.If(replay + 1 == job.replays):
                            m.d.sync += [
                                row.eq(row + size),
                                rows.eq(rows - size),
                                origin.eq(end[:3]),
                                origin_address.eq(next_line),
                            ]
                            with m.If(rows == size):
                                m.next = "IDLE"
                            with m.Else():
                                m.next = "GROUP"
                        with m.Else():
                            m.d.sync += [
                                replay.eq(replay + 1),
                                base.eq(base + job.step),
                                begin.eq(origin),
                                address.eq(origin_address),
                                left.eq(size),
                            ]
        m.d.comb += self.busy.eq(~self.jobs.ready | self.spans.valid)
