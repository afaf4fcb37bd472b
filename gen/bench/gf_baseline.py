"""The fault-tolerant multiplier of earlier papers, rebuilt from blocks here and measured the same way.

After M. Poolakkaparambil, J. Mathew, A. M. Jabir and others ("BCH code based multiple bit error correction in
finite field multiplier circuits", ISQED 2011; "Multiple bit error tolerant Galois field architectures over
GF(2^m)", Electronics 1(1), 2012), as far as their abstracts say: a product code, check bits from an unreduced
product of their own with an array like the multiplier's, Peterson's determinants for the key equation or,
beyond three errors, Berlekamp and Massey's algorithm unrolled, and a bit-parallel Chien search in which every
position has its own sums. Nothing decides whether what was located explains the syndrome, and nothing is
folded or pipelined, so what it has less than a core here counts in its favour.
"""

from amaranth import Module, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import linear
from pyralis.hw.gf.code import BchCode, product_code
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.flip import Flip
from pyralis.hw.gf.flow import Flow, Timed
from pyralis.hw.gf.keyequation import KeyEquation
from pyralis.hw.gf.locator import Locator
from pyralis.hw.gf.product import reduction_rows, schoolbook, tree_levels
from pyralis.hw.gf.product_code import ProductChecker, ProductPredictor, Syndromes, check_rows
from pyralis.hw.gf.two_step import TwoStep

__all__ = ["ParallelBch"]

PETERSON_T = 3
"""Largest t for which the determinants are written out."""


class ArrayPredictor(wiring.Component):
    """Check bits from all partial products of the operands: the *p* of :class:`ProductPredictor`."""

    def __init__(self, field: Gf2m, code: BchCode) -> None:
        self._rows = linear.compose(check_rows(code), reduction_rows(field))
        self.m = field.m
        super().__init__({"a": In(field.m), "b": In(field.m), "p": Out(code.parity_bits)})

    @property
    def levels(self) -> int:
        """Two-input gates on the longest path."""
        return 1 + tree_levels(self.m) + linear.plan(self._rows, 2 * self.m - 1).levels

    def elaborate(self, platform) -> Module:
        m = Module()
        d = schoolbook(m, self.a, self.b, name="own")
        m.d.comb += self.p.eq(linear.apply(m, self._rows, d, name="check"))
        return m


class ParallelBch(wiring.Component):
    """Operands in, corrected product out, all in one combinational path.

    Ports
    -----
    a, b : In(m)
    early : Out(m)
        The raw product.
    product : Out(m)
    error : Out(1)

    Parameters
    ----------
    field : Gf2m
    t : int
    newer : bool
        With the predictor and the key equation of the cores here, which are smaller.

    Raises
    ------
    ValueError
        There is no code for *t*.
    """

    def __init__(self, field: Gf2m, t: int, *, newer: bool = False) -> None:
        self.field, self.code, self.newer = field, product_code(field.m, t), newer
        m = field.m
        super().__init__({"a": In(m), "b": In(m), "early": Out(m), "product": Out(m), "error": Out(1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        field, code, t = self.field, self.code, self.code.t
        flow = Flow(m)
        a, b = Timed(self.a), Timed(self.b)
        c = flow.place("multiplier_0", TwoStep(field), a=a, b=b)["c"]
        predictor = ProductPredictor(field, code, "product") if self.newer else ArrayPredictor(field, code)
        p = flow.place("predictor", predictor, a=a, b=b)["p"]
        check = flow.place("checker", ProductChecker(field, code), c=c, p=p)
        syndrome = flow.place("syndromes", Syndromes(code), residual=check["residual"])["syndrome"]
        equation = KeyEquation(code, t, "closed" if self.newer or t <= PETERSON_T else "bm")
        solution = flow.place("key_equation", equation, i=syndrome)["o"]
        view = data.View(equation.o.shape(), solution.value)
        locator = Timed(Value.cast(view["locator"]), depth=solution.depth)
        errors = flow.place("root_search", Locator(code, t, "direct"), locator=locator)["errors"]
        flip = flow.place("flip", Flip(field, code), c=c, errors=errors, correct=check["error"])
        m.d.comb += [
            self.early.eq(c.value),
            self.product.eq(flip["y"].value),
            self.error.eq(check["error"].value),
        ]
        return m
