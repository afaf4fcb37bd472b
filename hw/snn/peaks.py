"""Max pooling of currents, in front of the neurons."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from pyralis.hw.snn.array import SlotLayout
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.slot import SETTINGS, TaggedSlot

__all__ = ["PEAK_STEPS", "Peaks"]

PEAK_STEPS = 16
"""Time steps whose largest currents are held while the pixels of a window go by."""


class Peaks(wiring.Component):
    """Largest current of each pooling window, channel and time step; slots of other layers pass unchanged.

    The pixels of a window follow each other, so it is enough to keep one maximum for each block and step
    group. All slots go on to the neurons, at the same rate as ever; only the window's last one, which holds
    the maximum, is still marked as used, and it is a window of its own for the OR pooling behind the
    neurons. The bias is the same for all pixels, so it is added to the maximum.

    Ports
    -----
    slots : In(stream of TaggedSlot)
    settings : In(SETTINGS)
        ``pool_currents``.
    peaks : Out(stream of TaggedSlot)
    busy : Out(1)
        A slot is inside.

    Timing
    ------
    Latency 1 cycle, initiation interval 1 while ``peaks.ready`` is held. At most ``PEAK_STEPS`` time steps.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.snn.peaks`, bit exact.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "slots": In(stream.Signature(TaggedSlot(config))),
            "settings": In(SETTINGS),
            "peaks": Out(stream.Signature(TaggedSlot(config))),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        held, valid = Signal(TaggedSlot(c), reset_less=True), Signal()
        tag, pooled = held.tag, self.settings.pool_currents
        m.d.comb += [
            self.slots.ready.eq(~valid | self.peaks.ready),
            self.peaks.valid.eq(valid),
            self.peaks.p.tag.eq(tag),
            self.busy.eq(valid),
        ]
        with m.If(self.slots.ready):
            m.d.sync += [valid.eq(self.slots.valid), held.eq(self.slots.payload)]
        with m.If(pooled):
            m.d.comb += [
                self.peaks.p.tag.used.eq(tag.used & tag.window_last),
                self.peaks.p.tag.window_first.eq(1),
            ]

        groups, block_bits = -(-PEAK_STEPS // c.step_lanes), ceil_log2(max(c.blocks, 2))
        m.submodules.memory = memory = Memory(shape=SlotLayout(c), depth=groups << block_bits, init=[])
        read, write = memory.read_port(domain="comb"), memory.write_port()
        address = Cat(tag.block, tag.group[: ceil_log2(groups)])
        m.d.comb += [
            read.addr.eq(address),
            write.addr.eq(address),
            write.data.eq(self.peaks.p.currents),
            write.en.eq(valid & self.peaks.ready & tag.used),
        ]
        for p in range(c.neuron_lanes):
            for s in range(c.step_lanes):
                new, old = held.currents[p][s], read.data[p][s]
                keep = pooled & ~tag.window_first & (old > new)
                m.d.comb += self.peaks.p.currents[p][s].eq(Mux(keep, old, new))
        return m
