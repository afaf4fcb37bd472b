"""The key equation of a binary BCH code at half its size, and what both ways to solve it share.

Split the locator into its even and its odd part, Lambda(x) = E(x^2) + x O(x^2), and let z = x^2. The
syndromes of a binary code are the coefficients of S(x) = x Lambda' / Lambda, whose even part is the square of
S. Because x Lambda' is the odd part of Lambda, C = x O / E = S / (1 + S) is odd, and comparing odd parts
gives C = S_odd (1 + C^2), which yields its coefficients one after the other:

    c1 = S1, c3 = S3 + S1 c1^2, c5 = S5 + S3 c1^2, c7 = S7 + S5 c1^2 + S1 c3^2, c9 = S9 + S7 c1^2 + S3 c3^2

What is left to solve is c(z) E(z) = O(z) modulo z^t for an E with E(0) other than 0, deg E <= t/2 and
deg O <= (t - 1)/2: t coefficients of c where the key equation has 2t syndromes. The number of errors is
L = max(2 deg E, 2 deg O + 1), and O follows from E by one short product.
"""

from collections.abc import Mapping

from amaranth import Module
from amaranth.hdl import ShapeLike
from amaranth.lib import data

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.smallfield import Products, cube_levels, dot_levels
from pyralis.hw.gf.step import Part, first_record, last_record, syndromes

__all__ = ["HighSeries", "Odd", "Series", "even_names", "series", "series_names"]


def series(code: BchCode, t: int) -> list[Part]:
    """Parts from the syndrome to c1 .. c_(2t - 1)."""
    return [Series(code, t), HighSeries(code, t)] if t > 3 else [Series(code, t)]


def series_names(count: int) -> list[str]:
    """Fields of the first *count* coefficients of c."""
    return [f"c{2 * k + 1}" for k in range(count)]


def even_names(count: int) -> list[str]:
    """Fields of the first *count* coefficients of E."""
    return [f"e{k}" for k in range(count)]


def piece_bits(t: int) -> int:
    """Where Karatsuba's recursion stops: few products share an operand for small *t*."""
    return 3 if t <= 3 else 1


class Series(Part):
    """c1, c3, c5, as many as *t* asks for, and the syndromes that :class:`HighSeries` needs."""

    def __init__(self, code: BchCode, t: int) -> None:
        self._code, self._t = code, t
        self._names = series_names(min(t, 3))
        self._kept = {4: (5, 7), 5: (3, 5, 7, 9)}.get(t, ())
        field, whole = code.locator_field, piece_bits(t)
        self.levels = cube_levels(field) if t > 1 else 0
        if t == 3:
            self.levels = max(
                self.levels, dot_levels(field, 1, 1, squarings=code.r - 1, squared=True, whole=whole)
            )
        elif t > 3:
            self.levels = max(self.levels, dot_levels(field, 1, 1, squarings=1, whole=whole))
        names = [*self._names, *(f"s{k}" for k in self._kept)]
        super().__init__(first_record(code, t), dict.fromkeys(names, code.r))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "series", piece_bits(self._t))
        exponents = {*range(1, 2 * len(self._names), 2), *self._kept}
        s = syndromes(m, self._code, i.syndrome, exponents)
        m.d.comb += [o[f"s{k}"].eq(s[k]) for k in self._kept]
        m.d.comb += o.c1.eq(s[1])
        if self._t > 1:
            m.d.comb += o.c3.eq(p.cube(s[1], s[3]))
        if self._t == 3:  # c1 is an operand of other products, c1^2 of none
            m.d.comb += o.c5.eq(p.dot([(s[1], p.root(s[3]))], [s[5]], squared=True))
        elif self._t > 3:
            m.d.comb += o.c5.eq(p.dot([(p.square(s[1]), s[3])], [s[5]]))


class HighSeries(Part):
    """c7 and, for t = 5, c9."""

    def __init__(self, code: BchCode, t: int) -> None:
        self._code, self._t = code, t
        self.levels = dot_levels(code.locator_field, 2, 1, squarings=1)
        super().__init__(Series(code, t).after.members, dict.fromkeys(series_names(t), code.r))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "high")
        c1, first, third = i.c1, p.square(i.c1), p.square(i.c3)
        m.d.comb += [o[name].eq(i[name]) for name in series_names(3)]
        m.d.comb += o.c7.eq(p.dot([(first, i.s5), (third, c1)], [i.s7]))
        if self._t == 5:
            m.d.comb += o.c9.eq(p.dot([(first, i.s7), (third, i.s3)], [i.s9]))


class Odd(Part):
    """O = c E, and the locator from both.

    Parameters
    ----------
    code : BchCode
    t : int
    more : mapping
        Further fields of its record; ``degree`` and ``fail`` are handed on.
    leading : bool
        t is 2 or 3 and E_0 is the last but one coefficient of c, or 1 where that and the last one are 0. Then
        a product is a square.
    """

    def __init__(
        self, code: BchCode, t: int, more: Mapping[str, ShapeLike], *, leading: bool = False
    ) -> None:
        self._code, self._t, self._leading = code, t, leading
        self._size = (t + 1) // 2
        names = [*series_names(self._size), *even_names(t // 2 + 1)]
        self.levels = dot_levels(code.locator_field, self._size, whole=piece_bits(t)) if t > 1 else 0
        super().__init__({**dict.fromkeys(names, code.r), **more}, last_record(code, t))

    def build(self, m: Module, i: data.View, o: data.View) -> None:
        p = Products(m, self._code.locator_field, "odd", piece_bits(self._t))
        c = [i[name] for name in series_names(self._size)]
        e = [i[name] for name in even_names(self._t // 2 + 1)]
        if self._t == 1:
            odd = c
        elif self._leading:
            square = p.square(c[-1])
            odd = [square] if self._t == 2 else [p.dot([(c[0], e[0])]), p.dot([(c[0], e[1])], [square])]
        else:
            odd = [p.dot([(c[j], e[k - j]) for j in range(k + 1)]) for k in range(self._size)]
        m.d.comb += [o.locator[2 * k].eq(value) for k, value in enumerate(e)]
        m.d.comb += [o.locator[2 * k + 1].eq(value) for k, value in enumerate(odd)]
        m.d.comb += [o.degree.eq(i.degree), o.fail.eq(i.fail)]
