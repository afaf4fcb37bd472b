"""Jobs cut into bursts, for those who choose among bursts of several clients."""

from amaranth import Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaConfig, DmaJob, NextBurst

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
    ``bursts.valid`` in the cycle after the transfer of a job; one burst a cycle, one cycle between jobs.
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
        burst = NextBurst(m, self.config, step=self.bursts.valid & self.bursts.ready)
        m.d.comb += self.jobs.ready.eq(burst.free | self.drop)
        burst.load(m, self.jobs.p, self.jobs.valid & self.jobs.ready)
        with m.If(self.drop):
            burst.drop(m)
        m.d.comb += [
            self.bursts.valid.eq(burst.active & ~self.drop),
            self.bursts.p.address.eq(burst.address),
            self.bursts.p.beats.eq(burst.beats),
            self.bursts.p.last.eq(burst.last),
        ]
        return m
