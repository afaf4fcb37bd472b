"""The two-step multiplier: the product array, then its reduction."""

from amaranth import Module, Value

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.product import ProductMultiplier, Registers, array_bits, schoolbook, tree_levels

__all__ = ["TwoStep"]


class TwoStep(ProductMultiplier):
    """c = a b modulo the field's polynomial, by m^2 AND gates, (m - 1)^2 XOR gates and the reduction.

    A fault of one gate of the array disturbs one bit of the unreduced product, one of the reduction one bit
    of *c*: the codes on the unreduced product rest on that.

    Parameters
    ----------
    field : Gf2m
    stages : int
        Registers between operands and product, in the trees of the array or behind them.
    inject : bool
        Adds the ports ``flip_d`` and ``flip_c``.

    Ports, attributes, timing and errors are those of :class:`ProductMultiplier`.

    Golden model
    ------------
    :mod:`pyralis.sim.golden.gf.field`, bit exact.
    """

    def __init__(self, field: Gf2m, stages: int = 0, inject: bool = False) -> None:
        array = range(1, tree_levels(field.m) + 2)
        super().__init__(field, [(level, array_bits(field.m, level)) for level in array], stages, inject)

    def unreduced(self, m: Module, registers: Registers) -> Value:
        return schoolbook(m, self.a, self.b, registers)
