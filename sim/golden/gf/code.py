"""Golden model of the codes of :mod:`pyralis.hw.gf.code`: check bits, syndromes, and what an error does."""

import torch

from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.field import Gf2m
from pyralis.sim.golden.gf import polynomial as poly
from pyralis.sim.golden.gf.field import Gf2mModel
from pyralis.sim.golden.gf.smallfield import Logarithms

__all__ = ["CodeModel"]


class CodeModel:
    """A code over the products of a field, N products at a time.

    Operands, products and error patterns are (N, W) words in polynomial bit order
    (:mod:`pyralis.sim.golden.gf.polynomial`), syndromes are (N, channels) elements of GF(2^r), int64.
    :meth:`pack` makes the flat value of the hardware's ports of them.

    Parameters
    ----------
    code : BchCode
    field : Gf2m
    device : torch.device or str, optional

    Raises
    ------
    ValueError
        *code* is for another m than the field's; or, by a method, of the other kind than the method.
    """

    def __init__(self, code: BchCode, field: Gf2m, device: torch.device | str = "cpu") -> None:
        if code.m != field.m:
            raise ValueError(f"The code is for m = {code.m}, but the field has m = {field.m}.")
        self.code = code
        self.field = Gf2mModel(field, device)
        self.device = self.field.device
        self.logarithms = Logarithms(code.locator_field, device)

    def predict(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """What is predicted of the products of (N, W) operands.

        Of the unreduced product d its values d(alpha^i) = A(alpha^i) B(alpha^i) at the channels, as a
        syndrome; of the reduced product its check bits, as words.
        """
        if self.code.kind == "product":
            return self.encode(self.field.multiply(a, b))
        return self.logarithms.multiply(self.evaluate(a, self.code.m), self.evaluate(b, self.code.m))

    def encode(self, c: torch.Tensor) -> torch.Tensor:
        """Check bits x^p C mod g of the product code: (N, ceil(p / 64)) words."""
        self._only("product")
        return poly.divide(self._raised(c), self.code.length, self.code.generator)[1]

    def residual(self, c: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        """Predicted check bits *p* of the product code against those of *c*."""
        return self.encode(c) ^ poly.signed(p)

    def syndrome(self, residual: torch.Tensor) -> torch.Tensor:
        """Of a product code's residual, whose value at alpha^i is that of all the word."""
        self._only("product")
        return self.evaluate(residual, self.code.parity_bits)

    def residue_syndrome(
        self,
        c: torch.Tensor,
        p: torch.Tensor,
        *,
        high: torch.Tensor | None = None,
        quotient: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Of the residue code, from the product *c* and the prediction *p*.

        The unreduced product is put together again and evaluated: from the bits *high* of x^m on, whose
        contribution to c is taken out of it, or as c + f * *quotient*.
        """
        self._only("residue")
        m, wide = self.code.m, 2 * self.code.m
        if quotient is not None:
            f = poly.from_ints([self.field.field.polynomial], m + 1, c.device).repeat(len(c), 1)
            d = poly.to_bits(poly.multiply(quotient, f), wide)
            d[:, :m] ^= poly.to_bits(c, m)
        elif high is not None:
            top = torch.nn.functional.pad(poly.to_bits(high, m - 1), (m, 1))
            low = poly.signed(c) ^ self.field.reduce(poly.from_bits(top), wide)
            d = torch.nn.functional.pad(poly.to_bits(low, m), (0, m)) | top
        else:
            raise ValueError("either high or quotient must be given")
        return self.evaluate(poly.from_bits(d), wide) ^ p

    def error_syndrome(self, errors: torch.Tensor) -> torch.Tensor:
        """Of the error pattern whose bit *k* is position *k*."""
        return self.evaluate(errors, self.code.length)

    def flips(self, errors: torch.Tensor) -> torch.Tensor:
        """What *errors* have changed in the product: (N, W) words."""
        if self.code.kind == "residue":
            return self.field.reduce(errors)
        return poly.from_bits(poly.to_bits(errors, self.code.length)[:, self.code.parity_bits :])

    def evaluate(self, words: torch.Tensor, bits: int) -> torch.Tensor:
        """Values of polynomials of *bits* bits at alpha^i, for every channel i."""
        r, count = self.code.r, len(self.code.channels)
        places = torch.arange(bits, device=words.device)
        columns = [self.logarithms.alpha(places * channel) for channel in self.code.channels]
        matrix = torch.cat([poly.to_bits(column[:, None], r) for column in columns], 1).float()
        values = poly.linear_map(poly.to_bits(words, bits), matrix).reshape(-1, r)
        return poly.from_bits(values).reshape(len(words), count)

    def pack(self, syndrome: torch.Tensor) -> torch.Tensor:
        """Words of a syndrome, channel *n* in the bits from n * r on."""
        bits = poly.to_bits(syndrome.reshape(-1, 1), self.code.r)
        return poly.from_bits(bits.reshape(len(syndrome), -1))

    def unpack(self, words: torch.Tensor) -> torch.Tensor:
        """Undoes :meth:`pack`."""
        r, count = self.code.r, len(self.code.channels)
        return poly.from_bits(poly.to_bits(words, r * count).reshape(-1, r)).reshape(-1, count)

    def _raised(self, c: torch.Tensor) -> torch.Tensor:
        """x^p C."""
        bits = poly.to_bits(c, self.code.m)
        return poly.from_bits(torch.nn.functional.pad(bits, (self.code.parity_bits, 0)))

    def _only(self, kind: str) -> None:
        if self.code.kind != kind:
            raise ValueError(f"The {self.code.kind} code has no such values; the {kind} code has.")
