"""Features in integers: rows of 0 and 1 or of int8, and a real factor of each row.

Bags of words whose rows were divided by their sums are binary rows with a factor, and counts divided by their
sum are small integers with a factor, both without an error. The factor of a row goes into the scale of the
node when rows are combined first. An aggregation adds rows before any scale, so it needs one factor for all.

Values that are not small multiples of anything can take one of a few *levels* instead. A feature then becomes
as many columns of 0 and 1 as there are levels, each with weights of its own: an entry names feature and level
at once, and needs no value beside it.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from pyralis.gen.gcn.features import is_sparse

__all__ = ["Encoded", "encode", "encode_levels"]

TOLERANCE = 1e-4
"""Relative error up to which a value counts as a multiple of its row's factor: features are float32."""

TOP = 127

ROUNDS = 50
"""Of Lloyd's iteration."""


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
    levels : (L,) float64
        If there are any, column ``l * F + f`` of the rows, (N, L * F), says whether feature f has level l.
    """

    rows: Any
    values: Literal["binary", "int8"]
    unit: float
    row_factor: np.ndarray | None
    exact: bool
    levels: np.ndarray = field(default_factory=lambda: np.zeros(0))


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


def encode_levels(features: Any, count: int) -> Encoded:
    """The same with values of at most *count* levels, those of a row in units of their mean magnitude.

    Levels are those of least squared error (Lloyd's iteration, from quantiles). If no more than *count*
    values occur, they are the levels, and rows have no factors.
    """
    from scipy.sparse import csr_array

    matrix = csr_array(features, dtype=np.float64)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    nodes, width = matrix.shape
    stored, different = np.diff(matrix.indptr), np.unique(matrix.data)
    exact = len(different) <= count
    factor, levels, nearest = np.ones(nodes), different, np.searchsorted(different, matrix.data)
    if not exact:
        rows = np.repeat(np.arange(nodes), stored)
        factor = np.bincount(rows, np.abs(matrix.data), nodes) / np.maximum(stored, 1)
        levels = _levels(np.sort(matrix.data / factor[rows]), count)
        nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, matrix.data / factor[rows])
    ones = np.ones(matrix.nnz, dtype=np.int8)
    columns = nearest * width + matrix.indices
    made = csr_array((ones, columns, matrix.indptr), shape=(nodes, max(len(levels), 1) * width))
    made.sort_indices()
    unit = float(factor.max(initial=0.0)) or 1.0
    return Encoded(
        rows=made,
        values="binary",
        unit=unit,
        row_factor=None if exact else factor / unit,
        exact=exact,
        levels=levels,
    )


def _levels(values: np.ndarray, count: int) -> np.ndarray:
    """*count* levels for ascending *values*."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    levels = np.quantile(values, (np.arange(count) + 0.5) / count)
    for _ in range(ROUNDS):
        ends = np.concatenate([[0], np.searchsorted(values, (levels[1:] + levels[:-1]) / 2), [len(values)]])
        sizes = np.diff(ends)
        levels = np.where(sizes > 0, np.diff(sums[ends]) / np.maximum(sizes, 1), levels)
    return levels


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
