"""Golden model of :mod:`pyralis.hw.snn.array`."""

import torch

__all__ = ["slots", "totals"]


def totals(weights: torch.Tensor, spikes: torch.Tensor) -> torch.Tensor:
    """Currents of one pass.

    Parameters
    ----------
    weights : (steps, V, M) int64
        int8 weights of input channel v to output channel m, one word for each step of the pass.
    spikes : (steps, N, S, V) int64
        0 or 1, for each pixel lane and step lane.

    Returns
    -------
    totals : (N, S, M) int64
    """
    return torch.einsum("gvm,gnsv->nsm", weights, spikes)


def slots(total: torch.Tensor, neuron_lanes: int) -> torch.Tensor:
    """Totals in the order in which they leave the array.

    Parameters
    ----------
    total : (N, S, M) int64
    neuron_lanes : int
        P, channels of a slot.

    Returns
    -------
    slots : (N * M / P, P, S) int64
        Pixel slowest, then block of P channels.
    """
    pixels, steps, channels = total.shape
    blocks = total.reshape(pixels, steps, channels // neuron_lanes, neuron_lanes)
    return blocks.permute(0, 2, 3, 1).reshape(-1, neuron_lanes, steps)
