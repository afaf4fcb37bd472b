"""Feature matrices of graphs: dense (ndarray) or sparse (scipy csr_array), float32, a row for each node.

Publications divide every row of a bag of words by its sum. The division can wait until after the product with
the weights: ``X_norm W = diag(row_scales) (X W)``, and X stays binary. So readers keep the raw features, and
this module has the scales.
"""

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["feature_matrix", "is_binary", "is_sparse", "non_zeros", "row_normalised", "row_scales"]


def is_sparse(features: object) -> "TypeGuard[csr_array]":
    """Whether *features* are a matrix of scipy."""
    from scipy.sparse import issparse

    return bool(issparse(features))


def feature_matrix(features: Any) -> "np.ndarray | csr_array":
    """*features* as float32: an array, or CSR with sorted rows, no entry twice and no stored zero."""
    if not is_sparse(features):
        return np.ascontiguousarray(features, dtype=np.float32)
    from scipy.sparse import csr_array

    matrix = csr_array(features, dtype=np.float32, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def non_zeros(features: "np.ndarray | csr_array") -> np.ndarray:
    """(N,) int64: values of each row that are not zero."""
    if not is_sparse(features):
        return np.count_nonzero(features, axis=1).astype(np.int64)
    rows = np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))
    return np.bincount(rows[features.data != 0], minlength=features.shape[0]).astype(np.int64)


def is_binary(features: "np.ndarray | csr_array") -> bool:
    """Whether all values are 0 or 1."""
    values = features.data if is_sparse(features) else features
    return bool(np.all((values == 0) | (values == 1)))


def row_scales(features: "np.ndarray | csr_array") -> np.ndarray:
    """(N,) float64: one over the sum of each row, and 0 where the sum is 0.

    For binary features this is 1/nnz of the row.
    """
    sums = np.asarray(features.sum(axis=1, dtype=np.float64)).reshape(-1)
    return np.divide(1.0, sums, out=np.zeros_like(sums), where=sums != 0)


def row_normalised(features: "np.ndarray | csr_array") -> "np.ndarray | csr_array":
    """The features with every row divided by its sum, as in Kipf's GCN; rows of sum 0 become zeros."""
    scales = row_scales(features)
    if not is_sparse(features):
        return (features * scales[:, None]).astype(np.float32)
    scaled = features.copy()
    scaled.data = (features.data * np.repeat(scales, np.diff(features.indptr))).astype(np.float32)
    return scaled
