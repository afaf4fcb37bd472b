"""Arithmetic in the locator field GF(2^r), r of 2 to 11, on combinational values."""

from collections.abc import Sequence

from amaranth import Cat, Const, Value

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import combine, linear_rows

__all__ = ["dot", "multiply", "power_rows", "product", "reduce", "scale_rows"]


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
