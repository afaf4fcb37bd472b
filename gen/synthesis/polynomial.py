"""Polynomials over GF(2) in the bits of two operands, for the proofs of :mod:`pyralis.gen.synthesis.algebra`.

A monomial is a set of input bits, written as an integer with one bit for each (bits of the left operand
first); the empty one is 1. Since bits are 0 or 1, x x = x and the product of two monomials is their union.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

__all__ = ["Polynomial", "Space", "TooLargeError"]


class TooLargeError(Exception):
    """A product has more terms than :data:`MOST_TERMS`: the function is far from bilinear."""


MOST_TERMS = 1 << 20
"""Terms of one product, before equal ones cancel."""

SPARSE_TERMS = 128
"""A sum with more single terms than this is packed."""

OUTER_TERMS = 256
"""A product of linear forms with more terms than this is made of shifted masks."""


class Polynomial:
    """A sum of monomials: the set ``terms``, plus ``mask`` with one bit for each bilinear monomial.

    Few terms stand in the set, where products are cheap, many in the mask, where sums are. A monomial may
    stand in both and cancels then.
    """

    __slots__ = ("mask", "terms")

    def __init__(self, terms: set[int], mask: int = 0) -> None:
        self.terms = terms
        self.mask = mask


class Space:
    """The polynomials in *left* + *right* bits.

    The mask has a bit for each product of at most one left and at most one right bit, in rows of ``stride``:
    bit ``(i + 1) * stride + j + 1`` is left bit i times right bit j; row and column 0 are without such a bit.
    """

    def __init__(self, left: int, right: int) -> None:
        self.left = left
        self.right = right
        self.stride = (right + 1 + 7) // 8 * 8  # whole bytes, so that rows can be joined as bytes
        self._left_bits = (1 << left) - 1

    def form(self, rows: Sequence[int], columns: int = 0, constant: int = 0) -> int:
        """Mask of a form.

        Bit j of ``rows[i]`` is for left bit i times right bit j, bit j of *columns* for right bit j alone.
        """
        return self._joined([columns << 1 | constant, *(row << 1 for row in rows)])

    def add(self, one: Polynomial, other: Polynomial, spare: bool, other_spare: bool) -> Polynomial:
        """The sum. A polynomial that is *spare* is not used again and may become the result."""
        if other_spare and (not spare or len(other.terms) > len(one.terms)):
            one, other, spare = other, one, True
        if spare:
            one.terms ^= other.terms
            one.mask ^= other.mask
        else:
            one = Polynomial(one.terms ^ other.terms, one.mask ^ other.mask)
        if len(one.terms) > SPARSE_TERMS:
            self.pack(one)
        return one

    def invert(self, one: Polynomial, spare: bool) -> Polynomial:
        """One plus the polynomial."""
        terms = one.terms if spare else set(one.terms)
        terms ^= {0}
        return Polynomial(terms, one.mask)

    def multiply(self, one: Polynomial, other: Polynomial) -> Polynomial:
        """The product, as a new polynomial.

        Raises
        ------
        TooLargeError
            It has too many terms.
        """
        for constant, factor in ((one, other), (other, one)):
            if not constant.mask and constant.terms <= {0}:
                return Polynomial(set(factor.terms), factor.mask) if constant.terms else Polynomial(set())
        left, right = self._terms(one), self._terms(other)
        if len(left) > len(right):
            left, right = right, left
        if len(left) * len(right) > OUTER_TERMS and (product := self._outer(left, right)) is not None:
            return product
        if len(left) * len(right) > MOST_TERMS:
            raise TooLargeError(f"a product of {len(left)} and {len(right)} terms")
        terms: set[int] = set()
        for term in left:
            shifted = {term | factor for factor in right}
            if len(shifted) < len(right):  # equal unions cancel in pairs
                count = Counter(term | factor for factor in right)
                shifted = {union for union, times in count.items() if times & 1}
            terms ^= shifted
        product = Polynomial(terms)
        if len(terms) > SPARSE_TERMS:
            self.pack(product)
        return product

    def pack(self, one: Polynomial) -> None:
        """Moves the terms that the mask has a bit for into it."""
        bits = bytearray(self.stride * (self.left + 1) // 8)
        rest = set()
        for term in one.terms:
            index = self.index(term)
            if index < 0:
                rest.add(term)
            else:
                bits[index >> 3] |= 1 << (index & 7)
        one.mask ^= int.from_bytes(bits, "little")
        one.terms = rest

    def index(self, term: int) -> int:
        """Bit of the mask that stands for a monomial; -1 if it has none."""
        left, right = term & self._left_bits, term >> self.left
        if left & left - 1 or right & right - 1:
            return -1
        return left.bit_length() * self.stride + right.bit_length()

    def unpacked(self, mask: int) -> Iterator[int]:
        """The monomials of a mask, ascending by its bits."""
        size = self.stride // 8
        octets = mask.to_bytes(size * (self.left + 1), "little")
        for row in range(self.left + 1):
            bits = int.from_bytes(octets[row * size : (row + 1) * size], "little")
            first = 1 << row - 1 if row else 0
            while bits:
                column = (bits & -bits).bit_length() - 1
                yield first | (1 << self.left + column - 1 if column else 0)
                bits &= bits - 1

    def _terms(self, one: Polynomial) -> set[int]:
        if not one.mask:
            return one.terms
        if one.mask.bit_count() > MOST_TERMS:
            raise TooLargeError(f"a factor of {one.mask.bit_count()} terms")
        return one.terms ^ set(self.unpacked(one.mask))

    def _outer(self, one: set[int], other: set[int]) -> Polynomial | None:
        """Product of a linear form of the left bits and one of the right bits; None if they are not such."""
        for left, right in ((one, other), (other, one)):
            if self._is_linear(left, self._left_bits) and self._is_linear(right, ~self._left_bits):
                columns = sum(1 << (term >> self.left).bit_length() for term in right)
                rows = [columns if term in left else 0 for term in (0, *(1 << i for i in range(self.left)))]
                return Polynomial(set(), self._joined(rows))
        return None

    @staticmethod
    def _is_linear(terms: set[int], bits: int) -> bool:
        """No term has two bits, or one that is not in *bits*."""
        return all(not term & ~bits and not term & term - 1 for term in terms)

    def _joined(self, rows: Sequence[int]) -> int:
        """Mask of which *rows* are the rows, the one without left bit first."""
        return int.from_bytes(b"".join(row.to_bytes(self.stride // 8, "little") for row in rows), "little")
