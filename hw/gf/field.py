"""The finite field GF(2^m) in polynomial basis: its polynomial, named members, arithmetic on constants."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pyralis.hw.gf import polynomial as poly

__all__ = ["NAMED", "BitOrder", "Gf2m", "named", "reduction_matrix"]

BitOrder = Literal["polynomial", "ghash"]
"""Bit *k* of an element is the coefficient of x^k, or (SP 800-38D, 6.3) of x^(m - 1 - k)."""


def _terms(*exponents: int) -> int:
    return sum(1 << exponent for exponent in exponents)


NAMED: dict[str, tuple[int, BitOrder]] = {
    "aes": (_terms(8, 4, 3, 1, 0), "polynomial"),  # FIPS 197, 4.2
    "ghash": (_terms(128, 7, 2, 1, 0), "ghash"),  # SP 800-38D, 6.3
    "gf45": (_terms(45, 4, 3, 1, 0), "polynomial"),  # the size of arXiv 2306.13347; smallest pentanomial
    "b163": (_terms(163, 7, 6, 3, 0), "polynomial"),  # FIPS 186-4, D.1.3, as the four below
    "b233": (_terms(233, 74, 0), "polynomial"),
    "b283": (_terms(283, 12, 7, 5, 0), "polynomial"),
    "b409": (_terms(409, 87, 0), "polynomial"),
    "b571": (_terms(571, 10, 5, 2, 0), "polynomial"),
}
"""Polynomial and bit order of fields that have a name."""

DEFAULTS = {
    8: "aes",
    45: "gf45",
    128: "ghash",
    163: "b163",
    233: "b233",
    283: "b283",
    409: "b409",
    571: "b571",
}
"""The name whose polynomial a bare degree stands for (in polynomial bit order)."""


@dataclass(frozen=True)
class Gf2m:
    """GF(2)[x] modulo an irreducible polynomial of degree *m*.

    Attributes
    ----------
    m : int
        Degree, at least 2.
    polynomial : int
        Bit *k* is the coefficient of x^k; 0 stands for the standard's, or else the sparsest irreducible one.
    order : {"polynomial", "ghash"}
        Which coefficient bit *k* of an element is.

    Raises
    ------
    ValueError
        The polynomial has another degree or is reducible.
    """

    m: int
    polynomial: int = 0
    order: BitOrder = field(default="polynomial", kw_only=True)

    def __post_init__(self) -> None:
        if self.m < 2:
            raise ValueError(f"The degree m of a field must be at least 2, not {self.m}.")
        if self.order not in ("polynomial", "ghash"):
            raise ValueError(f"The bit order must be 'polynomial' or 'ghash', not {self.order!r}.")
        if not self.polynomial:
            object.__setattr__(self, "polynomial", _usual(self.m))
        if poly.degree(self.polynomial) != self.m:
            raise ValueError(
                f"The polynomial {poly.text(self.polynomial)} has degree {poly.degree(self.polynomial)}, "
                f"but the field has m = {self.m}; {_suggest(self.m)}."
            )
        if not poly.irreducible(self.polynomial):
            raise ValueError(f"The polynomial {poly.text(self.polynomial)} is reducible; {_suggest(self.m)}.")

    @cached_property
    def primitive(self) -> bool:
        """Whether x generates the multiplicative group. Slow beyond m of about 100."""
        return poly.primitive(self.polynomial)

    def reduce(self, value: int) -> int:
        """Polynomial *value* of any degree, modulo the field's polynomial."""
        return poly.remainder(value, self.polynomial)

    def multiply(self, a: int, b: int) -> int:
        """Product, coefficients in polynomial order."""
        return self.reduce(poly.multiply(a, b))

    def square(self, a: int) -> int:
        """*a* times itself."""
        return self.multiply(a, a)

    def power(self, a: int, exponent: int) -> int:
        """*a* to any integer *exponent*; ZeroDivisionError for a negative power of 0."""
        if exponent < 0:
            a, exponent = self.inverse(a), -exponent
        return poly.power(a, exponent, self.polynomial)

    def inverse(self, a: int) -> int:
        """The element whose product with *a* is 1, by Euclid's algorithm; ZeroDivisionError for 0."""
        if not a:
            raise ZeroDivisionError("0 has no inverse")
        r0, r1, s0, s1 = self.polynomial, a, 0, 1
        while r1 != 1:
            quotient, rest = poly.divide(r0, r1)
            r0, r1 = r1, rest
            s0, s1 = s1, s0 ^ poly.multiply(quotient, s1)
        return self.reduce(s1)

    def trace(self, a: int) -> int:
        """Sum of the conjugates a^(2^i), 0 or 1."""
        total, conjugate = 0, a
        for _ in range(self.m):
            total ^= conjugate
            conjugate = self.square(conjugate)
        return total

    def convert(self, element: int) -> int:
        """An element between the field's bit order and coefficients in polynomial order; its own inverse."""
        if self.order == "polynomial":
            return element
        return int(f"{element:0{self.m}b}"[::-1], 2)


def named(name: str) -> Gf2m:
    """The field called *name*; ValueError with the names that exist."""
    if name not in NAMED:
        raise ValueError(f"There is no field called {name!r}; there are {', '.join(NAMED)}.")
    polynomial, order = NAMED[name]
    return Gf2m(poly.degree(polynomial), polynomial, order=order)


def reduction_matrix(gf: Gf2m) -> tuple[int, ...]:
    """Columns x^m .. x^(2m - 2) modulo the polynomial: what each high bit of an unreduced product adds."""
    columns, value = [], gf.polynomial ^ 1 << gf.m
    for _ in range(gf.m - 1):
        columns.append(value)
        value <<= 1
        if value >> gf.m:
            value ^= gf.polynomial
    return tuple(columns)


def _usual(m: int) -> int:
    name = DEFAULTS.get(m)
    return NAMED[name][0] if name else poly.find_irreducible(m)


def _suggest(m: int) -> str:
    return f"{poly.text(_usual(m))} is irreducible"
