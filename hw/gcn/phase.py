"""One descriptor of an engine from its beginning to its end."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import INDEX_BITS
from pyralis.hw.gcn.lines import LINE_JOB, ROW_BITS, SLICE_BITS

__all__ = ["SPARSE_ROWS", "Phase"]

_SETTLE = 4  # cycles after `start` until all that a phase sets going is known to be busy

SPARSE_ROWS = data.StructLayout({
    "start": 16,
    "group_rows": ROW_BITS,
    "replays": SLICE_BITS,
    "base": INDEX_BITS,
    "step": INDEX_BITS,
})
"""What the line jobs of all columns have in common; ``group_rows`` of a column."""


class Phase(wiring.Component):
    """Takes a descriptor, starts what it is for, sends the line jobs, and waits until all is quiet.

    Row v belongs to column v mod ``columns``, and row r of a column to its cluster r mod ``clusters``.

    Parameters
    ----------
    layout
        Of the descriptor; has a field ``rows``.
    columns, clusters : int
        Powers of two.

    Ports
    -----
    descriptors : In(stream of layout)
        Taken when the one before has ended.
    current : Out(layout)
        From the cycle after the transfer until the next one.
    permitted : In(1)
        ``start`` waits for it.
    waiting, start : Out(1)
        The phase may start; pulse: it does.
    active : Out(1)
        From the cycle after ``start`` until ``ended``, that cycle included.
    settled : Out(1)
        All that ``start`` resets has been reset: 4 cycles later.
    row_counts : Out(ArrayLayout(ROW_BITS, columns))
        Rows of each column; before ``start``.
    sparse : In(1), sparse_rows : In(SPARSE_ROWS)
        Of ``current``: rows come from line buffers, and how.
    jobs : Out(stream of LINE_JOB), for each cluster of each column
        Sent after ``start``, to those that have rows.
    quiet : In(1)
        Nothing that ``start`` or a job has set going is under way. Looked at when all jobs are sent.
    ended : Out(1)
        Pulse.

    Timing
    ------
    Two cycles from a transfer to ``start``.
    """

    def __init__(self, layout: data.StructLayout, columns: int, clusters: int) -> None:
        self.layout, self.columns, self.clusters = layout, columns, clusters
        super().__init__({
            "descriptors": In(stream.Signature(layout)),
            "current": Out(layout),
            "permitted": In(1),
            "waiting": Out(1),
            "start": Out(1),
            "active": Out(1),
            "settled": Out(1),
            "row_counts": Out(data.ArrayLayout(ROW_BITS, columns)),
            "sparse": In(1),
            "sparse_rows": In(SPARSE_ROWS),
            "jobs": Out(stream.Signature(LINE_JOB)).array(columns * clusters),
            "quiet": In(1),
            "ended": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        counts = self._counts(m)
        unsent = Signal(len(counts))  # jobs
        settle = Signal(range(_SETTLE))
        for n, (job, count) in enumerate(zip(self.jobs, counts, strict=True)):
            m.d.comb += [
                job.valid.eq(unsent[n]),
                job.p.rows.eq(count),
                *(job.p[name].eq(self.sparse_rows[name]) for name in SPARSE_ROWS.members),
            ]
            with m.If(job.valid & job.ready):
                m.d.sync += unsent[n].eq(0)

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.descriptors.ready.eq(1)
                with m.If(self.descriptors.valid):
                    m.d.sync += self.current.eq(self.descriptors.payload)
                    m.next = "COUNT"
            with m.State("COUNT"):
                m.next = "START"
            with m.State("START"):
                m.d.comb += [self.waiting.eq(1), self.start.eq(self.permitted)]
                m.d.sync += settle.eq(_SETTLE - 1)
                with m.If(self.start):
                    m.d.sync += [unsent[n].eq(self.sparse & (count != 0)) for n, count in enumerate(counts)]
                    m.next = "RUN"
            with m.State("RUN"):
                m.d.comb += [self.active.eq(1), self.settled.eq(settle == 0)]
                with m.If(settle != 0):
                    m.d.sync += settle.eq(settle - 1)
                with m.Elif(~unsent.any() & self.quiet):
                    m.d.comb += self.ended.eq(1)
                    m.next = "IDLE"
        return m

    def _counts(self, m: Module) -> list[Signal]:
        """Rows of each cluster; registers, right two cycles after the descriptor has come."""
        column_bits, cluster_bits = ((n - 1).bit_length() for n in (self.columns, self.clusters))
        found = []
        for column in range(self.columns):
            rows = Signal(ROW_BITS, name=f"rows_{column}")
            m.d.sync += rows.eq((self.current.rows + (self.columns - 1 - column)) >> column_bits)
            m.d.comb += self.row_counts[column].eq(rows)
            for cluster in range(self.clusters):
                count = Signal(ROW_BITS, name=f"rows_{column}_{cluster}")
                m.d.comb += count.eq((rows + (self.clusters - 1 - cluster)) >> cluster_bits)
                found.append(count)
        return found
