"""Elements of a field as integers and as 32-bit words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyralis.boards.runtime.errors import DriverError

__all__ = ["Elements"]


class Elements:
    """Elements of *m* bits: integers below ``2**m``, or words, the lowest first.

    Attributes
    ----------
    m, words : int
        Bits and 32-bit words of an element.
    """

    def __init__(self, m: int) -> None:
        self.m, self.words = m, -(-m // 32)

    def split(self, value: int) -> list[int]:
        """Words of one element."""
        return [value >> 32 * n & 0xFFFFFFFF for n in range(self.words)]

    def array(self, values: Sequence[int]) -> np.ndarray:
        """Words of many: uint32 (count, words)."""
        return np.array([self.split(value) for value in values], np.uint32).reshape(-1, self.words)

    def integers(self, values: Any) -> list[int]:
        """Integers of an int, a sequence of them, or an array of words (words,) or (count, words).

        Raises DriverError for an array of another shape or type, and for what is no element.
        """
        if isinstance(values, np.ndarray):
            return [self._checked(value) for value in self._joined(values)]
        whole = [values] if isinstance(values, (int, np.integer)) else list(values)
        return [self._checked(int(value)) for value in whole]

    def alike(self, values: list[int], model: Any) -> Any:
        """*values* in the form that :meth:`integers` took as *model*."""
        if isinstance(model, np.ndarray):
            return self.array(values).reshape(model.shape)
        return values[0] if isinstance(model, (int, np.integer)) else values

    def _joined(self, values: np.ndarray) -> list[int]:
        if values.dtype != np.uint32 or values.ndim not in (1, 2) or values.shape[-1] != self.words:
            raise DriverError(
                f"an array of elements has the shape (count, {self.words}) and the type uint32, not "
                f"{values.shape} and {values.dtype}",
                "give each element as 32-bit words, lowest first, or give Python integers",
            )
        rows = values.reshape(-1, self.words).tolist()
        return [sum(word << 32 * n for n, word in enumerate(row)) for row in rows]

    def _checked(self, value: int) -> int:
        if 0 <= value < 1 << self.m:
            return value
        what = f"has {value.bit_length()} bits, and an element has {self.m}" if value > 0 else "is negative"
        raise DriverError(f"the operand {value:#x} {what}", "reduce it to an element of the field first")
