"""Chien's search a few positions a cycle, and the element that the errors found add to a product.

R. T. Chien, "Cyclic decoding procedures for Bose-Chaudhuri-Hocquenghem codes", IEEE Trans. Inf. Theory 10(4),
1964. Position k is in error if Lambda(alpha^-k) = 0. From one cycle to the next the words Lambda_j become
alpha^(-j p) Lambda_j, *p* being the positions of a cycle.
"""

from collections.abc import Sequence

from amaranth import Cat, Module, Value

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.linear import apply, linear_rows
from pyralis.hw.gf.smallfield import scale_rows

__all__ = ["advance", "first_position", "roots", "search_cycles", "shift_rows"]


def search_cycles(code: BchCode, points: int) -> int:
    """Cycles in which all positions are visited."""
    return -(-code.length // points)


def first_position(code: BchCode, points: int) -> int:
    """First position of the first cycle: 0, or less if the positions do not fill all cycles."""
    return code.length - points * search_cycles(code, points)


def advance(m: Module, code: BchCode, points: int, words: Sequence[Value]) -> list[Value]:
    """The words Lambda_1 .. Lambda_t for the next cycle."""
    return [
        apply(m, scale_rows(code.locator_field, code.alpha(-points * j)), word, name=f"advance_{j}")
        for j, word in enumerate(words, 1)
    ]


def roots(m: Module, code: BchCode, points: int, words: Sequence[Value]) -> Value:
    """Which of the positions of this cycle are roots of 1 + Lambda_1 x + ... + Lambda_t x^t."""
    gf, r, start = code.locator_field, code.r, first_position(code, points)
    mask = (1 << r) - 1

    def values(flat: int) -> int:
        """All words, flat, to the values at the positions, flat."""
        found = 0
        for point in range(points):
            for j in range(len(words)):
                scale = code.alpha(-(j + 1) * (start + point))
                found ^= gf.multiply(flat >> j * r & mask, scale) << point * r
        return found

    rows = linear_rows(values, len(words) * r, points * r)
    found = apply(m, rows, Cat(words), name="value")
    return Cat(found.word_select(point, r) == 1 for point in range(points))


def shift_rows(field: Gf2m, code: BchCode, points: int) -> tuple[int, ...]:
    """Rows of what the flips become in a cycle of the search: inputs are the flips, then the *points* roots.

    Of a residue code the flips are divided by x^points, and a position enters as the power of x that becomes
    its own by the end. Of a product code they are shifted down, and positions of check bits leave.
    """
    m, start = field.m, code.length - points
    if code.kind == "residue":
        back = field.power(2, -points)
        entering = [field.power(2, start + point) for point in range(points)]
    else:
        data = start - code.parity_bits
        entering = [1 << data + point if data + point >= 0 else 0 for point in range(points)]

    def following(flat: int) -> int:
        flips, found = flat & (1 << m) - 1, flat >> m
        flips = field.multiply(flips, back) if code.kind == "residue" else flips >> points
        for point, column in enumerate(entering):
            flips ^= column if found >> point & 1 else 0
        return flips

    return linear_rows(following, m + points, m)
