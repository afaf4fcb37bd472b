"""Arithmetic in the locator field GF(2^r), r of 2 to 11, on combinational values."""

from collections.abc import Sequence

from amaranth import Cat, Const, Module, Signal, Value

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import apply, combine, linear_rows, plan

__all__ = [
    "Products",
    "depth",
    "dot",
    "dot_levels",
    "multiply",
    "power_rows",
    "product",
    "reduce",
    "scale_rows",
    "square_levels",
]


def product(x: Value, y: Value) -> Value:
    """Unreduced product of two values of r bits each: 2 r - 1 bits."""
    r = len(x)
    columns = [
        combine([x[i] & y[k - i] for i in range(max(0, k - r + 1), min(k, r - 1) + 1)])
        for k in range(2 * r - 1)
    ]
    return Cat(*columns)


def reduce(field: Gf2m, value: Value) -> Value:
    """An unreduced *value* modulo the field's polynomial: r bits."""
    columns = [field.reduce(1 << k) for k in range(len(value))]
    return Cat(
        combine([value[k] for k, column in enumerate(columns) if column >> bit & 1]) for bit in range(field.m)
    )


def multiply(field: Gf2m, x: Value, y: Value) -> Value:
    """Product in the field."""
    return reduce(field, product(x, y))


def dot(field: Gf2m, pairs: Sequence[tuple[Value, Value]]) -> Value:
    """Sum of products in the field, reduced once; 0 without any."""
    if not pairs:
        return Const(0, field.m)
    return reduce(field, combine([product(x, y) for x, y in pairs]))


def scale_rows(field: Gf2m, constant: int) -> tuple[int, ...]:
    """Rows (:mod:`pyralis.hw.gf.linear`) of the multiplication by *constant*."""
    return linear_rows(lambda x: field.multiply(x, constant), field.m, field.m)


def power_rows(field: Gf2m, squarings: int) -> tuple[int, ...]:
    """Rows of x to the power 2^*squarings*."""
    return linear_rows(lambda x: field.power(x, 1 << squarings), field.m, field.m)


class Products:
    """Sums of products in GF(2^r) inside one module.

    Parameters
    ----------
    m : Module
        Takes the logic.
    field : Gf2m
        GF(2^r).
    name : str
        Begins the names of the signals.
    """

    def __init__(self, m: Module, field: Gf2m, name: str) -> None:
        self._m = m
        self._field = field
        self._name = name
        self._count = 0

    def square(self, x: Value) -> Value:
        """x^2."""
        return self._keep(apply(self._m, power_rows(self._field, 1), x, name=self._next()))

    def dot(self, pairs: Sequence[tuple[Value, Value]], plus: Sequence[Value] = ()) -> Value:
        """Sum of the products of *pairs* and of *plus*; an operand of one bit is 0 or 1 of the field."""
        gated = [(x, y) for x, y in pairs if 1 in (len(x), len(y))]
        full = [pair for pair in pairs if 1 not in map(len, pair)]
        terms = [
            x & y.replicate(self._field.m) if len(y) == 1 else y & x.replicate(self._field.m)
            for x, y in gated
        ]
        if full:
            terms.append(dot(self._field, full))
        return self._keep(combine([*terms, *plus]))

    def _next(self) -> str:
        self._count += 1
        return f"{self._name}_{self._count}"

    def _keep(self, value: Value) -> Value:
        kept = Signal(len(value), name=self._next())
        self._m.d.comb += kept.eq(value)
        return kept


def dot_levels(field: Gf2m, terms: int, plus: int = 0) -> int:
    """Gates on the longest path of :meth:`Products.dot` of so many full products and further summands."""
    r = field.m
    columns = [field.reduce(1 << k) for k in range(2 * r - 1)]
    widest = max(sum(column >> bit & 1 for column in columns) for bit in range(r))
    return 1 + depth(r) + depth(terms) + depth(widest) + depth(plus + 1)


def square_levels(field: Gf2m) -> int:
    """Gates on the longest path of :meth:`Products.square`."""
    return plan(power_rows(field, 1), field.m).levels


def depth(operands: int) -> int:
    """Levels of a balanced tree."""
    return max(operands - 1, 0).bit_length()
