"""The multiplier that a configuration names, behind one face."""

from amaranth.lib import wiring

from pyralis.hw.gf.config import GfConfig, MultiplierName
from pyralis.hw.gf.digit_serial import DigitSerial
from pyralis.hw.gf.karatsuba import Karatsuba
from pyralis.hw.gf.mastrovito import Mastrovito
from pyralis.hw.gf.two_step import TwoStep

__all__ = ["build_multiplier"]


def build_multiplier(
    config: GfConfig, *, kind: MultiplierName | None = None, inject: bool = False
) -> wiring.Component:
    """A multiplier of *config*'s field; *kind* replaces the configured architecture.

    Its ports are ``a``, ``b``, ``c`` and, where the unreduced product exists, ``high`` (``quotient`` of the
    digit-serial one, which also has ``start``, ``ready`` and ``done``).
    """
    kind = kind or config.multiplier
    if kind == "digit_serial":
        return DigitSerial(config.field, config.digit, inject=inject)
    parallel = {"two_step": TwoStep, "karatsuba": Karatsuba, "mastrovito": Mastrovito}[kind]
    return parallel(config.field, stages=config.stages, inject=inject)
