"""A spiking network in real numbers: what front ends produce and the quantiser takes."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.geometry import Faults, Geometry, Shape, check, integer, output_faults, shape_faults

__all__ = ["Layer", "Network", "Neuron"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Neuron:
    """What a neuron does with its current in one time step: ``beta * potential + current``, fire, reset.

    Attributes
    ----------
    beta : float
        Share of the potential that is left after one step, 0..1.
    reset : {"zero", "subtract", "none"}
    timing : {"immediate", "delayed", "compensated"}
        See :class:`pyralis.hw.snn.program.Timing`.
    inclusive : bool
        Fire at ``potential >= threshold`` instead of ``>``.
    """

    beta: float = 1.0
    reset: Literal["zero", "subtract", "none"] = "subtract"
    timing: Literal["immediate", "delayed", "compensated"] = "immediate"
    inclusive: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer(Geometry):
    """One layer: convolution (or fully connected), neuron, max pooling before or after it.

    Normalisation, average pooling and graded spikes are already folded into ``weight`` and ``bias``.

    Attributes
    ----------
    name : str
    kind : {"conv", "linear"}
        ``linear``: the kernel is as large as the input map, stride 1, no padding.
    weight : (O, I, Kh, Kw) float64
    bias, threshold : (O,) float64
        The bias is added in every time step; thresholds are positive.
    stride : int
    padding : (rows, columns)
    pool, pool_stride : int
        1 without pooling.
    pool_of : {"spikes", "currents"}
        OR of the neurons' spikes, or maximum of the currents in each time step, one neuron for each window.
    neuron : Neuron
    """

    name: str
    weight: np.ndarray
    bias: np.ndarray
    threshold: np.ndarray
    kind: Literal["conv", "linear"] = "conv"
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    pool: int = 1
    pool_stride: int = 1
    pool_of: Literal["spikes", "currents"] = "spikes"
    neuron: Neuron = field(default_factory=Neuron)


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A chain of layers with its input and output.

    Attributes
    ----------
    input_shape : (C, H, W)
    time_steps : int
    layers : tuple of Layer
    coding : {"direct", "events", "ternary"}
        Real pixels, the same in every time step; 0 or 1 per step; -1, 0 or 1 per step.
    output : {"counts", "potentials"}
        A score is the number of the last layer's spikes over all steps, or its potential after the last step.
    output_scale : float
        What one spike of the last layer is worth in the framework (snnTorch's ``graded_spikes_factor``).
    source : dict
        Where the network comes from.
    """

    input_shape: Shape
    time_steps: int
    layers: tuple[Layer, ...]
    coding: Literal["direct", "events", "ternary"] = "direct"
    output: Literal["counts", "potentials"] = "counts"
    output_scale: float = 1.0
    source: dict[str, Any] = field(default_factory=dict)

    def shapes(self) -> list[Shape]:
        """Maps between the layers, after pooling: the input shape, then one per layer."""
        shapes = [self.input_shape]
        for layer in self.layers:
            shapes.append(layer.pooled_shape(shapes[-1]))
        return shapes

    def validate(self) -> None:
        """Checks values and shapes; raises UserError naming the layer, the value and the bound."""
        if not self.layers:
            raise UserError("a network needs at least one layer, and this one has none", "network")
        if not integer(self.time_steps, 1, 255):
            raise UserError(f"time_steps must be in 1..255, not {self.time_steps!r}", "network")
        shape = self.input_shape
        for layer in self.layers:
            where = f"layer {layer.name!r}"
            check(_value_faults(layer), where)
            check(shape_faults(layer, shape), where)
            shape = layer.pooled_shape(shape)
        check(output_faults(self.layers[-1]), f"layer {self.layers[-1].name!r}")


def _value_faults(layer: Layer) -> Faults:
    for name in ("weight", "bias", "threshold"):
        values = getattr(layer, name)
        bad = int(np.size(values) - np.isfinite(values).sum())
        hint = "the training diverged; load an earlier checkpoint"
        yield bad > 0, f"{bad} of {np.size(values)} values of {name} are NaN or infinite", hint
        shape = (layer.out_channels,)
        what = f"{name} must hold {shape[0]} values, one per output channel, not {np.shape(values)}"
        yield name != "weight" and np.shape(values) != shape, what, ""
    low = float(np.min(layer.threshold))
    yield low <= 0, f"threshold must be positive, not {low:g}", "a neuron at rest must not fire"
    beta = layer.neuron.beta
    yield not 0 <= beta <= 1, f"beta must be in 0..1, not {beta!r}", ""
