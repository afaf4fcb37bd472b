"""One time step of one channel, three pipeline stages; the piece that the neuron row repeats P x S times."""

from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from pyralis.hw.common.fixed import saturate
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import Leak, Reset, Timing

__all__ = ["MODE", "STAGES", "Lane", "clears", "decode", "delayed", "entering", "time_step"]

STAGES = 3

FRACTION = 15
"""Fraction bits of the leak factor in here; the program's ``leak_value`` has ``config.leak_bits``."""

NARROW_BITS = 17
"""Unsigned operands that the signed 18-bit multipliers of small devices take."""

MODE = data.StructLayout({
    "subtract_late": 1,  # a threshold is due when the potential of before fires
    "subtract_now": 1,  # a spike takes the threshold off at once
    "zero_late": 1,  # a spike clears the potential at the start of the next step
    "zero_now": 1,
    "leak_after": 1,
    "inclusive": 1,
    "shifted": 1,  # the leak is a shift by `shift`
    "shift": 4,
    "factor": FRACTION + 1,  # what the leak leaves, 2**FRACTION at most
})
"""What a layer's settings mean for the arithmetic."""


@dataclass(kw_only=True, slots=True)
class Lane:
    """State of one channel between two time steps."""

    potential: Value
    """signed(potential_bits)"""
    threshold: Value
    """unsigned(potential_bits), 1..2**(potential_bits - 1)"""
    spiked: Value
    """In the step before."""
    saturated: Value


def delayed(m: Module, value, name: str, cycles: int = 1):
    """*value* some cycles later. Without a reset, so that chains become shift registers in look-up tables."""
    for n in range(cycles):
        later = Signal.like(value, name=f"{name}_{n}", reset_less=True)
        m.d.sync += later.eq(value)
        value = later
    return value


def decode(m: Module, settings, config: SnnConfig) -> data.View:
    """Registers of layout ``MODE``, one cycle after *settings* (a view of ``SETTINGS``).

    ``x - (x >> k)`` becomes the factor 1 - 2**-k where the core multiplies; its product is rounded up, not
    down.
    """
    mode = Signal(MODE)
    one, limit = 1 << FRACTION, 1 << config.leak_bits
    late, shifted = settings.timing == Timing.DELAYED, settings.leak == Leak.SHIFT
    shift_factor = one - (Const(one) >> settings.leak_value[:4])
    factor = Mux(settings.leak_value > limit, limit, settings.leak_value) << FRACTION - config.leak_bits
    m.d.sync += [
        mode.subtract_late.eq((settings.reset == Reset.SUBTRACT) & (settings.timing != Timing.IMMEDIATE)),
        mode.subtract_now.eq((settings.reset == Reset.SUBTRACT) & ~late),
        mode.zero_late.eq((settings.reset == Reset.ZERO) & late),
        mode.zero_now.eq((settings.reset == Reset.ZERO) & ~late),
        mode.leak_after.eq(settings.leak_after),
        mode.inclusive.eq(settings.inclusive),
        mode.shifted.eq(shifted),
        mode.shift.eq(settings.leak_value[:4]),
        mode.factor.eq(Mux(shifted, shift_factor, Mux(settings.leak == Leak.NONE, one, factor))),
    ]
    return mode


def entering(m: Module, mode: data.View, name: str, current: Value, active: Value) -> tuple[Value, Value]:
    """A step's current as :func:`time_step` wants it: what the leak takes a part of, and what it does not.

    One cycle after *current* and *active*; both are 0 for a step that does not exist.
    """
    led, trailing = mode.leak_after & active, ~mode.leak_after & active
    return (
        _register(m, f"leaking_{name}", Mux(led, current, 0)),
        _register(m, f"trailing_{name}", Mux(trailing, current, 0)),
    )


def clears(mode: data.View, spiked: Value, active: Value) -> Value:
    """Whether a spike of the step before clears the potential at the start of an *active* step."""
    return spiked & mode.zero_late & active


