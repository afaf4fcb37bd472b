"""The finite-field multiplier for a board: behind AXI4-Lite registers, with products to check it by."""

import gc
import random
import warnings
from collections.abc import Collection
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
from amaranth.hdl import UnusedElaboratable

from pyralis.boards.runtime.elements import Elements
from pyralis.gen.boards.design import Design
from pyralis.gen.gf.capacity import need
from pyralis.gen.gf.config import name_of
from pyralis.gen.gf.generate import core_files
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.datapath import Datapath
from pyralis.hw.gf.lite import GfLite
from pyralis.hw.gf.product import tree_levels
from pyralis.hw.gf.registers import register_map

__all__ = ["CORE", "SAMPLES", "STAGES", "design", "for_clock", "samples", "stages_of"]

CORE, TOP = "gf", "gf_lite"

SAMPLES = 64
"""Products that ``validate.py`` computes."""


STAGES = {"two_step": 2, "mastrovito": 2, "karatsuba": 4}
"""Registers inside a multiplier that its user leaves to us."""


WIDE = 100
"""Bits from which on an unprotected multiplier is ``karatsuba`` if its user leaves that to us: the array of
``two_step`` (20,600 look-up tables at m = 163) had no end of nextpnr's routing in sight after 690 s."""


def stages_of(m: int, multiplier: str) -> int:
    """Registers in *multiplier* of *m* bits on a board: :data:`STAGES`, or what a small one has room for."""
    return min(STAGES.get(multiplier, 0), tree_levels(m) + 1)


def for_clock(config: GfConfig, named: Collection[str] = ()) -> GfConfig:
    """*config* as a clock of 100 MHz wants it, but with the fields *named* by the user as they are.

    The multiplier has registers inside, and what is corrected is corrected in a pipeline, so that
    ``GfConfig()`` becomes one of 45 bits that corrects one error, predictor and checker doubled.

    Measured behind its registers, alone on an LFE5U-85F-6 (nextpnr 0.11, seed 1, modules kept apart): at
    m = 45 and 14 levels 121 MHz with t = 1 (118 MHz without registers in the multiplier) and 115 MHz with
    t = 3; 20 levels and t = 1 reach 95 MHz. Unprotected at m = 163, ``karatsuba`` with 4 stages: 113 MHz.
    """
    changes: dict[str, Any] = {}
    if config.multiplier == "digit_serial":
        return config  # takes neither, and is short between its registers
    kind = config.multiplier
    if config.protect == "none" and config.m >= WIDE and "multiplier" not in named:
        changes["multiplier"] = kind = "karatsuba"
    if "stages" not in named:
        changes["stages"] = stages_of(config.m, kind)
    if config.protect in CODED and config.correct and "corrector" not in named:
        changes["corrector"] = "pipelined"
    config = replace(config, **changes)
    return config if config.corrector != "pipelined" or "levels" in named else _with_levels(config)


def _with_levels(config: GfConfig) -> GfConfig:
    """*config* with the fewest gate levels between registers, from the default on, that its blocks allow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedElaboratable)  # of the blocks that are only measured here
        for levels in range(GfConfig.levels, 2 * GfConfig.levels):
            tried = replace(config, levels=levels)
            try:
                Datapath(tried)
            except ValueError:
                continue
            finally:
                gc.collect()
            return tried
    return config  # another reason, which the hardware itself tells


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
        need=partial(need, config),
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
    words = Elements(config.m).array
    return {"a": words(a), "b": words(b), "product": words(product)}
