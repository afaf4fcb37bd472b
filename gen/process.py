"""External tools in a process of their own, with results kept by content."""

import math
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyralis.gen.doctor import require
from pyralis.gen.errors import ToolError
from pyralis.gen.files import make_folder, write_file, write_files

__all__ = ["OutOfTimeError", "run_once", "spent"]

DONE = "done"
"""Holds the seconds that a run has taken, when it has ended well."""

TICK = 0.5
"""Seconds between two calls of ``tick``."""


class OutOfTimeError(ToolError):
    """A run took longer than it may; it can be asked for again, with more time or for less work."""


def run_once(
    folder: Path,
    command: Sequence[str],
    *,
    name: str,
    log: str,
    sources: Mapping[str, str],
    outputs: Iterable[str],
    timeout_s: float | None = None,
    tick: Callable[[], object] = lambda: None,
) -> bool:
    """Runs *command* in *folder* unless that was done before; returns whether it was.

    Parameters
    ----------
    folder : Path
        Named by a hash of all that decides the result. Processes that want the same at one time wait for
        the first.
    command : sequence of str
        Program and arguments.
    name : str
        Of the tool, for errors.
    log : str
        File in *folder* that takes what the tool prints.
    sources : mapping
        File name -> text, written first.
    outputs : iterable of str
        Files that the tool must have written at its end.
    timeout_s : float, optional
        Wall time after which the run is ended.
    tick : callable
        Called now and then while the tool runs.

    Raises
    ------
    UserError
        The package filelock is not installed.
    OutOfTimeError
        It took longer than *timeout_s*.
    ToolError
        The tool failed, or did not write an output.
    """
    require("filelock")
    make_folder(folder)
    with _locked(f"{folder}.lock", tick):
        if (folder / DONE).exists():
            return True
        write_files(folder, sources)
        began = time.monotonic()
        _execute(folder, command, name, folder / log, timeout_s, tick)
        for output in outputs:
            if not (folder / output).exists():
                raise ToolError(f"{name} wrote no {output}.", str(folder / log))
        write_file(folder / DONE, f"{time.monotonic() - began:.3f}\n")
    return False


@contextmanager
def _locked(path: str, tick: Callable[[], object]) -> Iterator[None]:
    """Nobody else holds the lock *path*; *tick* is called while somebody does."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=TICK)
        except Timeout:
            tick()
    try:
        yield
    finally:
        lock.release()


def spent(folder: Path) -> float:
    """Seconds of wall time that the run kept in *folder* took when it was done."""
    return float((folder / DONE).read_text() or 0)


def _execute(
    folder: Path,
    command: Sequence[str],
    name: str,
    log: Path,
    timeout_s: float | None,
    tick: Callable[[], object],
) -> None:
    """One run in *folder*. Its processes form a group (Yosys starts ABC), which is ended as a whole."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            left = math.inf if timeout_s is None else timeout_s
            while (code := _wait(process, min(TICK, left))) is None:
                left -= TICK
                if left <= 0:
                    raise OutOfTimeError(f"{name} was ended after {timeout_s:g} s.", str(log))
                tick()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if code:
        raise ToolError(f"{name} stopped: {_reason(log)}", str(log))


def _wait(process: subprocess.Popen, seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _reason(log: Path) -> str:
    """The sentence of the last error in *log*."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if "ERROR:" in line]
    return lines[-1].strip() if lines else "it gives no reason"
