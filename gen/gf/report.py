"""What one configuration costs and what its protection is worth: ``report.json`` and ``report.html``."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyralis.gen.files import json_text, write_files
from pyralis.gen.gf import measure
from pyralis.gen.gf.config import name_of
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.synthesis import yosys
from pyralis.gen.text import percent, table
from pyralis.hw.gf.config import GfConfig

__all__ = ["JOB", "report", "text"]

JOB = "report gf"
COVERED = 64
"""Largest degree of which every gate is tried as faulty: beyond it that takes long."""


def report(
    config: GfConfig,
    folder: str | Path | None = None,
    *,
    luts: bool = True,
    coverage: bool = True,
    vectors: int = 64,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Measures *config* and writes what was found.

    Parameters
    ----------
    config : GfConfig
    folder : path, optional
        For ``report.json`` and ``report.html``.
    luts : bool
        Map to look-up tables too.
    coverage : bool
        Try every gate as faulty; datapaths of at most 64 bits only.
    vectors : int
        Operand pairs that each fault meets.
    progress : Progress

    Returns
    -------
    dict
        ``name``, ``config``; what :func:`pyralis.gen.gf.measure.figures` gives; ``cycles``; ``overhead`` by
        multiplier: over a two-step one and over the same one without protection, measured in the same form;
        ``coverage``, the campaign's summary, or None.

    Raises
    ------
    UserError
        Yosys is not installed, or *folder* cannot be written.
    """
    core, structural = measure.whole(config), config.m >= measure.STRUCTURAL

    def figures(text: str, families: tuple[str, ...] = ()) -> dict[str, Any]:
        limit = measure.TIME_LIMIT
        depth = measure.deeper(config)
        return measure.figures(text, families=families, structural=structural, deeper=depth, timeout_s=limit)

    with progress.step("map to gates" + (" and tables" if luts else "")) as step:
        found = figures(measure.verilog(config), measure.FAMILIES if luts else ())
        step.note(f"{found['gates']} gates, {found['flip_flops']} flip-flops")
    structural = found["mapping"] == "structural"
    with progress.step("compare with no protection") as step:
        over = {}
        for multiplier in dict.fromkeys(("two_step", config.multiplier)):
            bare = measure.plain(config, multiplier)
            whole = figures(measure.verilog(bare, core=core))
            over[multiplier] = measure.overhead(
                found, whole, figures(measure.verilog(bare)) if core else whole
            )
        step.note(f"{over['two_step']['gates']:+.1%} gates over a two-step multiplier")
    result = {
        "job": JOB,
        "name": name_of(config),
        "config": asdict(config),
        "measured": "core" if core else "datapath",
        "yosys": yosys.version(),
        **found,
        "cycles": measure.cycles(config),
        "overhead": over,
        "coverage": _coverage(config, vectors, progress) if coverage else None,
    }
    if folder is not None:
        from pyralis.gen.report.gf import core_page

        write_files(folder, {"report.json": json_text(result), "report.html": core_page(result)})
    return result


def _coverage(config: GfConfig, vectors: int, progress: Progress) -> dict[str, Any] | None:
    """What faults of single gates do; None for what the campaign cannot look at, or not in short time."""
    if measure.whole(config) or config.m > COVERED or config.protect == "none":
        return None
    from pyralis.sim.gf.campaign import campaign

    with progress.step("try every gate as faulty") as step:
        summary = campaign(config, vectors=vectors, doubles=0)["summary"]
        step.note(f"{summary['silent'] + summary['miscorrected']} of the faults do harm")
    return summary


def text(result: dict[str, Any]) -> str:
    """The figures for terminals."""
    rows = [
        [name, *(f"{block[key]:,.0f}" for key in ("gates", "flip_flops", "gate_equivalents", "levels"))]
        for name, block in [*result["blocks"].items(), (f"whole {result['measured']}", result)]
    ]
    over, after = result["overhead"]["two_step"], result["cycles"]["correction"]
    gates, area = percent(over["gates"]), percent(over["gate_equivalents"])
    lines = [
        table(["block", "gates", "flip-flops", "GE", "levels"], rows),
        f"Over a two-step multiplier: {gates} gates, {area} area, flip-flops counted.",
        f"Cycles: {result['cycles']['result']}" + (f", {after} more on an error." if after else "."),
    ]
    if result["paths"]:
        lines.append("Levels to " + ", ".join(f"{port} {n}" for port, n in result["paths"].items()) + ".")
    lines += [
        f"{family}: {luts['luts']:,} LUTs, {luts['flip_flops']:,} flip-flops, {luts['levels']} levels."
        for family, luts in result["luts"].items()
        if luts
    ]
    if (found := result["coverage"]) is not None:
        right, flagged = (percent(found[f"multiplier_flips_{how}"], 2) for how in ("corrected", "flagged"))
        lines.append(f"Flips of multiplier gates: {right} put right or without effect, {flagged} flagged.")
    return "\n".join(lines)
