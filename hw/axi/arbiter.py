"""Several readers on one read DMA: whose job comes next, and whose beats come back."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, fifo, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.read import ReadBeat, ReadJob

__all__ = ["BeatOwner", "BeatRouter", "ReadArbiter"]

JOBS = 4
"""Jobs handed to the DMA whose beats have not all come back."""


class BeatOwner(data.StructLayout):
    """``reader``: who gets the beats of a job; ``last``: whether it ends what the reader asked for."""

    def __init__(self, readers: int) -> None:
        super().__init__({"reader": range(max(readers, 2)), "last": 1})


class BeatRouter(wiring.Component):
    """Hands the beats of a :class:`~pyralis.hw.axi.read.ReadDma` back to the readers that asked for them.

    Beats come in job order, so a reader that does not take its beats holds up the others: readers ask for
    what they have room for. Jobs of no beats are not allowed.

    Parameters
    ----------
    config : DmaConfig
        Widths.
    readers : int
        How many.
    depth : int
        Jobs whose beats have not all come back, at most; at least 2.

    Ports
    -----
    owners : In(stream of BeatOwner)
        One for each job, in the order of the DMA's jobs.
    data : In(stream of ReadBeat)
        The DMA's beats.
    data_0, data_1, ... : Out(stream of ReadBeat)
        Those of the readers; ``last`` only in jobs whose owner says so.

    Timing
    ------
    Beats pass combinationally, from the cycle after their owner's transfer on.
    """

    def __init__(self, config: DmaConfig, readers: int, depth: int) -> None:
        self.config, self.readers, self.depth = config, readers, depth
        beat = stream.Signature(ReadBeat(config))
        super().__init__({
            "owners": In(stream.Signature(BeatOwner(readers))),
            "data": In(beat),
            **{f"data_{n}": Out(beat) for n in range(readers)},
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        layout = BeatOwner(self.readers)
        m.submodules.owners = owners = fifo.SyncFIFO(width=layout.size, depth=self.depth)
        owner = Signal(layout)
        m.d.comb += [
            owners.w_data.eq(self.owners.payload),
            owners.w_en.eq(self.owners.valid),
            self.owners.ready.eq(owners.w_rdy),
            owner.eq(owners.r_data),
            owners.r_en.eq(self.data.valid & self.data.ready & self.data.p.last),
        ]
        for n in range(self.readers):
            out, mine = getattr(self, f"data_{n}"), Signal(name=f"mine_{n}")
            m.d.comb += [
                mine.eq(owners.r_rdy & (owner.reader == n)),
                out.p.data.eq(self.data.p.data),
                out.p.last.eq(self.data.p.last & owner.last),
                out.valid.eq(self.data.valid & mine),
            ]
            with m.If(mine):
                m.d.comb += self.data.ready.eq(out.ready)
        return m


class ReadArbiter(wiring.Component):
    """Shares a :class:`~pyralis.hw.axi.read.ReadDma` between two readers, job by job.

    Jobs alternate when both readers have one; the beats of a job go back to the reader that asked, as
    :class:`BeatRouter` says.

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
        m.submodules.router = router = BeatRouter(self.config, 2, JOBS)
        connect(m, flipped(self.data), router.data)
        connect(m, router.data_0, flipped(self.data_0))
        connect(m, router.data_1, flipped(self.data_1))
        # A job that is shown stays shown until the DMA takes it.
        held, chosen, recent = Signal(), Signal(), Signal()
        pick = Mux(held, chosen, Mux(self.jobs_0.valid & self.jobs_1.valid, ~recent, self.jobs_1.valid))
        choice = Signal()
        taken = self.jobs.valid & self.jobs.ready
        m.d.comb += [
            choice.eq(pick),
            self.jobs.payload.eq(Mux(choice, self.jobs_1.payload, self.jobs_0.payload)),
            self.jobs.valid.eq(Mux(choice, self.jobs_1.valid, self.jobs_0.valid) & router.owners.ready),
            self.jobs_0.ready.eq(~choice & self.jobs.ready & router.owners.ready),
            self.jobs_1.ready.eq(choice & self.jobs.ready & router.owners.ready),
            router.owners.p.reader.eq(choice),
            router.owners.p.last.eq(1),
            router.owners.valid.eq(taken),
        ]
        m.d.sync += [held.eq(self.jobs.valid & ~self.jobs.ready), chosen.eq(choice)]
        with m.If(taken):
            m.d.sync += recent.eq(choice)
        return m
