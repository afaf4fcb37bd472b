"""Golden model of :mod:`pyralis.hw.gcn.epilogue`: from sums to the elements of a row."""

import torch

from pyralis.gen.gcn.intnetwork import RANGES, Epilogue
from pyralis.sim.golden.common.fixed import round_shift

__all__ = ["epilogue"]


def epilogue(
    sums: torch.Tensor, settings: Epilogue, extra: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of an operation: ``clamp((relu?(sum * scale + extra * extra_scale + bias) + half) >> shift)``.

    Parameters
    ----------
    sums : (N, J) int64
    settings : Epilogue
        Its scale is one number or one for each of the N nodes.
    extra : (N, J) int64, where the settings name one

    Returns
    -------
    rows : (N, J) int64
        Within the type of the output.
    saturated : (N, J) bool
        The clamp changed the value. What ReLU cuts off does not count.
    """
    device = sums.device
    scale = torch.as_tensor(settings.scale).to(device, torch.int64)
    total = sums * (scale[:, None] if scale.dim() else scale)
    if settings.extra is not None:
        assert extra is not None, "the settings name an extra, and none is given"
        total = total + extra * settings.extra_scale
    if settings.bias is not None:
        total = total + (torch.as_tensor(settings.bias).to(device, torch.int64) << settings.bias_shift)
    if settings.relu:
        total = total.clamp(min=0)
    values = round_shift(total, settings.shift, "half_up")
    rows = values.clamp(*RANGES[settings.output])
    return rows, rows != values
