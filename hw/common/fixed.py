"""Rounding and saturation of two's complement values, defined once for all hardware.

The functions return expressions; they add no registers.
"""

from typing import Literal

from amaranth import Cat, Mux, Value

__all__ = ["round_shift", "saturate"]


def saturate(value: Value, bits: int) -> tuple[Value, Value]:
    """Clamps signed *value* to *bits* bits, two's complement.

    Out of range shows as upper bits that differ from one another, which costs a few look-up tables in place
    of the two comparators of a written-out clamp.

    Returns
    -------
    clamped : Value, signed(bits)
    beyond : Value, 1 bit
        The clamp changed the value.

    Golden model
    ------------
    :func:`pyralis.sim.golden.common.fixed.saturate`, bit exact.
    """
    if bits < 2:
        raise ValueError(f"bits must be at least 2, not {bits}")
    value = _signed(value)
    if len(value) <= bits:
        return value, Value.cast(0)
    upper, sign = value[bits - 1 :], value[-1]
    beyond = upper.any() & ~upper.all()
    limit = Cat((~sign).replicate(bits - 1), sign)
    return Mux(beyond, limit, value[:bits]).as_signed(), beyond


def round_shift(
    value: Value, shift: int, rounding: Literal["floor", "half_up", "half_even"] = "half_even"
) -> Value:
    """``value / 2**shift`` of a signed *value* for a constant *shift*, in full precision.

    *rounding* is down (``floor``), or to nearest with ties up (``half_up``) or to the even neighbour
    (``half_even``).

    Golden model
    ------------
    :func:`pyralis.sim.golden.common.fixed.round_shift`, bit exact.
    """
    if shift < 0:
        raise ValueError(f"shift must be at least 0, not {shift}")
    if rounding not in ("floor", "half_up", "half_even"):
        raise ValueError(f"rounding must be 'floor', 'half_up' or 'half_even', not {rounding!r}")
    value = _signed(value)
    if rounding == "floor" or shift == 0:
        return value >> shift
    floor, half = value >> shift, value[shift - 1]
    if rounding == "half_up":
        return floor + half
    rest = value[: shift - 1].any() if shift > 1 else Value.cast(0)
    return floor + (half & (rest | floor[0]))


def _signed(value: Value) -> Value:
    if not value.shape().signed:
        raise ValueError(f"the value must be signed, not unsigned({len(value)})")
    return value
