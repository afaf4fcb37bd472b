"""What a board can hold: designs of every core against the device, without synthesis."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pyralis.boards.base import Board

__all__ = ["CORES", "FULL", "Candidate", "Need", "bases", "estimate", "exceeded", "holds"]

CORES = ("snn", "gcn", "gf")
"""Cores with a module ``pyralis.gen.<core>.capacity``: it has ``candidates()``, and in ``BASIS`` what its
estimates rest on."""

FULL = 0.85
"""Share of the look-up tables above which place and route is not sure to end well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """What a core takes of a device: ``luts`` (of the device's kind), ``block_rams``, ``dsps``.

    None is not known.
    """

    luts: int
    block_rams: int | None = None
    dsps: int | None = None


NEEDS = ("luts", "block_rams", "dsps")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A design that is held against the boards.

    Attributes
    ----------
    name : str
        What it is, in a few words.
    arguments : str
        What ``pyralis bitstream <core> --board <board>`` is told to build it.
    facts : dict
        What further to say of it, as plain data.
    need : callable
        What it takes of a board's device; None where that is not known.
    estimated : bool
        That is an estimate, not a count.
    """

    name: str
    arguments: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    need: Callable[[Board], Need | None]
    estimated: bool = True


def holds(board: Board) -> list[dict[str, Any]]:
    """Every candidate of every core on *board*, as plain data.

    Each is a dict of ``core``, ``design`` (its name), ``arguments``, its facts, what it needs, ``estimated``,
    ``fits``, and ``limit``, which names what is exceeded. What nobody knows is None, ``fits`` among it; a
    design of which nothing is known is there if it is the board's own preset.
    """
    rows = []
    for core, module in _cores().items():
        for candidate in module.candidates():
            wanted = candidate.need(board)
            if wanted is None and candidate.facts.get("preset") != board.presets.get(core):
                continue
            over = [] if wanted is None else exceeded(wanted, board, FULL)
            rows.append({
                "core": core,
                "design": candidate.name,
                "arguments": candidate.arguments,
                **candidate.facts,
                **(dict.fromkeys(NEEDS) if wanted is None else asdict(wanted)),
                "estimated": candidate.estimated,
                "fits": None if wanted is None else not over,
                "limit": ", ".join(over),
            })
    return rows


def bases() -> dict[str, str]:
    """What the estimate of each core rests on, in a few words."""
    return {core: module.BASIS for core, module in _cores().items()}


def estimate(wanted: Need, board: Board) -> list[dict[str, Any]]:
    """What is known of *wanted* beside what *board* has: ``name``, ``used``, ``available``, as of a build."""
    has = board.resources
    pairs = {
        "LUT": (wanted.luts, has.luts),
        "BRAM": (wanted.block_rams, has.block_rams),
        "DSP": (wanted.dsps, has.dsps),
    }
    known = {name: pair for name, pair in pairs.items() if pair[0] is not None}
    return [{"name": name, "used": used, "available": most} for name, (used, most) in known.items()]


def exceeded(wanted: Need, board: Board, share: float) -> list[str]:
    """What of *wanted* is more than *board* has, of look-up tables more than *share*."""
    over = []
    for row in estimate(wanted, board):
        most = int(share * row["available"]) if row["name"] == "LUT" else row["available"]
        if row["used"] > most:
            over.append(f"{row['name']} {row['used']:,} > {most:,}")
    return over


def _cores() -> dict[str, Any]:
    return {core: importlib.import_module(f"pyralis.gen.{core}.capacity") for core in CORES}
