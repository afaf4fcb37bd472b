"""Features in integers: rows of 0 and 1 or of int8, and a real factor of each row.

Bags of words whose rows were divided by their sums are binary rows with a factor, and counts divided by their
sum are small integers with a factor, both without an error. The factor of a row goes into the scale of the
node when rows are combined first. An aggregation adds rows before any scale, so it needs one factor for all.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pyralis.gen.gcn.features import is_sparse

__all__ = ["Encoded", "encode"]

TOLERANCE = 1e-4
"""Relative error up to which a value counts as a multiple of its row's factor: features are float32."""

TOP = 127


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoded:
    """``features ~ unit * row_factor[:, None] * rows``.

    Attributes
    ----------
    rows : (N, F) int8, ndarray or csr_array
    values : {"binary", "int8"}
    unit : float
        Real value of one unit in a row of factor 1.
    row_factor : (N,) float64, or None where it is 1 for all
        At most 1.
    exact : bool
        The integers stand for the features without an error.
    """

    rows: Any
    values: Literal["binary", "int8"]
    unit: float
    row_factor: np.ndarray | None
    exact: bool


def encode(features: Any, *, per_row: bool) -> Encoded:
    """Integers for *features*, (N, F) real, ndarray or csr_array.

    Exact ones are looked for first: small multiples of the least value, of each row if *per_row*, else of
    all; then whole numbers. If there are none, the largest value (of each row, or of all) becomes 127.
    """
    sparse = is_sparse(features)
    values = (features.data if sparse else features.ravel()).astype(np.float64)
    nodes, width = features.shape
    if sparse:
        rows = np.repeat(np.arange(nodes), np.diff(features.indptr))
    else:
        rows = np.repeat(np.arange(nodes), width)
    group, count = (rows, nodes) if per_row else (np.zeros_like(rows), 1)
    sizes = np.abs(values)
    least = np.full(count, np.inf)
    np.minimum.at(least, group[sizes > 0], sizes[sizes > 0])
    least[np.isinf(least)] = 0.0
    factor, exact = least, True
    quotients = np.divide(values, factor[group], out=np.zeros_like(values), where=factor[group] > 0)
    integers = np.rint(quotients)
    if (np.abs(integers - quotients) > TOLERANCE * np.abs(quotients)).any() or np.abs(integers).max(
        initial=0
    ) > TOP:
        factor, exact = _by_largest(sizes, group, count)
        quotients = np.divide(values, factor[group], out=np.zeros_like(values), where=factor[group] > 0)
        integers = np.rint(quotients)
        exact = exact and bool(np.all(integers == quotients))
    unit = float(factor.max(initial=0.0)) or 1.0
    used = factor[factor > 0]
    same = not per_row or bool(np.allclose(used, unit, rtol=TOLERANCE))
    made = integers.astype(np.int8)
    binary = bool(((made == 0) | (made == 1)).all())
    return Encoded(
        rows=_shaped(made, features, sparse),
        values="binary" if binary else "int8",
        unit=unit,
        row_factor=None if same else factor / unit,
        exact=exact,
    )


def _by_largest(sizes: np.ndarray, group: np.ndarray, count: int) -> tuple[np.ndarray, bool]:
    """Factors with which the largest value becomes 127; those of whole numbers that fit are 1."""
    if sizes.max(initial=0.0) <= TOP and bool(np.all(sizes == np.rint(sizes))):
        return np.ones(count), True
    largest = np.zeros(count)
    np.maximum.at(largest, group, sizes)
    return largest / TOP, False


def _shaped(values: np.ndarray, features: Any, sparse: bool) -> Any:
    if not sparse:
        return values.reshape(features.shape)
    from scipy.sparse import csr_array

    return csr_array((values, features.indices, features.indptr), shape=features.shape)
