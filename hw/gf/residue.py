"""The code on the unreduced product d = A B: syndromes predicted from the operands, and checked.

There are no check bits: d(alpha^i) must be A(alpha^i) B(alpha^i). So a channel i needs the values of both
operands at alpha^i and one product in the locator field, and nothing of the other channels.
"""

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import linear, smallfield
from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.field import Gf2m, reduction_matrix

__all__ = ["ResidueChecker", "ResiduePredictor"]


def _rows(code: BchCode, channel: int, positions: int) -> tuple[int, ...]:
    """Value at alpha^channel of a polynomial with so many coefficients."""
    return linear.transpose([code.column(channel, k) for k in range(positions)], code.r)


def _check_code(code: BchCode) -> None:
    if code.kind != "residue":
        raise ValueError(f"The code must be a residue_code, not a {code.kind}_code; take residue_code.")


class ResiduePredictor(wiring.Component):
    """What the unreduced product's values at the channels must be, from the operands alone.

    Ports
    -----
    a, b : In(m)
    flip_p : In(r * channels)
        Added to *p*, with *inject* only.
    p : Out(r * channels)
        A(alpha^i) B(alpha^i), channel index n in bits n * r .. n * r + r - 1.

    Raises
    ------
    ValueError
        *code* is not a residue code.
    """

    def __init__(self, code: BchCode, inject: bool = False) -> None:
        _check_code(code)
        self.code = code
        self.inject = inject
        width = code.r * len(code.channels)
        flip = {"flip_p": In(width)} if inject else {}
        super().__init__({"a": In(code.m), "b": In(code.m), **flip, "p": Out(width)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        code = self.code
        values = max(linear.plan(_rows(code, channel, code.m), code.m).levels for channel in code.channels)
        reduction = linear.linear_rows(code.locator_field.reduce, 2 * code.r - 1, code.r)
        terms = max(row.bit_count() for row in reduction)
        return values + 1 + (code.r - 1).bit_length() + (terms - 1).bit_length() + self.inject

    def elaborate(self, platform) -> Module:
        m = Module()
        values = []
        for channel in self.code.channels:
            x, y = (
                self._value(m, operand, channel, f"{name}_{channel}")
                for name, operand in (("a", self.a), ("b", self.b))
            )
            product = Signal(2 * self.code.r - 1, name=f"product_{channel}")
            m.d.comb += product.eq(smallfield.product(x, y))
            values.append(smallfield.reduce(self.code.locator_field, product))
        value = Cat(*values)
        m.d.comb += self.p.eq(value ^ self.flip_p if self.inject else value)
        return m

    def _value(self, m: Module, operand: Value, channel: int, name: str) -> Signal:
        """*operand* at alpha^channel."""
        value = Signal(self.code.r, name=name)
        m.d.comb += value.eq(
            linear.apply(m, _rows(self.code, channel, self.code.m), operand, name=f"{name}_sum")
        )
        return value


class ResidueChecker(wiring.Component):
    """Syndrome of the unreduced product, from the reduced one and what was reduced away.

    With Q the reduction, the low half of the product is c + Q high. So a fault of the reduction shows like
    one of the product array, at the positions of the bits of c that it reaches.

    Ports
    -----
    c : In(m)
        Reduced product.
    high : In(m - 1)
        Bits m .. 2 m - 2 of the unreduced product, or with *quotient* instead
    quotient : In(m - 1)
        What f was taken times: d = c + f quotient.
    p : In(r * channels)
        Of :class:`ResiduePredictor`.
    syndrome : Out(r * channels)
        S_i = d(alpha^i) + p_i, channel index n in bits n * r .. n * r + r - 1.
    error : Out(1)
        The syndrome is not 0.

    Raises
    ------
    ValueError
        *code* is not a residue code, or one for another m than the field's.
    """

    def __init__(self, field: Gf2m, code: BchCode, quotient: bool = False) -> None:
        _check_code(code)
        if field.m != code.m:
            raise ValueError(f"The code is for m = {code.m}, but the field has m = {field.m}.")
        self.field = field
        self.code = code
        self._upper_port = "quotient" if quotient else "high"
        width = code.r * len(code.channels)
        super().__init__({
            "c": In(code.m),
            self._upper_port: In(code.m - 1),
            "p": In(width),
            "syndrome": Out(width),
            "error": Out(1),
        })

    @property
    def rows(self) -> tuple[int, ...]:
        """The syndrome as a map of c, then high or quotient, then p."""
        rows = []
        for index, channel in enumerate(self.code.channels):
            columns = [self.code.column(channel, k) for k in range(self.code.m)]
            columns += self._upper(channel, columns)
            width = len(columns) + index * self.code.r
            rows += [row | 1 << width + bit for bit, row in enumerate(linear.transpose(columns, self.code.r))]
        return tuple(rows)

    def _upper(self, channel: int, low: list[int]) -> list[int]:
        """Columns of high or quotient, given the *low* columns, of c."""
        if self._upper_port == "high":
            matrix = linear.transpose(low, self.code.r)
            return [
                self.code.column(channel, self.code.m + k) ^ linear.sums(matrix, reduced)
                for k, reduced in enumerate(reduction_matrix(self.field))
            ]
        terms = [k for k in range(self.code.m + 1) if self.field.polynomial >> k & 1]
        columns = []
        for k in range(self.code.m - 1):
            value = 0
            for term in terms:
                value ^= self.code.column(channel, k + term)
            columns.append(value)
        return columns

    @property
    def levels(self) -> int:
        """Longest path in two-input gates, to ``error``."""
        found = linear.plan(self.rows, 2 * self.code.m - 1 + len(self.p))
        return found.levels + (len(self.p) - 1).bit_length()

    def elaborate(self, platform) -> Module:
        m = Module()
        inputs = Cat(self.c, getattr(self, self._upper_port), self.p)
        m.d.comb += [
            self.syndrome.eq(linear.apply(m, self.rows, inputs, name="sum")),
            self.error.eq(self.syndrome.any()),
        ]
        return m
