"""Jobs cut into bursts, for those who choose among bursts of several clients."""

from amaranth import Module, ResetInserter, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaConfig, DmaJob, NextBurst
from pyralis.hw.common.stream import RegisterSlice

__all__ = ["BurstCutter", "CutBurst"]


class CutBurst(data.StructLayout):
    """``address``: of the first byte; ``beats``: 1..burst_beats; ``last``: it is the last one of its job."""

    def __init__(self, config: DmaConfig) -> None:
        super().__init__({
            "address": config.address_bits,
            "beats": range(config.burst_beats + 1),
            "last": 1,
        })


class BurstCutter(wiring.Component):
    """Cuts jobs at multiples of the longest burst, as the DMA engines do.

    Each burst, given as a job to a DMA of the same *config*, is one burst on the bus.

    Ports
    -----
    jobs : In(stream of DmaJob)
        Jobs of no beats are taken and give nothing.
    bursts : Out(stream of CutBurst)
    drop : In(1)
        Forgets the job in progress, and those that are offered while it is high.

    Timing
    ------
    ``bursts.valid`` 2 cycles after the transfer of a job; one burst a cycle. One cycle between jobs, which
    passes while the bursts before wait; none behind a job of one beat. There is no combinational path between
    the streams.
    """

    def __init__(self, config: DmaConfig) -> None:
        self.config = config
        super().__init__({
            "jobs": In(stream.Signature(DmaJob(config))),
            "bursts": Out(stream.Signature(CutBurst(config))),
            "drop": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.shown = shown = ResetInserter(self.drop)(RegisterSlice(CutBurst(self.config)))
        cut, step = shown.input, Signal()
        burst = NextBurst(m, self.config, step=step, eager=True)
        m.d.comb += [
            self.jobs.ready.eq(burst.free | self.drop),
            step.eq(burst.active & cut.ready),
            cut.valid.eq(burst.active),
            cut.p.address.eq(burst.address),
            cut.p.beats.eq(burst.beats),
            cut.p.last.eq(burst.last),
            self.bursts.payload.eq(shown.output.payload),
            self.bursts.valid.eq(shown.output.valid & ~self.drop),
            shown.output.ready.eq(self.bursts.ready),
        ]
        burst.load(m, self.jobs.p, self.jobs.valid & self.jobs.ready)
        with m.If(self.drop):
            burst.drop(m)
        return m
