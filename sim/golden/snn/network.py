"""Golden model of the spiking core: a whole integer network, every layer observable."""

from dataclasses import dataclass, field

import numpy as np
import torch

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import CODINGS, IntLayer, IntNetwork
from pyralis.sim.golden.snn.conv import conv
from pyralis.sim.golden.snn.neuron import neuron

__all__ = ["Result", "run"]

CHUNK_VALUES = 1 << 24
"""Largest map, in values of int64, that one step of the computation holds: 128 MiB."""


@dataclass(kw_only=True, eq=False)
class Result:
    """What a network makes of B inputs. Lists have one entry per layer.

    Attributes
    ----------
    scores : (B, O * H * W) int64
        Spike counts, or potentials after the last step, of the last layer, flattened as PyTorch does; (B, O)
        for a map of one pixel.
    classes : (B,) int64
        Index of the greatest score, the lowest on ties.
    spike_counts : list of int
        Spikes of the layer after pooling, all inputs and steps together.
    saturated : list of int
        Potentials that left ``potential_bits``, all inputs and steps together.
    current_ranges, potential_ranges : list of (int, int)
        Least and greatest weighted sum (without bias, before pooling) and stored potential.
    spikes : list of (B, T, C, H, W) uint8
        After pooling. Empty unless observed.
    potentials : list of (B, T, C, H, W) int64
        Potential stored after each step, before pooling of spikes. Empty unless observed.
    """

    scores: torch.Tensor
    classes: torch.Tensor
    spike_counts: list[int]
    saturated: list[int]
    current_ranges: list[tuple[int, int]]
    potential_ranges: list[tuple[int, int]]
    spikes: list[torch.Tensor] = field(default_factory=list)
    potentials: list[torch.Tensor] = field(default_factory=list)


def run(
    network: IntNetwork,
    inputs: torch.Tensor | np.ndarray,
    *,
    device: str | torch.device = "cpu",
    observe: bool = False,
) -> Result:
    """Runs *network* on *inputs*; everything in the result lies on the CPU.

    Parameters
    ----------
    network : IntNetwork
        Validated here.
    inputs : (B, C, H, W) int8 for direct coding; (B, T, C, H, W) int8 or uint8 for events and ternary
    device : str
        Where to compute. The result is the same integers everywhere.
    observe : bool
        Keep the spikes and potentials of every layer.

    Raises
    ------
    UserError
        The network is not valid, or the inputs have another type, shape or range.
    """
    network.validate()
    inputs = _checked(network, torch.as_tensor(inputs))
    parts = [_run(network, part.to(device), observe) for part in inputs.split(_chunk(network))]
    layers = range(len(network.layers))
    scores = torch.cat([part.scores for part in parts])
    return Result(
        scores=scores,
        classes=torch.as_tensor(scores.numpy().argmax(axis=1)),
        spike_counts=[sum(part.spike_counts[i] for part in parts) for i in layers],
        saturated=[sum(part.saturated[i] for part in parts) for i in layers],
        current_ranges=[_union([part.current_ranges[i] for part in parts]) for i in layers],
        potential_ranges=[_union([part.potential_ranges[i] for part in parts]) for i in layers],
        spikes=[torch.cat([part.spikes[i] for part in parts]) for i in layers] if observe else [],
        potentials=[torch.cat([part.potentials[i] for part in parts]) for i in layers] if observe else [],
    )


def _run(network: IntNetwork, inputs: torch.Tensor, observe: bool) -> Result:
    """One chunk of :func:`run`. Inside, maps are (T, B, H, W, C)."""
    steps = network.time_steps
    maps = inputs.movedim(-3, -1)
    maps = maps[None] if network.coding == "direct" else maps.transpose(0, 1)
    result = Result(
        scores=inputs,
        classes=inputs,
        spike_counts=[],
        saturated=[],
        current_ranges=[],
        potential_ranges=[],
    )
    for layer in network.layers:
        currents = conv(maps, torch.as_tensor(layer.weight).to(maps.device), layer.stride, layer.padding)
        result.current_ranges.append(_range(currents))
        if layer.pool_of == "currents":  # the bias is the same all over a window: it may follow
            currents = _pool(currents, layer)
        spikes, potentials, saturated = neuron(
            currents.expand(steps, *currents.shape[1:]),
            torch.as_tensor(layer.bias).to(maps.device),
            torch.as_tensor(layer.threshold).to(maps.device),
            layer.neuron,
            network.potential_bits,
        )
        result.saturated.append(int(torch.as_tensor(saturated).sum()))
        result.potential_ranges.append(_range(potentials))
        maps = spikes.to(torch.uint8)
        if layer.pool_of == "spikes":
            maps = _pool(maps, layer)
        result.spike_counts.append(int(maps.sum(dtype=torch.int64)))
        if observe:
            result.spikes.append(_outward(maps))
            result.potentials.append(_outward(potentials))
    last = spikes.sum(dim=0, dtype=torch.int64) if network.output == "counts" else potentials[-1]
    result.scores = last.movedim(-1, 1).flatten(1).cpu()
    return result


def _pool(maps: torch.Tensor, layer: IntLayer) -> torch.Tensor:
    """Maximum over windows of (T, B, H, W, C) currents or spikes, of which it is the OR."""
    if layer.pool == 1 and layer.pool_stride == 1:
        return maps
    windows = maps.unfold(2, layer.pool, layer.pool_stride).unfold(3, layer.pool, layer.pool_stride)
    return windows.amax(dim=(-2, -1))


def _outward(maps: torch.Tensor) -> torch.Tensor:
    """(T, B, H, W, C) -> (B, T, C, H, W) on the CPU."""
    return maps.permute(1, 0, 4, 2, 3).contiguous().cpu()


def _range(values: torch.Tensor) -> tuple[int, int]:
    low, high = values.aminmax()
    return int(low), int(high)


def _union(ranges: list[tuple[int, int]]) -> tuple[int, int]:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _chunk(network: IntNetwork) -> int:
    """Images computed at once."""
    shapes = network.shapes()
    maps = [layer.map_shape(shape) for layer, shape in zip(network.layers, shapes, strict=False)]
    largest = max(c * h * w for c, h, w in [*shapes, *maps])
    return max(1, CHUNK_VALUES // (network.time_steps * largest))


def _checked(network: IntNetwork, inputs: torch.Tensor) -> torch.Tensor:
    direct = network.coding == "direct"
    types = (torch.int8,) if direct else (torch.int8, torch.uint8)
    shape = network.input_shape if direct else (network.time_steps, *network.input_shape)
    low, high = CODINGS[network.coding]
    where = f"input of a network with {network.coding} coding"
    if inputs.dtype not in types:
        names = " or ".join(str(name).removeprefix("torch.") for name in types)
        got = str(inputs.dtype).removeprefix("torch.")
        raise UserError(
            f"images must be {names}, not {got}", where, "quantise them with the network's input_scale"
        )
    if tuple(inputs.shape[1:]) != shape or inputs.dim() != len(shape) + 1 or not len(inputs):
        what = f"images must be of shape (B, {', '.join(map(str, shape))}), not {tuple(inputs.shape)}"
        raise UserError(what, where)
    if int(inputs.min()) < low or int(inputs.max()) > high:
        raise UserError(
            f"values must be in {low}..{high}, not {int(inputs.min())}..{int(inputs.max())}", where
        )
    return inputs
