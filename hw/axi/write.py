"""Write DMA: jobs and bus words in, over an AXI4 write port."""

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import BurstQueue, DmaConfig, DmaJob, NextBurst
from pyralis.hw.axi.signature import AxiWrite
from pyralis.hw.common.stream import held

__all__ = ["DmaConfig", "WriteDma", "WriteJob"]

WriteJob = DmaJob
"""Layout of a write job: ``address`` (bytes, a multiple of the bus bytes), ``beats`` (32 bits)."""


class WriteDma(wiring.Component):
    """Writes runs of whole bus words.

    Words pass straight through one register, so a burst that has been started waits on the bus for its words.

    Ports
    -----
    jobs : In(stream.Signature(WriteJob(config)))
        Where to write. A job of no beats is taken when all before it have ended, and ends at once.
    data : In(stream.Signature(data_bits))
        The words of all jobs in order, byte 0 in the low bits. They are not taken before their job.
    bus : Out(AxiWrite(...))
        INCR bursts of whole words with ID 0.
    flush : In(1)
        Abandons everything: no new bursts; what has been started is completed with WSTRB = 0, as AXI demands,
        and its responses are dropped. Offered jobs and words are taken and dropped while it is high; after it
        has fallen, they wait until all is idle. A pulse of one cycle is enough.
    done : Out(1)
        High for one cycle for each job, after its last response; jobs end in order.
    busy : Out(1)
        A job or a response is on its way; low in the cycle of the last ``done``.
    error : Out(1)
        High for one cycle for each bad BRESP (one a burst), not for responses dropped by a flush. In the
        cycle of ``done`` when it belongs to the job's last burst.

    Timing
    ------
    AWVALID is high 2 cycles after a job's transfer, WVALID 1 cycle after a word's. One word a cycle without
    gaps, also across bursts and jobs, as long as ``outstanding`` bursts cover the memory's response time.
    There is no combinational path between bus inputs and bus outputs.
    """

    def __init__(self, config: DmaConfig) -> None:
        self.config = config
        super().__init__({
            "jobs": In(stream.Signature(WriteJob(config))),
            "data": In(stream.Signature(config.data_bits)),
            "bus": Out(AxiWrite(address_bits=config.address_bits, data_bits=config.data_bits)),
            "flush": In(1),
            "done": Out(1),
            "busy": Out(1),
            "error": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c, bus = self.config, self.bus
        dropping = Signal()  # a flush is being completed
        draining = self.flush | dropping

        issue, move, ends = Signal(), Signal(), Signal()
        address = held(m, bus.awaddr, "address_held")
        burst = NextBurst(m, c, step=issue)
        answers = BurstQueue(m, "answers", 1, c.outstanding, push=issue, note=burst.last, pop=bus.bvalid)
        lengths = BurstQueue(m, "lengths", 8, c.outstanding, push=issue, note=burst.length, pop=move & ends)
        m.d.comb += issue.eq(burst.active & (~bus.awvalid | bus.awready) & ~answers.full & ~draining)
        with m.If(bus.awready):
            m.d.sync += bus.awvalid.eq(0)
        with m.If(issue):
            m.d.sync += [
                bus.awvalid.eq(1),
                address.eq(burst.address),
                bus.awlen.eq(burst.length),
            ]

        idle = ~burst.active & ~answers.some
        empty = self.jobs.p.beats == 0
        m.d.comb += self.jobs.ready.eq(self.flush | (~dropping & Mux(empty, idle, burst.free)))
        burst.load(m, self.jobs.p, self.jobs.valid & self.jobs.ready)
        with m.If(draining):
            burst.drop(m)

        self._words(m, lengths, move, ends, draining)
        m.d.comb += bus.bready.eq(1)
        m.d.sync += [
            self.done.eq(
                ~draining & Mux(bus.bvalid, answers.head, self.jobs.valid & self.jobs.ready & empty)
            ),
            self.error.eq(~draining & bus.bvalid & bus.bresp.as_value()[1]),
        ]
        m.d.comb += self.busy.eq(~idle | dropping)
        with m.If(self.flush):
            m.d.sync += dropping.eq(1)
        with m.Elif(idle):
            m.d.sync += dropping.eq(0)
        return m

    def _words(self, m: Module, lengths: BurstQueue, move, ends, draining) -> None:
        """The write data channel: one register, filled with words, or with WSTRB = 0 while draining."""
        bus = self.bus
        position = Signal(8)
        data = held(m, bus.wdata, "data_held")
        wanted = lengths.some & (~bus.wvalid | bus.wready)
        m.d.comb += [
            move.eq(wanted & (self.data.valid | draining)),
            ends.eq(position == lengths.head),
            self.data.ready.eq(Mux(draining, self.flush, wanted)),
        ]
        with m.If(bus.wready):
            m.d.sync += bus.wvalid.eq(0)
        with m.If(move):
            m.d.sync += [
                bus.wvalid.eq(1),
                data.eq(self.data.payload),
                bus.wstrb.eq(Mux(draining, 0, -1)),
                bus.wlast.eq(ends),
                position.eq(Mux(ends, 0, position + 1)),
            ]
