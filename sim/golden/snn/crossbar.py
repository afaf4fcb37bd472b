"""Golden model of :mod:`pyralis.hw.snn.crossbar`."""

import torch

__all__ = ["crossbar"]


def crossbar(weights: torch.Tensor, spikes: torch.Tensor) -> torch.Tensor:
    """Sums the weights of the inputs that spike.

    Parameters
    ----------
    weights : (..., inputs, channels) int64
        int8 values; input ``2 k + i`` is input i of stage k.
    spikes : (..., inputs) int64
        0 or 1.

    Returns
    -------
    sums : (..., channels) int64
        Exact: the hardware's 12 bits hold any sum of 16 products.
    """
    return (weights * spikes.unsqueeze(-1)).sum(dim=-2)
