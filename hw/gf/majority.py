"""Orthogonal Latin square code on the product: each bit is decided by one vote among its checks.

The m data bits lie in a square of side s. A class of checks is a set of parallel lines: rows, columns, and
the lines of slope k (the cells of one symbol of a Latin square). Two lines of different classes meet in one
cell only, so any other data bit is in at most one of the 2 t checks of a bit, and t errors, wherever they
are, leave the majority right (Hsiao, Bossen and Chien, "Orthogonal Latin Square Codes", IBM J. R&D 14(4),
1970).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import isqrt

from amaranth import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf.code import CONWAY
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import apply
from pyralis.hw.gf.product import tree_levels
from pyralis.hw.gf.product_code import product_first, product_first_levels

__all__ = ["MajorityDecoder", "MajorityPredictor", "latin_checks", "square_side"]


def square_side(m: int, t: int) -> int:
    """The smallest s, a prime or a power of two, with s^2 >= m cells and s + 1 >= 2 t classes of lines."""
    side = max(isqrt(m - 1) + 1, 2 * t - 1, 2)
    while side & side - 1 and any(side % divisor == 0 for divisor in range(2, isqrt(side) + 1)):
        side += 1
    return side


@lru_cache
def latin_checks(m: int, t: int) -> tuple[int, ...]:
    """Data bits of each check, as m-bit ints; 2 t of them hold any one bit. Checks of no bit are left out.

    Raises
    ------
    ValueError
        *t* is less than 1.
    """
    if t < 1:
        raise ValueError(f"t must be at least 1, not {t}.")
    side = square_side(m, t)
    lines = [[0] * side for _ in range(2 * t)]
    for bit in range(m):
        row, column = divmod(bit, side)
        for index in range(2 * t):
            # Class 0 is the rows, the others are the slopes 0, 1, 2, ...
            line = row if index == 0 else _plus(side, column, _times(side, index - 1, row))
            lines[index][line] |= 1 << bit
    return tuple(mask for parallel in lines for mask in parallel if mask)


def _plus(side: int, x: int, y: int) -> int:
    """Sum in the field of *side* elements."""
    return (x + y) % side if side & side - 1 else x ^ y


def _times(side: int, x: int, y: int) -> int:
    """Product in the field of *side* elements."""
    if side & side - 1 or side == 2:
        return x * y % side
    degree = side.bit_length() - 1
    return Gf2m(degree, CONWAY[degree]).multiply(x, y)


class MajorityPredictor(wiring.Component):
    """Check bits of the product a b, by an unreduced product of its own and one linear map.

    Parameters
    ----------
    field : Gf2m
    t : int
        Errors to correct.
    inject : bool
        Adds the port ``flip_p``.

    Ports
    -----
    a, b : In(m)
    flip_p : In(bits)
        XORed onto *p*, with *inject* only.
    p : Out(bits)

    Attributes
    ----------
    bits : int
        Check bits, at most 2 s t.
    """

    def __init__(self, field: Gf2m, t: int, inject: bool = False) -> None:
        self.field = field
        self.checks = latin_checks(field.m, t)
        self.bits = len(self.checks)
        self.inject = inject
        flip = {"flip_p": In(self.bits)} if inject else {}
        super().__init__({"a": In(field.m), "b": In(field.m), **flip, "p": Out(self.bits)})

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        return product_first_levels(self.field, self.checks) + self.inject

    def elaborate(self, platform) -> Module:
        m = Module()
        value = product_first(m, self.field, self.checks, self.a, self.b)
        m.d.comb += self.p.eq(value ^ self.flip_p if self.inject else value)
        return m


class MajorityDecoder(wiring.Component):
    """Flips the data bits most of whose checks fail.

    A check fails if it disagrees with its predicted bit. Of up to t errors, a wrong bit sees at least t + 1
    of its 2 t checks fail and a right one at most t; errors of check bits count like those of data bits.

    Ports
    -----
    c : In(m)
        Product.
    p : In(bits)
        Of :class:`MajorityPredictor`.
    y : Out(m)
        Corrected product.
    errors : Out(m)
        Bits that were flipped.
    error : Out(1)
        A check fails.
    """

    def __init__(self, field: Gf2m, t: int) -> None:
        self.field = field
        self.t = t
        self.checks = latin_checks(field.m, t)
        m = field.m
        super().__init__({
            "c": In(m),
            "p": In(len(self.checks)),
            "y": Out(m),
            "errors": Out(m),
            "error": Out(1),
        })

    @property
    def levels(self) -> int:
        """Longest path in two-input gates."""
        checks = max(tree_levels(check.bit_count() + 1) for check in self.checks)
        return checks + max(_levels(self.t) + 1, tree_levels(len(self.checks)))

    def elaborate(self, platform) -> Module:
        m = Module()
        failed = Signal(len(self.checks))
        rows = [check | 1 << self.field.m + k for k, check in enumerate(self.checks)]
        m.d.comb += failed.eq(apply(m, rows, Cat(self.c, self.p), name="sum"))
        for bit in range(self.field.m):
            votes = [failed[k] for k, check in enumerate(self.checks) if check >> bit & 1]
            m.d.comb += self.errors[bit].eq(_more_than(m, votes, self.t, f"vote_{bit}")[0])
        m.d.comb += [self.y.eq(self.c ^ self.errors), self.error.eq(failed.any())]
        return m


def _levels(limit: int) -> int:
    """Levels of :func:`_more_than`."""
    return _more_than(None, [Const(0, 1)] * (2 * limit), limit)[1]


def _more_than(m: Module | None, votes: Sequence[Value], limit: int, name: str = "") -> tuple[Value, int]:
    """Whether more than *limit* of 2 *limit* votes are 1, and levels for that; only those without *m*.

    Full adders count the votes. A constant is added, so that the answer is the carry out of the count.
    """
    bits = (2 * limit).bit_length()
    start = (1 << bits) - 1 - limit
    column = [(0, vote) for vote in votes]
    for weight in range(bits):
        carries: list[tuple[int, Value]] = []
        constant = start >> weight & 1
        while len(column) + constant > 1:
            column.sort(key=lambda entry: entry[0])
            (_, x), *column = column
            last, y = column.pop(0) if column else (0, Const(0, 1))
            adder = Signal(2, name=f"{name}_{weight}_{len(carries)}")
            if constant:
                total, constant = Cat(~(x ^ y), x | y), 0
            elif column:
                (late, z), *column = column
                total, last = Cat(x ^ y ^ z, x & y | z & (x ^ y)), max(last + 1, late)
            else:
                total = Cat(x ^ y, x & y)
            if m is not None:
                m.d.comb += adder.eq(total)
            column.append((last + 1, adder[0]))
            carries.append((last + 2, adder[1]))
        column = carries
    return column[0][1], column[0][0]
