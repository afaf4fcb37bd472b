"""Golden model of :mod:`pyralis.hw.gf.smallfield`: arithmetic in GF(2^r) by tables of logarithms."""

import torch

from pyralis.hw.gf.field import Gf2m

__all__ = ["Logarithms"]


class Logarithms:
    """Products, quotients and powers in a field whose x is primitive, on int64 tensors of any shape.

    Parameters
    ----------
    field : Gf2m
    device : torch.device or str, optional
        Of the tables, and so of the operands.

    Attributes
    ----------
    order : int
        2^r - 1.
    log : (2^r,) int64
        Of 0 it is 2 * order, so that any sum of two logarithms with one of a zero is at least that.
    antilog : (4 * order + 1,) int64
        From 2 * order on it is 0.

    Raises
    ------
    ValueError
        x is not primitive.
    """

    def __init__(self, field: Gf2m, device: torch.device | str = "cpu") -> None:
        self.order = (1 << field.m) - 1
        powers, value = [], 1
        for _ in range(self.order):
            powers.append(value)
            value <<= 1
            if value > self.order:
                value ^= field.polynomial
        if len(set(powers)) != self.order:
            raise ValueError(f"x does not generate GF(2^{field.m}) with polynomial {field.polynomial:#x}")
        self.antilog = torch.tensor([*powers, *powers, *[0] * (2 * self.order + 1)], device=device)
        self.log = torch.empty(self.order + 1, dtype=torch.int64, device=device)
        self.log[self.antilog[: self.order]] = torch.arange(self.order, device=device)
        self.log[0] = 2 * self.order

    def alpha(self, exponents: torch.Tensor) -> torch.Tensor:
        """Powers of x, to any exponents."""
        return self.antilog[exponents % self.order]

    def multiply(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Products; shapes broadcast."""
        return self.antilog[self.log[a] + self.log[b]]

    def divide(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Quotients; *b* has no zeros."""
        return self.antilog[self.log[a] + self.order - self.log[b]]

    def power(self, a: torch.Tensor, exponent: int) -> torch.Tensor:
        """Every element to one *exponent* of 1 at least."""
        return torch.where(a == 0, 0, self.alpha(self.log[a] * exponent))
