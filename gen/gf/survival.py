"""Whether redundancy is still there after synthesis, which sees no sense in it and would take it away.

The whole design goes through Yosys' usual flows in one piece, as a user would call them, with permission to
dissolve and merge whatever is not kept. They are stopped before look-up tables are made, which is done module
by module: what could vanish has vanished by then.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from pyralis.gen.gf.measure import TOP, verilog
from pyralis.gen.synthesis import yosys
from pyralis.hw.gf.config import GfConfig

__all__ = ["FLOWS", "LOST", "TRIPLE", "survival"]

LOST = 0.02
"""Share of the cells that may be missing: constants at a block's ports are known within the design."""

TRIPLE = 2.9
"""Multipliers that three copies must at least be worth."""

FLOWS = {
    "gates": "synth -flatten -noabc",
    "xcup": "synth_xilinx -family xcup -flatten -noiopad -noclkbuf -run begin:map_luts",
    "ecp5": "synth_ecp5 -noiopad -run begin:map_luts",
}

_REDUNDANT = re.compile(r"(.*\.)?(multiplier|predictor|checker)(_\d+)?(\.channel_\d+)?")
"""Names of blocks that compute the same thing in two ways, or twice."""

_SCRIPT = """\
read_verilog top.v
hierarchy -top {top}
{flow} -top {top}
opt_clean
select {name}*
write_json -selected mapped.json
"""


def survival(config: GfConfig, flows: Iterable[str] = FLOWS) -> list[dict[str, Any]]:
    """Cells of the redundant blocks of *config* within the design, and alone.

    Rows have ``flow``, ``block``, ``cells``, ``alone`` and ``ok``. The last row of a flow is for all of these
    blocks together; with three copies one more compares them with the smallest of them.

    Raises
    ------
    UserError, ToolError
        Yosys is not installed, or stopped.
    """
    text = verilog(config)
    kept = re.findall(rf'keep_hierarchy = "yes" \*\)\nmodule \\{TOP}\.(\S+) ', text)
    redundant = [path for path in kept if _REDUNDANT.fullmatch(path)]
    rows = []
    for flow in flows:
        inside = _cells(text, TOP, flow)
        alone = {path: _cells(text, f"{TOP}.{path}", flow).get(f"{TOP}.{path}", 0) for path in redundant}
        rows += _compare(flow, {path: inside.get(f"{TOP}.{path}", 0) for path in redundant}, alone)
    return rows


def _cells(text: str, top: str, flow: str) -> dict[str, int]:
    """Cells of each module that is left, those of modules within it left out."""
    found = yosys.run(_SCRIPT.format(top=top, flow=FLOWS[flow], name=TOP), {"top.v": text}, ["mapped.json"])
    modules = json.loads(found["mapped.json"])["modules"]
    return {
        name: sum(cell["type"] not in modules for cell in module["cells"].values())
        for name, module in modules.items()
    }


def _compare(flow: str, inside: dict[str, int], alone: dict[str, int]) -> list[dict[str, Any]]:
    def row(block: str, cells: int, wanted: int, ok: bool) -> dict[str, Any]:
        return {"flow": flow, "block": block, "cells": cells, "alone": wanted, "ok": ok}

    rows = []
    for path, count in alone.items():
        if count:  # else it only holds other blocks
            rows.append(row(path, inside[path], count, inside[path] >= (1 - LOST) * count - 1))
    total, wanted = sum(inside.values()), sum(alone.values())
    rows.append(row("all of them", total, wanted, total >= (1 - LOST) * wanted))
    copies = [path for path in alone if re.fullmatch(r"(.*\.)?multiplier_\d+", path)]
    if len(copies) == 3:
        count, one = sum(inside[path] for path in copies), min(alone[path] for path in copies)
        rows.append(row("three copies", count, one, count >= TRIPLE * one))
    return rows