def time_step(
    m: Module,
    config: SnnConfig,
    mode: data.View,
    name: str,
    lane: Lane,
    currents: tuple[Value, Value],
    active: list[Value],
    following: Value,
) -> Lane:
    """Adds the pipeline of one time step; *active* says for each stage whether the step exists.

    A step that does not exist multiplies by one and adds nothing: the potential comes out as it went in.

    Parameters
    ----------
    lane : Lane
        Where :func:`clears` holds, its potential is 0 already.
    currents : tuple of signed
        From :func:`entering`, with the bias added, in full precision.
    following : Value
        Whether the next step exists, in the last stage of this one; 0 leaves what :func:`clears` says to
        whoever continues from the result.

    Returns
    -------
    Lane
        ``STAGES`` cycles later; ``spiked`` is the step's spike.
    """
    leaking, trailing = currents
    due = _fires(lane.potential, lane.threshold, mode.inclusive) & mode.subtract_late & active[0]
    leaked = _leak(m, config, mode, name, lane.potential + leaking, active[0])
    rest = _register(m, f"rest_{name}", trailing - Mux(due, lane.threshold, 0))
    due = delayed(m, due, f"due_{name}", 2)
    threshold = delayed(m, lane.threshold, f"threshold_{name}", 2)

    clamped, beyond = saturate(leaked + rest, config.potential_bits)
    charged = _register(m, f"charged_{name}", clamped)
    saturated = delayed(m, delayed(m, lane.saturated, f"saturated_{name}") | beyond, f"beyond_{name}")

    # Not from the difference: that one would have to be compared with zero first.
    spike = Signal(name=f"fires_{name}")
    m.d.comb += spike.eq(_fires(charged, threshold, mode.inclusive) & active[2])
    less = charged - threshold
    more, over = saturate(charged + threshold, config.potential_bits)
    raised = (
        mode.subtract_now & due & ~spike
    )  # the threshold was taken off for a reset of before: give it back
    lowered = mode.subtract_now & ~due & spike
    reset = Mux(lowered, less[: config.potential_bits].as_signed(), Mux(raised, more, charged))
    cleared = mode.zero_now & spike | clears(mode, spike, following)
    return Lane(
        potential=_register(m, f"potential_{name}", Mux(cleared, 0, reset)),
        threshold=delayed(m, threshold, f"threshold_out_{name}"),
        spiked=delayed(m, spike, f"spike_{name}"),
        saturated=delayed(m, saturated | raised & over, f"saturated_out_{name}"),
    )


def _register(m: Module, name: str, value: Value) -> Signal:
    register = Signal(value.shape(), name=name, reset_less=True)
    m.d.sync += register.eq(value)
    return register


def _fires(potential: Value, threshold: Value, inclusive: Value) -> Value:
    """``potential > threshold`` or ``>=``, as one subtraction whose carry makes the difference."""
    inverted = Cat(~threshold, 1).as_signed()  # -threshold - 1
    return ~(Cat(1, potential).as_signed() + Cat(inclusive, inverted).as_signed())[-1]


def _leak(m: Module, config: SnnConfig, mode: data.View, name: str, value: Value, active: Value) -> Value:
    """What the leak leaves of *value*, one cycle later, in full precision."""
    if config.leak == "shift":
        leak = Mux(mode.shifted & active, value >> mode.shift, 0)
        return _register(m, f"leaked_{name}", value - leak)
    factor = Cat(Mux(active, mode.factor, 1 << FRACTION), 0).as_signed()
    if config.cell == "dsp48e2" or len(value) <= NARROW_BITS:
        product = _register(m, f"product_{name}", value * factor)
        return (product >> FRACTION) + (mode.shifted & product[:FRACTION].any())
    # Multipliers of 18 x 18 bits: their sum is left to the next stage, which adds anyway.
    whole = Signal(value.shape(), name=f"value_{name}")
    m.d.comb += whole.eq(value)
    low = _register(m, f"low_{name}", Cat(whole[:NARROW_BITS], 0).as_signed() * factor)
    high = _register(m, f"high_{name}", whole[NARROW_BITS:].as_signed() * factor)
    sticky = mode.shifted & low[:FRACTION].any()
    return (low >> FRACTION) + (high << NARROW_BITS - FRACTION) + sticky
