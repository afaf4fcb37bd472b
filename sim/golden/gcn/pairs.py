"""Golden model of :mod:`pyralis.hw.gcn.pairs`, in numpy."""

import numpy as np

__all__ = ["operand", "products", "word"]


def operand(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The multiplicand of weights *low* and *high*, int8: (...) int32."""
    return low.astype(np.int32) + (high.astype(np.int32) << 16)


def products(product: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both products, from bits 0..33 of operand times element: as the hardware takes them apart."""
    low = product.astype(np.int16)  # the lower 16 bits
    return low, (product >> 16) + ((product >> 15) & 1)


def word(weights: np.ndarray) -> int:
    """Bits of a word of the Weight Buffer: (lanes,) int8."""
    bits = 0
    for index, (low, high) in enumerate(weights.reshape(-1, 2).tolist()):
        bits |= (low & 0xFF | (high - (low < 0) & 0x1FF) << 8) << 17 * index
    return bits
