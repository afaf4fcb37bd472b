"""Golden model of :mod:`pyralis.hw.gcn.systolic`: what its sums are, and the order in which they leave."""

from collections.abc import Iterator

import torch

from pyralis.sim.golden.gcn.sums import combine

__all__ = ["leaving", "padded"]


def padded(weight: torch.Tensor, lanes: int) -> torch.Tensor:
    """*weight* with columns of zeros up to whole slices: (K, slices * lanes) int64."""
    return torch.nn.functional.pad(weight, (0, -weight.shape[1] % lanes))


def leaving(
    source: torch.Tensor, weight: torch.Tensor, pe_rows: int, lanes: int
) -> Iterator[tuple[int, int, torch.Tensor]]:
    """Sums of one module in dense mode: (row, slice, (lanes,) int64).

    Group after group of *pe_rows* rows, in each of them slice after slice, in each of them row after row.

    Parameters
    ----------
    source : (N, K) int64
        Rows of the module's column.
    weight : (K, J) int64
    """
    sums = combine(source, padded(weight, lanes))
    for begin in range(0, len(source), pe_rows):
        for index, part in enumerate(sums[begin : begin + pe_rows].split(lanes, dim=1)):
            for offset, row in enumerate(part):
                yield begin + offset, index, row
