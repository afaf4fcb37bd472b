"""Correction of the product: the located errors, carried through the reduction, are XORed onto it."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import linear
from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.field import Gf2m, reduction_matrix

__all__ = ["Flip"]


class Flip(wiring.Component):
    """The product with the errors taken away.

    An error of bit k >= m of the unreduced product has reached all bits of c that x^k has modulo the field's
    polynomial. Errors of check bits change nothing. What is flipped is gated as the last thing before c: only
    2 m gates stand between a right product and the output.

    Ports
    -----
    c : In(m)
        Product, in polynomial bit order.
    errors : In(length of the code)
        One bit a position.
    correct : In(1)
        Whether *errors* can be trusted.
    y : Out(m)
        c, or what c should have been.

    Raises
    ------
    ValueError
        *code* is one for another m than the field's.
    """

    def __init__(self, field: Gf2m, code: BchCode) -> None:
        if field.m != code.m:
            raise ValueError(f"The code is for m = {code.m}, but the field has m = {field.m}.")
        self.field = field
        self.code = code
        super().__init__({"c": In(code.m), "errors": In(code.length), "correct": In(1), "y": Out(code.m)})

    @property
    def rows(self) -> tuple[int, ...]:
        """What is flipped, as a map of the positions."""
        m = self.code.m
        if self.code.kind == "product":
            return tuple(1 << self.code.length - m + bit for bit in range(m))
        columns = [1 << bit for bit in range(m)] + list(reduction_matrix(self.field))
        return linear.transpose(columns, m)

    @property
    def levels(self) -> int:
        """Longest path in two-input gates, from ``errors``; from ``correct`` there are 2."""
        return linear.plan(self.rows, self.code.length).levels + 2

    def elaborate(self, platform) -> Module:
        m = Module()
        flips = linear.apply(m, self.rows, self.errors, name="flip")
        m.d.comb += self.y.eq(self.c ^ (flips & self.correct.replicate(self.code.m)))
        return m
