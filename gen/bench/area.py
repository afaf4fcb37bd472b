"""``bench area``: what a size of the graph core takes of a device of AMD, and where in it."""

import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyralis.gen.boards.vivado.bymodule import Counted, count_modules, total
from pyralis.gen.boards.vivado.primitives import foreign, resources
from pyralis.gen.emit.verilog import emit
from pyralis.gen.files import json_text, make_folder, write_file
from pyralis.gen.synthesis import yosys
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.top import GcnTop

__all__ = ["bench"]

TOP = "gcn_top"
DEPTH = 3
"""Names of a path that tell blocks apart: ``aggregation.store``, ``combination.column.epilogue``."""


def bench(path: str | Path, *, name: str, config: GcnConfig, family: str) -> dict[str, Any]:
    """Maps the core *config*, called *name*, with Yosys and writes the counts to *path*; returns them.

    Parameters
    ----------
    path : path
    name : str
    config : GcnConfig
    family : {"xcup", "xc7"}

    Returns
    -------
    dict
        ``total`` (look-up tables and so on), ``cells`` by type, and ``blocks``, those with most look-up
        tables first: ``block``, and what all its instances take together. ``ok``: the device has every cell.

    Raises
    ------
    UserError
        Yosys is not installed, or *path* cannot be written.
    ToolError
        Yosys failed.
    """
    make_folder(Path(path).parent)
    counted = count_modules(emit(GcnTop(config), TOP), TOP, family)
    cells = total(counted)
    unknown = foreign(cells, family)
    result = {
        "job": "bench area",
        "ok": not unknown,
        "verdict": f"The device has no {', '.join(unknown)}."
        if unknown
        else "The device has all these cells.",
        "core": {"name": name, **asdict(config)},
        "family": family,
        "yosys": yosys.version(),
        "total": resources(cells),
        "cells": cells,
        "blocks": _blocks(counted),
    }
    write_file(path, json_text(result))
    return result


def _blocks(counted: list[Counted]) -> list[dict[str, Any]]:
    """Modules added up by the beginnings of their names, without the numbers of columns and cores."""
    sums: dict[str, Counter[str]] = {}
    for module in counted:
        path = [re.sub(r"((_|\$)\d+)+$", "", part) for part in module.name.split(".")[1:]]
        path = path[1:] if path[:1] == ["core"] else path
        block = sums.setdefault(".".join(path[:DEPTH]) or "top", Counter())
        for cell, count in module.cells.items():
            block[cell] += count * module.instances
    rows = [{"block": name, **resources(cells)} for name, cells in sums.items()]
    return sorted(rows, key=lambda row: (-row["LUT"], row["block"]))
