"""Read DMA: jobs in, beats out in order, over an AXI4 read port."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, fifo, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import BurstQueue, DmaConfig, DmaJob, GivenBurst, NextBurst
from pyralis.hw.axi.signature import AxiRead
from pyralis.hw.common.stream import held

__all__ = ["DmaConfig", "ReadBeat", "ReadDma", "ReadJob"]

ReadJob = DmaJob
"""Layout of a read job: ``address`` (bytes, a multiple of the bus bytes), ``beats`` (32 bits)."""


class ReadBeat(data.StructLayout):
    """``data``: one bus word, byte 0 in the low bits; ``last``: it ends its job."""

    def __init__(self, config: DmaConfig) -> None:
        super().__init__({"data": config.data_bits, "last": 1})


class ReadDma(wiring.Component):
    """Reads runs of bus words.

    A burst is asked for only when the beats that it brings are sure to find room on chip, so a slow consumer
    never blocks the memory for others. Bursts of later jobs are asked for while earlier ones are still
    arriving.

    Parameters
    ----------
    config : DmaConfig
        Sizes.
    cut : bool
        False: each job is one burst already, as :class:`~pyralis.hw.axi.cutter.BurstCutter` gives them.

    Ports
    -----
    jobs : In(stream.Signature(ReadJob(config)))
        What to read. A job of no beats is taken and gives nothing.
    data : Out(stream.Signature(ReadBeat(config)))
        The beats of all jobs in order. On a bus error the beat still comes, with whatever the bus carried.
    bus : Out(AxiRead(...))
        INCR bursts of whole words with ID 0.
    flush : In(1)
        Abandons everything: no new bursts, a shown ARVALID stays until it is accepted, outstanding beats are
        drained and dropped, ``data.valid`` falls at once. Offered jobs are taken and dropped while it is
        high; after it has fallen, they wait until all is idle. A pulse of one cycle is enough.
    busy : Out(1)
        A job, a burst or a beat is on its way.
    error : Out(1)
        High for one cycle for each beat with a bad RRESP, not for beats dropped by a flush.

    Timing
    ------
    ARVALID is high 2 cycles after a job's transfer, ``data.valid`` 2 cycles after RVALID. One beat a cycle
    without gaps, also across bursts and jobs, as long as the other ``outstanding - 1`` bursts cover the
    memory's latency and some 4 cycles. There is no combinational path between bus inputs and bus outputs.
    Bursts that are given: ARVALID one cycle after the transfer, a burst a cycle.
    """

    def __init__(self, config: DmaConfig, *, cut: bool = True) -> None:
        self.config, self.cut = config, cut
        super().__init__({
            "jobs": In(stream.Signature(ReadJob(config))),
            "data": Out(stream.Signature(ReadBeat(config))),
            "bus": Out(AxiRead(address_bits=config.address_bits, data_bits=config.data_bits)),
            "flush": In(1),
            "busy": Out(1),
            "error": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c, bus = self.config, self.bus
        dropping = Signal()  # a flush is being completed
        draining = self.flush | dropping
        spare = Signal(range(c.depth + 1), init=c.depth)  # places not kept for beats that are asked for

        issue, leave = Signal(), Signal()
        address = held(m, bus.araddr, "address_held")
        burst = NextBurst(m, c, step=issue) if self.cut else GivenBurst(m, c, jobs=self.jobs, step=issue)
        ends = BurstQueue(m, "ends", 1, c.bursts, push=issue, note=burst.last, pop=bus.rvalid & bus.rlast)
        free = ~bus.arvalid | bus.arready
        # Room for the longest burst is seen at once; whether a shorter one fits, a cycle later, so that the
        # comparison with its length does not lie in the path of all that follows from an issue.
        fits = Signal()
        m.d.sync += fits.eq(burst.active & (burst.beats <= spare) & ~issue)
        room = (spare >= c.burst_beats) | fits
        m.d.comb += issue.eq(burst.active & free & room & ~ends.full & ~draining)
        with m.If(bus.arready):
            m.d.sync += bus.arvalid.eq(0)
        with m.If(issue):
            m.d.sync += [
                bus.arvalid.eq(1),
                address.eq(burst.address),
                bus.arlen.eq(burst.length),
            ]

        m.d.comb += self.jobs.ready.eq(self.flush | (burst.free & ~dropping))
        if isinstance(burst, NextBurst):
            burst.load(m, self.jobs.p, self.jobs.valid & self.jobs.ready)
            with m.If(draining):
                burst.drop(m)

        # One row more than is ever kept: the FIFO takes every beat, so RREADY is constant.
        m.submodules.beats = beats = fifo.SyncFIFOBuffered(width=c.data_bits + 1, depth=max(c.depth + 1, 3))
        m.d.comb += [
            bus.rready.eq(1),
            beats.w_en.eq(bus.rvalid),
            beats.w_data.eq(Cat(bus.rdata, bus.rlast & ends.head)),
            self.data.payload.eq(beats.r_data),
            self.data.valid.eq(beats.r_rdy & ~draining),
            beats.r_en.eq(self.data.ready | draining),
            leave.eq(beats.r_rdy & beats.r_en),
            self.error.eq(bus.rvalid & bus.rresp.as_value()[1] & ~draining),
            self.busy.eq(burst.kept | (spare != c.depth) | dropping),
        ]
        m.d.sync += spare.eq(spare - Mux(issue, burst.beats, 0) + leave)
        with m.If(self.flush):
            m.d.sync += dropping.eq(1)
        with m.Elif((spare == c.depth) & ~burst.kept):
            m.d.sync += dropping.eq(0)
        return m
