"""What a finite-field multiplier behind AXI4-Lite registers takes of a device.

Two-input gates of the multiplier follow from its size; what they, the protection and the registers become on
a device is measured once and scaled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pyralis.boards.base import Board, Ecp5Board
from pyralis.gen.boards.capacity import Candidate, Need
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.karatsuba import best_cut
from pyralis.hw.gf.karatsuba import gates as karatsuba_gates

__all__ = ["BASIS", "SMALLEST", "candidates", "need"]

SMALLEST = 32
"""Bits of an element from which on the estimate is near; small multipliers take more than it says."""

BASIS = (
    "gates of the multiplier from its size; tables for these, for protection and for registers fitted to "
    "eleven synthesised or placed multipliers, within 10 % of them"
)

REDUCTION = 4
"""Gates for a bit of the product to reduce it modulo a pentanomial (183 at m = 45, 665 at m = 163)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tables:
    """Look-up tables of a family, with registers in the multiplier.

    Attributes
    ----------
    base, bit : float
        Of any core, and of a bit of an element: registers, and what counts faults.
    two_step, karatsuba : float
        Of a gate of the multiplier.
    detect, pipelined : float
        Of a bit of an element and an error that the code can correct: to detect; to correct in a pipeline.
    loop : float
        To correct with what the folded corrector has, beside ``detect``.
    compare, vote : float
        Of a bit of an element, with two copies and with three.
    """

    base: float
    bit: float
    two_step: float
    karatsuba: float
    detect: float
    loop: float
    pipelined: float
    compare: float
    vote: float


FOUR_INPUT = Tables(
    base=750,
    bit=9.5,
    two_step=0.37,
    karatsuba=0.464,
    detect=6.0,
    loop=800,
    pipelined=24.5,
    compare=1.2,
    vote=2.5,
)
"""ECP5. Synthesised (Yosys 0.70, modules kept apart, two tables a carry block): m = 45 without protection
2,683, of them 1,467 for ``two_step``; with t = 1 3,913, with t = 5 7,785, folded 4,869. Placed, with the
shell: m = 45 with t = 1 5,303, with t = 3 7,202; m = 163 with ``karatsuba`` 12,193, of them 8,731 for it.
Not fitted to: m = 163 with t = 1, synthesised, 25,274, which is 3 % less than estimated."""

SIX_INPUT = Tables(
    base=310,
    bit=4.1,
    two_step=0.326,
    karatsuba=0.42,
    detect=3.5,
    loop=400,
    pipelined=14.2,
    compare=0.7,
    vote=1.25,
)
"""7-series and UltraScale+. Synthesised for the latter: m = 45 without protection 1,855, of them 1,352 for
``two_step``; with t = 1 2,452, with t = 3 3,848; m = 163 with ``karatsuba`` 8,924, of them 7,943 for it.
``loop`` and ``vote`` are half of what they are in tables of four inputs, as the other figures are."""

SHELL = Need(luts=1_250, block_rams=2, dsps=0)
"""The shell that speaks to the serial port, on boards without a processor."""


def need(config: GfConfig, board: Board) -> Need | None:
    """What the core *config* takes of the device of *board*; None where nothing like it was measured.

    That are fields below :data:`SMALLEST` bits, other multipliers than ``two_step`` and ``karatsuba``, other
    codes than ``residue_bch``, correction without registers, and ports for the injection of errors.
    """
    serial = isinstance(board, Ecp5Board)
    tables = FOUR_INPUT if serial else SIX_INPUT
    multiplier, protection = _multiplier(config, tables), _protection(config, tables)
    if multiplier is None or protection is None or config.m < SMALLEST or config.inject:
        return None
    luts = tables.base + tables.bit * config.m + multiplier + protection
    return Need(
        luts=round(luts) + (SHELL.luts if serial else 0),
        block_rams=SHELL.block_rams if serial else 0,
        dsps=0,
    )


def _multiplier(config: GfConfig, tables: Tables) -> float | None:
    """Tables of one multiplier."""
    reduction = REDUCTION * config.m
    match config.multiplier:
        case "two_step":
            return tables.two_step * (config.m**2 + (config.m - 1) ** 2 + reduction)
        case "karatsuba":
            return tables.karatsuba * (karatsuba_gates(config.m, best_cut(config.m)) + reduction)
    return None


def _protection(config: GfConfig, tables: Tables) -> float | None:
    """Tables of all but one multiplier."""
    again = _multiplier(config, tables) or 0.0
    if config.protect == "none":
        return 0.0
    if config.protect == "dwc":
        return again + tables.compare * config.m
    if config.protect == "tmr":
        return 2 * again + tables.vote * config.m
    if config.protect != "residue_bch" or config.corrector == "combinational":
        return None
    if config.correct == 0:
        return tables.detect * config.t * config.m
    if config.corrector == "folded":
        return tables.loop + tables.detect * config.t * config.m
    return tables.pipelined * config.t * config.m


def candidates() -> Iterator[Candidate]:
    """Small and large fields, none to five errors, copies, and the ways to correct."""
    for arguments, config in DESIGNS.items():
        coded = {"t": config.t, "corrector": config.corrector} if config.protect in CODED else {}
        facts = {"m": config.m, "multiplier": config.multiplier, "protect": config.protect, **coded}
        words = [f"m={config.m}", config.multiplier, config.protect]
        words += [f"t={config.t}", config.corrector] if coded else []
        yield Candidate(name=" ".join(words), arguments=arguments, facts=facts, need=partial(_listed, config))


def _listed(config: GfConfig, board: Board) -> Need:
    found = need(config, board)
    assert found is not None
    return found


DESIGNS = {
    "--m 45 --protect none": GfConfig(m=45, protect="none"),
    "--m 45 --t 1": GfConfig(m=45, t=1, corrector="pipelined"),
    "--m 45 --t 3": GfConfig(m=45, t=3, correct=3, corrector="pipelined"),
    "--m 45 --t 5": GfConfig(m=45, t=5, correct=5, corrector="pipelined"),
    "--m 45 --t 5 --corrector folded": GfConfig(m=45, t=5, correct=5, corrector="folded"),
    "--m 163 --protect none": GfConfig(m=163, protect="none", multiplier="karatsuba"),
    "--m 163 --t 1": GfConfig(m=163, t=1, corrector="pipelined"),
    "--m 163 --protect tmr": GfConfig(m=163, protect="tmr"),
    "--m 571 --protect none": GfConfig(m=571, protect="none", multiplier="karatsuba"),
}
"""What is held against the boards, by the arguments of ``pyralis bitstream gf`` that build it."""
