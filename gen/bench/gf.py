"""``bench gf``: protections of a finite-field multiplier, all measured with the same tools in the same run.

Overheads are what a design has more than a two-step multiplier in the same form (datapath, or stream core),
over the datapath of that multiplier; the same over the smallest multiplier, Karatsuba's.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from math import comb
from pathlib import Path
from typing import Any

from pyralis.gen.bench.gf_designs import DEGREES, FULL_DEGREES, WIDE, Design, Scope, designs, plain
from pyralis.gen.bench.gf_targets import CLAIMS, targets
from pyralis.gen.errors import UserError
from pyralis.gen.files import json_text, make_folder, write_file
from pyralis.gen.gf import measure
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.synthesis import yosys
from pyralis.gen.text import percent
from pyralis.hw.gf.field import Gf2m

__all__ = ["bench", "design_rows", "target_rows"]

COVERED = 45
"""Largest degree of which every gate is tried as faulty, unless all is asked for."""

TABLED = (0, 1, 5)
"""Values of t whose designs are mapped to look-up tables, which takes longest."""

SAMPLES = 1 << 16
"""Random words that a decoder is given."""

VECTORS = 64
"""Operand pairs that each fault meets."""


def bench(
    path: str | Path,
    *,
    degrees: Iterable[int] | None = None,
    scope: Scope = "default",
    families: Iterable[str] = measure.FAMILIES,
    time_limit: float = measure.TIME_LIMIT,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Measures all designs of *scope* and writes the figures to *path* as JSON, and a page beside it.

    Everything that Yosys does is kept, so a run that was stopped goes on where it was. Both files are written
    after each design.

    Parameters
    ----------
    path : path
        Of the JSON file; the page has the same name with .html.
    degrees : iterable of int, optional
        Fields; without it those of the scope.
    scope : {"quick", "default", "full"}
    families : iterable of str
        FPGA families; ``quick`` leaves them out, ``default`` takes them for the field of the papers only.
    time_limit : float
        Seconds for optimising one block; then its design is counted as written.
    progress : Progress

    Returns
    -------
    dict
        ``rows``, ``missing`` (designs that do not exist, with the reason), ``targets``, ``claims``.

    Raises
    ------
    UserError
        A degree has no field, or *path* cannot be written.
    """
    chosen = _degrees(degrees, scope)
    make_folder(Path(path).parent)
    result: dict[str, Any] = {
        "job": "bench gf",
        "scope": scope,
        "degrees": chosen,
        "yosys": yosys.version(),
        "complete": False,
        "rows": [],
        "missing": [],
        "targets": [],
        "claims": [asdict(claim) for claim in CLAIMS],
    }
    runner = _Runner(scope, tuple(families) if scope != "quick" else (), time_limit)
    for m in chosen:
        found, missing = designs(m, scope)
        result["missing"] += missing
        for design in found:
            with progress.step(f"{m}: {design.name}") as step:
                row = runner.row(design)
                step.note(_note(row))
            result["rows"].append(row)
            _write(path, result)
    result["complete"] = True
    _write(path, result)
    return result


def _degrees(degrees: Iterable[int] | None, scope: Scope) -> list[int]:
    usual = {"quick": DEGREES[:1], "default": DEGREES, "full": FULL_DEGREES}[scope]
    chosen = list(dict.fromkeys(degrees if degrees is not None else usual))
    for m in chosen:
        try:
            Gf2m(m)
        except ValueError as error:
            raise UserError(str(error), "--m", "for example --m 8,45,163") from None
    return chosen


