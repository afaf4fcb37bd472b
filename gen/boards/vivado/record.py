"""Runs the Tcl of a project without Vivado and tells what it asked for: see ``recorder.tcl``."""

import importlib.resources
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyralis.boards.base import ZynqBoard
from pyralis.gen.boards.vivado.processor import PROCESSORS
from pyralis.gen.boards.vivado.project import CELL, CONTROL
from pyralis.gen.emit.ports import Core
from pyralis.gen.errors import ToolError

__all__ = ["Call", "Recording", "answers_for", "record"]

TIMEOUT_S = 60
"""The scripts take some milliseconds; a loop in them must not hang a build."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command of Vivado: its name, its ``options`` with values, its other ``words``."""

    command: str
    options: dict[str, str]
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What a run of the scripts did.

    Attributes
    ----------
    calls : list of Call
    code : int
        Exit code.
    output : str
        What it printed.
    left : frozenset of str
        Files that were there afterwards, relative to the folder.
    """

    calls: list[Call]
    code: int
    output: str
    left: frozenset[str] = field(default_factory=frozenset)


def answers_for(board: ZynqBoard, core: Core) -> dict[str, Any]:
    """What a Vivado that knows *board* would answer when everything goes well.

    ``version``, ``board_parts``, ``parts``; ``segments``: paths of address segments; ``inferred`` and
    ``inferable``: interfaces that packaging finds by itself, and on demand; ``thorough``: whether it also
    makes their parameters and maps; ``properties``: what ``get_property`` returns.
    """
    processor = PROCESSORS[board.processing_system]
    low = ("DDR_LOWOCM",) if board.processing_system == "processing_system7" else ("DDR_LOW", "DDR_HIGH")
    names = (*low, "LPS_OCM", "QSPI") if len(low) == 2 else low
    segments = [f"ps/{port.segments}{name}" for port in processor.memory_ports.values() for name in names]
    return {
        "version": "2022.2",
        "board_parts": [f"{board.board_part}:1.0", f"{board.board_part}:1.1"],
        "parts": [board.part],
        "segments": [f"{CELL}/{CONTROL}/reg0", *segments],
        "inferred": [*core.subordinates, *core.managers, "clk"],
        "inferable": [],
        "thorough": True,
        "properties": {
            "PROGRESS": "100%",
            "STATUS": "Complete!",
            "STATS.WNS": "0.100",
            "STATS.WHS": "0.010",
            "STATS.TPWS": "0.000",
            "CONFIG.FREQ_HZ": "1000000000",
        },
    }


def record(folder: Path, answers: Mapping[str, Any], constraints: Sequence[str] = ()) -> Recording:
    """Runs ``build.tcl`` of a copy of *folder*, then *constraints*, under ``tclsh``.

    Raises
    ------
    ToolError
        There is no ``tclsh``, or it hangs.
    """
    program = shutil.which("tclsh")
    if program is None:
        raise ToolError("There is no tclsh on PATH, so the Tcl of the project was not tried.")
    with (
        tempfile.TemporaryDirectory() as name,
        importlib.resources.as_file(
            importlib.resources.files("pyralis.gen.boards.vivado") / "recorder.tcl"
        ) as script,
    ):
        root = Path(name)
        copy = root / "project"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("vivado", "ip", "reports"))
        before = _files(copy)
        (root / "answers").write_text(_tcl(answers))
        command = [
            program,
            str(script),
            str(root / "answers"),
            str(root / "notes"),
            "build.tcl",
            *constraints,
        ]
        try:
            done = subprocess.run(
                command, cwd=copy, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"The Tcl of the project did not end within {TIMEOUT_S} s.") from None
        notes = (root / "notes").read_text(encoding="utf-8").replace(str(copy.resolve()), "@")
        return Recording(
            calls=[_call(line) for line in notes.splitlines()],
            code=done.returncode,
            output=(done.stdout + done.stderr).replace(str(copy.resolve()), "@"),
            left=frozenset(_files(copy) - before),
        )


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _call(line: str) -> Call:
    command, *rest = line.split("\x1f")
    options: dict[str, str] = {}
    words: list[str] = []
    parts = iter(rest)
    for part in parts:
        if part.startswith("="):
            words.append(part[1:])
        else:
            options[part] = next(parts, "")
    return Call(command, options, tuple(words))


def _tcl(value: object) -> str:
    """*value* as a word of Tcl: dictionaries and lists nest; texts have no braces."""
    if isinstance(value, Mapping):
        return " ".join(f"{{{_tcl(key)}}} {{{_tcl(item)}}}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(f"{{{_tcl(item)}}}" for item in value)
    return str(int(value)) if isinstance(value, bool) else str(value)
