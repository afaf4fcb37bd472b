"""Operands and errors for a protected multiplier, and what it must answer."""

import random

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import Injection
from pyralis.sim.gf.answers import expected, fields_of, payload

__all__ = ["draw", "expected", "fields_of", "payload"]


def draw(rng: random.Random, config: GfConfig, errors: int) -> dict[str, int]:
    """Random operands, extremes among them, and in total so many flipped bits; for the packed payload."""
    ones = (1 << config.m) - 1

    def element():
        return rng.choice([0, 1, ones, 1 << config.m - 1, *(rng.getrandbits(config.m) for _ in range(12))])

    operands = {"a": element(), "b": element()}
    if config.separate_operands:
        operands |= {"a_check": operands["a"], "b_check": operands["b"]}
    if config.inject:
        widths = {name: field.width for name, field in Injection(config)}
        flips = dict.fromkeys(widths, 0)
        for _ in range(errors):
            name = rng.choice(list(widths))
            flips[name] ^= 1 << rng.randrange(widths[name])
        operands["inject"] = flips
    return operands
