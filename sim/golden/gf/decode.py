"""Golden model of the corrector: bounded-distance decoding of many syndromes at a time.

Peterson's direct solution (W. W. Peterson, IRE Trans. Inf. Theory 6(4), 1960) instead of the iteration or the
closed forms of the hardware: Newton's identities are n linear equations for the locator's coefficients, and
regular exactly when there are n or n - 1 errors. Elimination, search of the roots and check work on all words
together, with tables of logarithms.

What the hardware says of a syndrome other than 0 is, in whatever form it computes it: ``corrected`` if some
pattern of at most *correct* errors at positions of the code has this syndrome at every channel (there is one
such pattern at most), and else ``uncorrectable``. For a locator whose degree is the number of its roots and
which solves the key equation of 2 *correct* syndromes is that of such a pattern. Here the pattern that was
found is asked for its syndrome, so nothing is called corrected that is not.
"""

from dataclasses import dataclass

import torch

from pyralis.sim.golden.gf import polynomial as poly
from pyralis.sim.golden.gf.code import CodeModel

__all__ = ["Decoded", "Decoder"]

CHUNK = 1 << 15
"""Words that are worked on together, so that memory is bounded: 25 MB for a hundred positions."""


@dataclass(frozen=True)
class Decoded:
    """Outcome for N syndromes.

    Attributes
    ----------
    errors : (N, ceil(length / 64)) int64
        Bit *k* is position *k*; 0 unless ``corrected``.
    error, corrected, uncorrectable : (N,) bool
        The syndrome is not 0, and one of the other two.
    """

    errors: torch.Tensor
    error: torch.Tensor
    corrected: torch.Tensor
    uncorrectable: torch.Tensor


class Decoder:
    """Corrects up to *correct* errors.

    Parameters
    ----------
    model : CodeModel
        Its device is where the syndromes must be.
    correct : int, optional
        At most the code's t, which is the default; with 0 every error is uncorrectable.

    Raises
    ------
    ValueError
        *correct* is out of range.
    """

    def __init__(self, model: CodeModel, correct: int | None = None) -> None:
        self.model = model
        self.t = model.code.t if correct is None else correct
        if not 0 <= self.t <= model.code.t:
            raise ValueError(f"correct must be in 0..t = 0..{model.code.t}, not {self.t}.")

    def decode(self, syndrome: torch.Tensor) -> Decoded:
        """Error patterns and flags for (N, channels) values of GF(2^r)."""
        error = (syndrome != 0).any(1)
        found = [self._find(chunk) for chunk in syndrome.split(CHUNK)]
        corrected = error & torch.cat([right for _, right in found])
        errors = torch.where(corrected[:, None], torch.cat([words for words, _ in found]), 0)
        return Decoded(errors, error, corrected, error & ~corrected)

    def correct(self, c: torch.Tensor, syndrome: torch.Tensor) -> tuple[torch.Tensor, Decoded]:
        """The products (N, W) with the located errors taken away, and what was found."""
        decoded = self.decode(syndrome)
        return poly.signed(c) ^ self.model.flips(decoded.errors), decoded

    def _find(self, syndrome: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Located positions as words, and whether they explain *syndrome*."""
        positions = self._positions(self._locator(self._sums(syndrome)))
        errors = poly.from_bits(positions)
        explained = (self.model.error_syndrome(errors) == syndrome).all(1)
        return errors, explained & (positions.sum(1) <= self.t)

    def _sums(self, syndrome: torch.Tensor) -> list[torch.Tensor]:
        """S_0 = 1 (its use in Newton's identities) and the sums of powers S_1 .. S_(2t-1)."""
        sums = [torch.ones_like(syndrome[:, 0])]
        for exponent in range(1, 2 * self.t):
            index, squarings = self.model.code.conjugate(exponent)
            sums.append(self.model.logarithms.power(syndrome[:, index], 1 << squarings))
        return sums

    def _locator(self, sums: list[torch.Tensor]) -> torch.Tensor:
        """Coefficients of x^0 .. x^t; 1, 0, 0 ... where no system of equations is regular."""
        rows = len(sums[0])
        locator = torch.zeros(rows, self.t + 1, dtype=torch.int64, device=sums[0].device)
        locator[:, 0] = 1
        open_ = torch.ones(rows, dtype=torch.bool, device=locator.device)
        for size in range(self.t, 0, -2):  # a singular system means two errors less, or none to be found
            zero = torch.zeros_like(sums[0])
            equations = [
                [sums[2 * j - 1 - k] if k < 2 * j else zero for k in range(1, size + 1)] + [sums[2 * j - 1]]
                for j in range(1, size + 1)
            ]
            solution, regular = self._solve(torch.stack([torch.stack(row, 1) for row in equations], 1))
            use = open_ & regular
            locator[:, 1 : size + 1] = torch.where(use[:, None], solution, locator[:, 1 : size + 1])
            open_ = open_ & ~regular
        return locator

    def _solve(self, system: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Solutions of (N, n, n + 1) equations, the right side last, and which of them are regular."""
        arithmetic = self.model.logarithms
        system = system.clone()
        size = system.shape[1]
        every = torch.arange(len(system), device=system.device)
        regular = torch.ones_like(every, dtype=torch.bool)
        for column in range(size):
            pivot = column + (system[:, column:, column] != 0).int().argmax(1)
            lead, other = system[every, pivot], system[:, column].clone()
            system[every, pivot] = other
            usable = lead[:, column] != 0
            regular &= usable
            divisor = torch.where(usable, lead[:, column], 1)
            lead = arithmetic.divide(lead, divisor[:, None])
            factors = system[:, :, column].clone()
            system ^= arithmetic.multiply(factors[:, :, None], lead[:, None, :])
            system[:, column] = lead
        return system[:, :, size], regular

    def _positions(self, locator: torch.Tensor) -> torch.Tensor:
        """(N, length) bool: alpha^-k is a root."""
        arithmetic = self.model.logarithms
        places = torch.arange(self.model.code.length, device=locator.device)
        value = torch.ones(len(locator), len(places), dtype=torch.int64, device=locator.device)
        for power in range(1, self.t + 1):
            coefficient = arithmetic.log[locator[:, power]]
            value ^= arithmetic.antilog[coefficient[:, None] + (-power * places) % arithmetic.order]
        return value == 0
