"""One time step of one channel, three pipeline stages; the piece that the neuron row repeats P x S times."""

from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from pyralis.hw.common.fixed import saturate
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import Leak, Reset, Timing

__all__ = ["MODE", "STAGES", "Lane", "decode", "delayed", "time_step"]

STAGES = 3

FRACTION = 15
"""Fraction bits of the leak factor in here; the program's ``leak_value`` has ``config.leak_bits``."""

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


def time_step(
    m: Module, config: SnnConfig, mode: data.View, name: str, lane: Lane, current: Value, active: list[Value]
) -> Lane:
    """Adds the pipeline of one time step; *active* says for each stage whether the step exists.

    A step that does not exist multiplies by one and adds nothing: the potential comes out as it went in.

    Parameters
    ----------
    current : signed
        With the bias added, in full precision.

    Returns
    -------
    Lane
        ``STAGES`` cycles later; ``spiked`` is the step's spike.
    """
    kept = Mux(lane.spiked & mode.zero_late & active[0], 0, lane.potential)
    added = Mux(active[0], current, 0)
    due = _fires(lane, mode.inclusive) & mode.subtract_late & active[0]
    leaked = _leak(m, config, mode, name, kept + Mux(mode.leak_after, added, 0), active[0])
    rest = _register(m, f"rest_{name}", Mux(mode.leak_after, 0, added) - Mux(due, lane.threshold, 0))
    due = delayed(m, due, f"due_{name}", 2)
    threshold = delayed(m, lane.threshold, f"threshold_{name}", 2)

    clamped, beyond = saturate(leaked + rest, config.potential_bits)
    charged = _register(m, f"charged_{name}", clamped)
    saturated = delayed(m, delayed(m, lane.saturated, f"saturated_{name}") | beyond, f"beyond_{name}")

    less = charged - threshold
    spike = ~less[-1] & (mode.inclusive | less.any()) & active[2]
    more, over = saturate(charged + threshold, config.potential_bits)
    raised = (
        mode.subtract_now & due & ~spike
    )  # the threshold was taken off for a reset of before: give it back
    lowered = mode.subtract_now & ~due & spike
    reset = Mux(lowered, less[: config.potential_bits].as_signed(), Mux(raised, more, charged))
    return Lane(
        potential=_register(m, f"potential_{name}", Mux(mode.zero_now & spike, 0, reset)),
        threshold=delayed(m, threshold, f"threshold_out_{name}"),
        spiked=delayed(m, spike, f"spike_{name}"),
        saturated=delayed(m, saturated | raised & over, f"saturated_out_{name}"),
    )


def _register(m: Module, name: str, value: Value) -> Signal:
    register = Signal(value.shape(), name=name, reset_less=True)
    m.d.sync += register.eq(value)
    return register


def _fires(lane: Lane, inclusive: Value) -> Value:
    """``potential > threshold`` or ``>=``, as one subtraction whose carry makes the difference."""
    inverted = Cat(~lane.threshold, 1).as_signed()  # -threshold - 1
    return ~(Cat(1, lane.potential).as_signed() + Cat(inclusive, inverted).as_signed())[-1]


def _leak(m: Module, config: SnnConfig, mode: data.View, name: str, value: Value, active: Value) -> Value:
    """What the leak leaves of *value*, one cycle later, in full precision."""
    if config.leak == "shift":
        leak = Mux(mode.shifted & active, value >> mode.shift, 0)
        return _register(m, f"leaked_{name}", value - leak)
    factor = Mux(active, mode.factor, 1 << FRACTION)
    product = _register(m, f"product_{name}", value * Cat(factor, 0).as_signed())
    return (product >> FRACTION) + (mode.shifted & product[:FRACTION].any())
