"""First layer: currents of signed 8-bit pixels from the sums over their bit planes."""

from amaranth import Cat, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.slot import TaggedSlot

__all__ = ["Planes"]


class Planes(wiring.Component):
    """Weighs and adds bit planes; slots of other layers pass through unchanged.

    Lane s of plane pass k is plane 7 - k * S - (S - 1 - s): the most significant planes come first, so the
    sums of a slot follow Horner's rule, ``sum = (sum << S) + lanes``, where lane s weighs 2**s and plane 7
    counts negative. The sums stay in a memory of one word a slot. A partial pass ends there; the last pass
    and every replay of it leave with all S lanes equal to the sum: a pixel's current is the same in every
    time step.

    Ports
    -----
    slots : In(stream of TaggedSlot)
        ``fresh``, ``partial`` and ``replay`` of the tag say what to do; ``currents`` of a replay must be 0.
    sums : Out(stream of TaggedSlot)
    busy : Out(1)
        A slot is inside.

    Timing
    ------
    Latency 1 cycle, initiation interval 1 while ``sums.ready`` is held. Memory and register have reads of the
    same cycle, so a slot may follow itself at once.

    Numerics
    --------
    Modulo 2**current_bits: exact if the final sum fits, which the compiler proves; partial sums may then
    wrap.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.snn.planes`, bit exact.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "slots": In(stream.Signature(TaggedSlot(config))),
            "sums": Out(stream.Signature(TaggedSlot(config))),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        tag = self.slots.p.tag
        held = Signal(TaggedSlot(c), reset_less=True)
        valid, leave = Signal(), Signal()
        m.d.comb += [
            leave.eq(valid & (self.sums.ready | held.tag.partial)),
            self.slots.ready.eq(~valid | leave),
            self.sums.valid.eq(valid & ~held.tag.partial),
            self.sums.p.tag.eq(held.tag),
            self.busy.eq(valid),
        ]
        with m.If(self.slots.ready):
            m.d.sync += [valid.eq(self.slots.valid), held.eq(self.slots.payload)]
            for p in range(c.neuron_lanes):
                weighed = self._weighed(p)
                with m.If(tag.planes):  # lane 0 carries the pass's sum
                    m.d.sync += held.currents[p][0].eq(weighed)

        m.submodules.memory = memory = Memory(
            shape=c.neuron_lanes * c.current_bits, depth=max(c.slots, 2), init=[]
        )
        read, write = memory.read_port(domain="comb"), memory.write_port()
        m.d.comb += [
            read.addr.eq(held.tag.index),
            write.addr.eq(held.tag.index),
            write.en.eq(leave & held.tag.planes),
        ]
        for p in range(c.neuron_lanes):
            old = Signal(signed(c.current_bits), name=f"old_{p}")
            total = Signal(signed(c.current_bits), name=f"total_{p}")
            before = Mux(held.tag.replay, old, old << c.step_lanes)
            m.d.comb += [
                old.eq(read.data.word_select(p, c.current_bits)),
                total.eq(Mux(held.tag.fresh, 0, before) + held.currents[p][0]),
                write.data.word_select(p, c.current_bits).eq(total),
            ]
            for s in range(c.step_lanes):
                m.d.comb += self.sums.p.currents[p][s].eq(Mux(held.tag.planes, total, held.currents[p][s]))
        return m

    def _weighed(self, p: int):
        """Sum of the lanes of channel *p*, lane s times 2**s, the top lane negative in the first pass."""
        *lanes, top = (self.slots.p.currents[p][s] for s in range(self.config.step_lanes))
        fresh = self.slots.p.tag.fresh
        flipped = Cat(bit ^ fresh for bit in top).as_signed() + fresh
        return sum((lane << s for s, lane in enumerate(lanes)), flipped << len(lanes))
