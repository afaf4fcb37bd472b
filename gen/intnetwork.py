"""A spiking network of integers only: what the compiler and the golden model take.

It can be built by hand, so that a network quantised elsewhere needs no framework here::

    layer = IntLayer(name="fc", kind="linear", weight=w, bias=b, threshold=th, neuron=IntNeuron(reset="zero"))
    network = IntNetwork(input_shape=(1, 8, 8), coding="direct", time_steps=4, layers=(layer,))
    network.validate()

One layer is one integer convolution, a neuron that steps through time, and a pooling of its spikes or, before
the neuron, of its currents::

    current[o, y, x] = bias[o] + sum over i, j, k of
                       weight[o, i, j, k] * input[i, y * stride + j - top, x * stride + k - left]

Inputs outside the map are zero. Sizes round down, as in PyTorch. A fully connected layer is the convolution
whose kernel covers its whole input map. The file format is in :mod:`pyralis.gen.networkfile`.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.geometry import Faults, Geometry, Shape, check, integer, output_faults, shape_faults

__all__ = ["IntLayer", "IntNetwork", "IntNeuron", "Shape"]

CODINGS = {"direct": (-128, 127), "events": (0, 1), "ternary": (-1, 1)}
"""Range of one input value under each coding."""

INT32 = (-(1 << 31), (1 << 31) - 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class IntNeuron:
    """What a neuron does with its current in one time step; the arithmetic is in the golden model.

    Attributes
    ----------
    leak : {"none", "shift", "multiply"}
        ``v``; ``v - (v >> leak_value)``; ``(v * leak_value) >> leak_bits``. Shifts round down.
    leak_value : int
        Shift distance in 0..15, or the multiplier in 0..2**leak_bits.
    leak_bits : int
        Fraction bits of the multiplier, 1..15.
    leak_after : bool
        Leak after the current has been added to the potential.
    reset : {"zero", "subtract", "none"}
        What a spike does to the potential.
    timing : {"immediate", "delayed", "compensated"}
        When it does so: see :class:`pyralis.hw.snn.program.Timing`.
    inclusive : bool
        Fire at ``potential >= threshold`` instead of ``>``.
    """

    leak: Literal["none", "shift", "multiply"] = "none"
    leak_value: int = 0
    leak_bits: int = 12
    leak_after: bool = False
    reset: Literal["zero", "subtract", "none"] = "subtract"
    timing: Literal["immediate", "delayed", "compensated"] = "immediate"
    inclusive: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class IntLayer(Geometry):
    """One layer: convolution (or fully connected), neuron, max pooling before or after it.

    Attributes
    ----------
    name : str
        Unique in its network; errors and reports use it.
    kind : {"conv", "linear"}
        ``linear``: the kernel is as large as the input map, stride 1, no padding.
    weight : (O, I, Kh, Kw) int8
    bias : (O,) int64, within int32
        Added in every time step, in units of the current.
    threshold : (O,) int64, at least 1
        In units of the current.
    stride : int
    padding : (int, int)
        Rows of zeros above and below, columns left and right.
    pool, pool_stride : int
        Window and stride of the pooling; 1 without. Without a stride it is the window.
    pool_of : {"spikes", "currents"}
        OR of the neurons' spikes, or maximum of the currents in each time step: then there is one neuron for
        each window.
    neuron : IntNeuron
    weight_scale : float or (O,) float64
        Real value of one unit of the weights. Informative.
    """

    name: str
    weight: np.ndarray
    bias: np.ndarray
    threshold: np.ndarray
    kind: Literal["conv", "linear"] = "conv"
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    pool: int = 1
    pool_stride: int = 0
    pool_of: Literal["spikes", "currents"] = "spikes"
    neuron: IntNeuron = field(default_factory=IntNeuron)
    weight_scale: float | np.ndarray = 1.0

    def __post_init__(self) -> None:
        if self.pool_stride == 0:
            object.__setattr__(self, "pool_stride", self.pool)

    def current_bounds(self, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest weighted sum of each output, without bias, for inputs in *low*..*high*: (O,).

        Follows from the weights alone: no input can exceed it. Padding is zero: needs ``low <= 0 <= high``.
        """
        flat = self.weight.reshape(self.out_channels, -1).astype(np.int64)
        positive, negative = np.maximum(flat, 0).sum(axis=1), np.minimum(flat, 0).sum(axis=1)
        return positive * low + negative * high, positive * high + negative * low


