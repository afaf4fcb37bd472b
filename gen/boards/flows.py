"""From a design to what a board loads, by the tools that its board needs."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyralis.boards.base import Board
from pyralis.gen.boards.design import Design
from pyralis.gen.errors import ToolError
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.report.page import write_page

__all__ = ["build"]


def build(
    board: Board,
    design: Design,
    folder: str | Path,
    *,
    clock_mhz: float | None = None,
    seed: int = 1,
    reproduce: Sequence[str] = (),
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Builds *design* for *board* into *folder*; returns the content of ``result.json``.

    Parameters
    ----------
    board : Board
    design : Design
    folder : path
        Gets the bitstream (where the tools are here), ``result.json``, ``report.html`` and what the flow
        leaves.
    clock_mhz : float, optional
        Clock of the core; the board's own for it without one.
    seed : int
        Of place and route.
    reproduce : sequence of str
        Commands that lead here, for the report.

    Raises
    ------
    UserError
        A tool is not installed, or the design does not fit the board.
    ToolError
        A tool failed or is missing, or the clock is not reached; what there is was written.
    """
    flow = importlib.import_module(f"pyralis.gen.boards.{board.flow}")
    settings = {"clock_mhz": clock_mhz, "seed": seed, "reproduce": reproduce, "progress": progress}
    try:
        result: dict[str, Any] = flow.build(board, design, folder, **settings)
    except ToolError:
        if (Path(folder) / "result.json").exists():
            write_page(folder)
        raise
    write_page(folder)
    return result
