"""Register map of the finite-field core, for both of its tops."""

from enum import Enum
from typing import get_args

from pyralis.hw.axi.identity import identification, side_by_side
from pyralis.hw.axi.registermap import Field, Register, RegisterMap
from pyralis.hw.gf.config import GfConfig, MultiplierName, Protection
from pyralis.hw.gf.ports import Injection, element_names
from pyralis.hw.gf.scheme import syndrome_bits

__all__ = ["COUNTERS", "IDENTIFICATION", "SLOTS", "VERSION", "register_map", "words_of"]

IDENTIFICATION = int.from_bytes(b"PyGF", "big")
"""First word of the map: the driver refuses anything else."""

VERSION = 1
"""Raised when a register changes its meaning."""

COUNTERS = ("products", "errors", "corrected", "uncorrectable", "alarms")
"""What is counted, in 32 bits that stay at their largest value."""

SLOTS = 6
"""Bits that can be flipped in one product: one more than the largest t."""

WINDOW = 0x80
"""Bytes for one element: 1,024 bits."""

ELEMENTS = 0x100
"""Where the windows begin."""


def words_of(bits: int) -> int:
    """32-bit words that so many bits take."""
    return -(-bits // 32)


def register_map(config: GfConfig, *, operands: bool) -> RegisterMap:
    """The registers of a core.

    Parameters
    ----------
    config : GfConfig
    operands : bool
        With operand and product registers, for the AXI4-Lite top.

    Raises
    ------
    ValueError
        An element has more bits than a window of the map.
    """
    if config.m > 8 * WINDOW:
        raise ValueError(f"The register map holds elements of at most {8 * WINDOW} bits, not m = {config.m}.")
    registers = (
        *identification(IDENTIFICATION, registers=VERSION),
        *_capabilities(config),
        *_status(),
        *(_injection(config) if config.inject else ()),
        *_window("syndrome", 0, syndrome_bits(config), "ro", "Syndrome of the last product with an error."),
        *(_job(config) if operands else ()),
    )
    return RegisterMap(name="gf", registers=registers, address_bits=11, doc="Finite-field core.")


def _capabilities(c: GfConfig) -> tuple[Register, ...]:
    sizes = (("m", 16, c.m), ("t", 8, c.t), ("correct", 8, c.correct))
    kinds = (
        ("protection", 8, get_args(Protection).index(c.protect)),
        ("multiplier", 8, get_args(MultiplierName).index(c.multiplier)),
        ("reflected", 1, int(c.order == "ghash")),
        ("separate_operands", 1, int(c.separate_operands)),
        ("injection", 1, int(c.inject)),
    )
    return (
        Register(
            "sizes", 0x08, access="const", fields=side_by_side(*sizes), doc="Bits of an element, errors."
        ),
        Register("kinds", 0x0C, access="const", fields=side_by_side(*kinds), doc="What was generated."),
    )


def _status() -> tuple[Register, ...]:
    return (
        Register(
            "control",
            0x20,
            access="pulse",
            fields=(
                Field("start", 0, doc="Multiply the operand registers. Ignored while busy."),
                Field("clear", 1, doc="Set all counters to 0."),
            ),
        ),
        Register(
            "status",
            0x24,
            access="ro",
            fields=(
                Field("busy", 0, doc="A product is on its way."),
                Field("done", 1, doc="The product registers hold the last product."),
                Field("error", 2, doc="The last product: its check failed."),
                Field("corrected", 3, doc="The last product: it was corrected."),
                Field("uncorrectable", 4, doc="The last product: it is wrong, or cannot be trusted."),
                Field("alarm", 5, doc="The last product: the checker itself is faulty."),
            ),
        ),
        Register(
            "interrupt",
            0x28,
            access="w1c",
            fields=(
                Field("error", 0, doc="A check failed."),
                Field("uncorrectable", 1, doc="A product could not be corrected."),
                Field("alarm", 2, doc="The checker itself is faulty."),
            ),
        ),
        Register(
            "interrupt_enable", 0x2C, fields=(Field("error", 0), Field("uncorrectable", 1), Field("alarm", 2))
        ),
        *(
            Register(f"count_{name}", 0x30 + 4 * n, access="ro", doc=f"{name.capitalize()} since the clear.")
            for n, name in enumerate(COUNTERS)
        ),
    )


def _injection(c: GfConfig) -> tuple[Register, ...]:
    nets = Injection(c).members
    names = Enum("Net", {name.upper(): index for index, name in enumerate(nets)})  # type: ignore[misc]
    where = ", ".join(f"{index}: {name}" for index, name in enumerate(nets))
    return (
        Register(
            "inject",
            0x50,
            fields=(
                Field("once", 0, access="pulse", doc="Flip the bits of the slots in the next product."),
                Field("always", 1, doc="Flip them in every product: a permanent fault."),
            ),
        ),
        *(
            Register(
                f"slot_{n}",
                0x60 + 4 * n,
                fields=(
                    Field("position", 0, width=16, doc="Bit of the net."),
                    Field("net", 16, width=2, values=names, doc=f"Net: {where}."),
                    Field("enable", 31, doc="This slot flips its bit."),
                ),
            )
            for n in range(SLOTS)
        ),
    )


def _job(c: GfConfig) -> tuple[Register, ...]:
    registers: list[Register] = []
    for index, name in enumerate(element_names(c)):
        registers += _window(name, 1 + index, c.m, "rw", f"Operand {name}, low word first.")
    registers += _window("product", 5, c.m, "ro", "The last product, low word first.")
    doc = "Cycles that the last product was busy: from the one after its start to the one before its done."
    return (*registers, Register("cycles", 0x44, access="ro", doc=doc))


def _window(name: str, index: int, bits: int, access, doc: str) -> tuple[Register, ...]:
    """Words of a value of so many bits, in window *index*."""
    base = ELEMENTS + WINDOW * index
    return tuple(
        Register(
            f"{name}_{n}",
            base + 4 * n,
            access=access,
            fields=(Field("value", 0, width=min(32, bits - 32 * n)),),
            doc=doc,
        )
        for n in range(words_of(bits))
    )
