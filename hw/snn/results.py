"""Results of the last layer: spike counts or potentials, and the class with the largest one."""

from amaranth import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.neuron import FiredLayout
from pyralis.hw.snn.program import Output
from pyralis.hw.snn.slot import SETTINGS
from pyralis.hw.snn.timestep import delayed

__all__ = ["DEPTH", "Results"]

DEPTH = 16
"""Slots of results that can wait for the consumer."""

COUNT_BITS = 8
"""``time_steps`` of the program has 8 bits."""


class Results(wiring.Component):
    """Sends P values for every slot of the last step group in a used lane: [tile][pixel][block].

    The neurons cannot wait, so a consumer that is slow is felt where slots enter them: no more slots may be
    inside the neurons than ``room``.

    Ports
    -----
    begin : In(1)
        A layer starts: forgets the largest value so far.
    fired : In(1), result : In(FiredLayout)
    settings : In(SETTINGS)
        ``output`` selects the value, or nothing.
    room : Out
        Slots that can be taken without the consumer.
    results : Out(stream of ArrayLayout(signed(32), P))
        Values of channels that do not exist are there too.
    class_index : Out(16)
        Channel with the largest value among those that exist, the lowest on ties, of a layer with ``argmax``;
        it is final when ``busy`` has fallen, and stays until the next such layer.
    busy : Out(1)
        Results are waiting or being compared.

    Timing
    ------
    A result is offered two cycles after ``fired``; the largest value is known 2 + log2(P) cycles after it.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "begin": In(1),
            "fired": In(1),
            "result": In(FiredLayout(config)),
            "settings": In(SETTINGS),
            "room": Out(range(DEPTH + 1)),
            "results": Out(stream.Signature(data.ArrayLayout(signed(32), config.neuron_lanes))),
            "class_index": Out(16),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        tag = self.result.tag
        counts = self._count(m)
        values = []
        for p in range(c.neuron_lanes):
            value = Signal(signed(max(c.potential_bits, COUNT_BITS + 1)), name=f"value_{p}")
            counting = self.settings.output == Output.COUNTS
            m.d.comb += value.eq(Mux(counting, counts[p], self.result.potentials[p]))
            values.append(value)
        take, word = Signal(), Signal(self.results.payload.shape())
        m.d.comb += take.eq(self.fired & tag.used & tag.last & (self.settings.output != Output.SPIKES))
        m.d.comb += [word[p].eq(value) for p, value in enumerate(values)]

        m.submodules.waiting = waiting = SyncFIFOBuffered(width=len(word.as_value()), depth=DEPTH)
        m.d.comb += [
            waiting.w_data.eq(word),
            waiting.w_en.eq(take),
            self.results.payload.eq(waiting.r_data),
            self.results.valid.eq(waiting.r_rdy),
            waiting.r_en.eq(self.results.ready),
            self.room.eq(DEPTH - waiting.level),
        ]
        comparing = self._largest(m, take & self.settings.argmax, values)
        m.d.comb += self.busy.eq((waiting.level != 0) | comparing)
        return m

    def _count(self, m: Module) -> list[Signal]:
        """Spikes of each channel over all steps so far, in the cycle in which the slot leaves the neurons."""
        c = self.config
        shape = data.ArrayLayout(COUNT_BITS, c.neuron_lanes)
        m.submodules.counts = memory = Memory(shape=shape, depth=max(c.slots, 2), init=[])
        read, write = memory.read_port(domain="comb"), memory.write_port()
        tag = self.result.tag
        m.d.comb += [read.addr.eq(tag.index), write.addr.eq(tag.index), write.en.eq(self.fired)]
        counts = []
        for p in range(c.neuron_lanes):
            count = Signal(COUNT_BITS, name=f"count_{p}")
            m.d.comb += count.eq(Mux(tag.first, 0, read.data[p]) + sum(self.result.spikes[p]))
            m.d.comb += write.data[p].eq(count)
            counts.append(count)
        return counts

    def _largest(self, m: Module, valid: Value, values: list[Signal]) -> Signal:
        """Compares in a tree, a register before and behind each level; returns whether anything is in it."""
        tag = self.result.tag
        entries = [
            (delayed(m, value, f"{value.name}_held"), delayed(m, tag.real[p], f"real_{p}"), Value.cast(p))
            for p, value in enumerate(values)
        ]
        channel, level = delayed(m, tag.channel, "channel_held"), 0
        valid, before = Signal(name="comparing"), valid
        m.d.sync += valid.eq(before)
        stages = [valid]
        while len(entries) > 1:
            pairs = [_larger(*entries[i : i + 2]) for i in range(0, len(entries), 2)]
            entries = [
                tuple(delayed(m, part, f"largest_{level}_{i}_{j}") for j, part in enumerate(entry))
                for i, entry in enumerate(pairs)
            ]
            channel = delayed(m, channel, f"channel_{level}")
            valid, before = Signal(name=f"comparing_{level}"), valid
            m.d.sync += valid.eq(before)
            stages.append(valid)
            level += 1
        [(value, real, lane)] = entries
        best, known = Signal.like(values[0], name="best"), Signal()
        with m.If(valid & real & (~known | (value > best))):
            m.d.sync += [best.eq(value), known.eq(1), self.class_index.eq(channel + lane)]
        with m.If(self.begin):
            m.d.sync += known.eq(0)
        last = Signal()
        m.d.sync += last.eq(valid)
        return Cat(*stages, last).any()


def _larger(*entries) -> tuple:
    """The entry (value, exists, lane) with the larger value, the first on ties; of one entry, itself."""
    if len(entries) == 1:
        return entries[0]
    (a, a_real, a_lane), (b, b_real, b_lane) = entries
    second = b_real & (~a_real | (b > a))
    value = Mux(second, b, a)
    return value.as_signed(), a_real | b_real, Mux(second, b_lane, a_lane)
