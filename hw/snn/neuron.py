"""The neuron row: bias, leak, threshold and reset for P channels x S time steps a cycle."""

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.fixed import saturate
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.slot import SETTINGS, SlotTag, TaggedSlot
from pyralis.hw.snn.timestep import STAGES, Lane, clears, decode, delayed, entering, time_step

__all__ = ["FiredLayout", "Neuron", "latency"]


def latency(config: SnnConfig) -> int:
    """Cycles from accepting a slot to its spikes; the same slot of the next step group waits as long."""
    return STAGES * config.step_lanes + 2


class FiredLayout(data.StructLayout):
    """What became of a slot: ``spikes[p][s]``, ``potentials[p]`` after the last step, saturation."""

    def __init__(self, config: SnnConfig) -> None:
        super().__init__({
            "tag": SlotTag(config),
            "spikes": data.ArrayLayout(config.step_lanes, config.neuron_lanes),
            "potentials": data.ArrayLayout(signed(config.potential_bits), config.neuron_lanes),
            "saturated": 1,
        })


class Neuron(wiring.Component):
    """Integrate and fire, S time steps in a row, three pipeline stages each, none of which ever stalls.

    Stage 1 settles whether a reset is due, adds and multiplies for the leak; stage 2 adds the rest and
    saturates; stage 3 compares and resets. A time step that does not exist leaves the potential as it is.
    Potentials wait in a memory of one word a slot for the next step group, so a slot of step group g > 0 is
    not accepted before the same slot of group g - 1 has been written back: with more step groups than one,
    passes shorter than the latency wait.

    Ports
    -----
    slots : In(stream of TaggedSlot)
    settings : In(SETTINGS)
        Constant from two cycles before the first slot of a layer until the last one has left.
    block : Out
        Channel block of the slot that is accepted in this cycle.
    bias, threshold : In(ArrayLayout(signed(32), P))
        Of that block, one cycle later.
    fired : Out(1), result : Out(FiredLayout)
        A slot leaves; always accepted. Spikes and saturation of channels that do not exist are 0.
    pending : Out
        Slots accepted that have not left.

    Timing
    ------
    :func:`latency` is 3 * S + 2 cycles. Initiation interval 1, except for the wait above.

    Numerics
    --------
    Exact as :func:`pyralis.sim.golden.snn.neuron.neuron`. Sums have full precision before they are clamped to
    ``potential_bits``. A bias is clamped to ``potential_bits`` and a threshold to 1..2**(potential_bits - 1)
    first (a larger one is never reached, so that changes nothing); ``saturated`` tells of every clamp that
    changes a result. A multiplied leak is at most 1; a shift is at most 15.

    Golden model
    ------------
    :func:`pyralis.sim.golden.snn.neuron.neuron`, bit exact.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        lanes = data.ArrayLayout(signed(32), config.neuron_lanes)
        super().__init__({
            "slots": In(stream.Signature(TaggedSlot(config))),
            "settings": In(SETTINGS),
            "block": Out(range(max(config.blocks, 2))),
            "bias": In(lanes),
            "threshold": In(lanes),
            "fired": Out(1),
            "result": Out(FiredLayout(config)),
            "pending": Out(range(latency(config) + 1)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        mode = decode(m, self.settings, c)
        leaving = Signal()  # in the next cycle
        taken, slot = self._accept(m, leaving)
        valid = taken
        for n in range(latency(c) - 1):
            valid, before = Signal(name=f"valid_{n}"), valid
            m.d.sync += valid.eq(before)
        m.d.comb += leaving.eq(before)
        tags = [delayed(m, slot.tag, "tag")]
        for n in range(STAGES * c.step_lanes):
            tags.append(delayed(m, tags[-1], f"tag_{n}"))
        tag = tags[-1]

        lanes, currents = self._enter(m, mode, slot)
        for s in range(c.step_lanes):
            begin, rest = STAGES * s, STAGES * (c.step_lanes - 1 - s)
            before = [slot.tag, *tags][begin]  # a cycle ahead of the step
            active = [tag.active[s] for tag in tags[begin : begin + STAGES]]
            following = tags[begin + STAGES - 1].active[s + 1] if s + 1 < c.step_lanes else Const(0)
            for p in range(c.neuron_lanes):
                current = delayed(m, currents[p][s], f"current_{p}_{s}", begin)
                entered = entering(m, mode, f"{p}_{s}", current, before.active[s])
                lanes[p] = time_step(m, c, mode, f"{p}_{s}", lanes[p], entered, active, following)
                spike = delayed(m, lanes[p].spiked, f"spike_{p}_{s}_held", rest)
                m.d.comb += self.result.spikes[p][s].eq(spike & tag.real[p])
        self._leave(m, lanes)
        m.d.comb += [
            self.fired.eq(valid),
            self.result.tag.eq(tag),
            self.result.saturated.eq((Cat(lane.saturated for lane in lanes) & tag.real).any() & tag.used),
        ]
        return m

    def _accept(self, m: Module, leaving: Signal):
        """First stage: holds the slot while its parameters are read. Returns its valid bit and the slot."""
        taken, slot = Signal(), Signal(TaggedSlot(self.config), reset_less=True)
        accept = self.slots.valid & self.slots.ready
        # A pass ago the same slot was accepted; fewer unwritten ones than a pass has means: it is written.
        unwritten = Signal.like(self.pending)  # `pending` without the slot that leaves in this cycle
        m.d.sync += [
            taken.eq(accept),
            slot.eq(self.slots.payload),
            self.pending.eq(self.pending + accept - self.fired),
            unwritten.eq(unwritten + accept - leaving),
        ]
        written = unwritten < self.config.slots
        m.d.comb += [
            self.slots.ready.eq(self.slots.p.tag.first | written),
            self.block.eq(self.slots.p.tag.block),
        ]
        return taken, slot

    def _enter(self, m: Module, mode: data.View, slot):
        """Second stage: potentials of the step group before, in registers; bias plus current of all steps."""
        c = self.config
        largest = 1 << c.potential_bits - 1
        read = self._memory(m).read_port(domain="comb")
        m.d.comb += read.addr.eq(slot.tag.index)
        lanes, currents = [], []
        for p in range(c.neuron_lanes):
            state = read.data[p]
            bias, clipped = saturate(self.bias[p], c.potential_bits)
            low, high = self.threshold[p] < 1, self.threshold[p] > largest
            threshold = Signal(c.potential_bits, name=f"threshold_{p}")
            m.d.comb += threshold.eq(Mux(low, 1, Mux(high, largest, self.threshold[p])))
            potential = Signal(signed(c.potential_bits), name=f"potential_{p}")
            cleared = slot.tag.first | clears(mode, state.spiked, slot.tag.active[0])
            m.d.comb += potential.eq(Mux(cleared, 0, state.potential))
            lanes.append(
                Lane(
                    potential=delayed(m, potential, f"potential_{p}_in"),
                    threshold=delayed(m, threshold, f"threshold_{p}_in"),
                    spiked=delayed(m, state.spiked & ~slot.tag.first, f"spiked_{p}_in"),
                    saturated=delayed(m, clipped | low, f"clipped_{p}_in"),
                )
            )
            currents.append([slot.currents[p][s] + bias for s in range(c.step_lanes)])
        return lanes, currents

    def _leave(self, m: Module, lanes: list[Lane]) -> None:
        """Last stage: potentials to the memory and to the result."""
        write = m.submodules.memory.write_port()
        m.d.comb += [write.addr.eq(self.result.tag.index), write.en.eq(self.fired)]
        for p, lane in enumerate(lanes):
            m.d.comb += [
                self.result.potentials[p].eq(lane.potential),
                write.data[p].potential.eq(lane.potential),
                write.data[p].spiked.eq(lane.spiked),
            ]

    def _memory(self, m: Module) -> Memory:
        c = self.config
        state = data.StructLayout({"potential": signed(c.potential_bits), "spiked": 1})
        shape = data.ArrayLayout(state, c.neuron_lanes)
        m.submodules.memory = memory = Memory(shape=shape, depth=max(c.slots, 2), init=[])
        return memory
