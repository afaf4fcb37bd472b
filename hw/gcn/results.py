"""The way of results to memory: rows of all columns in any order, packed, to jobs and beats of the bus."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.dma import DmaJob
from pyralis.hw.gcn.beatpool import BeatPool
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import FinishedRow
from pyralis.hw.gcn.lines import ROW_BITS
from pyralis.hw.gcn.resultcolumn import ResultColumn
from pyralis.hw.gcn.resultwriter import ResultWriter
from pyralis.hw.gcn.rowform import RESULT_SETTINGS, RESULT_WORDS, row_form

__all__ = ["RESULT_SETTINGS", "RESULT_WORDS", "Results"]


class Results(wiring.Component):
    """Writes a matrix of results as :mod:`pyralis.hw.gcn.program` says: packed, column by column.

    In each column, rows wait in a reorder memory of ``RESULT_WORDS`` words until all before them have left,
    and are joined to beats without gaps. A pool of beats lets each column be written in runs.

    Parameters
    ----------
    config : GcnConfig
        Of two columns at least.

    Ports
    -----
    settings : In(RESULT_SETTINGS), output_address : In(address_bits)
        With ``start``.
    row_counts : In(ArrayLayout(ROW_BITS, columns))
        Constant from ``start`` until all rows have been taken.
    start : In(1)
        A phase begins. Not while ``busy``.
    busy : Out(1)
        From the cycle after ``start`` until all writes are done.
    rows : In(stream of FinishedRow), for each column
        Tag: number of the row in the column. Each slice of each row once, in any order; but a row waits while
        there is no room for it, and those behind it with it.
    allowed : Out(ArrayLayout(ROW_BITS, columns))
        Groups, of ``1 << group`` rows, that may be begun: their rows do not wait for rows that have not been
        begun. From the cycle after ``start`` on; 0 until rows are taken.
    jobs : Out(stream of DmaJob), data : Out(stream of bus_bits), done : In(1)
        To the Memory Handler's writer.

    Timing
    ------
    A word of ``lanes`` bytes a cycle in each column: a slice of bytes a cycle, one of 32-bit elements every
    four. A beat a cycle on the bus. Rows are taken 4 cycles after ``start``, or when ``RESULT_WORDS`` cycles
    have passed since a reset, in which the reorder memories are made ready; beats are written from
    ``columns + 2`` cycles after ``start`` on.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        super().__init__({
            "settings": In(RESULT_SETTINGS),
            "output_address": In(c.address_bits),
            "row_counts": In(data.ArrayLayout(ROW_BITS, c.columns)),
            "start": In(1),
            "busy": Out(1),
            "rows": In(stream.Signature(FinishedRow(c.lanes, ROW_BITS))).array(c.columns),
            "allowed": Out(data.ArrayLayout(ROW_BITS, c.columns)),
            "jobs": Out(stream.Signature(DmaJob(c.handler.dma))),
            "data": Out(stream.Signature(c.bus_bits)),
            "done": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        m.submodules.pool, m.submodules.writer = pool, writer = BeatPool(c), ResultWriter(c)
        connect(m, writer.jobs, flipped(self.jobs))
        connect(m, writer.data, flipped(self.data))
        # The next phase of an engine may begin while the results of this one are being written.
        settings = Signal(RESULT_SETTINGS, reset_less=True)
        with m.If(self.start):
            m.d.sync += settings.eq(self.settings)
        form = row_form(m, c, settings)
        # Words are forgotten after a reset. A phase begins when its numbers are right.
        forgotten, forgetting = Signal(range(RESULT_WORDS)), Signal(init=1)
        starting, due, begin, enable = Signal(2), Signal(), Signal(), Signal()
        m.d.comb += [
            writer.start.eq(self.start),
            writer.output_address.eq(self.output_address),
            writer.address.eq(self.settings.address),
            writer.stride.eq(settings.stride),
            writer.there.eq(pool.there),
            writer.ended.eq(pool.ended),
            writer.beat.eq(pool.beat),
            writer.done.eq(self.done),
            pool.start.eq(self.start),
            pool.begin.eq(writer.begin),
            pool.promise.eq(writer.promise),
            pool.read.eq(writer.read),
            self.busy.eq(writer.busy),
        ]
        with m.If(forgetting):
            m.d.sync += forgotten.eq(forgotten + 1)
            with m.If(forgotten == RESULT_WORDS - 1):
                m.d.sync += forgetting.eq(0)
        m.d.comb += begin.eq(due & ~forgetting)
        m.d.sync += [
            starting.eq(Cat(self.start, starting)),
            due.eq(starting[-1] | (due & forgetting & ~self.start)),
        ]
        with m.If(begin):
            m.d.sync += enable.eq(1)
        with m.If(~writer.busy):
            m.d.sync += enable.eq(0)
        coming = Signal(c.columns)
        m.d.comb += pool.coming.eq(Mux(writer.placed, coming, 0))
        for n in range(c.columns):
            m.submodules[f"column_{n}"] = column = ResultColumn(c)
            connect(m, flipped(self.rows[n]), column.rows)
            m.d.comb += [
                column.form.eq(form),
                column.start.eq(begin),
                column.row_count.eq(self.row_counts[n]),
                column.enable.eq(enable),
                column.forget.eq(forgetting),
                column.taken.eq(pool.taken[n]),
                coming[n].eq(column.coming),
                pool.beats[n].eq(column.beat),
                pool.last[n].eq(column.last),
                pool.empty[n].eq(self.row_counts[n] == 0),
                self.allowed[n].eq(column.allowed),
            ]
        return m
