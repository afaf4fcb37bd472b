"""Whether redundancy is still there after synthesis, which sees no sense in it and would take it away.

Every block of a protected multiplier is mapped within the design, and by itself; the cells must be as many.
On an FPGA this is asked of multipliers and predictors, which compute the same thing in two ways, or twice.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pyralis.gen.gf.measure import TOP, verilog
from pyralis.gen.synthesis.flows import map_gates, map_luts
from pyralis.hw.gf.config import GfConfig

__all__ = ["LOST", "TRIPLE", "survival"]

LOST = 0.02
"""Share of the cells that may be missing: constants at a block's ports are known within the design."""

TRIPLE = 2.9
"""Multipliers that three copies must at least be worth."""

REDUNDANT = re.compile(r"(multiplier|predictor)_\d+")
"""Names of blocks that compute the same thing in two ways, or twice."""


def survival(
    config: GfConfig, families: Iterable[str] = (), *, structural: bool = False
) -> list[dict[str, Any]]:
    """Cells of each block of *config* within the design, and alone.

    Rows have ``flow`` ("gates" or one of *families*), ``block``, ``cells``, ``alone`` and ``ok``. The last
    row of a flow is for all blocks together; with three copies one more compares them with the smallest of
    them. Raises as :func:`pyralis.gen.synthesis.flows.map_luts`.
    """
    text = verilog(config)
    modules = _kept(text)

    def gates(top: str) -> dict[str, int]:
        return map_gates(text, top, structural=structural).netlist.block_counts

    rows = _compare("gates", gates(TOP), {path: gates(f"{TOP}.{path}")[""] for path in modules})
    redundant = [path for path in modules if REDUNDANT.fullmatch(path.split(".")[-1])]
    for family in families:

        def luts(top: str, family: str = family) -> dict[str, int]:
            cells = map_luts(text, top, family).blocks
            return {path: _tables(found) for path, found in cells.items()}

        alone = {path: sum(luts(f"{TOP}.{path}").values()) for path in redundant}
        whole = luts(TOP)
        inside = {path: _within(whole, path) for path in redundant}
        rows += _compare(family, inside, alone)
    return rows


def _kept(text: str) -> list[str]:
    """Paths of the modules of *text* that are kept."""
    return re.findall(rf'keep_hierarchy = "yes" \*\)\nmodule \\{TOP}\.(\S+) ', text)


def _tables(cells: Mapping[str, int]) -> int:
    """Look-up tables and multiplexers."""
    return sum(count for name, count in cells.items() if "LUT" in name or "MUX" in name)


def _within(counts: Mapping[str, int], path: str) -> int:
    return sum(count for name, count in counts.items() if name == path or name.startswith(path + "."))


def _compare(flow: str, inside: Mapping[str, int], alone: Mapping[str, int]) -> list[dict[str, Any]]:
    def row(block: str, cells: int, wanted: float) -> dict[str, Any]:
        return {"flow": flow, "block": block, "cells": cells, "alone": wanted, "ok": cells >= wanted}

    rows = []
    for path, count in alone.items():
        if not count:
            continue  # it only holds other blocks
        found = row(path, inside.get(path, 0), count)
        rows.append(found | {"ok": found["cells"] >= (1 - LOST) * count - 1})
    total = sum(inside.get(path, 0) for path in alone)
    wanted = sum(alone.values())
    rows.append(row("all blocks", total, wanted) | {"ok": total >= (1 - LOST) * wanted})
    copies = [path for path in alone if path.startswith("multiplier_")]
    if len(copies) == 3:
        count, one = sum(inside.get(path, 0) for path in copies), min(alone[path] for path in copies)
        rows.append(row("three copies", count, one) | {"ok": count >= TRIPLE * one})
    return rows
