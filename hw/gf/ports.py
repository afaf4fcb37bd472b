"""What goes into the core and what comes out: payloads, error injection, bit order."""

from amaranth import Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Member, Out

from pyralis.hw.gf.coded import prediction_bits
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.flow import Timed
from pyralis.hw.gf.scheme import syndrome_bits

__all__ = [
    "Injection",
    "Operands",
    "Result",
    "core_ports",
    "element_names",
    "flips_of",
    "in_order",
]


class Injection(data.StructLayout):
    """Bits to flip on the nets that a configuration protects, for tests and for self-tests in the field.

    Fields
    ------
    reduced : m
        The reduced product.
    unreduced : 2m - 1
        The unreduced product, which ``mastrovito`` has not.
    prediction : check bits
        The first prediction, of the protections with a code.

    All in polynomial bit order.
    """

    def __init__(self, config: GfConfig) -> None:
        parts = {"reduced": config.m}
        if config.multiplier != "mastrovito":
            parts["unreduced"] = 2 * config.m - 1
        if config.protect in CODED:
            parts["prediction"] = prediction_bits(config)
        super().__init__(parts)


def element_names(config: GfConfig) -> tuple[str, ...]:
    """Names of the elements that are multiplied; with ``separate_operands`` twice, the predictor's apart."""
    return ("a", "b", "a_check", "b_check") if config.separate_operands else ("a", "b")


class Operands(data.StructLayout):
    """The elements to multiply, and with ``inject`` the errors to put into their product."""

    def __init__(self, config: GfConfig) -> None:
        parts: dict = dict.fromkeys(element_names(config), config.m)
        super().__init__(parts | ({"inject": Injection(config)} if config.inject else {}))


class Result(data.StructLayout):
    """A product with its flags, as :class:`pyralis.hw.gf.scheme.Outcome` says."""

    def __init__(self, config: GfConfig) -> None:
        flags = dict.fromkeys(("error", "corrected", "uncorrectable", "alarm"), 1)
        super().__init__({"product": config.m, **flags, "syndrome": syndrome_bits(config)})


def flips_of(config: GfConfig, holder) -> dict[str, Timed]:
    """The parts of *holder*'s ``inject``, by name; none if *config* has no injection."""
    if not config.inject:
        return {}
    return {name: Timed(Value.cast(holder.inject[name])) for name in Injection(config).members}


def core_ports(config: GfConfig) -> dict[str, Member]:
    """Ports of everything that multiplies between two streams."""
    return {
        "operands": In(stream.Signature(Operands(config))),
        "result": Out(stream.Signature(Result(config))),
        "early": Out(config.m),
        "early_valid": Out(1),
    }


def in_order(config: GfConfig, value: Value) -> Value:
    """An element between the chip's bit order and polynomial order; its own inverse."""
    return value if config.order == "polynomial" else value[::-1]