class _Runner:
    """Measures designs, and keeps what they are compared with."""

    def __init__(self, scope: Scope, families: tuple[str, ...], time_limit: float) -> None:
        self.scope, self.families, self.time_limit = scope, families, time_limit
        self._plain: dict[tuple[int, str, bool, bool], dict[str, Any]] = {}

    def row(self, design: Design) -> dict[str, Any]:
        """Figures of *design*."""
        started = time.monotonic()
        m = design.config.m
        tabled = self.scope == "full" or (m == DEGREES[0] and design.t in TABLED)
        families = self.families if tabled else ()
        structural = m >= measure.STRUCTURAL
        found = self._figures(design, families, structural)
        structural = found["mapping"] == "structural"
        row = {
            "m": m,
            "name": design.name,
            "protect": design.protect,
            "t": design.t,
            "mode": design.mode,
            "multiplier": design.config.multiplier,
            "core": design.core,
            "config": asdict(design.config),
            **found,
            "cycles": None if design.rebuilt else measure.cycles(design.config),
            "overhead": {
                multiplier: self._overhead(found, m, multiplier, design.core, structural)
                for multiplier in ("two_step", "karatsuba")
            },
            "miscorrected_share": _miscorrected_share(design),
            "miscorrected_measured": self._miscorrected(design),
            "coverage": self._coverage(design),
        }
        return {**row, "seconds": round(time.monotonic() - started, 1)}

    def _figures(self, design: Design, families: tuple[str, ...], structural: bool) -> dict[str, Any]:
        return measure.figures(
            design.verilog(),
            families=families,
            structural=structural,
            deeper=measure.deeper(design.config),
            timeout_s=self.time_limit,
        )

    def _overhead(
        self, found: Mapping[str, Any], m: int, multiplier: str, core: bool, structural: bool
    ) -> dict[str, float]:
        # What a stream needs around the two-step multiplier is the same around the other.
        around = self._reference(m, "two_step", core, structural)
        inside = self._reference(m, "two_step", False, structural)
        other = self._reference(m, multiplier, False, structural)
        reference = {key: around[key] - inside[key] + other[key] for key in ("gates", "gate_equivalents")}
        return measure.overhead(found, reference, other)

    def _reference(self, m: int, multiplier: str, core: bool, structural: bool) -> dict[str, Any]:
        key = m, multiplier, core, structural
        if key not in self._plain:
            self._plain[key] = self._figures(plain(m, multiplier, core=core), (), structural)
        return self._plain[key]

    def _coverage(self, design: Design) -> dict[str, Any] | None:
        """What faults of single gates do; None where that is not asked for or not known."""
        config = design.config
        if config.m > (WIDE if self.scope == "full" else COVERED) or measure.whole(config):
            return None
        if design.rebuilt or design.protect == "none":
            return None
        from pyralis.sim.gf.campaign import campaign

        return campaign(config, vectors=VECTORS, doubles=0)["summary"]

    def _miscorrected(self, design: Design) -> float | None:
        """Share of random words that the mapped decoder takes for one with few errors; None if not asked."""
        config = design.config
        if self.scope == "quick" or config.m > COVERED or design.rebuilt:
            return None
        if design.mode != "combinational" or not design.coded or design.protect == "majority":
            return None
        from pyralis.sim.gf.miscorrection import miscorrection

        return miscorrection(config, samples=SAMPLES)["rows"][0]["rate"]


def _miscorrected_share(design: Design) -> float | None:
    """Share of random error patterns that pass unseen, or are taken for one of at most t errors.

    V / 2^p with V patterns of 0 .. t errors and p check bits.
    """
    if not design.coded or design.protect == "majority":
        return None
    code, correct = design.config.code, design.config.correct
    patterns = sum(comb(code.length, weight) for weight in range(correct + 1))
    return min(1.0, patterns / 2**code.parity_bits)


def _note(row: Mapping[str, Any]) -> str:
    mark = "" if row["mapping"] == "optimised" else " (as written)"
    over = row["overhead"]["two_step"]["gates"]
    return (
        f"{row['gates']:,} gates{mark}, {row['flip_flops']} flip-flops, {over:+.1%}, {row['levels']} levels"
    )


def _write(path: str | Path, result: dict[str, Any]) -> None:
    from pyralis.gen.report.gf import bench_page

    result["targets"] = targets(result["rows"])
    write_file(path, json_text(result))
    write_file(Path(path).with_suffix(".html"), bench_page(result))


def design_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Rows of the table of designs, for terminals."""
    rows = []
    for row in result["rows"]:
        over, paths = row["overhead"]["two_step"], row["paths"]
        luts = [
            str(found["luts"]) if (found := row["luts"].get(family)) else "-" for family in measure.FAMILIES
        ]
        rows.append([
            str(row["m"]),
            row["name"],
            f"{row['gates']}" + ("*" if row["mapping"] == "structural" else ""),
            str(row["flip_flops"]),
            f"{row['gate_equivalents']:.0f}",
            percent(over["gates"]),
            percent(over["gate_equivalents"]),
            str(paths.get("error", "-")),
            str(paths.get("product", "-")),
            str(row["levels"]),
            *luts,
        ])
    return rows


def target_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Rows of the table of targets, for terminals."""
    words = {True: "met", False: "NOT MET", None: "-"}
    rows = []
    for entry in result["targets"]:
        stretch = entry["stretch"]
        more = f" (and {stretch['bound']})" if stretch and stretch["met"] else ""
        rows.append([entry["target"], entry["bound"], entry["measured"], words[entry["met"]] + more])
    return rows
