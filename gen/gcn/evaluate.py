"""Runs one operation of an integer graph network in numpy and scipy: what the quantiser calibrates with.

The golden model in ``sim/golden/gcn`` computes the same in torch; tests hold one against the other.
"""

from typing import Any

import numpy as np

from pyralis.gen.gcn.intnetwork import RANGES, Epilogue, IntAdjacency, IntSample
from pyralis.gen.gcn.sampling import taken

__all__ = ["epilogue", "gather", "product"]


def product(rows: Any, weight: np.ndarray) -> np.ndarray:
    """``rows @ weight``, (N, K) ndarray or csr_array times (K, J): int64 if both are integers, else float64.

    Integers go through float64, in which every sum below 2**53 is exact and a product is a hundred times as
    fast.
    """
    exact = np.issubdtype(rows.dtype, np.integer) and np.issubdtype(weight.dtype, np.integer)
    made = rows.astype(np.float64) @ weight.astype(np.float64)
    return np.rint(made).astype(np.int64) if exact else made


def gather(
    rows: Any, adjacency: IntAdjacency, edges: np.ndarray | None, reduce: str, sample: IntSample | None
) -> np.ndarray:
    """Sums or maxima of the rows that each row of *adjacency* lists: (N, J) int64 or float64.

    *edges* are factors of the entries, real or integer ones; they stand for the adjacency's own.
    """
    from scipy.sparse import csr_array

    entries, starts = taken(adjacency.indptr, sample)
    indices, nodes = adjacency.indices[entries], len(starts) - 1
    if reduce == "max":
        made = np.zeros((nodes, rows.shape[1]), dtype=rows.dtype)
        filled = np.flatnonzero(np.diff(starts))
        if len(filled):
            made[filled] = np.maximum.reduceat(rows[indices], starts[filled], axis=0)
        return made
    factors = np.ones(len(entries), dtype=rows.dtype) if edges is None else edges[entries].astype(rows.dtype)
    return csr_array((factors, indices, starts), shape=(nodes, nodes)) @ rows


def epilogue(sums: np.ndarray, settings: Epilogue, extra: np.ndarray | None) -> tuple[np.ndarray, int]:
    """Rows (N, J) int64 of an operation from its sums, and how many elements the clamp changed."""
    scale = np.asarray(settings.scale, dtype=np.int64)
    total = sums * (scale[:, None] if scale.ndim else scale)
    if settings.extra is not None and extra is not None:
        total += extra * settings.extra_scale
    if settings.bias is not None:
        total += settings.bias.astype(np.int64) << settings.bias_shift
    if settings.relu:
        total = np.maximum(total, 0)
    if settings.shift:
        total = total + (1 << settings.shift - 1) >> settings.shift
    rows = total.clip(*RANGES[settings.output])
    return rows, int(np.count_nonzero(rows != total))
