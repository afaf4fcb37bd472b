"""Test vectors of a configuration: operands, injected errors, and what must come out.

The same for everybody: corner values and products of a seeded generator, and with an injection port every
weight of error that the code is made for, first those that are corrected, then those that are flagged.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from amaranth.lib import data

from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.ports import Injection, Operands

__all__ = ["FLAGS", "Vector", "make_vectors", "pack"]

PRODUCTS = 64
"""Random products without an error."""

PER_WEIGHT = 12
"""Products for each weight of injected error."""

FLAGS = ("error", "corrected", "uncorrectable", "alarm")


@dataclass(frozen=True)
class Vector:
    """One transfer.

    Attributes
    ----------
    a, b, product, raw : int
        In the bit order of the ports; *raw* is what the multiplier gives before correction.
    payload : int
        The operand payload, injected errors included.
    weight : int
        Bits flipped.
    flags : dict of str to int
        Of the result, by the names in :data:`FLAGS`.
    """

    a: int
    b: int
    product: int
    raw: int
    payload: int
    weight: int
    flags: Mapping[str, int]


def make_vectors(config: GfConfig, *, seed: int = 1) -> list[Vector]:
    """Vectors for *config*; the same list every time."""
    generator = random.Random(seed)
    ones = (1 << config.m) - 1
    corners = [(0, 0), (0, ones), (1, 1), (1, ones), (ones, ones), (2, 1 << config.m - 1)]
    corners += [(1 << config.m - 1, 1 << config.m - 1)]
    found = [_vector(config, a, b, "reduced", 0) for a, b in corners]

    def operand() -> int:
        return generator.getrandbits(config.m)

    found += [_vector(config, operand(), operand(), "reduced", 0) for _ in range(PRODUCTS)]
    if config.inject:
        for weight in range(1, _largest_weight(config) + 1):
            for _ in range(PER_WEIGHT):
                net, positions = generator.choice(_nets(config))
                chosen = generator.sample(range(positions), min(weight, positions))
                flips = sum(1 << position for position in chosen)
                found.append(_vector(config, operand(), operand(), net, flips))
                found.append(_vector(config, operand(), operand(), "reduced", 0))
    return found


def pack(layout: data.Layout, values: Mapping[str, int | Mapping]) -> int:
    """Bits of *layout* with *values*, nested ones too; what is not named is 0."""
    word = 0
    for name, value in values.items():
        field = layout[name]
        bits = value if isinstance(value, int) else pack(field.shape, value)
        word |= bits << field.offset
    return word


def _largest_weight(config: GfConfig) -> int:
    """Most flipped bits of which the configuration promises anything."""
    if config.protect in CODED:
        return 2 * config.t - config.correct
    return 0 if config.protect == "none" else 1


def _nets(config: GfConfig) -> list[tuple[str, int]]:
    """Nets whose bits are positions of the code, with their sizes."""
    parts = Injection(config).members
    nets = [("reduced", config.m)]
    if config.protect == "residue_bch" and "unreduced" in parts:
        nets.append(("unreduced", 2 * config.m - 1))
    return nets


def _vector(config: GfConfig, a: int, b: int, net: str, flips: int) -> Vector:
    field = config.field
    right = field.multiply(a, b)
    raw = right ^ field.reduce(flips)
    weight = flips.bit_count()
    corrects = config.correct if config.protect in CODED else int(config.protect == "tmr")
    wrong, mended = int(weight > 0), int(0 < weight <= corrects)
    ports = {"a": field.convert(a), "b": field.convert(b)}
    if config.separate_operands:
        ports |= {"a_check": ports["a"], "b_check": ports["b"]}
    payload = pack(Operands(config), {**ports, **({"inject": {net: flips}} if config.inject else {})})
    return Vector(
        a=ports["a"],
        b=ports["b"],
        product=field.convert(right if mended else raw),
        raw=field.convert(raw),
        payload=payload,
        weight=weight,
        flags={"error": wrong, "corrected": mended, "uncorrectable": wrong & ~mended, "alarm": 0},
    )
