"""Legality of one program descriptor."""

from amaranth import Cat, Module, Mux, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.peaks import PEAK_STEPS
from pyralis.hw.snn.program import (
    DESCRIPTOR_BYTES,
    END,
    LAYER,
    LOAD,
    STORE,
    VERSION,
    ErrorCode,
    Leak,
    Opcode,
    Output,
)
from pyralis.hw.snn.words import slot_bits

__all__ = ["Check"]

COORDINATE_BITS = 15
"""Heights, widths and kernel sizes are compared as signed 16-bit coordinates, so they stay below 2**15."""

RESERVED = 3
"""Two-bit enumerations of the program have no fourth member."""


class Check(wiring.Component):
    """Says whether a core of this configuration can execute a descriptor.

    Everything that one descriptor shows without a product of two of its fields is checked: reserved values,
    empty shapes, sizes that no map of this core can have, fields that contradict each other, alignment. What
    needs a product (does the map fit, do ``beats`` cover the pixels) is seen later as a map address error or
    a timeout.

    Ports
    -----
    descriptor : In(1024)
        One descriptor as it lies in memory, byte 0 in the least significant bits.
    code : Out(ErrorCode)
        ``NONE`` for a legal descriptor. A wrong version wins over an unknown opcode, since the opcode of
        another version means nothing here; ``FIELD`` covers all the rest.

    Timing
    ------
    Combinational.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__({"descriptor": In(8 * DESCRIPTOR_BYTES), "code": Out(ErrorCode)})

    def elaborate(self, platform) -> Module:
        m = Module()
        header = data.View(END, self.descriptor)
        faults = {
            Opcode.END: [],
            Opcode.LOAD: self._load_faults(data.View(LOAD, self.descriptor)),
            Opcode.LAYER: [
                *self._shape_faults(data.View(LAYER, self.descriptor)),
                *self._neuron_faults(data.View(LAYER, self.descriptor)),
                *self._memory_faults(data.View(LAYER, self.descriptor)),
            ],
            Opcode.STORE: self._store_faults(data.View(STORE, self.descriptor)),
        }
        m.d.comb += self.code.eq(ErrorCode.NONE)
        with m.If(header.version != VERSION):
            m.d.comb += self.code.eq(ErrorCode.VERSION)
        with m.Else(), m.Switch(header.opcode):
            for opcode, conditions in faults.items():
                with m.Case(opcode), m.If(Cat(conditions).any()):
                    m.d.comb += self.code.eq(ErrorCode.FIELD)
            with m.Default():
                m.d.comb += self.code.eq(ErrorCode.OPCODE)
        return m

    def _unaligned(self, address: Value) -> Value:
        return address[: (self.config.bus_bits // 8).bit_length() - 1].any()

    def _map_words_faults(self, words: Value) -> list[Value]:
        return [words == 0, words > self.config.map_words]

    def _beats(self, words: Value) -> Value:
        """Bus beats that *words* feature-map words fill; both sizes are powers of two."""
        bus, slot = self.config.bus_bits, slot_bits(self.config)
        return (
            words * (slot // bus)
            if slot > bus
            else (words + (bus // slot - 1)) >> (bus // slot).bit_length() - 1
        )

    def _load_faults(self, d) -> list[Value]:
        lanes = self.config.in_lanes
        pixels = [
            *(field == 0 for field in (d.height, d.width, d.channels, d.fold)),
            d.fold > lanes,
            *((d.fold >= n) & (d.channels > lanes // n) for n in range(1, lanes + 1)),  # more than V bytes
            d.pad_left + d.width + d.pad_right < d.fold,  # not one window in a row
        ]
        return [
            *self._map_words_faults(d.words),
            d.beats == 0,
            ~d.pixels & (d.beats < self._beats(d.words)),
            self._unaligned(d.source),
            *(d.pixels & fault for fault in pixels),
        ]

    def _store_faults(self, d) -> list[Value]:
        return [*self._map_words_faults(d.words), d.beats != self._beats(d.words), self._unaligned(d.target)]

    def _shape_faults(self, d) -> list[Value]:
        c = self.config
        coordinates = (d.in_height, d.in_width, d.kernel_height, d.kernel_width, d.out_height, d.out_width)
        # Empty out_tiles, out_groups and in_groups contradict out_channels, time_steps and out_groups below.
        counts = (d.in_tiles, d.out_channels, d.images, d.tile_words, d.weight_beats, d.time_steps)
        strides = (d.stride, d.pool_size, d.pool_stride)
        in_map = (d.in_height, d.in_width, d.in_tiles, d.images, d.in_groups)
        out_map = (d.out_height, d.out_width, d.out_tiles, d.out_groups)
        spikes = Value.cast(d.output) == Output.SPIKES.value
        return [
            *(field == 0 for field in (*coordinates, *counts, *strides)),
            *(field[COORDINATE_BITS:].any() for field in coordinates),
            *(field > c.map_words for field in in_map),
            *(spikes & (field > c.map_words) for field in out_map),
            d.out_channels > d.out_tiles * c.out_lanes,
            d.out_channels + c.out_lanes <= d.out_tiles * c.out_lanes,  # a tile too many
            d.out_groups * c.step_lanes < d.time_steps,
            d.in_groups != Mux(d.planes, c.plane_groups, d.out_groups),
            ~d.pool & (d.pool_size != 1),
        ]

    def _neuron_faults(self, d) -> list[Value]:
        leak = Value.cast(d.leak)
        shift = (leak == Leak.SHIFT.value) & ((d.leak_value == 0) | (d.leak_value > 15))
        multiply = leak == Leak.MULTIPLY.value
        return [
            *(Value.cast(field) == RESERVED for field in (d.output, d.leak, d.reset, d.timing)),
            shift,
            *([multiply] if self.config.leak == "shift" else []),
        ]

    def _memory_faults(self, d) -> list[Value]:
        results = Value.cast(d.output) != Output.SPIKES.value
        one_pixel = (d.out_height == 1) & (d.out_width == 1) & (d.images == 1)
        return [
            self._unaligned(d.weight_address),
            self._unaligned(d.result_address),
            (d.result_beats != 0) ^ results,
            d.pool & ~d.pool_currents & results,
            d.pool_currents & (~d.pool | (d.out_groups > PEAK_STEPS // self.config.step_lanes)),
            d.argmax & ~(results & one_pixel),
        ]
