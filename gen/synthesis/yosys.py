"""Yosys in a process of its own, with results kept by content."""

import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pyralis.gen.doctor import require
from pyralis.gen.process import OutOfTimeError, run_once

__all__ = ["OutOfTimeError", "run", "run_in", "version"]

ROOT = Path("build/synthesis")
SCRIPT, LOG = "run.ys", "yosys.log"
PROGRAM = f"from pyosys import libyosys; libyosys.run_pass('script {SCRIPT}')"


def version() -> str:
    """Version of the Yosys that :func:`run` uses, for reports: cell counts may change with it.

    Raises
    ------
    UserError
        Yosys (the package pyosys) is not installed.
    """
    require("pyosys")
    return importlib.metadata.version("pyosys")


def run(
    script: str,
    sources: Mapping[str, str],
    outputs: Iterable[str],
    *,
    root: Path = ROOT,
    timeout_s: float | None = None,
) -> dict[str, str]:
    """Runs the Yosys commands *script* and returns the files *outputs* (name -> text) that it writes.

    Parameters
    ----------
    script : str
        One command a line; it names the sources and outputs without folders.
    sources : mapping
        File name -> text, for the script to read.
    outputs : iterable of str
        Names of the files that the script writes.
    root : Path
        Each run has a folder here, named by a hash of script, sources, outputs and Yosys version. A second
        call with the same returns at once; processes that want the same at one time wait for the first.
    timeout_s : float, optional
        Wall time after which the run is ended.

    Raises
    ------
    UserError
        Yosys is not installed.
    OutOfTimeError
        It took longer than *timeout_s*.
    ToolError
        Yosys stopped; ``log`` is ``yosys.log`` in the folder.
    """
    outputs = sorted(outputs)
    folder, _ = run_in(script, sources, outputs, root=root, timeout_s=timeout_s)
    return {name: (folder / name).read_text() for name in outputs}


def run_in(
    script: str,
    sources: Mapping[str, str],
    outputs: Iterable[str],
    *,
    root: Path = ROOT,
    timeout_s: float | None = None,
    tick: Callable[[], object] = lambda: None,
) -> tuple[Path, bool]:
    """As :func:`run`; returns the folder that holds the outputs, and whether they were there already.

    *tick* is called now and then while Yosys runs.
    """
    require("pyosys")
    outputs = sorted(outputs)
    text = json.dumps([script, sorted(sources.items()), outputs, version()])
    folder = Path(root).resolve() / hashlib.sha256(text.encode()).hexdigest()[:16]
    kept = run_once(
        folder,
        [sys.executable, "-P", "-c", PROGRAM],
        name="Yosys",
        log=LOG,
        sources={**sources, SCRIPT: script},
        outputs=outputs,
        timeout_s=timeout_s,
        tick=tick,
    )
    return folder, kept
