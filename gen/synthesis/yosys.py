"""Yosys in a process of its own, with results kept by content."""

import hashlib
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pyralis.gen.doctor import require
from pyralis.gen.errors import ToolError
from pyralis.gen.files import make_folder, write_file, write_files

__all__ = ["OutOfTimeError", "run", "version"]

SCRIPT, LOG, DONE = "run.ys", "yosys.log", "done"
PROGRAM = f"from pyosys import libyosys; libyosys.run_pass('script {SCRIPT}')"


class OutOfTimeError(ToolError):
    """A run took longer than it may; it can be asked for again, with more time or for less work."""


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
    root: Path = Path("build/synthesis"),
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
    require("pyosys", "filelock")
    from filelock import FileLock

    outputs = sorted(outputs)
    text = json.dumps([script, sorted(sources.items()), outputs, version()])
    folder = make_folder(Path(root).resolve() / hashlib.sha256(text.encode()).hexdigest()[:16])
    with FileLock(f"{folder}.lock"):
        if not (folder / DONE).exists():
            write_files(folder, {**sources, SCRIPT: script})
            _execute(folder, outputs, timeout_s)
            write_file(folder / DONE, "")
    return {name: (folder / name).read_text() for name in outputs}


def _execute(folder: Path, outputs: Iterable[str], timeout_s: float | None) -> None:
    """One run in *folder*. Its processes form a group (Yosys starts ABC), which is ended as a whole."""
    log = folder / LOG
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise OutOfTimeError(f"Yosys was ended after {timeout_s:g} s.", str(log)) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if code:
        raise ToolError(f"Yosys stopped: {_reason(log)}", str(log))
    for name in outputs:
        if not (folder / name).exists():
            raise ToolError(f"Yosys wrote no {name}.", str(log))


def _reason(log: Path) -> str:
    """The sentence of the last error in *log*."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if "ERROR:" in line]
    return lines[-1].strip() if lines else "it gives no reason"
