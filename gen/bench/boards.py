"""``bench boards``: every design that can be placed and routed here, with its size and its clock."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyralis.gen.boards.choose import board_named
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.flows import build
from pyralis.gen.errors import ToolError
from pyralis.gen.files import json_text, make_folder, write_file
from pyralis.gen.progress import QUIET, Progress
from pyralis.hw.gcn.config import PRESETS as GRAPH_PRESETS
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.snn.config import PRESETS

__all__ = ["CASES", "Case", "bench"]

FOLDER = Path("build/bench/boards")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A row of the bench.

    Attributes
    ----------
    name : str
    title : str
        What it is, in a few words.
    board : str
    aim_mhz : float
        Clock that it must reach after place and route.
    design : callable
        Makes the design; takes the progress, because it may train a network.
    """

    name: str
    title: str
    board: str
    aim_mhz: float
    design: Callable[[Progress], Design]


def _digits(progress: Progress) -> Design:
    """The tiny spiking core with the network of the demo in its memory."""
    from pyralis.gen.boards.designs import snn
    from pyralis.gen.demo.snn import FOLDER as DEMO

    compiled, samples = snn.digits(PRESETS["tiny"], DEMO, progress)
    return snn.design(PRESETS["tiny"], "tiny", compiled, samples)


def _graph(progress: Progress) -> Design:
    """The tiny graph core with the graph of the demo in its memory."""
    from pyralis.gen.boards.designs import gcn
    from pyralis.gen.demo.gcn import FOLDER as DEMO

    config, board = GRAPH_PRESETS["tiny"], board_named("ulx3s")
    network, compiled, samples = gcn.digits(config, board, DEMO, progress)
    return gcn.design(config, "tiny", compiled, samples, network)


def _multiplier(config: GfConfig) -> Callable[[Progress], Design]:
    """The multiplier *config*, with what it leaves open chosen for the board."""

    def make(_progress: Progress) -> Design:
        from pyralis.gen.boards.designs import gf

        return gf.design(gf.for_clock(config))

    return make


CASES: tuple[Case, ...] = (
    Case(name="snn_tiny", title="spiking core tiny, digits", board="ulx3s", aim_mhz=60.0, design=_digits),
    Case(name="gcn_tiny", title="graph core tiny, digits", board="ulx3s", aim_mhz=25.0, design=_graph),
    Case(
        name="gf45_t1",
        title="multiplier m = 45, one error, hardened",
        board="ulx3s",
        aim_mhz=100.0,
        design=_multiplier(GfConfig()),
    ),
    Case(
        name="gf45_t3",
        title="multiplier m = 45, three errors",
        board="ulx3s",
        aim_mhz=100.0,
        design=_multiplier(GfConfig(t=3, correct=3)),
    ),
    Case(
        name="gf163_plain",
        title="multiplier m = 163, unprotected",
        board="ulx3s",
        aim_mhz=100.0,
        design=_multiplier(GfConfig(m=163, protect="none")),
    ),
)
"""What is built; a further core adds its rows here."""


def bench(
    path: str | Path,
    *,
    cases: Sequence[Case] = CASES,
    folder: str | Path = FOLDER,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Builds every case and writes the figures to *path* as JSON; returns them.

    A case whose clock is not met is a row that says so.

    Parameters
    ----------
    path : path
    cases : sequence of Case
    folder : path
        Gets a build folder a case.

    Raises
    ------
    UserError
        A tool is not installed, or *path* cannot be written.
    ToolError
        A tool failed, so that there are no figures; nothing is written then.
    """
    make_folder(Path(path).parent)
    rows = []
    for case in cases:
        progress.say(f"{case.name}: {case.title} on {case.board}")
        rows.append(_row(case, Path(folder) / case.name, progress))
    reached = [row for row in rows if row["reached"]]
    result = {
        "job": "bench boards",
        "ok": len(reached) == len(rows),
        "verdict": f"{len(reached)} of {len(rows)} designs reach the clock that is wanted of them.",
        "designs": rows,
    }
    write_file(path, json_text(result))
    return result


def _row(case: Case, folder: Path, progress: Progress) -> dict[str, Any]:
    """Builds *case*; its figures."""
    board, design = board_named(case.board), case.design(progress)
    try:
        built: Mapping[str, Any] = build(
            board,
            design,
            folder,
            reproduce=[f"pyralis bench boards --only {case.name}"],
            progress=progress,
        )
    except ToolError as error:
        try:
            built = json.loads((folder / "result.json").read_text())
        except OSError:
            raise error from None
    clock = built["clocks"][0]
    return {
        "name": case.name,
        "title": case.title,
        "board": board.name,
        "part": board.part,
        "core": design.core,
        "config": dict(design.facts["core"]),
        **{
            row["name"].lower(): {"used": row["used"], "available": row["available"]}
            for row in built["resources"]
        },
        "clock_asked_mhz": clock["asked_mhz"],
        "clock_reached_mhz": clock["reached_mhz"],
        "clock_met": clock["met"],
        "aim_mhz": case.aim_mhz,
        "reached": bool(clock["reached_mhz"] and clock["met"] and clock["asked_mhz"] >= case.aim_mhz),
        "build_seconds": built["build_seconds"],
        "steps": built["steps"],
        "critical_path": built["critical_paths"][0] if built["critical_paths"] else None,
        "versions": built["versions"],
        "verdict": built["verdict"],
    }
