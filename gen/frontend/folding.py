"""Linear operators between two neurons, folded into one convolution in float64.

All functions take and give plain numpy arrays, so every front end can use them.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.geometry import Geometry, Shape

__all__ = ["Average", "Linear", "average_after", "average_before", "normalise", "scale_inputs"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear(Geometry):
    """A convolution that is still being folded: ``weight`` (O, I, Kh, Kw) and ``bias`` (O,), float64.

    Once it pools currents nothing more can be folded into it: a maximum does not commute with other
    operators.
    """

    name: str
    kind: Literal["conv", "linear"]
    weight: np.ndarray
    bias: np.ndarray
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    pool: int = 1
    pool_stride: int = 1
    pool_of: Literal["spikes", "currents"] = "spikes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Average:
    """An average pooling: each window is summed and divided by ``divisor``."""

    name: str
    size: int
    stride: int
    divisor: int

    def pooled_shape(self, shape: Shape) -> Shape:
        channels, height, width = shape
        rows, columns = ((side - self.size) // self.stride + 1 for side in (height, width))
        if min(rows, columns) < 1:
            what = f"an average over {self.size} x {self.size} does not fit into a {height} x {width} map"
            raise UserError(what, f"layer {self.name!r}", "use a smaller window")
        return channels, rows, columns


def normalise(linear: Linear, scale: np.ndarray, shift: np.ndarray) -> Linear:
    """Folds ``scale * x + shift``, both (O,), that follows *linear*."""
    weight = linear.weight * scale[:, None, None, None]
    return replace(linear, weight=weight, bias=linear.bias * scale + shift)


def scale_inputs(linear: Linear, factor: np.ndarray) -> Linear:
    """Folds a factor (I,) on each input channel."""
    return replace(linear, weight=linear.weight * factor[:, None, None])


def average_after(linear: Linear, average: Average) -> Linear:
    """Folds an average that follows *linear*: the kernel and its stride become wider."""
    kernel = _spread(linear.weight, average.size, linear.stride)
    return replace(
        linear,
        weight=kernel / average.divisor,
        bias=linear.bias * (average.size**2 / average.divisor),
        stride=linear.stride * average.stride,
    )


def average_before(linear: Linear, average: Average, shape: Shape) -> Linear:
    """Folds an average of a map of *shape* that *linear* reads.

    Raises UserError where that is not exact: zero padding of the averaged map is zero padding of the map
    itself only when the windows tile it.
    """
    _, height, width = shape
    size, step = average.size, average.stride
    if any(linear.padding) and (size != step or height % size or width % size):
        what = (
            f"an average over {size} x {size} with stride {step} on a {height} x {width} map cannot be "
            f"folded into a convolution with padding {linear.padding}"
        )
        hint = (
            "use a window that divides the map and equals its stride, or move the pooling before the neuron"
        )
        raise UserError(what, f"layer {average.name!r}", hint)
    kernel = _stretch(linear.weight, step, size) / average.divisor
    if linear.kind == "linear":
        grow = [(0, 0), (0, 0), (0, height - kernel.shape[2]), (0, width - kernel.shape[3])]
        return replace(linear, weight=np.pad(kernel, grow))
    padding = (linear.padding[0] * step, linear.padding[1] * step)
    return replace(linear, weight=kernel, stride=linear.stride * step, padding=padding)


def _spread(weight: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Sum of *size* x *size* copies of a kernel, each *stride* further than the last."""
    out, inputs, rows, columns = weight.shape
    total = np.zeros((out, inputs, rows + (size - 1) * stride, columns + (size - 1) * stride))
    for y in range(0, size * stride, stride):
        for x in range(0, size * stride, stride):
            total[:, :, y : y + rows, x : x + columns] += weight
    return total


def _stretch(weight: np.ndarray, step: int, size: int) -> np.ndarray:
    """Kernel whose taps stand *step* apart and each cover *size* x *size* positions."""
    out, inputs, rows, columns = weight.shape
    total = np.zeros((out, inputs, (rows - 1) * step + size, (columns - 1) * step + size))
    for y in range(rows):
        for x in range(columns):
            tap = weight[:, :, y : y + 1, x : x + 1]
            total[:, :, y * step : y * step + size, x * step : x * step + size] += tap
    return total
