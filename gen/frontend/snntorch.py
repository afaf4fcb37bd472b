"""Front end for live snnTorch modules.

Takes the modules of a network in the order in which they were registered. For ``nn.Sequential`` that is the
order in which they run; any other ``forward`` is tried once, and refused if it is seen to do otherwise::

    Conv2d | Linear, with BatchNorm and AvgPool2d around it, then Leaky; MaxPool2d before or after the Leaky

``BatchNorm2d`` and ``AvgPool2d`` are folded once, in float64. What has no exact twin is refused by name.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import snntorch as snn
from torch import nn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.folding import (
    Average,
    Linear,
    average_after,
    average_before,
    normalise,
    scale_inputs,
)
from pyralis.gen.frontend.forward import Turn, check_forward
from pyralis.gen.frontend.leaky import read_leaky
from pyralis.gen.frontend.modules import read_average, read_batch_norm, read_conv, read_linear, read_window
from pyralis.gen.geometry import Shape
from pyralis.gen.network import Layer, Network

__all__ = ["from_snntorch"]

IGNORED = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d)
"""Modules that do nothing at inference."""

LEAVES = (
    nn.Conv2d,
    nn.Linear,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.AvgPool2d,
    nn.MaxPool2d,
    nn.Flatten,
    snn.Leaky,
)

SUPPORTED = (
    "Conv2d, Linear, BatchNorm1d, BatchNorm2d, AvgPool2d, MaxPool2d, Flatten, Dropout, Identity and Leaky"
)


def from_snntorch(
    module: nn.Module,
    input_shape: tuple[int, ...],
    time_steps: int,
    *,
    coding: Literal["direct", "events", "ternary"] = "direct",
    output: Literal["counts", "potentials"] = "counts",
) -> Network:
    """Reads a live snnTorch module.

    Parameters
    ----------
    module : nn.Module
        With its trained weights; not changed.
    input_shape : (C, H, W), or (features,) for a network that begins with Linear
        Shape of one image.
    time_steps : int
        How often the module is applied.
    coding : {"direct", "events", "ternary"}
        The same real image in every step; 0 or 1 per step; -1, 0 or 1 per step.
    output : {"counts", "potentials"}
        The class scores: the last neurons' spikes, summed, or their ``mem`` after the last step.

    Raises
    ------
    UserError
        A module or option that has no exact twin, NaN or infinite weights, shapes that do not chain.
    """
    if len(input_shape) not in (1, 3):
        raise UserError(
            f"input_shape must be (C, H, W) or (features,), not {tuple(input_shape)}", "from_snntorch"
        )
    flat = len(input_shape) == 1
    shape: Shape = (input_shape[0], 1, 1) if flat else (input_shape[0], input_shape[1], input_shape[2])
    reader = _Reader(shape, flat)
    turns: list[Turn] = []
    try:
        for name, leaf in _leaves(module, ""):
            if isinstance(leaf, LEAVES) and not isinstance(leaf, nn.Flatten):
                turns.append(Turn(name=name, module=leaf, values=int(np.prod(reader.shape))))
            reader.read(name, leaf)
    except UserError:
        check_forward(module, turns, input_shape, time_steps)  # may know the reason behind the refusal
        raise
    check_forward(module, turns, input_shape, time_steps)
    layers, output_scale = reader.finish(output)
    network = Network(
        input_shape=shape,
        time_steps=time_steps,
        layers=layers,
        coding=coding,
        output=output,
        output_scale=output_scale,
        source={"framework": "snntorch", "module": type(module).__name__},
    )
    network.validate()
    return network


def _leaves(module: nn.Module, path: str) -> list[tuple[str, nn.Module]]:
    """Modules that compute something, in order of registration, with their paths."""
    name = path or type(module).__name__
    container = isinstance(module, nn.Sequential | nn.ModuleList)
    library = type(module).__module__.startswith(("torch.nn", "snntorch"))
    children = [(key, child) for key, child in module._modules.items() if child is not None]
    if isinstance(module, LEAVES) or (library and not container) or (not children and not container):
        return [(name, module)]
    return [leaf for key, child in children for leaf in _leaves(child, f"{path}.{key}" if path else key)]


class _Reader:
    """Walks the modules in order and collects layers.

    ``linear`` is a convolution, perhaps pooled, that waits for its neuron, ``average`` a pooling (with the
    shape of the map before it) that waits for its convolution.
    """

    def __init__(self, shape: Shape, flat: bool) -> None:
        self.shape, self.flat = shape, flat
        self.linear: Linear | None = None
        self.average: tuple[Average, Shape] | None = None
        self.spike_size: np.ndarray | None = None
        self.layers: list[Layer] = []
        self.neurons: set[int] = set()

    def read(self, name: str, module: Any) -> None:
        """Takes the next module."""
        methods: dict[type, Callable[[str, Any], None]] = {
            nn.Conv2d: self.conv,
            nn.Linear: self.fully_connected,
            nn.BatchNorm1d: self.batch_norm,
            nn.BatchNorm2d: self.batch_norm,
            nn.AvgPool2d: self.average_pool,
            nn.MaxPool2d: self.max_pool,
            nn.Flatten: self.flatten,
            snn.Leaky: self.leaky,
        }
        for kind, method in methods.items():
            if isinstance(module, kind):
                method(name, module)
                return
        if not isinstance(module, IGNORED):
            what = f"{type(module).__name__} is not supported"
            raise UserError(what, f"layer {name!r}", f"build the network from {SUPPORTED}")

    def finish(self, output: str) -> tuple[tuple[Layer, ...], float]:
        """The layers, and what a spike of the last one is worth."""
        if self.linear is not None or self.average is not None or not self.layers:
            name = self.linear.name if self.linear else self.average[0].name if self.average else "network"
            hint = (
                'end with Leaky; reset_mechanism="none" and output="potentials" make a readout that only sums'
            )
            raise UserError("the network must end with a Leaky", f"layer {name!r}", hint)
        assert self.spike_size is not None
        if output == "potentials":
            return tuple(self.layers), 1.0
        if len(np.unique(self.spike_size)) > 1:
            what = "the last Leaky's graded_spikes_factor differs between channels"
            raise UserError(what, f"layer {self.layers[-1].name!r}", "use a scalar, or output='potentials'")
        return tuple(self.layers), float(self.spike_size[0])

    def _expect_input(self, where: str) -> None:
        if self.linear is not None:
            hint = "put a Leaky between them: only spikes travel from layer to layer"
            raise UserError(f"it follows {self.linear.name!r} without a Leaky between them", where, hint)

    def _channels(self, count: int, where: str) -> None:
        if count != self.shape[0]:
            raise UserError(f"it takes {count} channels, but the map before it has {self.shape[0]}", where)

    def _begin(self, linear: Linear) -> None:
        """Starts a layer: folds the last spikes' size and a waiting average into its weights."""
        if self.spike_size is not None:
            linear = scale_inputs(linear, self.spike_size)
        shape = self.shape
        if self.average is not None:
            average, shape = self.average
            linear, self.average = average_before(linear, average, shape), None
        self.linear, self.shape = linear, linear.map_shape(shape)
        if min(self.shape[1:]) < 1:
            kernel = " x ".join(map(str, linear.weight.shape[2:]))
            what = f"a {kernel} kernel does not fit into its map of {shape} padded by {linear.padding}"
            raise UserError(what, f"layer {linear.name!r}", "use a smaller kernel, or more padding")

    def conv(self, path: str, module: nn.Conv2d) -> None:
        where = f"layer {path!r} (Conv2d)"
        self._expect_input(where)
        if self.flat:
            raise UserError("Conv2d cannot follow Flatten or Linear", where, "a map is needed before it")
        self._channels(module.in_channels, where)
        self._begin(read_conv(module, path))

    def fully_connected(self, path: str, module: nn.Linear) -> None:
        where = f"layer {path!r} (Linear)"
        self._expect_input(where)
        if not self.flat and self.shape[1:] != (1, 1):
            what = f"Linear follows a map of {self.shape} without Flatten"
            raise UserError(what, where, "put nn.Flatten() before it")
        self._begin(read_linear(module, path, self.shape))
        self.flat = True

    def batch_norm(self, path: str, module: Any) -> None:
        where = f"layer {path!r} ({type(module).__name__})"
        if self.linear is None:
            what = "a BatchNorm that does not stand between Conv2d or Linear and Leaky is not supported"
            raise UserError(what, where, "put it directly after Conv2d or Linear, where it folds exactly")
        if self.linear.pool_of == "currents":
            hint = "put it before the MaxPool2d: a negative factor turns the largest value into the smallest"
            raise UserError(f"{type(module).__name__} after MaxPool2d is not supported", where, hint)
        self._channels(module.num_features, where)
        self.linear = normalise(self.linear, *read_batch_norm(module, where))

    def average_pool(self, path: str, module: nn.AvgPool2d) -> None:
        where = f"layer {path!r} (AvgPool2d)"
        if self.flat:
            raise UserError("AvgPool2d cannot follow Flatten or Linear", where, "a map is needed before it")
        if self.average is not None:
            raise UserError("AvgPool2d follows another AvgPool2d", where, "make one of the two")
        if self.linear is not None and self.linear.pool_of == "currents":
            hint = "put it before the MaxPool2d, or keep one of the two"
            raise UserError("AvgPool2d of a MaxPool2d's currents is not supported", where, hint)
        average = read_average(module, path)
        before, self.shape = self.shape, average.pooled_shape(self.shape)
        if self.linear is None:
            self.average = average, before
        else:
            self.linear = average_after(self.linear, average)

    def max_pool(self, path: str, module: nn.MaxPool2d) -> None:
        where = f"layer {path!r} (MaxPool2d)"
        size, stride = read_window(module, where)
        pooled = self.linear or (self.layers[-1] if self.layers else None)
        if pooled is None or self.average is not None or self.flat:
            what = "MaxPool2d of anything but a Conv2d's currents or a Leaky's spikes is not supported"
            raise UserError(what, where, "put it directly before or after the Leaky of a Conv2d")
        if self.linear is None and pooled.pool_of == "currents":
            hint = "keep one of the two: a layer pools its currents or its spikes"
            raise UserError("MaxPool2d stands before and after the same Leaky", where, hint)
        rows, columns = ((side - size) // stride + 1 for side in self.shape[1:])
        if min(rows, columns) < 1:
            what = f"a {size} x {size} window does not fit into a map of {self.shape}"
            raise UserError(what, where, "use a smaller window")
        self.shape = (self.shape[0], rows, columns)
        window, stride = pooled.pool + (size - 1) * pooled.pool_stride, pooled.pool_stride * stride
        if self.linear is not None:
            self.linear = replace(self.linear, pool=window, pool_stride=stride, pool_of="currents")
        else:
            self.layers[-1] = replace(self.layers[-1], pool=window, pool_stride=stride)

    def flatten(self, name: str, module: nn.Flatten) -> None:
        if (module.start_dim, module.end_dim) != (1, -1):
            what = f"Flatten({module.start_dim}, {module.end_dim}) is not supported"
            raise UserError(what, f"layer {name!r} (Flatten)", "use nn.Flatten()")
        self.flat = True

    def leaky(self, name: str, module: Any) -> None:
        where = f"layer {name!r} (Leaky)"
        if self.linear is None:
            raise UserError(
                "Leaky does not follow a Conv2d or Linear", where, "each Leaky needs one before it"
            )
        if id(module) in self.neurons:
            raise UserError(
                "the same Leaky stands in two places",
                where,
                "snnTorch would share its state; make one for each",
            )
        self.neurons.add(id(module))
        facts = read_leaky(module, name, self.shape)
        line = self.linear
        self.layers.append(
            Layer(
                name=line.name,
                kind=line.kind,
                weight=line.weight,
                bias=line.bias,
                threshold=facts.threshold,
                stride=line.stride,
                padding=line.padding,
                pool=line.pool,
                pool_stride=line.pool_stride,
                pool_of=line.pool_of,
                neuron=facts.neuron,
            )
        )
        self.linear, self.spike_size = None, facts.spike_size
