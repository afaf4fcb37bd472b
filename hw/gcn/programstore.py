"""Program store: what a job's first run fetches of the program stays on chip for the later ones."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.read import ReadBeat, ReadJob
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES

__all__ = ["PAGE", "STORED", "ProgramStore"]

PAGE = 4
"""Descriptors that the graph core reads by one job; programs are filled up with END to whole pages."""

STORED = 64
"""Descriptors that are kept on chip. Those behind are read from memory in every run."""


class ProgramStore(wiring.Component):
    """Stands between the program fetch and the memory, and answers what it has seen itself.

    Pages are known by their place in the run: the first one behind ``start`` is page 0. A page is there when
    all of it has passed once; it stays until the store is reset, which the core does at the start of a job.

    Ports
    -----
    start : In(1)
        Pulse: a run begins; all beats of earlier jobs have been taken.
    jobs : In(stream of ReadJob), data : Out(stream of ReadBeat)
        Of the fetch: one page each, and the next one only when all beats of the one before have been taken.
    bus_jobs : Out(stream of ReadJob), bus_data : In(stream of ReadBeat)
        To the memory.

    Timing
    ------
    Of pages that are on chip the first beat is shown 2 cycles after the job's transfer, then one a cycle.
    Jobs and beats of the memory pass combinationally.
    """

    def __init__(self, dma: DmaConfig, *, page: int = PAGE, stored: int = STORED) -> None:
        if stored % page or stored & (stored - 1):
            raise ValueError(f"stored ({stored}) must be a power of two and whole pages of {page}")
        self.dma, self.pages = dma, stored // page
        self.page_beats = page * 8 * DESCRIPTOR_BYTES // dma.data_bits
        job, beat = stream.Signature(ReadJob(dma)), stream.Signature(ReadBeat(dma))
        super().__init__({
            "start": In(1),
            "jobs": In(job),
            "data": Out(beat),
            "bus_jobs": Out(job),
            "bus_data": In(beat),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        page = Signal(range(self.pages + 1))  # of the next job; as many as are stored: not to be kept
        known = Signal(range(self.pages + 1))  # pages that have passed
        serving = Signal()  # the beats of the job come from here
        place = Signal(range(self.pages))  # page of the job in progress
        keep = Signal()  # it has a place here
        beat = Signal(range(self.page_beats))
        hit, taken, over = Signal(), Signal(), Signal()
        shown, ahead = Signal(), Signal()  # a beat is at the output; one more is to be read

        m.submodules.memory = memory = Memory(
            shape=self.dma.data_bits, depth=self.pages * self.page_beats, init=[]
        )
        write, read = memory.write_port(), memory.read_port()
        m.d.comb += [
            hit.eq(page < known),
            taken.eq(self.jobs.valid & self.jobs.ready),
            self.bus_jobs.payload.eq(self.jobs.payload),
            self.bus_jobs.valid.eq(self.jobs.valid & ~hit),
            self.jobs.ready.eq(Mux(hit, 1, self.bus_jobs.ready)),
            over.eq(self.data.valid & self.data.ready & self.data.p.last),
            write.addr.eq(Cat(beat, place)),
            write.data.eq(self.bus_data.p.data),
            write.en.eq(self.bus_data.valid & self.bus_data.ready & keep),
            read.addr.eq(Cat(beat, place)),
            read.en.eq(ahead & (~shown | self.data.ready)),
        ]
        with m.If(serving):
            m.d.comb += [
                self.data.p.data.eq(read.data),
                self.data.p.last.eq(~ahead),
                self.data.valid.eq(shown),
            ]
        with m.Else():
            m.d.comb += [
                self.data.payload.eq(self.bus_data.payload),
                self.data.valid.eq(self.bus_data.valid),
                self.bus_data.ready.eq(self.data.ready),
            ]
        with m.If(self.data.ready):
            m.d.sync += shown.eq(0)
        with m.If(read.en):
            m.d.sync += [shown.eq(1), ahead.eq(beat != self.page_beats - 1)]
        with m.If(read.en | write.en):
            m.d.sync += beat.eq(beat + 1)
        with m.If(over & keep & ~serving):
            m.d.sync += known.eq(known + 1)
        with m.If(taken):
            m.d.sync += [
                serving.eq(hit),
                ahead.eq(hit),
                keep.eq(page != self.pages),
                place.eq(page[: len(place)]),
                beat.eq(0),
            ]
            with m.If(page != self.pages):
                m.d.sync += page.eq(page + 1)
        with m.If(self.start):
            m.d.sync += page.eq(0)
        return m
