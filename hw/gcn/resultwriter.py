"""Writes the beats of all columns: jobs for the Memory Handler, and the beats behind them."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaJob
from pyralis.hw.gcn.beatpool import POOL_BEATS, pool_place, pool_promise
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["JOB_BEATS", "SHORT_BEATS", "ResultWriter"]

JOB_BEATS = 8
"""Most beats of a job, which is the rest of so many beats that begin at a multiple of their size."""

SHORT_BEATS = 4
"""The same of a job that is sent because nothing waits to be written."""


class ResultWriter(wiring.Component):
    """Looks at the columns in turn and writes what is there of one: a whole job, or its end.

    While no job waits behind the one that is being written, half a job will do: at the beginning of a phase,
    all columns come to their first whole one at about the same time, and the bus would wait for it. But not
    where the bus is waited for, with as many jobs to be done as it can have bursts on the way: it is the
    longer ones then that hide its latency.

    Ports
    -----
    start : In(1)
        A phase begins.
    output_address : In(address_bits), address : In(32)
        Base, and byte offset from it, of the first column's rows, with ``start``. Multiples of a beat.
    stride : In(32)
        From each column's to those of the next one; a multiple of a beat. Constant while ``busy``.
    begin : Out(pool_place), there, ended, promise, read, beat
        See :class:`pyralis.hw.gcn.beatpool.BeatPool`.
    placed : Out(1)
        The place of each column has been said; low from the cycle after ``start``.
    jobs : Out(stream of DmaJob), data : Out(stream of bus_bits)
    done : In(1)
        Pulse for each job.
    busy : Out(1)
        From the cycle after ``start`` until all has been done.

    Timing
    ------
    A beat a cycle. ``placed`` comes ``columns + 1`` cycles after ``start``; from then on, a column is looked
    at in each cycle in which no job waits to be sent.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        super().__init__({
            "start": In(1),
            "output_address": In(c.address_bits),
            "address": In(32),
            "stride": In(32),
            "begin": Out(pool_place(c)),
            "there": In(data.ArrayLayout(range(POOL_BEATS + 1), c.columns)),
            "ended": In(c.columns),
            "promise": Out(pool_promise(c)),
            "read": Out(pool_place(c)),
            "beat": In(c.bus_bits),
            "placed": Out(1),
            "jobs": Out(stream.Signature(DmaJob(c.handler.dma))),
            "data": Out(stream.Signature(c.bus_bits)),
            "done": In(1),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        unit = (c.bus_bits // 8 - 1).bit_length()
        column, address = Signal(range(c.columns)), Signal(c.address_bits, reset_less=True)
        lines = Memory(shape=c.address_bits - unit, depth=c.columns, init=[])  # where each column goes on
        m.submodules.lines = lines
        write, read = lines.write_port(), lines.read_port(domain="comb")
        line, beats = Signal(c.address_bits - unit), Signal(range(JOB_BEATS + 1))
        # The job that is to be sent; meanwhile, and not before, the next column is looked at.
        found, job, job_line = Signal(), Signal(DmaJob(c.handler.dma), reset_less=True), Signal.like(line)
        job_column = Signal.like(column, reset_less=True)
        m.d.comb += [
            write.addr.eq(job_column),
            read.addr.eq(column),
            line.eq(read.data),
            job_line.eq(job.address[unit:]),
            self.jobs.payload.eq(job),
            self.begin.column.eq(column),
            self.promise.column.eq(job_column),
            self.promise.beats.eq(job.beats),
        ]
        free, hungry, sent = self._read(m, job_column, job_line, job.beats)

        quiet, undone = Signal(), Signal(8)  # nothing more will come; jobs that have not been done
        few, short = Signal(), Signal()  # half a job will do
        m.d.comb += short.eq(hungry & few & ~sent)
        m.d.sync += [
            few.eq(undone < c.handler.dma.outstanding),
            quiet.eq(self.ended.all() & ~self.there.as_value().any()),
            undone.eq(undone + sent - self.done),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [address.eq(self.output_address + self.address), column.eq(0)]
                with m.If(self.start):
                    m.d.sync += [self.busy.eq(1), self.placed.eq(0)]
                    m.next = "PLACE"
            with m.State("PLACE"):
                first = Signal.like(line)
                m.d.comb += [
                    first.eq(address[unit:]),
                    write.addr.eq(column),
                    write.en.eq(1),
                    write.data.eq(first),
                    self.begin.valid.eq(1),
                    self.begin.place.eq(first),
                ]
                m.d.sync += [address.eq(address + self.stride), column.eq(column + 1)]
                with m.If(column == c.columns - 1):
                    m.d.sync += self.placed.eq(1)
                    m.next = "WRITE"
            with m.State("WRITE"):
                self._look(m, column, line, beats, short)
                m.d.comb += [
                    self.jobs.valid.eq(found & free),
                    self.promise.valid.eq(sent),
                    write.en.eq(sent),
                    write.data.eq(job_line + job.beats),
                ]
                with m.If(~found | sent):
                    m.d.sync += [
                        found.eq(beats != 0),
                        job.address.eq(line << unit),
                        job.beats.eq(beats),
                        job_column.eq(column),
                        column.eq(column + 1),
                    ]
                with m.If(~found & (beats == 0) & quiet & (undone == 0)):
                    m.d.sync += self.busy.eq(0)
                    m.next = "IDLE"
        return m

    def _look(self, m: Module, column: Signal, line: Signal, beats: Signal, may: Signal) -> None:
        """Drives *beats* with how many of *column* are to be written now."""
        there = Signal(range(POOL_BEATS + 1))
        whole, short = Signal(range(JOB_BEATS + 1)), Signal(range(SHORT_BEATS + 1))
        m.d.comb += [
            there.eq(self.there[column]),
            whole.eq(JOB_BEATS - line[: (JOB_BEATS - 1).bit_length()]),
            short.eq(SHORT_BEATS - line[: (SHORT_BEATS - 1).bit_length()]),
        ]
        with m.If(there >= whole):
            m.d.comb += beats.eq(whole)
        with m.Elif(self.ended.bit_select(column, 1)):
            m.d.comb += beats.eq(there)
        with m.Elif(may & (there >= short)):
            m.d.comb += beats.eq(short)

    def _read(self, m: Module, column: Signal, line: Signal, beats) -> tuple[Signal, Signal, Signal]:
        """Sends the beats of the jobs.

        Returns whether a job may be sent, whether none waits behind the one that is being written, of which
        little is left, and whether that of *column* from *line* on is being sent.
        """
        waits, sent = Signal(), Signal()  # a job has been sent, and the beats of the one before have not
        next_column, own_column = (Signal.like(column, reset_less=True) for _ in range(2))
        next_place, place = (Signal.like(self.read.place, reset_less=True) for _ in range(2))
        next_left, left = Signal(range(JOB_BEATS + 1)), Signal(range(JOB_BEATS + 1))
        free, hungry, move, step = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            free.eq(~waits),
            hungry.eq(~waits & (left <= SHORT_BEATS)),
            sent.eq(self.jobs.valid & self.jobs.ready),
            move.eq(~self.data.valid | self.data.ready),
            step.eq(move & (left != 0)),
            self.read.valid.eq(step),
            self.read.column.eq(own_column),
            self.read.place.eq(place),
            self.data.payload.eq(self.beat),
        ]
        with m.If(move):
            m.d.sync += self.data.valid.eq(left != 0)
        with m.If(step):
            m.d.sync += [place.eq(place + 1), left.eq(left - 1)]
        with m.If(waits & ((left == 0) | (step & (left == 1)))):
            m.d.sync += [waits.eq(0), own_column.eq(next_column), place.eq(next_place), left.eq(next_left)]
        with m.If(sent):
            m.d.sync += [
                waits.eq(1),
                next_column.eq(column),
                next_place.eq(line),
                next_left.eq(beats),
            ]
        return free, hungry, sent
