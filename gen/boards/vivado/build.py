"""A core on a Zynq board: writes the Vivado project, checks it, and builds it where Vivado is."""

import importlib.metadata
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pyralis.boards.base import Board, ZynqBoard
from pyralis.gen.boards.capacity import bases, estimate
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.result import RESULT, build_result
from pyralis.gen.boards.vivado.check import check, possible
from pyralis.gen.boards.vivado.project import COMMAND, OLDEST, project_files
from pyralis.gen.boards.vivado.report import reread
from pyralis.gen.clock import Clock
from pyralis.gen.errors import ToolError
from pyralis.gen.files import json_text, make_folder, write_file, write_files
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.text import percent

__all__ = ["LOG", "build"]

LOG = "build.log"

STAGE, ERROR = "PYRALIS-STAGE ", "PYRALIS-ERROR "

STALE = (
    "rtl/*.v",
    "constraints/*.xdc",
    "tcl/*.tcl",
    "reports/*.rpt",
    "design.bit",
    "design.hwh",
    RESULT,
    LOG,
)
"""Left by an earlier build, perhaps of another core: must not pass for this one's."""


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
    """Writes the project of *design* for *board* into *folder* and builds it; returns ``result.json``.

    Parameters
    ----------
    board : ZynqBoard
    design : Design
    folder : path
        Gets the project (:mod:`.project`) and ``result.json``; where there is a Vivado also ``design.bit``,
        ``design.hwh``, ``reports`` and ``build.log``.
    clock_mhz : float, optional
        Clock of the core; the board's own for it without one.
    seed : int
        Which directive the placer follows.
    reproduce : sequence of str
        Commands that lead here, for the report.

    Raises
    ------
    UserError
        The design does not fit the board, or the folder cannot be written.
    ToolError
        There is no Vivado: the project and ``result.json`` are written. Or Vivado failed, or the clock is not
        met: there is no bitstream then.
    """
    assert isinstance(board, ZynqBoard)
    folder, clock = make_folder(folder), Clock(progress)
    wanted = board.clock_mhz(design.core) if clock_mhz is None else clock_mhz
    estimated = _estimate(board, design, clock)
    with clock.step("generate") as step:
        files = project_files(board, design, clock_mhz=wanted, seed=seed)
        for path in [path for pattern in STALE for path in folder.glob(pattern)]:
            path.unlink()
        write_files(folder, files)
        step.note(f"{len(files)} files, {sum(map(len, files.values())) / 1e6:.1f} MB")
    tried = _try(folder, board, design, wanted, clock)
    result = build_result(
        board,
        design,
        folder,
        clock,
        {name: text.encode() for name, text in files.items()},
        seed=seed,
        reproduce=[*reproduce, f"cd {folder} && {COMMAND}"],
        ok=False,
        verdict=f"The project is written and not built: Vivado is not on PATH. {tried}",
        resources=[],
        clocks=[{"name": "core", "asked_mhz": wanted, "reached_mhz": None, "met": None}],
        critical_paths=[],
        **estimated,
        versions={package: importlib.metadata.version(package) for package in ("pyralis", "amaranth")},
    )
    program = shutil.which("vivado")
    if program is None:
        write_file(folder / RESULT, json_text(result))
        raise ToolError(
            "Vivado is not on PATH, so there is no bitstream; the whole project for it is written to "
            f"{folder}: {', '.join(files)}.",
            hint=f"on a machine with Vivado {OLDEST} or newer: cd {folder} && {COMMAND}",
        )
    trouble = _run(program, folder, clock)
    seconds = clock.seconds
    result = reread(result, folder) | {"seconds": seconds, "build_seconds": seconds}
    if trouble or not result["ok"]:
        what = trouble or "Vivado ended without an error and left no bitstream that meets its clock."
        if not result["critical_paths"]:
            result["verdict"] = what
        result["ok"] = False
    write_file(folder / RESULT, json_text(result))
    if not result["ok"]:
        raise ToolError(what, str(folder / LOG))
    return result


def _estimate(board: ZynqBoard, design: Design, clock: Clock) -> dict[str, Any]:
    """What the core takes of the device as far as is known without Vivado, for ``result.json``."""
    wanted = design.need(board)
    if wanted is None:
        return {}
    with clock.step("estimate") as step:
        rows = estimate(wanted, board)
        used = (f"{row['used']:,} {row['name']} ({percent(row['used'] / row['available'])})" for row in rows)
        step.note(f"about {', '.join(used)}, by estimate")
    return {"estimate": {"resources": rows, "basis": bases()[design.core]}}


def _try(folder: Path, board: ZynqBoard, design: Design, clock_mhz: float, clock: Clock) -> str:
    """Tries the project without Vivado, and says in a sentence what came of it."""
    with clock.step("check") as step:
        if not possible():
            step.note("left out: there is no tclsh")
            return "Its Tcl was not tried, because there is no tclsh."
        found = check(folder, board, design.top, clock_mhz)
        if found.problems:
            step.note(f"{len(found.problems)} problems")
            more = f" (And {len(found.problems) - 1} more.)" if len(found.problems) > 1 else ""
            raise ToolError(
                f"The project is not complete: {found.problems[0]}{more}", str(folder / "build.tcl")
            )
        step.note(f"{found.calls} calls of Vivado's commands, nothing missing")
    return f"Its Tcl was run without the tool: {found.calls} calls, nothing missing."


def _run(program: str, folder: Path, clock: Clock) -> str:
    """Builds the project, a step for each stage; returns what went wrong, empty if nothing did."""
    command = [program, "-mode", "batch", "-source", "build.tcl", "-nojournal", "-nolog"]
    trouble = ""
    with (folder / LOG).open("w") as log, ExitStack() as running:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Vivado starts processes for its runs, which must end with it
        )
        running.callback(_end, process)
        stage = running.enter_context(ExitStack())
        for line in _lines(process, log):
            if line.startswith(STAGE):
                stage.close()
                name = line.removeprefix(STAGE)
                if name != "done":
                    stage.enter_context(clock.step(f"vivado: {name}"))
            elif line.startswith(ERROR):
                trouble = line.removeprefix(ERROR)
            elif line.startswith("ERROR:") and not trouble:
                trouble = f"Vivado stopped: {line}"
        code = process.wait()
    return trouble or (f"Vivado ended with exit code {code}." if code else "")


def _lines(process: subprocess.Popen[str], log: Any) -> Iterator[str]:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            log.write(line)
            yield line.rstrip()


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
