"""Arithmetic in the locator field GF(2^r), r of 2 to 11, on combinational values."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from amaranth import Cat, Const, Module, Signal, Value

from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import XorPlan, apply, combine, compose, linear_rows, plan, transpose

__all__ = [
    "Bilinear",
    "Products",
    "bilinear",
    "cube_levels",
    "depth",
    "dot",
    "dot_levels",
    "multiply",
    "power_rows",
    "product",
    "reduce",
    "reduce_levels",
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
    """An unreduced product *value* modulo the field's polynomial: r bits.

    Bits that have few terms, at the ends of the product, arrive early and are joined first.
    """
    return Cat(_merged(field, len(value), bit, lambda k: value[k])[1] for bit in range(field.m))


def reduce_levels(field: Gf2m) -> int:
    """Gates on the longest path of a product and its reduction, without the AND gates."""
    return max(_merged(field, 2 * field.m - 1, bit, lambda k: Const(0, 1))[0] for bit in range(field.m))


def _merged(field: Gf2m, width: int, bit: int, of: Callable[[int], Value]) -> tuple[int, Value]:
    """Level and value of the XOR of all product bits *of*(k) that reduce to *bit*."""
    heap = [(depth(min(k + 1, width - k)), k, of(k)) for k in range(width) if field.reduce(1 << k) >> bit & 1]
    heapq.heapify(heap)
    while len(heap) > 1:
        _, _, early = heapq.heappop(heap)
        late, k, value = heapq.heappop(heap)
        heapq.heappush(heap, (late + 1, k, early ^ value))
    level, _, value = heap[0]
    return level, value


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


@dataclass(frozen=True)
class Bilinear:
    """Products of sums of operand bits from which a product in the field is summed.

    Attributes
    ----------
    left, right : tuple of int
        Bits of either operand in the sum that each AND gate takes.
    rows : tuple of int
        Rows (:mod:`pyralis.hw.gf.linear`) from the AND gates to the reduced product.
    """

    left: tuple[int, ...]
    right: tuple[int, ...]
    rows: tuple[int, ...]


@lru_cache
def bilinear(field: Gf2m, whole: int = 1) -> Bilinear:
    """Karatsuba and Ofman's recursion down to pieces of *whole* bits, reduced.

    The sums of an operand are made once for all its products, and a sum of products is made before what the
    recursion adds up and the reduction, so both are shared where :class:`Products` has several of them.
    """
    terms = _karatsuba(field.m, whole)[::-1]  # the order in which fewest sums are left
    reduced = [field.reduce(term[2]) for term in terms]
    return Bilinear(
        tuple(left for left, _, _ in terms),
        tuple(right for _, right, _ in terms),
        transpose(reduced, field.m),
    )


def _karatsuba(bits: int, whole: int) -> list[tuple[int, int, int]]:
    """(left sum, right sum, columns of the unreduced product that take their AND)."""
    if bits <= whole:
        return [(1 << i, 1 << j, 1 << i + j) for i in range(bits) for j in range(bits)]
    low, mask = (bits + 1) // 2, (1 << bits) - 1
    terms = []
    for left, right, columns in _karatsuba(low, whole):
        terms.append((left, right, columns ^ columns << low))
        terms.append(((left | left << low) & mask, (right | right << low) & mask, columns << low))
    for left, right, columns in _karatsuba(bits - low, whole):
        terms.append((left << low, right << low, columns << low ^ columns << 2 * low))
    return terms


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
    whole : int
        Bits of the pieces that Karatsuba's recursion leaves: 1 is smallest where operands have many products,
        3 where they have few; more is shallower.
    """

    def __init__(self, m: Module, field: Gf2m, name: str, whole: int = 1) -> None:
        self._m = m
        self._field = field
        self._scheme = bilinear(field, whole)
        self._name = name
        self._count = 0
        self._operands: dict[int, tuple[Value, Value, Value]] = {}
        self._powers: dict[int, tuple[Value, int, Value]] = {}

    def square(self, x: Value) -> Value:
        """x^2. As operand or summand of the other methods it is one map together with what follows."""
        square = apply(self._m, power_rows(self._field, 1), x, name=self._next())
        self._powers[id(square)] = (x, 1, square)
        return square

    def cube(self, x: Value, plus: Value) -> Value:
        """x^3 + *plus*: a quadratic form of the bits, half the AND gates of a product."""
        ands = self._keep(Cat(x[i] & x[j] for i, j in _pairs(self._field.m)))
        return apply(self._m, _cube_rows(self._field), Cat(ands, x, plus), name=self._next())

    def root(self, x: Value) -> Value:
        """The square root of *x*, with the same advantage."""
        root = apply(self._m, power_rows(self._field, self._field.m - 1), x, name=self._next())
        self._powers[id(root)] = (x, self._field.m - 1, root)
        return root

    def dot(
        self, pairs: Sequence[tuple[Value, Value]], plus: Sequence[Value] = (), *, squared: bool = False
    ) -> Value:
        """Sum of the products of *pairs*, if *squared* of their squares, and of *plus*.

        An operand of one bit is 0 or 1 of the field.
        """
        r = self._field.m
        gated = [(x, y) if len(y) == 1 else (y, x) for x, y in pairs if 1 in (len(x), len(y))]
        full = [self._operand(x)[0] & self._operand(y)[1] for x, y in pairs if 1 not in (len(x), len(y))]
        ands = self._keep(combine(full)) if full else Const(0, 0)
        rows, inputs = list(self._scheme.rows) if full else [0] * r, [ands]
        rows = list(compose(power_rows(self._field, int(squared)), rows))
        for value in [*plus, *(x & y.replicate(r) for x, y in gated)]:
            source, map_rows = self._source(value)
            rows = [row | more << sum(map(len, inputs)) for row, more in zip(rows, map_rows, strict=True)]
            inputs.append(source)
        return apply(self._m, rows, Cat(inputs), name=self._next())

    def _operand(self, x: Value) -> tuple[Value, Value]:
        """The sums of the bits of *x* as left and as right operand."""
        if id(x) not in self._operands:
            scheme = self._scheme
            masks = sorted({*scheme.left, *scheme.right})
            source, rows = self._source(x)
            sums = apply(self._m, compose(masks, rows), source, name=self._next())
            sides = (scheme.left, scheme.right)
            left, right = (self._keep(Cat(sums[masks.index(mask)] for mask in side)) for side in sides)
            self._operands[id(x)] = (left, right, x)  # x lives on, so its id is not given away
        return self._operands[id(x)][:2]

    def _source(self, x: Value) -> tuple[Value, tuple[int, ...]]:
        """A value and the linear map of it that *x* is."""
        source, squarings, _ = self._powers.get(id(x), (x, 0, x))
        return source, power_rows(self._field, squarings)

    def _next(self) -> str:
        self._count += 1
        return f"{self._name}_{self._count}"

    def _keep(self, value: Value) -> Value:
        kept = Signal(len(value), name=self._next())
        self._m.d.comb += kept.eq(value)
        return kept


