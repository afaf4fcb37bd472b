"""How large the sums of an integer graph network can become: proofs of the hardware's widths.

The bounds follow from the real degrees, the real weights and the ranges of the sources' types; no input can
exceed them. Every term's range is taken to include 0, so the bounds hold for each part of a sum as well, in
whatever order and however many pieces it is added.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import (
    RANGES,
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntOperation,
)

__all__ = ["TOTAL_BITS", "SumBounds", "bits", "bounds", "prove", "refusals"]

TOTAL_BITS = 48
"""Width of what an epilogue shifts."""


@dataclass(frozen=True, slots=True)
class SumBounds:
    """Least and greatest value that an operation can meet.

    Attributes
    ----------
    sum : (int, int)
        Of the products, or of the rows of the neighbours, and of every part of such a sum.
    total : (int, int)
        After scale, extra, bias and rounding constant, before the shift.
    """

    sum: tuple[int, int]
    total: tuple[int, int]


def bits(low: int, high: int) -> int:
    """Width of the smallest two's complement number that holds *low* and *high*."""
    return max((~low if low < 0 else low).bit_length(), (~high if high < 0 else high).bit_length()) + 1


def bounds(network: IntGraphNetwork, operation: IntOperation) -> SumBounds:
    """Bounds of one operation of a network whose types and shapes are right."""
    types = network.types()
    epilogue = operation.epilogue
    scale = np.asarray(epilogue.scale, dtype=np.int64)
    if isinstance(operation, IntCombine):
        low, high = _product(operation.weight, types[operation.source])
        if operation.second_weight is not None:
            second = _product(operation.second_weight, types[str(operation.second_source)])
            low, high = low + second[0], high + second[1]
        scaled = scale.max() * low, scale.max() * high
        bias = _bias(epilogue)
    else:
        low, high = _reduction(operation, network.adjacencies[operation.adjacency], types[operation.source])
        scaled = scale * low, scale * high
        bias = np.array([_bias(epilogue).min(), _bias(epilogue).max()])[:, None]
    extra = (0, 0)
    if epilogue.extra is not None:
        products = [end * epilogue.extra_scale for end in RANGES[types[epilogue.extra]]]
        extra = min(products), max(products)
    half = 1 << epilogue.shift - 1 if epilogue.shift else 0
    least = int((scaled[0] + bias).min()) + extra[0]
    greatest = int((scaled[1] + bias).max()) + extra[1] + half
    return SumBounds((int(low.min()), int(high.max())), (least, greatest))


def prove(network: IntGraphNetwork, *, accumulator_bits: int = 24, product_bits: int = 32) -> None:
    """Raises UserError for the first operation whose sums may leave their width."""
    for refusal in refusals(network, accumulator_bits=accumulator_bits, product_bits=product_bits):
        raise refusal


def refusals(
    network: IntGraphNetwork, *, accumulator_bits: int = 24, product_bits: int = 32
) -> Iterator[UserError]:
    """A UserError for every sum that may leave its width."""
    for operation in network.operations:
        where = f"operation {operation.name!r}"
        found = bounds(network, operation)
        if isinstance(operation, IntCombine):
            width, hint = product_bits, "use smaller weights, or split the layer's input"
        else:
            width, hint = accumulator_bits, "sample the neighbours, or use a core with a wider accumulator"
        yield from _beyond("the sum", found.sum, width, where, hint)
        hint = "use smaller scales and a smaller shift"
        yield from _beyond("the scaled sum", found.total, TOTAL_BITS, where, hint)


def _beyond(what: str, range_: tuple[int, int], width: int, where: str, hint: str) -> Iterator[UserError]:
    if bits(*range_) > width:
        least, top = -(1 << width - 1), (1 << width - 1) - 1
        value = range_[1] if range_[1] > top else range_[0]
        yield UserError(f"{what} can reach {value}, beyond the {width} bits of {least}..{top}", where, hint)


def _product(weight: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of each column of a product: two of (width,) int64."""
    low, high = RANGES[kind]
    positive = np.maximum(weight, 0).sum(axis=0, dtype=np.int64)
    negative = np.minimum(weight, 0).sum(axis=0, dtype=np.int64)
    return positive * low + negative * high, positive * high + negative * low


def _reduction(operation: IntAggregate, adjacency: IntAdjacency, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of each node's sum or maximum: two of (nodes,) int64."""
    low, high = RANGES[kind]
    degrees = adjacency.degrees
    sizes = degrees if operation.sample is None else operation.sample.sizes(degrees)
    if operation.reduce == "max":
        return np.full(len(degrees), low), np.full(len(degrees), high)
    if adjacency.weight is None:
        return sizes * low, sizes * high
    weight = adjacency.weight.astype(np.int64)
    if operation.sample is not None:  # any entry may be in the sample, so each counts as the row's largest
        reach = sizes * _per_row(np.maximum, np.abs(weight), adjacency) * max(-low, high)
        return -reach, reach
    positive = _per_row(np.add, np.maximum(weight, 0), adjacency)
    negative = _per_row(np.add, np.minimum(weight, 0), adjacency)
    return positive * low + negative * high, positive * high + negative * low


def _per_row(function: np.ufunc, values: np.ndarray, adjacency: IntAdjacency) -> np.ndarray:
    result = np.zeros(len(adjacency.indptr) - 1, dtype=np.int64)
    filled = np.flatnonzero(adjacency.degrees)
    if len(filled):
        result[filled] = function.reduceat(values, adjacency.indptr[filled])
    return result


def _bias(epilogue: Epilogue) -> np.ndarray:
    if epilogue.bias is None:
        return np.zeros(1, dtype=np.int64)
    return epilogue.bias.astype(np.int64) << epilogue.bias_shift
