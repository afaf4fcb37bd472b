"""The two-step multiplier: the product array, then its reduction."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.product import (
    Registers,
    array_bits,
    longest,
    place,
    reduced,
    reduction_levels,
    schoolbook,
    tree_levels,
)

__all__ = ["TwoStep"]


class TwoStep(wiring.Component):
    """c = a b modulo the field's polynomial, by m^2 AND gates, (m - 1)^2 XOR gates and the reduction.

    A fault of one gate of the array disturbs one bit of the unreduced product, one of the reduction one bit
    of *c*: the codes on the unreduced product rest on that.

    Parameters
    ----------
    field : Gf2m
    stages : int
        Registers between operands and product, placed where the ways between them become shortest: in the
        trees of the product, down to the unreduced product.
    inject : bool
        Adds the ports ``flip_d`` and ``flip_c``.

    Ports
    -----
    a, b : In(m)
    enable : In(1)
        With stages only. All registers advance while it is 1.
    flip_d : In(2m - 1), flip_c : In(m)
        XORed onto the unreduced product before everything that uses it, and onto ``c``; behind the registers.
    c : Out(m)
    high : Out(m - 1)
        Bits m .. 2m - 2 of the unreduced product, the very ones that are reduced.

    Attributes
    ----------
    levels : int
        Two-input gates on the longest way between registers or ports.

    Timing
    ------
    Latency *stages* cycles of ``enable``, initiation interval 1; combinational without.

    Raises
    ------
    ValueError
        More stages than levels that can be held.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.gf.field`, bit exact.
    """

    def __init__(self, field: Gf2m, stages: int = 0, inject: bool = False) -> None:
        self.field, self.stages, self.inject = field, stages, inject
        n = field.m
        array = 1 + tree_levels(n)
        total = array + inject + reduction_levels(field) + inject
        points = [(level, array_bits(n, level)) for level in range(1, array + 1)]
        self._cuts = place(points, total, stages)
        self.levels = longest(self._cuts, total)
        super().__init__(
            {"a": In(n), "b": In(n), "c": Out(n), "high": Out(n - 1)}
            | ({"enable": In(1)} if stages else {})
            | ({"flip_d": In(2 * n - 1), "flip_c": In(n)} if inject else {})
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        n = self.field.m
        registers = Registers(m, self._cuts, self.enable if self.stages else None)
        product = schoolbook(m, self.a, self.b, registers)
        d = Signal(2 * n - 1)
        m.d.comb += d.eq(product ^ self.flip_d if self.inject else product)
        c = reduced(self.field, d)
        m.d.comb += [self.high.eq(d[n:]), self.c.eq(c ^ self.flip_c if self.inject else c)]
        return m
