"""Binary BCH codes for the two ways to protect a product: which code, locator field and positions.

A code corrects t errors when alpha^1 .. alpha^2t are zeros of its words (Bose and Ray-Chaudhuri, Inf. Control
3, 1960). The syndrome of an error pattern is its value S_i at alpha^i; because S_2i = S_i^2, the odd *i* with
different conjugates, here called channels, carry all of it.

``residue``
    The code lies on the unreduced product d = A B, of 2m - 1 positions. It has no check bits: d(alpha^i) must
    be A(alpha^i) B(alpha^i), so the values of both operands at the channels are all that is predicted.
``product``
    The code lies on the reduced product C and the check bits x^p C mod g predicted from A and B
    (arXiv 2306.13347), C above the p check bits, shortened to m + p positions.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.field import Gf2m

__all__ = ["MAX_T", "BchCode", "product_code", "residue_code"]

Kind = Literal["residue", "product"]

MAX_T = 5
"""Largest number of errors for which decoders exist here."""

# Conway polynomials, all primitive (tables of F. Luebeck); index is the degree.
CONWAY = (0, 3, 7, 0xB, 0x13, 0x25, 0x5B, 0x83, 0x11D, 0x211, 0x46F, 0x805, 0x10EB, 0x201B, 0x40A9, 0x8035)


@dataclass(frozen=True)
class BchCode:
    """A narrow-sense primitive BCH code, shortened.

    Attributes
    ----------
    kind : {"residue", "product"}
    m : int
        Bits of a field element.
    t : int
        Errors that it corrects, by the BCH bound exactly this many.
    r : int
        Degree of the locator field GF(2^r).
    """

    kind: Kind
    m: int
    t: int
    r: int

    @cached_property
    def locator_field(self) -> Gf2m:
        """GF(2^r), in which x is the primitive element alpha."""
        return Gf2m(self.r, CONWAY[self.r])

    @cached_property
    def powers(self) -> tuple[int, ...]:
        """alpha^0 .. alpha^(2^r - 2)."""
        values, value = [], 1
        for _ in range((1 << self.r) - 1):
            values.append(value)
            value = self.locator_field.multiply(value, 2)
        return tuple(values)

    def alpha(self, exponent: int) -> int:
        """The primitive element to any integer *exponent*."""
        return self.powers[exponent % len(self.powers)]

    @cached_property
    def channels(self) -> tuple[int, ...]:
        """Odd exponents whose conjugates hold 1 .. 2t; alpha^i at these are the syndromes that exist."""
        return _channels(self.r, self.t)

    def conjugate(self, exponent: int) -> tuple[int, int]:
        """(channel index, squarings): S_exponent is the syndrome of that channel, squared so many times."""
        order = len(self.powers)
        for index, channel in enumerate(self.channels):
            for squarings in range(self.r):
                if (channel << squarings) % order == exponent % order:
                    return index, squarings
        raise ValueError(f"The code has no zero at alpha^{exponent}.")

    @cached_property
    def generator(self) -> int:
        """Product of the minimal polynomials of the channels."""
        g = 1
        for channel in self.channels:
            g = poly.multiply(g, minimal_polynomial(self.r, channel))
        return g

    @property
    def parity_bits(self) -> int:
        """Degree of the generator."""
        return poly.degree(self.generator)

    @property
    def length(self) -> int:
        """Positions at which an error can stand."""
        return 2 * self.m - 1 if self.kind == "residue" else self.m + self.parity_bits

    def column(self, channel: int, position: int) -> int:
        """What an error at *position* adds to the syndrome of channel exponent *channel*: r bits."""
        return self.alpha(channel * position)

    def syndrome(self, errors: int) -> tuple[int, ...]:
        """Syndrome of the error pattern whose bit *k* is position *k*, one value a channel."""
        values = [0] * len(self.channels)
        while errors:
            position = (errors & -errors).bit_length() - 1
            errors &= errors - 1
            values = [
                value ^ self.column(channel, position)
                for value, channel in zip(values, self.channels, strict=True)
            ]
        return tuple(values)


def residue_code(m: int, t: int, r: int | None = None) -> BchCode:
    """The smallest code for the 2m - 1 bits of an unreduced product that corrects exactly *t* errors.

    *r* asks for one locator field instead of the smallest. Raises ValueError as :func:`product_code` does.
    """
    return _choose("residue", m, t, r)


def product_code(m: int, t: int, r: int | None = None) -> BchCode:
    """The smallest code for the m bits of a reduced product that corrects exactly *t* errors.

    Raises
    ------
    ValueError
        *t* is not in 1..5; no code corrects exactly *t* errors (the next larger one is named); the code over
        the locator field of degree *r* has fewer bits than are needed.
    """
    return _choose("product", m, t, r)


def _choose(kind: Kind, m: int, t: int, r: int | None) -> BchCode:
    largest = len(CONWAY) - 1
    if m < 2:
        raise ValueError(f"The degree m of a field must be at least 2, not {m}.")
    if not 1 <= t <= MAX_T:
        raise ValueError(f"t must be in 1..{MAX_T}, not {t}; the nearest is t = {1 if t < 1 else MAX_T}.")
    if r is not None and not 2 <= r <= largest:
        near = 2 if r < 2 else largest
        raise ValueError(
            f"The locator field GF(2^r) must have r in 2..{largest}, not {r}; the nearest is r = {near}."
        )
    degrees = [degree for degree in range(2, largest + 1) if _fits(kind, m, t, degree)]
    if not degrees:
        room = (1 << largest) - 1
        most = (room + 1) // 2 if kind == "residue" else room - sum(_sizes(largest, t))
        raise ValueError(
            f"m = {m} is too large for t = {t}: the largest locator field, GF(2^{largest}), has room for "
            f"m = {most}."
        )
    exact = [degree for degree in degrees if corrected(degree, t) == t]
    if r is not None and r not in degrees:
        raise ValueError(
            f"A code over GF(2^{r}) with t = {t} does not fit: it has {(1 << r) - 1} positions and "
            f"m = {m} needs {_needed(kind, m, t, r)}; the smallest that fits has r = {exact[0]}."
        )
    chosen = degrees[0] if r is None else r
    if r is None and corrected(chosen, t) > MAX_T:  # more zeros than any t here: not what was asked for
        chosen = next(degree for degree in degrees if corrected(degree, t) <= MAX_T)
    if chosen in exact:
        return BchCode(kind, m, t, chosen)
    reached = corrected(chosen, t)
    instead = f"t = {reached} (and correct = {t})" if reached <= MAX_T else f"r = {exact[0]}"
    raise ValueError(
        f"No code over GF(2^{chosen}) corrects exactly {t} errors of m = {m} bits: the smallest that "
        f"corrects {t} corrects {reached}; ask for {instead}."
    )


def _needed(kind: Kind, m: int, t: int, r: int) -> int:
    """Positions that must exist, at least 2t + 1 so that there are different patterns of t errors."""
    return max(2 * m - 1 if kind == "residue" else m + sum(_sizes(r, t)), 2 * t + 1)


def _fits(kind: Kind, m: int, t: int, r: int) -> bool:
    return _needed(kind, m, t, r) <= (1 << r) - 1


@lru_cache
def _channels(r: int, t: int) -> tuple[int, ...]:
    order, channels = (1 << r) - 1, []
    seen: set[int] = set()
    for exponent in range(1, 2 * t, 2):
        if exponent % order not in seen and exponent % order:
            channels.append(exponent)
            seen |= coset(r, exponent)
    return tuple(channels)


@lru_cache
def coset(r: int, exponent: int) -> frozenset[int]:
    """Exponents of the conjugates of alpha^exponent in GF(2^r)."""
    order = (1 << r) - 1
    return frozenset((exponent << squarings) % order for squarings in range(r))


def _sizes(r: int, t: int) -> list[int]:
    return [len(coset(r, channel)) for channel in _channels(r, t)]


def corrected(r: int, t: int) -> int:
    """Errors that the code with zeros alpha^1 .. alpha^2t corrects by the BCH bound: *t* or more."""
    zeros = {exponent for channel in _channels(r, t) for exponent in coset(r, channel)}
    exponent = 1
    while exponent in zeros:
        exponent += 1
    return (exponent - 1) // 2


@lru_cache
def minimal_polynomial(r: int, exponent: int) -> int:
    """Minimal polynomial over GF(2) of alpha^exponent, alpha being a root of ``CONWAY[r]``."""
    gf = Gf2m(r, CONWAY[r])
    product = [1]  # coefficients in GF(2^r), lowest first
    for conjugate in coset(r, exponent):
        root = gf.power(2, conjugate)
        shifted = [0, *product]
        product = [high ^ gf.multiply(root, low) for high, low in zip(shifted, [*product, 0], strict=True)]
    return sum(coefficient << k for k, coefficient in enumerate(product))
