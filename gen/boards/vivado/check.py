"""Looks at a Vivado project without Vivado: what its Tcl asks for, against what the core and the board need.

The Tcl runs under ``tclsh`` with every command of Vivado recorded (:mod:`.record`); from the calls comes the
block design (:mod:`.blocks`). This finds a port that nobody connected, an address range that was forgotten, a
wrong part, a file that is not there, a pin of an interface that is not enabled, a misspelt command or option.
It cannot find what only Vivado knows: whether it accepts a parameter's value, and whether the clock is met.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyralis.boards.base import ZynqBoard
from pyralis.gen.boards.vivado import check_design, check_package
from pyralis.gen.boards.vivado.blocks import BlockDesign
from pyralis.gen.boards.vivado.project import DESIGN
from pyralis.gen.boards.vivado.record import answers_for, record
from pyralis.gen.boards.vivado.subject import Subject
from pyralis.gen.emit.ports import read_core

__all__ = ["Checked", "check", "possible"]

REPORTS = ("utilization", "utilization_hierarchical", "timing_summary", "power")

ORDER = (
    "ipx::package_project",
    "set_property ip_repo_paths @/ip",
    "update_ip_catalog",
    "create_bd_design",
    "validate_bd_design",
    "save_bd_design",
    "generate_target all",
    "make_wrapper",
    "launch_runs synth_1",
    "wait_on_run synth_1",
    "get_property PROGRESS synth_1",
    "launch_runs impl_1",
    "wait_on_run impl_1",
    "get_property PROGRESS impl_1",
    "open_run impl_1",
    "report_timing_summary",
    "get_property STATS.WNS",
    "get_property STATS.WHS",
    "get_property STATS.TPWS",
    "write_bitstream",
)
"""Calls that must come one after the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a check found: ``calls`` that were recorded, and a sentence for each of the ``problems``."""

    calls: int
    problems: tuple[str, ...]


def possible() -> bool:
    """Whether there is a ``tclsh``."""
    return shutil.which("tclsh") is not None


def check(folder: Path, board: ZynqBoard, top: str, clock_mhz: float) -> Checked:
    """Checks the project in *folder*: the core *top* for *board* at *clock_mhz*.

    Raises
    ------
    ToolError
        There is no ``tclsh``.
    """
    core = read_core((folder / "rtl" / f"{top}.v").read_text(), top)
    constraints = sorted(path.relative_to(folder).as_posix() for path in folder.glob("constraints/*.xdc"))
    answers = answers_for(board, core)
    answers["properties"] |= {"CONFIG.FREQ_HZ": str(round(clock_mhz * 1e6))}
    recording = record(folder, answers, constraints)
    nothing = {"inferred": [], "inferable": [*core.subordinates, *core.managers], "thorough": False}
    subject = Subject(
        board=board,
        core=core,
        clock_mhz=clock_mhz,
        folder=folder,
        recording=recording,
        bare=record(folder, answers | nothing, constraints),
        blocks=BlockDesign(recording.calls, core),
    )
    problems = [sentence for look in _LOOKS for sentence in look(subject)]
    return Checked(calls=len(recording.calls), problems=tuple(dict.fromkeys(problems)))


def _run(subject: Subject) -> Iterator[str]:
    for call in subject.calls("unknown_command"):
        yield f"Vivado has no command {call.words[0]} that the recorder knows."
    for call in subject.calls("unknown_option"):
        yield f"The command {call.words[0]} has no option {call.words[1]} that the recorder knows."
    for recording in (subject.recording, subject.bare):
        if recording.code:
            last = recording.output.strip().splitlines()[-1:] or ["it says nothing"]
            yield f"The Tcl stops: {last[0]}"


def _device(subject: Subject) -> Iterator[str]:
    board = subject.board
    projects = subject.calls("create_project")
    if not projects:
        yield "No project is made."
    for call in projects:
        if (part := call.options.get("-part")) != board.part:
            yield f"The project {call.words[0]} is for {part} instead of {board.part}."
    chosen = [call.words[1] for call in subject.calls("set_property") if call.words[0] == "board_part"]
    if not any(name.startswith(f"{board.board_part}:") for name in chosen):
        yield f"The board part is {', '.join(chosen) or 'not set'} instead of {board.board_part}."


def _files(subject: Subject) -> Iterator[str]:
    added = [word.removeprefix("@/") for call in subject.calls("add_files") for word in call.words]
    for name in added:
        if not (subject.folder / name).is_file():
            yield f"{name} is read and does not exist."
    for kind in ("rtl/*.v", "constraints/*.xdc"):
        for path in sorted(subject.folder.glob(kind)):
            if (found := path.relative_to(subject.folder).as_posix()) not in added:
                yield f"{found} is not read."
    if "DSP48E2" in subject.core.modules:
        yield "The simulation model of DSP48E2 would be synthesised in the place of the primitive."


def _constraints(subject: Subject) -> Iterator[str]:
    external = subject.blocks.external
    for call in subject.calls("get_ports"):
        for name in call.words:
            if name not in external:
                yield f"The constraints name the port {name}, which does not exist."
    for name in sorted(external):
        for kind in ("PACKAGE_PIN", "IOSTANDARD"):
            if not subject.property(name, kind):
                yield f"The port {name} has no {kind}."
    if subject.core.kept:
        yield from _kept(subject)


def _kept(subject: Subject) -> Iterator[str]:
    calls = subject.calls("get_cells")
    if not calls:
        yield "Blocks of the core must be kept and no constraint says so."
    for call in calls:
        patterns = re.findall(r"=~ (\S+)", call.options.get("-filter", ""))
        regular = [re.escape(pattern).replace(r"\*", ".*") for pattern in patterns]
        for pattern, expression in zip(patterns, regular, strict=True):
            if not any(re.fullmatch(expression, name) for name in subject.core.modules):
                yield f"The constraints name cells {pattern}, which do not exist."
        for name in subject.core.kept:
            if not any(re.fullmatch(expression, name) for expression in regular):
                yield f"The constraints do not keep the block {name}."
    for thing, name, value in (
        ("core.xdc", "used_in_synthesis", "false"),
        ("synth_1", "STEPS.SYNTH_DESIGN.ARGS.KEEP_EQUIVALENT_REGISTERS", "true"),
        (f"{DESIGN}.bd", "synth_checkpoint_mode", "None"),
    ):
        if subject.property(thing, name) != value:
            yield f"Blocks of the core must be kept, and {name} of {thing} is not {value}."


def _results(subject: Subject) -> Iterator[str]:
    for name in ("design.bit", "design.hwh", *(f"reports/{name}.rpt" for name in REPORTS)):
        if name not in subject.recording.left:
            yield f"{name} is not written."
    done = [" ".join((call.command, *call.words)) for call in subject.recording.calls]
    place = 0
    for step in ORDER:
        found = [at for at, call in enumerate(done) if at >= place and call.startswith(step)]
        if not found:
            yield f"There is no {step}, or it comes too early."
        else:
            place = found[0]
    tops = [call.words[1] for call in subject.calls("set_property") if call.words[0] == "top"]
    if subject.core.top not in tops:
        yield "The core is not the top of the project that packages it."
    if not subject.calls("make_wrapper") or f"{DESIGN}_wrapper" not in tops:
        yield "The block design is not the top of the project."


_LOOKS = (_run, _device, _files, *check_package.LOOKS, *check_design.LOOKS, _constraints, _results)
