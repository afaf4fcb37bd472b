"""Golden model of :mod:`pyralis.hw.snn.pool`: OR over windows of spikes."""

import torch

__all__ = ["pool"]


def pool(spikes: torch.Tensor, size: int, stride: int) -> torch.Tensor:
    """ORs (..., H, W) spikes of 0 and 1 over windows of *size* x *size*, *stride* apart; sizes round down."""
    if not 1 <= size <= min(spikes.shape[-2:]):
        raise ValueError(f"size must be in 1..{min(spikes.shape[-2:])}, the map's shorter side, not {size}")
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    return spikes.unfold(-2, size, stride).unfold(-2, size, stride).amax(dim=(-2, -1))
