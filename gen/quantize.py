"""Float network to integer network: symmetric int8 weights, everything else in their scale.

One unit of a layer's current, bias, threshold and potential is ``weight_scale * input_scale`` (for later layers, whose
inputs are spikes, ``weight_scale``). Scales are per output channel or per layer; a channel's neurons only ever compare
its potential with its threshold, so channels need no common scale, except where potentials are the result. The leak
becomes ``round(beta * 2**leak_bits)``.

The report measures, on calibration samples, each layer fed with what it gets in the float network, and the integer
network as a whole.
"""

from typing import Literal

import numpy as np
import torch

from pyralis.gen import reference
from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.gen.network import Layer, Network, Neuron
from pyralis.gen.quantization import LayerReport, QuantizationReport

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
        Weight scales per output channel or per layer. A last layer whose potentials are the result has one scale in
        any case, or its classes could not be compared.
    input_scale : float, optional
        Real value of one unit of a pixel. Without it the largest calibration value becomes 127. Give it when the
        pixels stand on a grid that int8 holds exactly.
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
    return result, _report(network, result, samples, granularity)


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


def _in_integers(layer: IntLayer) -> Layer:
    """The integer layer as a float layer that computes with the same integers."""
    neuron = layer.neuron
    beta = 1.0 if neuron.leak == "none" else neuron.leak_value / (1 << neuron.leak_bits)
    return Layer(
        name=layer.name,
        kind=layer.kind,
        weight=layer.weight.astype(np.float64),
        bias=layer.bias.astype(np.float64),
        threshold=layer.threshold.astype(np.float64),
        stride=layer.stride,
        padding=layer.padding,
        pool=layer.pool,
        pool_stride=layer.pool_stride or layer.pool,
        neuron=Neuron(beta=beta, reset=neuron.reset, timing=neuron.timing, inclusive=neuron.inclusive),
    )


def _report(
    network: Network, result: IntNetwork, samples: torch.Tensor, granularity: str
) -> QuantizationReport:
    """Compares both networks on the calibration samples."""
    scores, traces = reference.run(network, samples)
    encoded = torch.as_tensor(result.encode(samples.numpy())).to(torch.float64)
    own = encoded[None] if network.coding == "direct" else encoded.transpose(0, 1)
    clipped = float(((samples / result.input_scale).round() - encoded).abs().gt(0).double().mean())
    steps, reports = network.time_steps, []
    for index, (layer, target, trace) in enumerate(zip(network.layers, result.layers, traces, strict=True)):
        twin = _in_integers(target)
        forced = reference.currents(twin, own if index == 0 else trace.inputs)
        forced_spikes, _ = reference.integrate(twin.neuron, twin.threshold, forced, steps, floor=True)
        spikes, potentials = reference.integrate(
            twin.neuron, twin.threshold, reference.currents(twin, own), steps, floor=True
        )
        own = reference.pool(twin, spikes)
        scale = torch.as_tensor(result.current_scale(index).copy())[:, None, None]
        error = forced * scale - trace.currents
        dequantised = target.weight * np.reshape(target.weight_scale, (-1, 1, 1, 1))
        integer_threshold = target.threshold * result.current_scale(index)
        reports.append(
            LayerReport(
                name=layer.name,
                weight_scale=[float(value) for value in np.unique(target.weight_scale)[[0, -1]]],
                weight_snr_db=_snr(layer.weight, dequantised - layer.weight),
                threshold_error=float(np.max(np.abs(integer_threshold / layer.threshold - 1))),
                beta=layer.neuron.beta,
                beta_error=twin.neuron.beta - layer.neuron.beta,
                current_snr_db=_snr(trace.currents.numpy(), error.numpy()),
                current_error=float((error.abs() / torch.as_tensor(layer.threshold)[:, None, None]).max()),
                spike_agreement=float((forced_spikes == trace.spikes).double().mean()),
                spike_agreement_running=float((spikes == trace.spikes).double().mean()),
                rate_float=float(trace.spikes.mean()),
                rate_int=float(spikes.mean()),
                potential_range=[int(potentials.min()), int(potentials.max())],
            )
        )
    classes = own.sum(dim=0).flatten(1) if network.output == "counts" else potentials[-1].flatten(1)
    agreement = float((_argmax(classes) == _argmax(scores)).mean())
    return QuantizationReport(
        granularity=granularity,
        samples=len(samples),
        input_scale=result.input_scale,
        inputs_clipped=clipped,
        class_agreement=agreement,
        layers=tuple(reports),
    )


def _argmax(scores: torch.Tensor) -> np.ndarray:
    return scores.numpy().argmax(axis=1)


def _snr(signal: np.ndarray, error: np.ndarray) -> float | None:
    """Signal to error power in dB; None where there is no error (or no signal)."""
    noise, power = float(np.mean(error**2)), float(np.mean(signal**2))
    return None if noise == 0 or power == 0 else float(10 * np.log10(power / noise))
