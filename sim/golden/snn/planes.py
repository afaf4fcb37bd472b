"""Golden model of :mod:`pyralis.hw.snn.planes`: signed 8-bit pixels as bit planes, and back."""

import torch

__all__ = ["from_planes", "to_planes"]

PLANES = 8


def to_planes(pixels: torch.Tensor, step_lanes: int) -> torch.Tensor:
    """Bit planes of *pixels* (any shape, -128..127), *step_lanes* a pass: (8 / S, S, ...) int64 of 0 and 1.

    Pass 0 holds the most significant planes; lane s of pass g is plane ``(8 / S - 1 - g) * S + s``.
    """
    order = [(PLANES // step_lanes - 1 - g) * step_lanes + s for g, s in _passes(step_lanes)]
    planes = torch.stack([pixels.to(torch.int64) >> plane & 1 for plane in order])
    return planes.reshape(-1, step_lanes, *pixels.shape)


def from_planes(sums: torch.Tensor) -> torch.Tensor:
    """Current from the sums over each plane, (8 / S, S, ...) int64 in the order of :func:`to_planes`."""
    step_lanes = sums.shape[1]
    total = torch.zeros_like(sums[0, 0])
    for g, s in _passes(step_lanes):
        plane = (PLANES // step_lanes - 1 - g) * step_lanes + s
        total += sums[g, s] * (-128 if plane == PLANES - 1 else 1 << plane)
    return total


def _passes(step_lanes: int) -> list[tuple[int, int]]:
    return [(g, s) for g in range(PLANES // step_lanes) for s in range(step_lanes)]
