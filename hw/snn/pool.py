"""OR pooling of spikes, packing into feature-map words, and their addresses."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.maps import MapWrite
from pyralis.hw.snn.neuron import FiredLayout
from pyralis.hw.snn.program import Output
from pyralis.hw.snn.slot import SETTINGS, SlotTag

__all__ = ["Pool"]

MAX_STEPS = 255
"""``time_steps`` of the program has 8 bits."""


class Pool(wiring.Component):
    """ORs the spikes of each pooling window and writes the result, so the unpooled map is never stored.

    A window's pixels follow one another, but a group of pixels runs through all its step groups before the
    next group, and windows may straddle groups: the OR so far is kept for every step group and channel block.
    Without pooling each pixel is a window. Blocks of P channels are gathered into words of V channels.

    Ports
    -----
    fired : In(1), result : In(FiredLayout)
        From the neurons. Slots of unused lanes have no effect.
    settings : In(SETTINGS)
        Only output ``SPIKES`` writes; spikes are counted in any case.
    write : Out(MapWrite)
    row_done : Out(1)
        Pulse: all words of a row of the output map have been written, those of the last tile included.
    spikes : Out
        Spikes of one P x S block of a finished window, each cycle.
    address_error : Out(1)
        Pulse: the word lies outside the buffer and has not been written.
    busy : Out(1)
        Something of the slots that came is still to be written or counted.

    Timing
    ------
    A word is written one cycle after the slot that completes it, ``row_done``, ``spikes`` and
    ``address_error`` follow one cycle later. Initiation interval 1.

    Golden model
    ------------
    :func:`pyralis.sim.golden.snn.pool.pool`, bit exact.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "fired": In(1),
            "result": In(FiredLayout(config)),
            "settings": In(SETTINGS),
            "write": Out(MapWrite(config)),
            "row_done": Out(1),
            "spikes": Out(range(config.neuron_lanes * config.step_lanes + 1)),
            "address_error": Out(1),
            "busy": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        whole, block, tag = self._merge(m)
        self._write(m, whole, block, tag)
        counted = Signal()
        m.d.sync += [
            self.spikes.eq(Mux(whole, sum(block.as_value()), 0)),
            counted.eq(whole),
        ]
        m.d.comb += self.busy.eq(whole | counted)
        return m

    def _merge(self, m: Module):
        """First stage. Returns registers: a window is whole, its spikes, the tag of its last slot."""
        c = self.config
        tag = self.result.tag
        block_bits = ceil_log2(max(c.blocks, 2))
        groups = -(-MAX_STEPS // c.step_lanes)
        m.submodules.windows = memory = Memory(
            shape=c.neuron_lanes * c.step_lanes, depth=groups << block_bits, init=[]
        )
        read, write = memory.read_port(domain="comb"), memory.write_port()
        merged = Signal(self.result.spikes.shape())
        address = Cat(tag.block, tag.group[: ceil_log2(groups)])
        m.d.comb += [
            read.addr.eq(address),
            write.addr.eq(address),
            write.data.eq(merged),
            write.en.eq(self.fired & tag.used),
            merged.eq(self.result.spikes.as_value() | Mux(tag.window_first, 0, read.data)),
        ]
        whole, held = Signal(), Signal(SlotTag(c), reset_less=True)
        block = Signal.like(merged, name="block", reset_less=True)
        m.d.sync += [whole.eq(self.fired & tag.used & tag.window_last), block.eq(merged), held.eq(tag)]
        return whole, block, held

    def _write(self, m: Module, whole: Signal, block: data.View, tag: data.View) -> None:
        """Second stage: V / P blocks make a word."""
        c = self.config
        earlier, parts = block, [block]
        for n in range(c.in_lanes // c.neuron_lanes - 1):
            part = Signal.like(block, name=f"part_{n}", reset_less=True)
            with m.If(whole):
                m.d.sync += part.eq(earlier)
            parts.insert(0, part)
            earlier = part
        complete, outside, row = Signal(), Signal(), Signal()
        m.d.comb += [
            complete.eq(whole & tag.word_end & (self.settings.output == Output.SPIKES)),
            outside.eq(tag.address >= c.map_words),
            row.eq(complete & tag.row & tag.last & tag.tile_last & (tag.block == c.blocks - 1)),
            self.write.enable.eq(complete & tag.kept & ~outside),
            self.write.buffer.eq(~self.settings.in_buffer),
            self.write.address.eq(tag.address),
            self.write.data.eq(
                Cat(part[p][s] for s in range(c.step_lanes) for part in parts for p in range(c.neuron_lanes))
            ),
        ]
        m.d.sync += [self.row_done.eq(row), self.address_error.eq(complete & tag.kept & outside)]
