"""What quantisation did to a network, as measured on its calibration samples."""

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["LayerReport", "QuantizationReport"]


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
        Share of equal spikes (and non-spikes), 0..1: the layer fed with the float network's spikes, and with those
        of the integer network.
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
