"""Two readers on one read DMA."""

from amaranth import Module, Mux, Signal
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.read import ReadBeat, ReadJob

__all__ = ["ReadArbiter"]

JOBS = 4
"""Jobs handed to the DMA whose beats have not all come back."""


class ReadArbiter(wiring.Component):
    """Shares a :class:`~pyralis.hw.axi.read.ReadDma` between two readers, job by job.

    Jobs alternate when both readers have one; the beats of a job go back to the reader that asked. Beats come
    in job order, so a reader that does not take its beats holds up the other one: readers ask for what they
    have room for. Jobs of no beats are not allowed.

    Ports
    -----
    jobs_0, jobs_1 : In(stream of ReadJob), data_0, data_1 : Out(stream of ReadBeat)
        The readers.
    jobs : Out(stream of ReadJob), data : In(stream of ReadBeat)
        The DMA.

    Timing
    ------
    Combinational both ways. At most ``JOBS`` jobs wait for their beats.
    """

    def __init__(self, config: DmaConfig) -> None:
        self.config = config
        job, beat = stream.Signature(ReadJob(config)), stream.Signature(ReadBeat(config))
        super().__init__({
            "jobs_0": In(job),
            "jobs_1": In(job),
            "data_0": Out(beat),
            "data_1": Out(beat),
            "jobs": Out(job),
            "data": In(beat),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.owners = owners = fifo.SyncFIFO(width=1, depth=JOBS)
        # A job that is shown stays shown until the DMA takes it.
        held, chosen, recent = Signal(), Signal(), Signal()
        pick = Mux(held, chosen, Mux(self.jobs_0.valid & self.jobs_1.valid, ~recent, self.jobs_1.valid))
        choice = Signal()
        taken = self.jobs.valid & self.jobs.ready
        m.d.comb += [
            choice.eq(pick),
            self.jobs.payload.eq(Mux(choice, self.jobs_1.payload, self.jobs_0.payload)),
            self.jobs.valid.eq(Mux(choice, self.jobs_1.valid, self.jobs_0.valid) & owners.w_rdy),
            self.jobs_0.ready.eq(~choice & self.jobs.ready & owners.w_rdy),
            self.jobs_1.ready.eq(choice & self.jobs.ready & owners.w_rdy),
            owners.w_data.eq(choice),
            owners.w_en.eq(taken),
            self.data_0.payload.eq(self.data.payload),
            self.data_1.payload.eq(self.data.payload),
            self.data_0.valid.eq(self.data.valid & owners.r_rdy & ~owners.r_data),
            self.data_1.valid.eq(self.data.valid & owners.r_rdy & owners.r_data),
            self.data.ready.eq(owners.r_rdy & Mux(owners.r_data, self.data_1.ready, self.data_0.ready)),
            owners.r_en.eq(self.data.valid & self.data.ready & self.data.p.last),
        ]
        m.d.sync += [held.eq(self.jobs.valid & ~self.jobs.ready), chosen.eq(choice)]
        with m.If(taken):
            m.d.sync += recent.eq(choice)
        return m
