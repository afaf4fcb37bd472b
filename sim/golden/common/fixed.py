"""Golden model of :mod:`pyralis.hw.common.fixed`: rounding and saturation of integers, in torch.

Every function takes and returns int64 tensors of any shape. Exact as long as the operands and the sum of
operand and rounding constant stay within int64, which the callers' widths (at most 50 bits) guarantee.
"""

from typing import Literal

import torch

__all__ = ["bounds", "round_shift", "saturate"]


def bounds(bits: int) -> tuple[int, int]:
    """Least and greatest two's complement number of *bits* bits."""
    if bits < 1:
        raise ValueError(f"bits must be at least 1, not {bits}")
    return -(1 << bits - 1), (1 << bits - 1) - 1


def saturate(values: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Clamps *values* to *bits* bits, two's complement; the second result says which were out of range."""
    low, high = bounds(bits)
    clamped = values.clamp(low, high)
    return clamped, clamped != values


def round_shift(
    values: torch.Tensor, shift: int, rounding: Literal["floor", "half_up", "half_even"] = "half_even"
) -> torch.Tensor:
    """``values / 2**shift``, rounded down, to nearest with ties up, or to nearest with ties to even."""
    if shift < 0:
        raise ValueError(f"shift must be at least 0, not {shift}")
    if rounding not in ("floor", "half_up", "half_even"):
        raise ValueError(f"rounding must be 'floor', 'half_up' or 'half_even', not {rounding!r}")
    if rounding == "floor" or shift == 0:
        return values >> shift
    half = 1 << shift - 1
    if rounding == "half_up":
        return values + half >> shift
    return values + (half - 1) + (values >> shift & 1) >> shift