@dataclass(frozen=True, kw_only=True, eq=False)
class IntNetwork:
    """A chain of layers with its input and output.

    Attributes
    ----------
    input_shape : (C, H, W)
    coding : {"direct", "events", "ternary"}
        Signed 8-bit pixels, the same in every time step; 0 or 1 per step; -1, 0 or 1 per step.
    time_steps : int
        1..255.
    layers : tuple of IntLayer
    output : {"counts", "potentials"}
        A score is the number of the last layer's spikes over all steps, or its potential after the last step.
    potential_bits : int
        Width of a membrane potential, 16..32; sums beyond it saturate and are reported.
    input_scale : float
        Real value of one unit of the input. Informative.
    source : dict
        Where the network comes from; anything that JSON can hold.
    """

    input_shape: Shape
    time_steps: int
    layers: tuple[IntLayer, ...]
    coding: Literal["direct", "events", "ternary"] = "direct"
    output: Literal["counts", "potentials"] = "counts"
    potential_bits: int = 24
    input_scale: float = 1.0
    source: dict[str, Any] = field(default_factory=dict)

    def shapes(self) -> list[Shape]:
        """Maps between the layers, after pooling: the input shape, then one per layer."""
        shapes = [self.input_shape]
        for layer in self.layers:
            shapes.append(layer.pooled_shape(shapes[-1]))
        return shapes

    def input_range(self, index: int) -> tuple[int, int]:
        """Least and greatest value that the input of layer *index* can hold."""
        return CODINGS[self.coding] if index == 0 else (0, 1)

    def current_scale(self, index: int) -> np.ndarray:
        """Real value of one unit of current, threshold and potential of layer *index*: (O,) float64."""
        layer = self.layers[index]
        scale = np.asarray(layer.weight_scale, dtype=np.float64) * (self.input_scale if index == 0 else 1.0)
        return np.broadcast_to(scale, (layer.out_channels,))

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Real images to what the network takes: int8 of the same shape.

        Direct coding rounds ``images / input_scale`` to even and saturates at -128 and 127. For events and
        ternary coding the values must already be in 0..1 or -1..1; UserError otherwise, and for NaN.
        """
        images = np.asarray(images, dtype=np.float64)
        if not np.isfinite(images).all():
            raise UserError("the images hold NaN or infinite values", "input")
        low, high = CODINGS[self.coding]
        values = np.rint(images / self.input_scale)
        if self.coding != "direct" and not (np.isin(images, np.arange(low, high + 1))).all():
            raise UserError(
                f"with {self.coding} coding every value must be an integer in {low}..{high}", "input"
            )
        return values.clip(low, high).astype(np.int8)

    def save(self, path: str | Path) -> None:
        """Writes the network to one ``.npz``: see :func:`pyralis.gen.networkfile.save`."""
        from pyralis.gen import networkfile

        networkfile.save(self, path)

    @staticmethod
    def load(path: str | Path) -> "IntNetwork":
        """Reads what :meth:`save` wrote: see :func:`pyralis.gen.networkfile.load`."""
        from pyralis.gen import networkfile

        return networkfile.load(path)

    def validate(self) -> None:
        """Checks every type, range and shape; raises UserError naming the layer, the value and the bound."""
        check(_network_faults(self), "network")
        shape = self.input_shape
        names: set[str] = set()
        for layer in self.layers:
            where = f"layer {layer.name!r}"
            if layer.name in names or not layer.name:
                raise UserError(f"layer names must be unique and not empty; {layer.name!r} is not", where)
            names.add(layer.name)
            check(_array_faults(layer, self.potential_bits), where)
            check(_neuron_faults(layer.neuron), where)
            check(shape_faults(layer, shape), where)
            shape = layer.pooled_shape(shape)
        check(output_faults(self.layers[-1]), f"layer {self.layers[-1].name!r}")


def _network_faults(n: IntNetwork) -> Faults:
    shape = n.input_shape
    proper = isinstance(shape, tuple) and len(shape) == 3 and all(integer(s, 1, 65535) for s in shape)
    yield (
        not proper,
        f"input_shape must be three sizes (C, H, W) in 1..65535, not {shape!r}",
        "give the shape of one image",
    )
    yield n.coding not in CODINGS, f"coding must be direct, events or ternary, not {n.coding!r}", ""
    yield (
        n.output not in ("counts", "potentials"),
        f"output must be counts or potentials, not {n.output!r}",
        "",
    )
    yield not integer(n.time_steps, 1, 255), f"time_steps must be in 1..255, not {n.time_steps!r}", ""
    yield (
        not integer(n.potential_bits, 16, 32),
        f"potential_bits must be in 16..32, not {n.potential_bits!r}",
        "",
    )
    yield (
        not np.isfinite(n.input_scale) or n.input_scale <= 0,
        f"input_scale must be positive, not {n.input_scale!r}",
        "",
    )
    yield not n.layers, "a network needs at least one layer, and this one has none", "add an IntLayer"


def _array_faults(layer: IntLayer, potential_bits: int) -> Faults:
    for name, array, dtype in (
        ("weight", layer.weight, np.int8),
        ("bias", layer.bias, np.int64),
        ("threshold", layer.threshold, np.int64),
    ):
        got = getattr(array, "dtype", type(array).__name__)
        yield (
            got != dtype,
            f"{name} must be a numpy array of {np.dtype(dtype)}, not of {got}",
            f"round, then astype(np.{np.dtype(dtype)})",
        )
    shape = layer.weight.shape
    yield (
        len(shape) != 4 or 0 in shape,
        f"weight must have four sizes (O, I, Kh, Kw) of at least 1, not {shape}",
        "",
    )
    for name, array in (("bias", layer.bias), ("threshold", layer.threshold)):
        what = f"{name} must hold {shape[0]} values, one per output channel, not {array.shape}"
        yield array.shape != (shape[0],), what, ""
    scale = np.asarray(layer.weight_scale)
    what = f"weight_scale must be one positive number or {shape[0]} of them, not {layer.weight_scale!r}"
    yield scale.shape not in ((), (shape[0],)) or not np.all(np.isfinite(scale) & (scale > 0)), what, ""
    low, high = int(layer.bias.min()), int(layer.bias.max())
    yield low < INT32[0] or high > INT32[1], f"bias must be in {INT32[0]}..{INT32[1]}, not {low}..{high}", ""
    low, high, top = int(layer.threshold.min()), int(layer.threshold.max()), (1 << potential_bits - 1) - 1
    hint = "a threshold that no potential can pass, or that zero passes, needs other scales or potential_bits"
    yield low < 1 or high > top, f"threshold must be in 1..{top}, not {low}..{high}", hint


def _neuron_faults(n: IntNeuron) -> Faults:
    yield (
        n.leak not in ("none", "shift", "multiply"),
        f"leak must be none, shift or multiply, not {n.leak!r}",
        "",
    )
    yield (
        n.reset not in ("zero", "subtract", "none"),
        f"reset must be zero, subtract or none, not {n.reset!r}",
        "",
    )
    timings = ("immediate", "delayed", "compensated")
    yield n.timing not in timings, f"timing must be immediate, delayed or compensated, not {n.timing!r}", ""
    yield not integer(n.leak_bits, 1, 15), f"leak_bits must be in 1..15, not {n.leak_bits!r}", ""
    top = {"none": 65535, "shift": 15, "multiply": 1 << n.leak_bits}[n.leak]
    what = f"leak_value must be in 0..{top} for leak {n.leak!r}, not {n.leak_value!r}"
    yield not integer(n.leak_value, 0, top), what, ""
