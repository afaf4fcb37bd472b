"""Feature-map buffers: two ping-pong maps, one copy for each pixel lane."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from pyralis.hw.snn.config import SnnConfig

__all__ = ["LANE_READ", "MAP_LATENCY", "FeatureMaps", "MapWrite"]

MAP_LATENCY = 2
"""Cycles from a read's address to its data."""

LANE_READ = data.StructLayout({"enable": 1, "address": 16})
"""Read of one pixel lane."""


def MapWrite(config: SnnConfig) -> wiring.Signature:  # noqa: N802 (a signature, named as one)
    """One feature-map word on its way into a buffer; always accepted."""
    return wiring.Signature({
        "enable": Out(1),
        "buffer": Out(1),
        "address": Out(16),
        "data": Out(config.map_word_bits),
    })


class FeatureMaps(wiring.Component):
    """Spikes of the current input and output maps.

    Every pixel lane reads its own copy, so the N addresses of a cycle are free of each other: any kernel,
    stride, padding and pixel order without bank conflicts, for N times the (small) spike memory.

    Ports
    -----
    reads : In(ArrayLayout({enable, address}, N))
        One read a lane. Without ``enable`` (a padded position, an unused lane) the lane's data is zero.
    read_buffer : In(1)
        Buffer that all lanes read.
    data : Out(ArrayLayout(V * S, N))
        Words, ``MAP_LATENCY`` cycles after the address.
    write : In(MapWrite)
        Writes all copies. A word can be read from the next cycle on.
    address_error : Out(1)
        Pulse: an enabled read lies outside the buffer.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({
            "reads": In(data.ArrayLayout(LANE_READ, config.pixel_lanes)),
            "read_buffer": In(1),
            "data": Out(data.ArrayLayout(config.map_word_bits, config.pixel_lanes)),
            "write": In(MapWrite(config)),
            "address_error": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        address_bits = ceil_log2(c.map_words)
        outside = Signal(c.pixel_lanes)
        for n in range(c.pixel_lanes):
            m.submodules[f"lane_{n}"] = memory = Memory(shape=c.map_word_bits, depth=2 * c.map_words, init=[])
            write, read = memory.write_port(), memory.read_port()
            enabled = Signal(name=f"enabled_{n}")
            lane = self.reads[n]
            m.d.comb += [
                write.en.eq(self.write.enable),
                write.addr.eq(Cat(self.write.address[:address_bits], self.write.buffer)),
                write.data.eq(self.write.data),
                read.en.eq(lane.enable),
                read.addr.eq(Cat(lane.address[:address_bits], self.read_buffer)),
                outside[n].eq(lane.enable & lane.address[address_bits:].any()),
            ]
            m.d.sync += enabled.eq(lane.enable)
            m.d.sync += self.data[n].eq(Mux(enabled, read.data, 0))
        m.d.sync += self.address_error.eq(outside.any())
        return m
