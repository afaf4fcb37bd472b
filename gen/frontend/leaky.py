"""snnTorch's ``Leaky`` in our words: every option is read exactly or refused by name.

Source: snnTorch 1.0.0, ``snntorch/_neurons/leaky.py`` and ``neurons.py``. One step is::

    reset = fire(mem)
    mem = beta * mem + current - reset * threshold    # "subtract"
    mem = beta * (1 - reset) * mem + current          # "zero"
    mem = beta * mem + current                        # "none"
    spk = fire(mem)

With ``reset_delay=False`` the part of the spike that has not been reset yet is reset at once:
``mem -= (spk - reset) * threshold`` (``subtract``) or ``mem -= (spk - reset) * mem`` (``zero``).
``init_hidden``, ``output``, ``learn_*`` and ``surrogate_disable`` change nothing at inference.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from pyralis.gen.errors import UserError
from pyralis.gen.geometry import Shape
from pyralis.gen.network import Neuron

__all__ = ["LeakyFacts", "read_leaky"]

RESETS: dict[str, Literal["zero", "subtract", "none"]] = {
    "_base_sub": "subtract",
    "_base_zero": "zero",
    "_base_int": "none",
}
"""snnTorch binds one of these methods when the neuron is made and keeps it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LeakyFacts:
    """A neuron, its thresholds (O,) and the size of its spikes (O,), float64."""

    neuron: Neuron
    threshold: np.ndarray
    spike_size: np.ndarray


def read_leaky(module: Any, name: str, shape: Shape) -> LeakyFacts:
    """Reads the ``Leaky`` *module* that follows a map of *shape*; raises UserError for what has no twin."""
    where = f"layer {name!r} (Leaky)"
    if module.inhibition:
        raise UserError("inhibition=True is not supported", where, "train without lateral inhibition")
    if module.state_quant:
        raise UserError(
            "state_quant is not supported",
            where,
            "train without it: the quantiser chooses the potentials' scale",
        )
    threshold = _per_channel(module.threshold, "threshold", shape, where)
    if threshold.min() <= 0:
        raise UserError(
            f"threshold must be positive, not {threshold.min():g}", where, "a neuron at rest must not fire"
        )
    size = _per_channel(module.graded_spikes_factor, "graded_spikes_factor", shape, where)
    if size.min() <= 0:
        raise UserError(f"graded_spikes_factor must be positive, not {size.min():g}", where)
    neuron = Neuron(
        beta=_beta(module, where),
        reset=_reset(module, where),
        timing="delayed" if module.reset_delay else "compensated",
        inclusive=_inclusive(module, where),
    )
    return LeakyFacts(neuron=neuron, threshold=threshold, spike_size=size)


def _beta(module: Any, where: str) -> float:
    beta = _finite(module.beta, "beta", where).clip(0, 1).ravel()
    if len(np.unique(beta)) > 1:
        what = f"beta takes {len(np.unique(beta))} values from {beta.min():g} to {beta.max():g}"
        raise UserError(what, where, "one beta per layer is supported: make it a scalar")
    return float(beta[0])


def _reset(module: Any, where: str) -> Literal["zero", "subtract", "none"]:
    bound = RESETS.get(getattr(module.state_function, "__name__", ""))
    if bound is None or bound != list(module.reset_dict)[int(module.reset_mechanism_val)]:
        what = f"reset_mechanism was changed to {module.reset_mechanism!r} after the neuron was made"
        hint = "snnTorch keeps the old one in part; make the neuron with the reset_mechanism that you want"
        raise UserError(what, where, hint)
    return bound


def _inclusive(module: Any, where: str) -> bool:
    """Whether the neuron fires at the threshold itself, found out by asking its ``spike_grad``."""
    with torch.no_grad():
        answer = module.spike_grad(torch.tensor([-1e3, -1.0, -1e-6, 0.0, 1e-6, 1.0, 1e3])).tolist()
    for inclusive in (False, True):
        if answer == [0, 0, 0, float(inclusive), 1, 1, 1]:
            return inclusive
    raise UserError(
        "spike_grad must give 0 below the threshold and 1 above it in the forward pass",
        where,
        "use one of snntorch.surrogate, which replace only the gradient",
    )


def _finite(value: Any, name: str, where: str) -> np.ndarray:
    array = torch.as_tensor(value).detach().cpu().to(torch.float64).numpy()
    if not np.isfinite(array).all():
        raise UserError(
            f"{name} is NaN or infinite", where, "the training diverged; load an earlier checkpoint"
        )
    return array


def _per_channel(value: Any, name: str, shape: Shape, where: str) -> np.ndarray:
    """What PyTorch would broadcast over a map of *shape*, as one value per channel (O,)."""
    array = _finite(value, name, where)
    if array.ndim == 1 and shape[1:] == (1, 1) and array.size in (1, shape[0]):
        array = array[:, None, None]
    try:
        whole = np.broadcast_to(array.reshape(array.shape[-3:]), shape)
    except ValueError:
        what = f"{name} has shape {array.shape}, which does not fit a map of {shape}"
        raise UserError(what, where, f"use a scalar or a tensor of shape ({shape[0]}, 1, 1)") from None
    if not (whole == whole[:, :1, :1]).all():
        what = f"{name} differs between the pixels of a channel"
        raise UserError(what, where, f"use a scalar or a tensor of shape ({shape[0]}, 1, 1)")
    return whole[:, 0, 0].copy()
