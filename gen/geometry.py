"""Sizes of maps along a chain of layers, shared by the float and the integer network."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError

__all__ = ["Faults", "Geometry", "Shape", "check", "integer", "output_faults", "shape_faults"]

Shape = tuple[int, int, int]
"""(channels, height, width)."""

Faults = Iterable[tuple[bool, str, str]]
"""(is it wrong, what to say, what to do)."""


def check(faults: Faults, where: str) -> None:
    """Raises UserError for the first fault that is one."""
    for wrong, what, hint in faults:
        if wrong:
            raise UserError(what, where, hint)


def integer(value: object, low: int, high: int) -> bool:
    """Whether *value* is an integer (no bool) in *low*..*high*."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and low <= int(value) <= high


class Geometry:
    """Map sizes of a layer: ``weight`` (O, I, Kh, Kw), ``stride``, ``padding``, ``pool``, ``pool_stride``.

    ``pool_of`` says whether the layer pools the currents of its neurons or their spikes. Its output has the
    same shape either way.
    """

    __slots__ = ()

    weight: Any
    stride: Any
    padding: Any
    pool: Any
    pool_stride: Any
    pool_of: Any

    @property
    def out_channels(self) -> int:
        return self.weight.shape[0]

    def map_shape(self, shape: Shape) -> Shape:
        """Shape of the layer's map before pooling, for an input map of *shape*. Rounds down."""
        _, height, width = shape
        (out, _, kernel_h, kernel_w), (top, left) = self.weight.shape, self.padding
        rows = (height + 2 * top - kernel_h) // self.stride + 1
        return out, rows, (width + 2 * left - kernel_w) // self.stride + 1

    def pooled_shape(self, shape: Shape) -> Shape:
        """Shape of the layer's output, after pooling, for an input map of *shape*."""
        out, rows, columns = self.map_shape(shape)
        return out, (rows - self.pool) // self.pool_stride + 1, (columns - self.pool) // self.pool_stride + 1


def shape_faults(layer: Any, shape: Shape) -> Faults:
    """What keeps *layer* (a Geometry with a ``kind``) from following a map of *shape*."""
    yield layer.kind not in ("conv", "linear"), f"kind must be conv or linear, not {layer.kind!r}", ""
    for name in ("stride", "pool", "pool_stride"):
        value = getattr(layer, name)
        yield not integer(value, 1, 255), f"{name} must be in 1..255, not {value!r}", ""
    padding = layer.padding
    proper = isinstance(padding, tuple) and len(padding) == 2 and all(integer(p, 0, 255) for p in padding)
    yield not proper, f"padding must be two sizes (rows, columns) in 0..255, not {padding!r}", ""
    what = f"pool_of must be spikes or currents, not {layer.pool_of!r}"
    yield layer.pool_of not in ("spikes", "currents"), what, ""
    channels, height, width = shape
    _, inputs, kernel_h, kernel_w = layer.weight.shape
    what = f"the weights take {inputs} input channels, but the map before them has {channels}"
    yield inputs != channels, what, "weight is (O, I, Kh, Kw); the layers must chain"
    what = f"a linear layer's kernel must cover its {height} x {width} input, but is {kernel_h} x {kernel_w}"
    whole = (kernel_h, kernel_w) == (height, width) and layer.stride == 1 and padding == (0, 0)
    yield layer.kind == "linear" and not whole, what, "reshape its (O, C*H*W) weights to (O, C, H, W)"
    _, rows, columns = layer.map_shape(shape)
    what = (
        f"a {kernel_h} x {kernel_w} kernel does not fit into its {height} x {width} input padded by {padding}"
    )
    yield min(rows, columns) < 1, what, "use a smaller kernel, or more padding"
    what = f"a pooling window of {layer.pool} does not fit into the layer's {rows} x {columns} map"
    yield min(rows, columns) < layer.pool, what, "use a smaller window"


def output_faults(layer: Any) -> Faults:
    """What keeps *layer* (a Geometry) from being a network's last."""
    window = f"its window is {layer.pool} with stride {layer.pool_stride}"
    hint = "counts and potentials are read before spikes are pooled: do not pool, or pool the currents"
    pools = layer.pool_of == "spikes" and (layer.pool, layer.pool_stride) != (1, 1)
    yield pools, f"the last layer cannot pool its spikes, but {window}", hint
