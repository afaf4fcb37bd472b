"""Every error pattern of a weight, as planes: decoders are proven by trying them all."""

from collections.abc import Iterator
from itertools import chain, combinations, islice

import numpy as np

__all__ = ["error_patterns"]


def error_patterns(positions: int, weight: int, lanes: int = 1 << 18) -> Iterator[tuple[np.ndarray, int]]:
    """All patterns of *weight* ones in so many *positions*, in lexicographic order.

    Parameters
    ----------
    positions, weight : int
        Size and weight of the patterns; none exist of a weight above the size.
    lanes : int
        Most patterns at a time, a multiple of 64.

    Yields
    ------
    planes : (positions, words) uint64
        Lane i holds one pattern; lanes behind the last pattern hold no error.
    count : int
        Patterns in *planes*.
    """
    chosen = combinations(range(positions), weight)
    while part := list(islice(chosen, lanes)):
        ones = np.fromiter(chain.from_iterable(part), np.intp, count=len(part) * weight)
        bits = np.zeros((positions, -(-len(part) // 64) * 64), np.uint8)
        bits[ones, np.repeat(np.arange(len(part)), weight)] = 1
        planes = np.packbits(bits, axis=1, bitorder="little").view("<u8")
        yield planes.astype(np.uint64, copy=False), len(part)
