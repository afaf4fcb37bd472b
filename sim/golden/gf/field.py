"""Golden model of :mod:`pyralis.hw.gf.field`: arithmetic in GF(2^m), many elements at a time."""

from collections.abc import Iterable

import torch

from pyralis.hw.gf.field import Gf2m
from pyralis.sim.golden.gf import polynomial as poly

__all__ = ["Gf2mModel"]


class Gf2mModel:
    """Arithmetic on batches of elements.

    A batch is an (N, W) tensor of W = ceil(m / 64) words, the lowest first, int64 or uint64; results are
    int64 (:mod:`pyralis.sim.golden.gf.polynomial`). Elements are in polynomial bit order, whatever the
    field's; :meth:`convert` changes between it and the order at the ports of a chip.

    Parameters
    ----------
    field : Gf2m
    device : torch.device or str, optional
        Where :meth:`from_ints` puts its tensors.

    Attributes
    ----------
    words : int
        W.

    Raises
    ------
    ValueError
        By every operation: the tensor has another shape or type, or bits from m on that are not 0.
    """

    def __init__(self, field: Gf2m, device: torch.device | str = "cpu") -> None:
        self.field = field
        self.device = torch.device(device)
        self.words = poly.word_count(field.m)

    def from_ints(self, values: Iterable[int]) -> torch.Tensor:
        """A batch of Python integers, bit by bit."""
        return poly.from_ints(values, self.field.m, self.device)

    def to_ints(self, elements: torch.Tensor) -> list[int]:
        """Python integers, bit by bit."""
        return poly.to_ints(self._checked(elements))

    def convert(self, elements: torch.Tensor) -> torch.Tensor:
        """Elements between the field's bit order and polynomial order; its own inverse."""
        elements = self._checked(elements)
        if self.field.order == "polynomial":
            return elements.clone()
        return poly.from_bits(poly.to_bits(elements, self.field.m).flip(1))

    def product(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Unreduced products: (N, ceil((2 m - 1) / 64)) words."""
        unreduced = poly.multiply(self._checked(a), self._checked(b))
        return unreduced[:, : poly.word_count(2 * self.field.m - 1)].contiguous()

    def divide(self, unreduced: torch.Tensor, bits: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Quotients and remainders of polynomials of *bits* bits (2 m - 1) by the field's."""
        bits = 2 * self.field.m - 1 if bits is None else bits
        return poly.divide(unreduced, bits, self.field.polynomial)

    def reduce(self, unreduced: torch.Tensor, bits: int | None = None) -> torch.Tensor:
        """Polynomials of *bits* bits (2 m - 1) modulo the field's."""
        return self.divide(unreduced, bits)[1]

    def multiply(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Products."""
        return self.reduce(self.product(a, b))

    def square(self, a: torch.Tensor) -> torch.Tensor:
        """Squares: a zero is put between any two bits."""
        bits = poly.to_bits(self._checked(a), self.field.m)
        spread = torch.zeros(len(a), 2 * self.field.m - 1, dtype=torch.bool, device=a.device)
        spread[:, ::2] = bits
        return self.reduce(poly.from_bits(spread))

    def power(self, a: torch.Tensor, exponent: int) -> torch.Tensor:
        """Every element to one *exponent*, which may be negative; 0 then stays 0. The power 0 is 1."""
        if exponent < 0:
            a, exponent = self.inverse(a), -exponent
        result = self.from_ints([1]).to(a.device).repeat(len(a), 1)
        for digit in f"{exponent:b}" if exponent else "":
            result = self.square(result)
            if digit == "1":
                result = self.multiply(result, a)
        return result

    def inverse(self, a: torch.Tensor) -> torch.Tensor:
        """Inverses, and 0 for 0.

        Euclid's algorithm, one coefficient a step, so that all elements of the batch take the 2 m same steps
        (H. Brunner, A. Curiger, M. Hofstetter, IEEE Trans. Computers 42(8), 1993).
        """
        m = self.field.m
        modulus = poly.planes(poly.from_ints([self.field.polynomial], m + 1, a.device))
        top_word, top_place = divmod(m, poly.WORD)

        def leads(x: torch.Tensor) -> torch.Tensor:
            return x[top_word] >> top_place & 1

        given = poly.planes(self._checked(a))
        r = torch.nn.functional.pad(given, (0, 0, 0, len(modulus) - self.words))
        s = modulus.repeat(1, len(a))
        u, v = torch.zeros_like(r), torch.zeros_like(r)
        u[0] = 1
        ahead = torch.zeros(len(a), dtype=torch.int64, device=a.device)
        for _ in range(2 * m):
            full = leads(r) == 1
            both = -leads(s)
            s = torch.where(full, poly.double(s ^ r & both), s)
            v = torch.where(full, v ^ u & both, v)
            swap = full & (ahead == 0)
            r, s = torch.where(swap, s, torch.where(full, r, poly.double(r))), torch.where(swap, r, s)
            u, v = torch.where(swap, v, u), torch.where(swap, u, v)
            back = full & ~swap
            doubled = poly.double(u)
            times = doubled ^ modulus & -leads(doubled)
            over = poly.halve(u ^ modulus & -(u[0] & 1))
            u = torch.where(back, over, times)
            ahead = ahead + torch.where(back, -1, 1)
        return poly.rows(torch.where((given == 0).all(0), 0, u[: self.words]))

    def _checked(self, elements: torch.Tensor) -> torch.Tensor:
        elements = poly.signed(elements)
        if elements.ndim != 2 or elements.shape[1] != self.words:
            raise ValueError(
                f"elements of GF(2^{self.field.m}) must be (N, {self.words}) words, "
                f"not {tuple(elements.shape)}"
            )
        spare = self.field.m % poly.WORD
        if spare and bool((elements[:, -1] >> spare).any()):
            raise ValueError(f"elements of GF(2^{self.field.m}) must have no bits from {self.field.m} on")
        return elements
