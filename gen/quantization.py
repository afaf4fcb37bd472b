"""What quantisation did to a network, measured on calibration samples.

Each layer is compared twice: fed with what it gets in the float network, and inside the integer network.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from pyralis.gen import reference
from pyralis.gen.intnetwork import IntLayer, IntNetwork
from pyralis.gen.network import Layer, Network, Neuron

__all__ = ["LayerReport", "QuantizationReport", "compare"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerReport:
    """One layer.

    Attributes
    ----------
    weight_scale : [float, float]
        Least and greatest real value of one unit of weight.
    weight_snr_db, current_snr_db : float or None
        Power over power of the error; None if there is no error. Currents: the layer fed with the float
        network's spikes.
    threshold_error : float
        Largest rounding error of a threshold, relative to it.
    beta, beta_error : float
        Leak of the float network, and how much greater the integer one is.
    current_error : float
        Largest error of a current, in thresholds.
    spike_agreement, spike_agreement_running : float
        Share of equal spikes (and non-spikes), 0..1: the layer fed with the float network's spikes, and with
        those of the integer network.
    rate_float, rate_int : float
        Spikes per neuron and step.
    potential_range : [int, int]
        Least and greatest stored potential of the integer network.
    """

    name: str
    weight_scale: list[float]
    weight_snr_db: float | None
    threshold_error: float
    beta: float
    beta_error: float
    current_snr_db: float | None
    current_error: float
    spike_agreement: float
    spike_agreement_running: float
    rate_float: float
    rate_int: float
    potential_range: list[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizationReport:
    """A whole network.

    Attributes
    ----------
    granularity : {"channel", "tensor"}
    samples : int
        Calibration inputs.
    input_scale : float
        Real value of one unit of the input.
    inputs_clipped : float
        Share of calibration values beyond int8.
    class_agreement : float
        Share of calibration inputs with the same class in both networks.
    layers : tuple of LayerReport
    """

    granularity: str
    samples: int
    input_scale: float
    inputs_clipped: float
    class_agreement: float
    layers: tuple[LayerReport, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers."""
        return asdict(self) | {"layers": [asdict(layer) for layer in self.layers]}


def compare(
    network: Network, result: IntNetwork, samples: torch.Tensor, granularity: str
) -> QuantizationReport:
    """Runs *network* and its integer form *result* on *samples*, float64 (B, [T,] C, H, W)."""
    scores, traces = reference.run(network, samples)
    encoded = torch.as_tensor(result.encode(samples.numpy())).to(torch.float64)
    clipped = (samples / result.input_scale).round() != encoded
    first = encoded[None] if network.coding == "direct" else encoded.transpose(0, 1)
    own, reports = first, []
    for index, (layer, trace) in enumerate(zip(network.layers, traces, strict=True)):
        twin = _in_integers(result.layers[index])
        spikes, potentials = _integrate(twin, own, network.time_steps)
        own = reference.pool(twin, spikes)
        given = first if index == 0 else trace.inputs
        forced, _ = _integrate(twin, given, network.time_steps)
        scale = result.current_scale(index)
        currents = reference.currents(twin, given) * torch.tensor(scale)[:, None, None]
        thresholds = torch.as_tensor(layer.threshold)[:, None, None]
        weight_scale = np.broadcast_to(result.layers[index].weight_scale, (layer.out_channels,))
        dequantised = twin.weight * weight_scale[:, None, None, None]
        reports.append(
            LayerReport(
                name=layer.name,
                weight_scale=[float(weight_scale.min()), float(weight_scale.max())],
                weight_snr_db=_snr(layer.weight, dequantised),
                threshold_error=float(np.abs(twin.threshold * scale / layer.threshold - 1).max()),
                beta=layer.neuron.beta,
                beta_error=twin.neuron.beta - layer.neuron.beta,
                current_snr_db=_snr(trace.currents.numpy(), currents.numpy()),
                current_error=float(((currents - trace.currents).abs() / thresholds).max()),
                spike_agreement=_share(forced == trace.spikes),
                spike_agreement_running=_share(spikes == trace.spikes),
                rate_float=float(trace.spikes.mean()),
                rate_int=float(spikes.mean()),
                potential_range=[int(potentials.min()), int(potentials.max())],
            )
        )
    own_scores = own.sum(dim=0) if network.output == "counts" else potentials[-1]
    return QuantizationReport(
        granularity=granularity,
        samples=len(samples),
        input_scale=result.input_scale,
        inputs_clipped=_share(clipped),
        class_agreement=_share(_argmax(own_scores.flatten(1)) == _argmax(scores)),
        layers=tuple(reports),
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
        pool_stride=layer.pool_stride,
        pool_of=layer.pool_of,
        neuron=Neuron(beta=beta, reset=neuron.reset, timing=neuron.timing, inclusive=neuron.inclusive),
    )


def _integrate(twin: Layer, maps: torch.Tensor, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    currents = reference.currents(twin, maps)
    return reference.integrate(twin.neuron, twin.threshold, currents, steps, floor=True)


def _argmax(scores: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(scores.numpy().argmax(axis=1))


def _share(which: torch.Tensor) -> float:
    return float(which.double().mean())


def _snr(signal: np.ndarray, approximation: np.ndarray) -> float | None:
    """Signal to error power in dB; None where there is no error or no signal."""
    noise, power = float(np.mean((approximation - signal) ** 2)), float(np.mean(signal**2))
    return None if noise == 0 or power == 0 else float(10 * np.log10(power / noise))
