"""Chooses an epilogue: integers whose result stands for given real values as closely as they can.

An operation makes ``real = (unit * sum) * factor[v] + extra_factor * extra + bias``. The epilogue computes
``(sum * scale[v] + extra * extra_scale + bias) >> shift``, so ``scale[v]`` is ``factor[v]`` in units of
``unit_out / 2**shift``. With *power-of-two* requantisation the largest scale takes all its bits and the shift
alone brings the result into the range of its type: the output uses between half and all of it, and with one
factor for all nodes the multiplier is a power of two. With *full* the scales also hold what is left, so that
the largest value becomes the largest integer; the hardware multiplies in any case. Sums that fit into the
result as they are stay as they are.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pyralis.gen.gcn.intnetwork import RANGES, Epilogue

__all__ = ["Requantisation", "Target", "candidates"]

Requantisation = Literal["power-of-two", "full"]

SCALE_BITS = 16
MAX_SHIFT = 47
INT16, INT32 = (1 << 15) - 1, (1 << 31) - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """What an epilogue is to compute, in real numbers.

    Attributes
    ----------
    unit : float
        Real value of one unit of the sum.
    factor : float or (nodes,) float64
        At least 0.
    peak : float
        Largest magnitude of the result.
    bias : (width,) float64, optional
    extra : str, optional
        Name of the row matrix that is added.
    extra_unit : float
        Real value of one unit of it, its factor included.
    relu : bool
    output : str
        Type of the result.
    """

    unit: float
    factor: float | np.ndarray
    peak: float
    bias: np.ndarray | None = None
    extra: str | None = None
    extra_unit: float = 0.0
    relu: bool = False
    output: Literal["int8", "uint8", "int16", "int32"] = "int8"


def candidates(target: Target, requantisation: Requantisation) -> list[tuple[Epilogue, float]]:
    """Epilogues for *target* with the real value of one unit of their result, the most exact first.

    Those with coarser scales have smaller sums before the shift; the first whose sums fit is the one to take.
    The list is empty if the extra or the bias is too large beside the result for any.
    """
    top = RANGES[target.output][1]
    least = float(np.max(target.factor, initial=0.0)) * target.unit or target.unit
    peak = target.peak or least
    found = []
    if np.ndim(target.factor) == 0 and target.bias is None and target.extra is None and peak <= top * least:
        exact = Epilogue(relu=target.relu, output=target.output)
        found.append((exact, least))
    for bits in range(SCALE_BITS, -1, -1):
        largest = max((1 << bits) - 1, 1)  # scale of the node with the greatest factor
        if np.ndim(target.factor) == 0 and requantisation == "power-of-two":
            largest = 1 << max(bits - 1, 0)
        if requantisation == "power-of-two":
            shift = max(0, int(np.ceil(np.log2(peak * largest / (least * (top + 0.49))))))
            unit_out = least * 2.0**shift / largest
        else:
            unit_out = peak / top
            shift = int(np.floor(np.log2(largest * unit_out / least)))
        made = _made(target, unit_out, shift) if 0 <= shift <= MAX_SHIFT else None
        if made is not None:
            found.append((made, unit_out))
    return found


def _made(target: Target, unit_out: float, shift: int) -> Epilogue | None:
    """The epilogue with this shift; None if a number of it does not fit its field."""
    step = unit_out / 2.0**shift  # real value of one unit before the shift
    scale = np.rint(np.asarray(target.factor) * (target.unit / step))
    extra = round(target.extra_unit / step)
    bias, bias_shift = None, 0
    if target.bias is not None:
        largest = float(np.abs(target.bias).max()) / step
        bias_shift = max(0, int(np.ceil(np.log2(max(largest, 1.0) / INT32))))
        if bias_shift > 15:
            return None
        bias = np.rint(target.bias / (step * 2.0**bias_shift)).astype(np.int32)
    if scale.max() > 0xFFFF or abs(extra) > INT16:
        return None
    return Epilogue(
        scale=scale.astype(np.uint16) if scale.ndim else int(scale),
        extra=target.extra,
        extra_scale=extra,
        bias=bias,
        bias_shift=bias_shift,
        shift=shift,
        relu=target.relu,
        output=target.output,
    )
