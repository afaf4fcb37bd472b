"""From a design to a bitstream for a Lattice ECP5: Amaranth, Yosys, nextpnr, ecppack.

Every stage is kept by the content of what goes into it, so that a second call with the same takes seconds
and one with another seed begins at place and route.
"""

import importlib
import importlib.metadata
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from amaranth.hdl import UnusedElaboratable

from pyralis.boards.base import Board, Ecp5Board
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.ecp5 import nextpnr, tools
from pyralis.gen.boards.result import RESULT, build_result
from pyralis.gen.clock import Clock
from pyralis.gen.configfile import sentence
from pyralis.gen.doctor import require
from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.files import json_text, make_folder, write_files
from pyralis.gen.process import spent
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.synthesis import yosys

__all__ = ["CACHE", "build"]

CACHE = Path("build/boards/cache")

TOP = "top"

SYNTHESIS = """\
read_rtlil top.il
hierarchy -top top
{keep}proc
opt_clean -purge
synth_ecp5 -top top
{dissolve}setattr -unset src
write_json top.json
"""
# Amaranth's text names many wires twice; without opt_clean -purge each name keeps its cells alive. Attributes
# src name files of this machine, and the report would repeat them.

KEEP = "setattr -mod -set keep_hierarchy 1 top.shell.core.*\n"
DISSOLVE = "setattr -mod -unset keep_hierarchy *\nflatten\nopt_clean -purge\n"
"""Modules of a redundant core are mapped one by one and joined when nothing can be merged any more."""

PLACE = (
    *("--json", "{netlist}", "--lpf", "top.lpf", "--textcfg", "top.config", "--report", "report.json"),
    *("--placer", "static", "--timing-allow-fail", "--no-print-critical-path-source"),
)
"""Options of nextpnr. A clock that is missed is judged by the report, which is written all the same.

The placer, measured on a spiking core of 21,400 tables, 27,600 flip-flops and 6,200 carry blocks that was
asked for 60 MHz (nextpnr 0.11.1, router1): ``static`` takes 11 minutes, and reached 57.8, 61.3, 68.2 and 74.8
MHz, by the luck of netlist and seed; ``heap`` takes 17 minutes, and reached 64.7 and 70.6."""

TRIES = 2
"""Placements of one build, with seeds of their own; the next one only if none before has met the clock. Side
by side, on two processor cores, each of them takes a third longer."""

VERSIONS = ("pyralis", "amaranth", "amaranth-boards", "pyosys")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Generated:
    """What Amaranth makes: ``rtlil``, the constraints ``lpf``, and the clock that the PLL will have."""

    rtlil: str
    lpf: str
    clock_mhz: float


