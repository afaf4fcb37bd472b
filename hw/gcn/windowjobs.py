"""Loads to jobs of the DMA: one for each, or those of the windows that the Sparsity Eliminator leaves."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaJob
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import WORD, Elimination, SparsityEliminator

__all__ = ["HALF", "OccupancyWrite", "WindowJob", "WindowJobs", "WindowLoad", "window_bits"]

HALF = WORD // 2
"""Bits of a bitmap that are written at a time."""

OPEN_BITS = 6  # bitmaps that have been asked for and not been written


def window_bits(config: GcnConfig) -> int:
    """Width of the number of a source row: windows may reach as far behind the last as there are rows."""
    return (config.occupancy_words * WORD).bit_length()


class OccupancyWrite(data.StructLayout):
    """The lower or the upper half of a word of the bitmaps."""

    def __init__(self, config: GcnConfig) -> None:
        place = (config.occupancy_words - 1).bit_length()
        super().__init__({"valid": 1, "upper": 1, "word": place, "data": HALF})


class WindowLoad(data.StructLayout):
    """A load: its ``job`` if it eliminates nothing, or as it would be without.

    ``is_bitmap``: it brings one. ``mode``, ``grouped``, ``height``, ``occupancy``, ``rows``: as the fields of
    a LOAD descriptor, whose ``count`` is the number of rows.
    """

    def __init__(self, config: GcnConfig) -> None:
        bits = window_bits(config)
        super().__init__({
            "job": DmaJob(config.handler.dma),
            "is_bitmap": 1,
            "mode": Elimination,
            "grouped": 1,
            "height": bits,
            "occupancy": (config.occupancy_words - 1).bit_length(),
            "rows": bits,
        })


class WindowJob(data.StructLayout):
    """``job``, and whether it is the last one of its load."""

    def __init__(self, config: GcnConfig) -> None:
        super().__init__({"job": DmaJob(config.handler.dma), "last": 1})


class WindowJobs(wiring.Component):
    """Asks memory for the bus beats that hold a row of some window: in order, and for each of them once.

    A load that eliminates takes its bitmap from a memory here, and waits until the bitmaps in front of it
    have been written. Beats of windows that touch are one job, until it reaches across a multiple of a burst;
    so a load of single rows makes no more bursts than it has to, and memory is asked for the first rows
    before the last ones have been looked for.

    Ports
    -----
    loads : In(stream of WindowLoad)
    jobs : Out(stream of WindowJob)
        In the order of the loads. None for a load whose bitmap is empty.
    write : In(OccupancyWrite)
    written : In(1)
        Pulse: all of the oldest bitmap that was asked for is in ``write``, or has been.
    seen, loaded : Out
        Rows that a load which begins looks at; rows of a window that has been found. 0 in other cycles.

    Timing
    ------
    A load that eliminates nothing is passed on in the same cycle. For others see
    :class:`pyralis.hw.gcn.eliminator.SparsityEliminator`; some 8 cycles from the cut of a window to its job,
    and a job a cycle.
    """

    def __init__(self, config: GcnConfig) -> None:
        if not config.occupancy_words:
            raise ValueError("a core without memory for bitmaps has no windows")
        self.config = config
        self.bits = bits = window_bits(config)
        beat = config.bus_bits // config.row_bits
        self.rows_log2 = max(beat, 1).bit_length() - 1  # log2 of the rows of a beat
        self.beats_log2 = (config.row_bits // config.bus_bits).bit_length() - 1 if not beat else 0
        super().__init__({
            "loads": In(stream.Signature(WindowLoad(config))),
            "jobs": Out(stream.Signature(WindowJob(config))),
            "write": In(OccupancyWrite(config)),
            "written": In(1),
            "seen": Out(bits),
            "loaded": Out(bits),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        given = self.loads.p
        eliminates, busy, begin, ended = Signal(), Signal(), Signal(), Signal()
        open_ = Signal(OPEN_BITS)
        asked = self.loads.valid & self.loads.ready & given.is_bitmap
        m.d.sync += open_.eq(open_ + asked - self.written)
        m.submodules.eliminator = eliminator = SparsityEliminator(self.bits)
        m.d.comb += [
            eliminates.eq(given.mode != Elimination.NONE),
            eliminator.jobs.p.rows.eq(given.rows),
            eliminator.jobs.p.height.eq(given.height),
            eliminator.jobs.p.mode.eq(given.mode),
            eliminator.jobs.valid.eq(self.loads.valid & eliminates & ~busy & (open_ == 0)),
            begin.eq(eliminator.jobs.valid & eliminator.jobs.ready),
        ]
        with m.If(begin):
            m.d.sync += busy.eq(1)
        with m.Elif(ended):
            m.d.sync += busy.eq(0)
        m.d.comb += eliminator.bitmap.valid.eq(busy)
        self._bitmap(m, begin, eliminator.bitmap)
        windows = eliminator.windows
        m.d.comb += [
            self.seen.eq(Mux(begin, given.rows, 0)),
            self.loaded.eq(Mux(windows.valid & windows.ready, windows.p.rows, 0)),
        ]
        job, valid = self._jobs(m, windows, ended)
        m.d.comb += self.jobs.p.eq(job)
        with m.If(busy):
            m.d.comb += [self.jobs.valid.eq(valid), self.loads.ready.eq(ended)]
        with m.Else():
            m.d.comb += [
                self.jobs.valid.eq(self.loads.valid & ~eliminates),
                self.jobs.p.job.eq(given.job),
                self.jobs.p.last.eq(1),
                self.loads.ready.eq(self.jobs.ready & ~eliminates),
            ]
        return m

    def _bitmap(self, m: Module, begin, bitmap) -> None:
        """The words of the load's bitmap, one after the other for as long as they are wanted."""
        halves = []
        write = self.write
        for name, mine in (("lower", ~write.upper), ("upper", write.upper)):
            kept = memory.Memory(shape=HALF, depth=self.config.occupancy_words, init=[])
            m.submodules[f"occupancy_{name}"] = kept
            port = kept.write_port()
            m.d.comb += [port.addr.eq(write.word), port.data.eq(write.data), port.en.eq(write.valid & mine)]
            halves.append(kept.read_port())
        at = Signal(len(write.word), reset_less=True)
        after = Signal.like(at)  # the word behind it
        step, address = Signal(), Signal.like(at)
        m.d.comb += [
            step.eq(bitmap.valid & bitmap.ready),
            after.eq(at + 1),
            address.eq(Mux(begin, self.loads.p.occupancy, Mux(step, after, at))),
            bitmap.payload.eq(Cat(port.data for port in halves)),
            *(port.addr.eq(address) for port in halves),
        ]
        m.d.sync += at.eq(address)

    def _jobs(self, m: Module, windows, ended) -> tuple:
        """Windows to beats, and these to a job as soon as it is known that no more belong to it."""
        bits, c = self.bits, self.config
        span = (c.handler.dma.burst_beats - 1).bit_length()
        width = bits + self.beats_log2
        # The beats of a window: from `first` to the one before `end`.
        found = Signal(
            data.StructLayout({"first": width, "end": width, "some": 1, "last": 1}), reset_less=True
        )
        found_valid, take = Signal(), Signal()
        first_row, end_row, behind = Signal(bits), Signal(bits), Signal(bits + 1)
        grouped = self.loads.p.grouped
        m.d.comb += [
            behind.eq(windows.p.start + windows.p.rows),
            first_row.eq(Mux(grouped, windows.p.start, windows.p.start >> self.rows_log2)),
            end_row.eq(Mux(grouped, behind, (behind + ((1 << self.rows_log2) - 1)) >> self.rows_log2)),
            windows.ready.eq(~found_valid | take),
        ]
        with m.If(windows.ready):
            m.d.sync += [
                found_valid.eq(windows.valid),
                found.first.eq(first_row << self.beats_log2),
                found.end.eq(end_row << self.beats_log2),
                found.some.eq(windows.p.rows != 0),
                found.last.eq(windows.p.last),
            ]

        # A run of beats stays until the next window tells whether it is the last one, or the end does.
        first, end = Signal(width, reset_less=True), Signal(width, reset_less=True)
        kept, ending, free, emit = Signal(), Signal(), Signal(), Signal()
        touches, long = Signal(), Signal()
        m.d.comb += [
            touches.eq(kept & (found.first <= end)),
            long.eq(first[span:] != end[span:]),
        ]
        parts = Signal()  # the window begins another run
        m.d.comb += [
            parts.eq(found_valid & found.some & kept & ~ending & (~touches | (long & (found.end != end)))),
            emit.eq(free & (parts | (ending & kept))),
            take.eq(found_valid & ~ending & (~parts | free)),
        ]
        with m.If(emit & ending):
            m.d.sync += kept.eq(0)
        with m.If(take & found.some):
            m.d.sync += [kept.eq(1), end.eq(found.end)]
            with m.If(~touches):
                m.d.sync += first.eq(found.first)
            with m.Elif(parts):
                m.d.sync += first.eq(end)
        with m.If(take & found.last):
            m.d.sync += ending.eq(1)

        job, valid = Signal(WindowJob(c), reset_less=True), Signal()
        over = Signal()  # the last job, if there is one, has been handed out
        unit = (c.bus_bits // 8 - 1).bit_length()
        m.d.comb += [
            free.eq(~valid | self.jobs.ready),
            over.eq(ending & ~kept & free),
            ended.eq(over),
        ]
        with m.If(free):
            m.d.sync += [
                valid.eq(emit),
                job.job.address.eq(self.loads.p.job.address + (first << unit)),
                job.job.beats.eq(end - first),
                job.last.eq(ending),
            ]
        with m.If(over):
            m.d.sync += ending.eq(0)
        return job, valid
