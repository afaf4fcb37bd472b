"""Golden model of :mod:`pyralis.hw.snn.neuron`: the exact meaning of every switch of a neuron."""

import torch

from pyralis.gen.intnetwork import IntNeuron
from pyralis.sim.golden.common.fixed import saturate

__all__ = ["leak", "neuron"]


def leak(values: torch.Tensor, settings: IntNeuron) -> torch.Tensor:
    """What is left of *values* (int64) after one time step; shifts round down."""
    if settings.leak == "shift":
        return values - (values >> settings.leak_value)
    if settings.leak == "multiply":
        return values * settings.leak_value >> settings.leak_bits
    return values


def neuron(
    currents: torch.Tensor,
    bias: torch.Tensor,
    threshold: torch.Tensor,
    settings: IntNeuron,
    potential_bits: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Steps neurons that start at potential 0 through time.

    One step with current I, bias b, threshold th; ``fire(x)`` is ``x > th`` or, inclusive, ``x >= th``::

        r  = timing is not immediate and fire(v)          # a reset that is still due
        v0 = 0 if r and reset is zero else v
        u  = leak(v0) + I + b                             # leak_after: leak(v0 + I + b)
        u  = sat(u - (th if r and reset is subtract else 0))
        s  = fire(u)
        immediate:    v' = 0 if s else u                  # reset zero
                      v' = u - s * th                     # reset subtract
        delayed:      v' = u
        compensated:  as immediate, and with subtract v' = sat(u - s * th + r * th)

    Sums have full precision up to ``sat``, which clamps to *potential_bits*. The bias is clamped first.

    Parameters
    ----------
    currents : (T, ..., C) int64
    bias, threshold : (C,) int64
        Thresholds are at least 1.
    settings : IntNeuron
    potential_bits : int
        Width of a stored potential, two's complement.

    Returns
    -------
    spikes : (T, ..., C) uint8
    potentials : (T, ..., C) int64
        v' after each step.
    saturated : (T, ..., C) bool
        A clamp changed a value in that step.

    Raises
    ------
    ValueError
        A threshold is below 1.
    """
    if bool((threshold < 1).any()):
        raise ValueError(f"thresholds must be at least 1, not {int(threshold.min())}")
    bias, clipped = saturate(bias, potential_bits)
    late = settings.timing != "immediate"
    subtract, zero = settings.reset == "subtract", settings.reset == "zero"
    spikes = torch.empty_like(currents, dtype=torch.uint8)
    potentials = torch.empty_like(currents)
    saturated = torch.empty_like(currents, dtype=torch.bool)

    def fire(x: torch.Tensor) -> torch.Tensor:
        return x >= threshold if settings.inclusive else x > threshold

    v = torch.zeros_like(currents[0])
    for t, current in enumerate(currents):
        due = fire(v) & late
        kept = torch.where(due, 0, v) if zero else v
        total = (
            leak(kept + current + bias, settings)
            if settings.leak_after
            else leak(kept, settings) + current + bias
        )
        u, beyond = saturate(total - due * threshold if subtract else total, potential_bits)
        s = fire(u)
        v = u
        if settings.timing != "delayed":
            if zero:
                v = torch.where(s, 0, u)
            elif subtract:
                v, again = saturate(u - s * threshold + due * threshold, potential_bits)
                beyond = beyond | again
        spikes[t], potentials[t], saturated[t] = s, v, beyond | clipped
    return spikes, potentials, saturated
