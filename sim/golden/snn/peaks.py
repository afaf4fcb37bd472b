"""Golden model of :mod:`pyralis.hw.snn.peaks`: max pooling of currents."""

import torch

__all__ = ["peaks"]


def peaks(currents: torch.Tensor, window: int, stride: int) -> torch.Tensor:
    """Largest of every *window* x *window* of *currents* (..., H, W) int64, *stride* apart.

    Incomplete windows at the right and the bottom are dropped.
    """
    return currents.unfold(-2, window, stride).unfold(-2, window, stride).amax(dim=(-2, -1))
