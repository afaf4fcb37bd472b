"""Float network to integer network: symmetric int8 weights, everything else in their scale.

One unit of a layer's current, bias, threshold and potential is ``weight_scale * input_scale`` (later layers,
whose inputs are spikes: ``weight_scale``). Scales are per output channel or per layer. A channel's potential
is only ever compared with its own threshold, so channels need no common scale, except where potentials are
the result. The leak becomes ``round(beta * 2**leak_bits)``. :mod:`pyralis.gen.quantization` measures the
difference that this makes.
"""

from typing import Literal

import numpy as np
import torch

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.gen.network import Layer, Network, Neuron
from pyralis.gen.quantization import QuantizationReport, compare

__all__ = ["quantize"]

WEIGHT_MAX = 127
SPARE_BITS = 3
"""A threshold or bias uses at most ``potential_bits - SPARE_BITS`` bits, so potentials can pass it by far."""


def quantize(
    network: Network,
    calibration: np.ndarray | torch.Tensor,
    *,
    granularity: Literal["channel", "tensor"] = "channel",
    input_scale: float | None = None,
    leak_bits: int = 12,
    potential_bits: int = 24,
) -> tuple[IntNetwork, QuantizationReport]:
    """Makes *network* integer.

    Parameters
    ----------
    network : Network
    calibration : real (B, C, H, W) for direct coding, else (B, T, C, H, W)
        Some hundred typical inputs.
    granularity : {"channel", "tensor"}
        Weight scales per output channel or per layer. A last layer whose potentials are the result has one
        scale in any case, or its classes could not be compared.
    input_scale : float, optional
        Real value of one unit of a pixel. Without it the largest calibration value becomes 127. Give it when
        the pixels stand on a grid that int8 holds exactly.
    leak_bits, potential_bits : int
        Of the core that the network is for.

    Raises
    ------
    UserError
        The network is not valid, or the calibration has another shape, or holds NaN or nothing.
    """
    network.validate()
    if granularity not in ("channel", "tensor"):
        raise UserError(f"granularity must be channel or tensor, not {granularity!r}", "quantize")
    samples = _checked(network, calibration)
    scale = _input_scale(network, samples, input_scale)
    layers = []
    for index, layer in enumerate(network.layers):
        common = network.output == "potentials" and index == len(network.layers) - 1
        unit = scale if index == 0 else 1.0
        layers.append(_layer(layer, "tensor" if common else granularity, unit, leak_bits, potential_bits))
    result = IntNetwork(
        input_shape=network.input_shape,
        coding=network.coding,
        time_steps=network.time_steps,
        layers=tuple(layers),
        output=network.output,
        potential_bits=potential_bits,
        input_scale=scale,
        source=dict(network.source),
    )
    result.validate()
    return result, compare(network, result, samples, granularity)


def _checked(network: Network, calibration: np.ndarray | torch.Tensor) -> torch.Tensor:
    samples = torch.as_tensor(calibration).detach().cpu().to(torch.float64)
    direct = network.coding == "direct"
    shape = network.input_shape if direct else (network.time_steps, *network.input_shape)
    if tuple(samples.shape[1:]) != shape or not samples.numel():
        what = f"calibration must be of shape (B, {', '.join(map(str, shape))}), not {tuple(samples.shape)}"
        raise UserError(what, "calibration samples")
    if not samples.isfinite().all():
        raise UserError("calibration holds NaN or infinite values", "calibration samples")
    return samples


def _input_scale(network: Network, samples: torch.Tensor, given: float | None) -> float:
    if network.coding != "direct":
        if given not in (None, 1, 1.0):
            raise UserError(f"input_scale must be 1 for {network.coding} coding, not {given}", "quantize")
        return 1.0
    largest = float(samples.abs().max())
    if given is None and largest == 0:
        raise UserError(
            "every calibration value is 0", "calibration samples", "give typical inputs, or input_scale"
        )
    scale = largest / WEIGHT_MAX if given is None else float(given)
    if not (np.isfinite(scale) and scale > 0):
        raise UserError(f"input_scale must be positive, not {scale}", "quantize")
    return scale


def _layer(layer: Layer, granularity: str, unit: float, leak_bits: int, potential_bits: int) -> IntLayer:
    """Integers of one layer; *unit* is the real value of one unit of its input."""
    largest = np.abs(layer.weight).max(axis=(1, 2, 3))
    room = float(1 << potential_bits - 1 - SPARE_BITS)
    least = np.maximum(layer.threshold, np.abs(layer.bias)) / (unit * room)
    scale = np.maximum(largest / WEIGHT_MAX, least)
    if granularity == "tensor":
        scale = np.full_like(scale, scale.max())
    return IntLayer(
        name=layer.name,
        kind=layer.kind,
        weight=np.rint(layer.weight / scale[:, None, None, None]).astype(np.int8),
        bias=np.rint(layer.bias / (scale * unit)).astype(np.int64),
        threshold=np.maximum(np.rint(layer.threshold / (scale * unit)), 1).astype(np.int64),
        stride=layer.stride,
        padding=layer.padding,
        pool=layer.pool,
        pool_stride=layer.pool_stride,
        pool_of=layer.pool_of,
        neuron=_neuron(layer.neuron, leak_bits),
        weight_scale=scale,
    )


def _neuron(neuron: Neuron, leak_bits: int) -> IntNeuron:
    value = round(neuron.beta * (1 << leak_bits))
    kept = value == 1 << leak_bits
    return IntNeuron(
        leak="none" if kept else "multiply",
        leak_value=0 if kept else value,
        leak_bits=leak_bits,
        reset=neuron.reset,
        timing=neuron.timing,
        inclusive=neuron.inclusive,
    )
