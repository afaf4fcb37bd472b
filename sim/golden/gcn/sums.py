"""Golden model of the sums of both engines: products of combinations, sums and maxima of aggregations."""

from dataclasses import dataclass, replace

import torch

from pyralis.gen.gcn.intnetwork import IntSample
from pyralis.sim.golden.gcn.sampler import taken

__all__ = ["SparseRows", "aggregate", "combine"]

CHUNK_VALUES = 1 << 24
"""Elements of int64 that are gathered at a time: 128 MiB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SparseRows:
    """Rows as lists of elements, all others 0. An element that stands twice is the sum of both.

    Attributes
    ----------
    count : int
        Rows.
    rows, indices, values : (elements,) int64
        Row, column and value of each.
    """

    count: int
    rows: torch.Tensor
    indices: torch.Tensor
    values: torch.Tensor

    def to(self, device: str | torch.device) -> "SparseRows":
        """The same rows on *device*."""
        return replace(
            self, rows=self.rows.to(device), indices=self.indices.to(device), values=self.values.to(device)
        )

    def whole(self, width: int) -> torch.Tensor:
        """(count, width) int64."""
        rows = self.values.new_zeros(self.count, width)
        return rows.index_put_((self.rows, self.indices), self.values, accumulate=True)


def combine(source: torch.Tensor | SparseRows, weight: torch.Tensor) -> torch.Tensor:
    """Products of rows and weights: (N, J) int64.

    Whole rows are multiplied in float64, because PyTorch has no fast integer product: every partial sum is an
    integer of magnitude at most ``sum(abs(weight)) * max(abs(source))``, and below 2**53 float64 holds all
    such integers, so the result is exact in any order of summation and the same on every device. Rows that
    are lists add weights in int64.

    Parameters
    ----------
    source : (N, K) int64, or SparseRows
    weight : (K, J) int64
    """
    if isinstance(source, SparseRows):
        sums = weight.new_zeros(source.count, weight.shape[1])
        per_chunk = max(1, CHUNK_VALUES // weight.shape[1])
        for start in range(0, len(source.indices), per_chunk):
            part = slice(start, start + per_chunk)
            products = weight[source.indices[part]] * source.values[part, None]
            sums.index_add_(0, source.rows[part], products)
        return sums
    largest = int(source.abs().max())
    bound = int(weight.abs().sum(dim=0).max()) * largest
    assert bound < 1 << 53, f"a sum of {bound} is beyond what float64 holds exactly"
    return (source.to(torch.float64) @ weight.to(torch.float64)).to(torch.int64)


def aggregate(
    source: torch.Tensor,
    indptr: torch.Tensor,
    indices: torch.Tensor,
    weight: torch.Tensor | None = None,
    reduce: str = "sum",
    sample: IntSample | None = None,
    numbers: torch.Tensor | None = None,
) -> torch.Tensor:
    """Sum or maximum of the rows that each row of an adjacency lists: (N, J) int64; 0 for an empty row.

    Parameters
    ----------
    source : (N, J) int64
    indptr, indices : int64
        The adjacency. An entry that stands twice counts twice.
    weight : (entries,) int64, optional
        Factor of each entry; sums only.
    reduce : {"sum", "max"}
    sample : IntSample, optional
        The entries that count.
    numbers : int64, optional
        Of the rows, for a uniform sample.
    """
    entries, rows = taken(indptr, sample, numbers)
    low = torch.iinfo(torch.int64).min
    result = source.new_full((len(indptr) - 1, source.shape[1]), low if reduce == "max" else 0)
    per_chunk = max(1, CHUNK_VALUES // source.shape[1])
    for start in range(0, len(entries), per_chunk):
        entry, row = entries[start : start + per_chunk], rows[start : start + per_chunk]
        gathered = source[indices[entry]]
        if weight is not None:
            gathered = gathered * weight[entry, None]
        if reduce == "max":
            result.scatter_reduce_(0, row[:, None].expand_as(gathered), gathered, "amax")
        else:
            result.index_add_(0, row, gathered)
    return torch.where(result == low, 0, result) if reduce == "max" else result
