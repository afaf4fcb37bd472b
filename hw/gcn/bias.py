"""Biases of the epilogues: as they are loaded, and as an epilogue keeps them."""

from amaranth import Module, Signal, signed
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.clamp import TOTAL_BITS
from pyralis.hw.gcn.lines import SLICE_BITS

__all__ = ["BIAS_SHIFT_BITS", "BIAS_SLICES", "SHIFT_BITS", "BiasLoad", "BiasLoader", "BiasWrite", "Engine"]

BIAS_SLICES = 32
"""Slices of ``lanes`` elements that the bias of a phase can have."""

SHIFT_BITS = 6
"""Of the shift behind the sum: 0..47."""

BIAS_SHIFT_BITS = 4
"""Of the shift of a bias."""


class Engine(enum.Enum, shape=1):
    """Whose epilogues biases and scales are for."""

    AGGREGATION = 0
    COMBINATION = 1


class BiasLoad(data.StructLayout):
    """One element of the bias of an engine, with the shifts of the phase that it is for."""

    def __init__(self, lanes: int) -> None:
        super().__init__({
            "engine": Engine,
            "slice": SLICE_BITS,
            "lane": range(lanes),
            "value": signed(32),
            "shift": SHIFT_BITS,
            "bias_shift": BIAS_SHIFT_BITS,
        })


class BiasWrite(data.StructLayout):
    """One element of the bias as an epilogue keeps it."""

    def __init__(self, lanes: int) -> None:
        super().__init__({
            "valid": 1,
            "slice": SLICE_BITS,
            "lane": range(lanes),
            "value": signed(TOTAL_BITS),
        })


class BiasLoader(wiring.Component):
    """Makes ``(bias << bias_shift) + half`` of each bias, once for all epilogues of an engine.

    Half of the last digit is added here, not behind the sum: a negative sum less than half away from zero
    rounds to zero either way, so the order of activation and rounding makes no difference. An epilogue needs
    it even where there is no bias: then the biases are zeros.

    Parameters
    ----------
    lanes : int
        Elements of a slice.
    engine : Engine
        Biases of the other one are ignored.

    Ports
    -----
    bias : In(stream of BiasLoad)
        Always taken.
    write : Out(BiasWrite)
        Two cycles later.
    """

    def __init__(self, lanes: int, engine: Engine) -> None:
        self.lanes, self.engine = lanes, engine
        super().__init__({
            "bias": In(stream.Signature(BiasLoad(lanes))),
            "write": Out(BiasWrite(lanes)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        shifted = Signal(signed(TOTAL_BITS), reset_less=True)
        half = Signal(TOTAL_BITS, reset_less=True)
        place = Signal(BiasWrite(self.lanes))
        m.d.comb += self.bias.ready.eq(1)
        m.d.sync += [
            shifted.eq(self.bias.p.value << self.bias.p.bias_shift),
            half.eq((1 << self.bias.p.shift)[1:]),
            place.valid.eq(self.bias.valid & (self.bias.p.engine == self.engine)),
            place.slice.eq(self.bias.p.slice),
            place.lane.eq(self.bias.p.lane),
            self.write.eq(place),
            self.write.value.eq(shifted + half),
        ]
        return m