def build(
    board: Board,
    design: Design,
    folder: str | Path,
    *,
    clock_mhz: float | None = None,
    seed: int = 1,
    reproduce: Sequence[str] = (),
    cache: Path | None = None,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Builds the bitstream of *design* for *board* into *folder*; returns the content of ``result.json``.

    Parameters
    ----------
    board : Ecp5Board
    design : Design
    folder : path
        Gets ``<core>.bit``, the constraints, nextpnr's report and log, and ``result.json``.
    clock_mhz : float, optional
        Clock of the core; what the board's record says without it.
    seed : int
        Of place and route: stands for :data:`TRIES` seeds of nextpnr, up to ``seed * TRIES``, that one first.
    reproduce : sequence of str
        Commands that lead here, for the report.
    cache : Path, optional
        Where the stages are kept, instead of :data:`CACHE`.

    Raises
    ------
    UserError
        A tool is not installed, the design does not fit, or the PLL cannot make the clock.
    ToolError
        A tool failed; or the clock was not reached: ``result.json`` is written then, and no bitstream.
    """
    assert isinstance(board, Ecp5Board)
    require("pyosys", "filelock", "amaranth-boards")
    folder, clock = make_folder(folder), Clock(progress)
    bitstream = f"{design.core}.bit"
    for name in (bitstream, RESULT):  # of an earlier build: they must not pass for this one's
        (folder / name).unlink(missing_ok=True)
    placer, packer = tools.find(tools.NEXTPNR), tools.find(tools.PACK)
    stages = _Stages(cache or CACHE, clock)
    wanted = board.clock_mhz(design.core) if clock_mhz is None else clock_mhz
    with clock.step("generate") as step:
        made = _generate(board, design, wanted)
        step.note(f"{len(made.rtlil) / 1e6:.1f} MB of RTLIL, clock {made.clock_mhz:.6g} MHz")
    netlist = stages.synthesise(made.rtlil, keep_hierarchy=design.keep_hierarchy)
    _check_blocks(board, design, netlist)
    routed, report = stages.place(placer, netlist, made, _device(board), seed)
    files: dict[str, bytes] = {
        "top.lpf": made.lpf.encode(),
        "nextpnr.json": (routed / "report.json").read_bytes(),
        "nextpnr.log": (routed / f"{placer.name}.log").read_bytes(),
    }
    if report.clock["met"]:
        files[bitstream] = stages.pack(packer, routed)
    result = build_result(
        board,
        design,
        folder,
        clock,
        files,
        seed=seed,
        reproduce=reproduce,
        ok=report.clock["met"],
        verdict=report.verdict,
        resources=report.resources,
        clocks=[report.clock],
        critical_paths=report.paths,
        build_seconds=clock.steps[0]["seconds"] + stages.spent,
        versions=_versions(placer, packer),
    )
    write_files(folder, {**files, RESULT: json_text(result)})
    if not report.clock["met"]:
        what = f"The clock of {design.name} is not met: {report.verdict}"
        raise ToolError(what, str(folder / "nextpnr.log"), report.hint)
    return result


class _Stages:
    """The tools one after the other, each a step of *clock*, its result kept below *cache*.

    ``spent`` is the seconds that they have taken, when their results were kept from before then.
    """

    def __init__(self, cache: Path, clock: Clock) -> None:
        self.cache, self.clock, self.spent = cache, clock, 0.0

    def synthesise(self, rtlil: str, *, keep_hierarchy: bool) -> Path:
        """The netlist of the text *rtlil*."""
        keep, dissolve = (KEEP, DISSOLVE) if keep_hierarchy else ("", "")
        with self.clock.step("synthesise") as step:
            folder, kept = yosys.run_in(
                SYNTHESIS.format(keep=keep, dissolve=dissolve),
                {"top.il": rtlil},
                ["top.json"],
                root=self.cache / "synthesis",
                tick=lambda: step.advance(0),
            )
            step.note(_kept(kept))
        self.spent += spent(folder)
        return folder / "top.json"

    def place(
        self, tool: tools.Tool, netlist: Path, made: _Generated, device: Sequence[str], seed: int
    ) -> tuple[Path, nextpnr.Report]:
        """The folder with the fastest ``top.config``, and what is to say of it."""
        tries: list[tuple[Path, nextpnr.Report]] = []
        with self.clock.step("place and route") as step:
            for number in range(seed * TRIES, (seed - 1) * TRIES, -1):
                folder, kept = tools.run_in(
                    tool,
                    [*device, "--seed", str(number), *PLACE],
                    {"netlist": netlist},
                    ["top.config", "report.json"],
                    sources={"top.lpf": made.lpf},
                    root=self.cache / "route",
                    tick=lambda: step.advance(0),
                )
                report = nextpnr.read_report((folder / "report.json").read_text(), made.clock_mhz)
                tries.append((folder, report))
                self.spent += spent(folder)
                if report.clock["met"]:
                    break
            clocks = " and ".join(f"{report.clock['reached_mhz']:.1f}" for _, report in tries)
            step.note(f"{clocks} MHz{_kept(kept, ', ')}")
        return max(tries, key=lambda each: each[1].clock["reached_mhz"])

    def pack(self, tool: tools.Tool, routed: Path) -> bytes:
        """The bitstream, compressed."""
        with self.clock.step("pack") as step:
            folder, kept = tools.run_in(
                tool,
                ["--compress", "--input", "{config}", "--bit", "top.bit"],
                {"config": routed / "top.config"},
                ["top.bit"],
                root=self.cache / "pack",
                tick=lambda: step.advance(0),
            )
            content = (folder / "top.bit").read_bytes()
            step.note(f"{len(content) / 1e3:,.0f} kB{_kept(kept, ', ')}")
        self.spent += spent(folder)
        return content


def _generate(board: Ecp5Board, design: Design, clock_mhz: float) -> _Generated:
    """Asks Amaranth's platform of the board for its files; none of its commands is run."""
    from pyralis.boards.shell.serial_shell import SerialShell

    where = f"{board.name}, {design.name}"
    top = importlib.import_module(f"pyralis.boards.{board.name}.top")
    pll = importlib.import_module(f"pyralis.boards.{board.name}.pll")
    try:
        settings = pll.settings_for(board.oscillator_mhz, clock_mhz)
    except ValueError as error:
        raise UserError(sentence(error), where, "another --clock") from None
    hz: Fraction = settings.clock_mhz * 1_000_000
    try:
        share = board.memory_for(design.core)
        shell = SerialShell(board, design.component(), design.memory, hz, share)
    except ValueError as error:
        raise UserError(sentence(error), where, "a smaller network, or another core") from None
    module, _, name = board.platform.partition(":")
    platform = getattr(importlib.import_module(module), name)()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedElaboratable)
        # emit_src would write absolute paths into the text and spoil the cache.
        plan = platform.build(top.Top(shell, settings), TOP, do_build=False, emit_src=False)
    return _Generated(
        rtlil=_text(plan.files[f"{TOP}.il"]),
        lpf=_text(plan.files[f"{TOP}.lpf"]),
        clock_mhz=float(settings.clock_mhz),
    )


def _check_blocks(board: Ecp5Board, design: Design, netlist: Path) -> None:
    """UserError if *netlist* has more memories or multipliers than the device: nextpnr would try for ever."""
    text, has = netlist.read_text(), board.resources
    blocks = {"BRAM": ("DP16KD", has.block_rams), "DSP": ("MULT18X18D", has.dsps)}
    used = {name: (text.count(f'"type": "{cell}"'), most) for name, (cell, most) in blocks.items()}
    if over := [f"{name} {count:,} > {most:,}" for name, (count, most) in used.items() if count > most]:
        what = f"{design.name} is larger than {board.part}: {', '.join(over)}."
        raise UserError(what, f"{board.name}, {design.name}", "a smaller core, or less memory for it")


def _device(board: Ecp5Board) -> list[str]:
    """How nextpnr is told the device."""
    found = re.match(r"LFE5(U|UM|UM5G)-(\d+)F", board.part)
    assert found is not None, board.part
    kind = "" if found[1] == "U" else f"{found[1].lower()}-"
    return [f"--{kind}{found[2]}k", "--package", board.package, "--speed", board.speed]


def _versions(*programs: tools.Tool) -> dict[str, str]:
    versions = {package: importlib.metadata.version(package) for package in VERSIONS}
    return versions | {tool.name: tool.version for tool in programs}


def _text(content: str | bytes) -> str:
    return content.decode() if isinstance(content, bytes) else content


def _kept(kept: bool, before: str = "") -> str:
    return f"{before}kept from before" if kept else ""
