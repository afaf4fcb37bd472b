"""The finite-field multiplier for a board: behind AXI4-Lite registers, with products to check it by."""

import random
from dataclasses import asdict

import numpy as np

from pyralis.gen.boards.design import Design
from pyralis.gen.gf.config import name_of
from pyralis.gen.gf.generate import core_files
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite
from pyralis.hw.gf.registers import register_map, words_of

__all__ = ["CORE", "SAMPLES", "design", "samples"]

CORE, TOP = "gf", "gf_lite"

SAMPLES = 64
"""Products that ``validate.py`` computes."""


def design(config: GfConfig) -> Design:
    """The multiplier *config* behind registers."""
    name = name_of(config)
    return Design(
        core=CORE,
        name=name,
        top=TOP,
        component=lambda: GfLite(config),
        registers=register_map(config, operands=True),
        files=lambda: core_files(config, name),
        facts={"core": {"name": name, **asdict(config)}},
        samples=samples(config, SAMPLES),
        keep_hierarchy=config.protect != "none",
    )


def samples(config: GfConfig, count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Operands and products, as the registers hold them: uint32 (count, words), lowest word first.

    The first ones are 0, 1 and the element with all bits set; the others are drawn from *seed*.
    """
    rng = random.Random(f"{seed} {config.m}")
    edges = (0, 1, (1 << config.m) - 1)
    pairs = [(a, b) for a in edges for b in edges]
    pairs += [(rng.getrandbits(config.m), rng.getrandbits(config.m)) for _ in range(count)]
    field = config.field
    at = field.convert  # between polynomial order and that of the chip's ports
    rows = [(a, b, at(field.multiply(at(a), at(b)))) for a, b in pairs[:count]]
    a, b, product = zip(*rows, strict=True)
    words = words_of(config.m)
    return {"a": _words(a, words), "b": _words(b, words), "product": _words(product, words)}


def _words(values: tuple[int, ...], words: int) -> np.ndarray:
    return np.array([[value >> 32 * n & 0xFFFFFFFF for n in range(words)] for value in values], np.uint32)