def _pairs(r: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(r) for j in range(i + 1, r)]


@lru_cache
def _cube_rows(field: Gf2m) -> tuple[int, ...]:
    """x^3 from the products of two bits of x, then the bits of x themselves; a summand behind them."""
    pairs = [field.power(2, 2 * i + j) ^ field.power(2, i + 2 * j) for i, j in _pairs(field.m)]
    bits = [field.power(2, 3 * i) for i in range(field.m)]
    return transpose([*pairs, *bits, *(1 << k for k in range(field.m))], field.m)


def dot_levels(
    field: Gf2m, terms: int, plus: int = 0, *, squarings: int = 0, squared: bool = False, whole: int = 1
) -> int:
    """Gates on the longest path of :meth:`Products.dot`.

    Parameters
    ----------
    field : Gf2m
    terms, plus : int
        Full products, and further summands that arrive with their operands.
    squarings : int
        Of the operands that are squares (1) or roots (r - 1).
    squared : bool
    whole : int
    """
    scheme = bilinear(field, whole)
    masks = tuple(sorted({*scheme.left, *scheme.right}))
    found = plan(compose(masks, power_rows(field, squarings)), field.m)
    at = dict(zip(masks, _arrivals(found, [0] * field.m), strict=True))
    ands = [max(at[x], at[y]) + 1 + depth(terms) for x, y in zip(scheme.left, scheme.right, strict=True)]
    last = plan(compose(power_rows(field, int(squared)), scheme.rows), len(ands))
    return max(_arrivals(last, ands)) + (plus > 0)


def _arrivals(found: XorPlan, at: list[int]) -> list[int]:
    """Level of each output when input *k* is there at the level ``at[k]``."""
    levels = list(at)
    for a, b in found.gates:
        levels.append(1 + max(levels[a], levels[b]))
    return [levels[k] if k >= 0 else 0 for k in found.outputs]


def cube_levels(field: Gf2m) -> int:
    """Gates on the longest path of :meth:`Products.cube`."""
    return 1 + plan(_cube_rows(field), len(_pairs(field.m)) + 2 * field.m).levels


def square_levels(field: Gf2m) -> int:
    """Gates on the longest path of :meth:`Products.square`."""
    return plan(power_rows(field, 1), field.m).levels


def depth(operands: int) -> int:
    """Levels of a balanced tree."""
    return max(operands - 1, 0).bit_length()
