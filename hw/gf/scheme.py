"""What every protection hands on: products, what was checked about them, and the outcome."""

from dataclasses import dataclass

from amaranth import Const

from pyralis.hw.gf.config import GfConfig, MultiplierName
from pyralis.hw.gf.flow import Timed

__all__ = ["NEVER", "Checked", "Outcome", "Product", "multiplier_kinds", "syndrome_bits"]

NEVER = Timed(Const(0, 1))
"""A flag that is not raised."""


@dataclass(frozen=True, eq=False)
class Product:
    """A raw product *c*; ``high`` is the upper part of the unreduced one, or the quotient, or None."""

    c: Timed
    high: Timed | None = None


@dataclass(frozen=True, eq=False)
class Checked:
    """A raw product and what its check found.

    Attributes
    ----------
    c : Timed
        The product of the first multiplier.
    error : Timed
        The check bits, or the copies, do not agree with the product.
    syndrome : Timed
        Of all channels, or which bits differ from the copies; of no bits without protection.
    mismatch : Timed
        The doubles of predictor and checker differ.
    voted : Timed or None
        What the majority of three copies says.
    """

    c: Timed
    error: Timed = NEVER
    syndrome: Timed = NEVER
    mismatch: Timed = NEVER
    voted: Timed | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """A product as it leaves the core, with its flags.

    Attributes
    ----------
    product : Timed
        Corrected if ``corrected``, else the raw one.
    error : Timed
        A check failed: ``corrected`` or ``uncorrectable`` is set too.
    alarm : Timed
        The checker itself is faulty: its doubles differ, or the product changed without an error.
    """

    product: Timed
    error: Timed = NEVER
    corrected: Timed = NEVER
    uncorrectable: Timed = NEVER
    alarm: Timed = NEVER
    syndrome: Timed = NEVER


def multiplier_kinds(config: GfConfig) -> tuple[MultiplierName, ...]:
    """Architectures of the multipliers that *config* needs, the first the one whose product is used."""
    kind = config.multiplier
    match config.protect:
        case "dwc":
            return (kind, kind)
        case "diverse_dwc":
            return (kind, "two_step" if kind == "karatsuba" else "karatsuba")
        case "tmr":
            return (kind, kind, kind)
    return (kind,)


def syndrome_bits(config: GfConfig) -> int:
    """Bits of the syndrome that leaves the core: at least one."""
    match config.protect:
        case "none":
            return 1
        case "dwc" | "diverse_dwc" | "tmr" | "majority":
            return config.m
    return config.code.r * len(config.code.channels)
