"""Inversion by Itoh and Tsujii's chain of squarings and products."""

from amaranth import Array, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf.digit_serial import DigitSerial
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.karatsuba import Karatsuba
from pyralis.hw.gf.mastrovito import Mastrovito
from pyralis.hw.gf.squarer import Squarer
from pyralis.hw.gf.two_step import TwoStep

__all__ = ["InverseLayout", "Inverter", "chain"]


def chain(m: int) -> list[tuple[int, bool]]:
    """Products on the way to x^(2^(m - 1) - 1), from x: squarings before each, and by what it multiplies.

    With y = x^(2^e - 1), e squarings and a product by y itself (True) double e; one squaring and a product by
    x (False) add 1 to it. Binary method over the bits of m - 1.
    """
    products, e = [], 1
    for bit in f"{m - 1:b}"[1:]:
        products.append((e, True))
        e *= 2
        if bit == "1":
            products.append((1, False))
            e += 1
    return products


class InverseLayout(data.StructLayout):
    """``value`` is the inverse; ``zero`` says that there is none, and then ``value`` is 0."""

    def __init__(self, field: Gf2m) -> None:
        super().__init__({"value": field.m, "zero": 1})


class Inverter(wiring.Component):
    """x^(2^m - 2), which is 1 / x, with one multiplier and one squarer.

    (T. Itoh, S. Tsujii, "A fast algorithm for computing multiplicative inverses in GF(2^m) using normal
    bases", Inf. and Comput. 78, 1988.) It takes m - 1 squarings, one a cycle, and about log2 m products.

    Parameters
    ----------
    multiplier : TwoStep, Mastrovito, Karatsuba or DigitSerial
        Multiplies, and has the field. It becomes a part of this component.

    Ports
    -----
    elements : In(stream of m)
    inverses : Out(stream of InverseLayout)

    Attributes
    ----------
    cycles : int
        From the transfer of an element to ``inverses.valid``, whatever the element.
    levels : int
        Two-input gates on the longest way between registers or ports.

    Timing
    ------
    One element at a time: the next is taken after the transfer of an inverse.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.gf.field`, bit exact.
    """

    def __init__(self, multiplier: TwoStep | Mastrovito | Karatsuba | DigitSerial) -> None:
        self.multiplier, self.config = multiplier, multiplier.field
        self._squarer = Squarer(self.config)
        self._chain = chain(self.config.m)
        serial = isinstance(multiplier, DigitSerial)
        self._latency = multiplier.cycles if serial else multiplier.stages
        self.cycles = self.config.m + len(self._chain) * (self._latency + 1)
        choices = 4  # of the multiplier's operand, of the power's next value, and holding it
        self.levels = choices + max(self._squarer.levels, multiplier.levels)
        super().__init__({
            "elements": In(stream.Signature(self.config.m)),
            "inverses": Out(stream.Signature(InverseLayout(self.config))),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        n = self.config.m
        m.submodules.multiplier, m.submodules.squarer = self.multiplier, self._squarer
        x, y, power = (Signal(n, name=name, reset_less=True) for name in ("x", "y", "power"))
        squarings = [count for count, _ in self._chain] + [1]  # the last one after all products
        left = Signal(range(max(squarings) + 1))
        product = Signal(range(len(squarings) + 1))
        waited = Signal(range(self._latency + 2))
        m.d.comb += [
            self._squarer.x.eq(power),
            self.multiplier.a.eq(power),
            self.multiplier.b.eq(Mux(Array([own for _, own in self._chain] + [True])[product], y, x)),
            self.inverses.p.value.eq(power),
            self.inverses.p.zero.eq(power == 0),
        ]
        with m.FSM():
            with m.State("idle"):
                m.d.comb += self.elements.ready.eq(1)
                element = self.elements.payload
                m.d.sync += [x.eq(element), y.eq(element), power.eq(element)]
                m.d.sync += [product.eq(0), left.eq(squarings[0])]
                with m.If(self.elements.valid):
                    m.next = "square"
            with m.State("square"):
                m.d.sync += [power.eq(self._squarer.y), left.eq(left - 1), waited.eq(0)]
                with m.If(left == 1):
                    m.next = "multiply"
                    with m.If(product == len(self._chain)):
                        m.next = "done"
            with m.State("multiply"):
                if isinstance(self.multiplier, DigitSerial):
                    m.d.comb += self.multiplier.start.eq(waited == 0)
                elif self._latency:
                    m.d.comb += self.multiplier.enable.eq(1)
                m.d.sync += waited.eq(waited + 1)
                with m.If(waited == self._latency):
                    m.d.sync += [power.eq(self.multiplier.c), y.eq(self.multiplier.c)]
                    m.d.sync += [product.eq(product + 1), left.eq(Array([*squarings[1:], 1])[product])]
                    m.next = "square"
            with m.State("done"):
                m.d.comb += self.inverses.valid.eq(1)
                with m.If(self.inverses.ready):
                    m.next = "idle"
        return m
