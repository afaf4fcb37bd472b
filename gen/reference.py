"""Runs a float network, layer by layer: what quantisation is compared with.

The integer golden model is :mod:`pyralis.sim.golden.snn.network`; this one is for real numbers, and is
checked against the frameworks themselves.
"""

from dataclasses import dataclass

import numpy as np
import torch

from pyralis.gen.network import Layer, Network, Neuron

__all__ = ["LayerTrace", "currents", "integrate", "pool", "run"]


@dataclass(kw_only=True, eq=False)
class LayerTrace:
    """What one layer did. Maps are (T, B, C, H, W) float64, or (1, B, ...) where all steps are equal."""

    inputs: torch.Tensor
    currents: torch.Tensor
    """As the neurons get them: pooled if the layer pools currents."""
    spikes: torch.Tensor
    """Before pooling."""
    potentials: torch.Tensor
    """Stored after each step."""


def run(network: Network, inputs: np.ndarray | torch.Tensor) -> tuple[torch.Tensor, list[LayerTrace]]:
    """Runs *network* on *inputs*: real (B, C, H, W) for direct coding, else (B, T, C, H, W).

    Returns scores, (B, O * H * W) float64, and one trace per layer.
    """
    maps = torch.as_tensor(inputs).to(torch.float64)
    maps = maps[None] if network.coding == "direct" else maps.transpose(0, 1)
    traces = []
    for layer in network.layers:
        current = currents(layer, maps)
        spikes, potentials = integrate(layer.neuron, layer.threshold, current, network.time_steps)
        traces.append(LayerTrace(inputs=maps, currents=current, spikes=spikes, potentials=potentials))
        maps = pool(layer, spikes)
    scores = (
        maps.sum(dim=0) * network.output_scale if network.output == "counts" else traces[-1].potentials[-1]
    )
    return scores.flatten(1), traces


def currents(layer: Layer, maps: torch.Tensor) -> torch.Tensor:
    """Weighted sums and biases of *layer* for input maps (T, B, C, H, W), pooled if it pools currents."""
    weight, bias = torch.as_tensor(layer.weight), torch.as_tensor(layer.bias)
    flat = torch.nn.functional.conv2d(maps.flatten(0, 1), weight, bias, layer.stride, layer.padding)
    sums = flat.unflatten(0, maps.shape[:2])
    return _greatest(layer, sums) if layer.pool_of == "currents" else sums


def integrate(
    neuron: Neuron,
    threshold: np.ndarray,
    current: torch.Tensor,
    time_steps: int,
    *,
    floor: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Steps a layer's neurons through time: spikes and stored potentials, both (T, B, C, H, W).

    With *floor* the leaked potential is rounded down, as the integer network does.
    """
    limit = torch.as_tensor(np.asarray(threshold, dtype=np.float64))[:, None, None]
    current = current.expand(time_steps, *current.shape[1:])
    potential = torch.zeros_like(current[0])
    spikes, potentials = [], []

    def fire(values: torch.Tensor) -> torch.Tensor:
        return (values >= limit if neuron.inclusive else values > limit).to(values.dtype)

    for step in current:
        late = fire(potential) if neuron.timing != "immediate" else torch.zeros_like(potential)
        if neuron.reset == "zero":
            potential = potential * (1 - late)
        leaked = neuron.beta * potential
        potential = (torch.floor(leaked) if floor else leaked) + step
        if neuron.reset == "subtract":
            potential = potential - late * limit
        spike = fire(potential)
        if neuron.timing != "delayed" and neuron.reset == "zero":
            potential = potential * (1 - spike)
        elif neuron.timing != "delayed" and neuron.reset == "subtract":
            potential = potential - (spike - late) * limit
        spikes.append(spike)
        potentials.append(potential)
    return torch.stack(spikes), torch.stack(potentials)


def pool(layer: Layer, spikes: torch.Tensor) -> torch.Tensor:
    """OR of the spikes (T, B, C, H, W) over the layer's pooling windows, unless it pools currents."""
    return _greatest(layer, spikes) if layer.pool_of == "spikes" else spikes


def _greatest(layer: Layer, maps: torch.Tensor) -> torch.Tensor:
    if layer.pool == 1 and layer.pool_stride == 1:
        return maps
    pooled = torch.nn.functional.max_pool2d(maps.flatten(0, 1), layer.pool, layer.pool_stride)
    return pooled.unflatten(0, maps.shape[:2])
