"""Reads what Vivado reports about a placed and routed design.

``report_utilization``, ``report_timing_summary`` and ``report_power`` write texts for people; their tables
have kept their form from Vivado 2018 to 2025 but for added columns, so columns are found by their heads.
Source: AMD UG906 (design analysis), UG907 (power); reports of public projects.
"""

import math
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyralis.gen.files import digest

__all__ = ["read_power", "read_reports", "read_timing", "read_utilization", "reread"]

RESOURCES = {
    "LUT": ("CLB LUTs", "Slice LUTs"),
    "FF": ("CLB Registers", "Slice Registers"),
    "BRAM": ("Block RAM Tile",),
    "DSP": ("DSPs",),
    "URAM": ("URAM",),
}
"""Our names, and those of the rows in the report (UltraScale+, 7 series)."""

POWER = {
    "total": "Total On-Chip Power (W)",
    "dynamic": "Dynamic (W)",
    "static": "Device Static (W)",
    "junction temperature": "Junction Temperature (C)",
    "confidence": "Confidence Level",
}

BUILT = ("design.bit", "design.hwh")

_SLACK = re.compile(r"^Slack \((?:MET|VIOLATED)\) : +(-?[\d.]+)ns", re.MULTILINE)
_FIELD = re.compile(
    r"^ +(Source|Destination|Path Group|Path Type|Requirement|Data Path Delay): +(.*)$", re.MULTILINE
)
_DELAY = re.compile(r"([\d.]+)ns +\(logic ([\d.]+)ns .*route ([\d.]+)ns")
_RULE = re.compile(r"^ +-{20,}.*$", re.MULTILINE)
_STEP = re.compile(
    r"(?:(?P<net>net) \(fo=[^)]*\)|(?P<cell>\w+) \(Prop_[^)]*\))"
    r"\s+(?P<delay>-?\d+\.\d+)\s+-?\d+\.\d+ (?:[rf] )?\s*(?P<name>\S+)"
)
_VERSION = re.compile(r"^\| Tool Version +: Vivado v\.(\S+)", re.MULTILINE)


def read_reports(folder: str | Path) -> dict[str, Any]:
    """What the reports in ``folder/reports`` say, in the form of ``result.json``.

    Returns
    -------
    dict
        ``resources``, ``clocks``, ``critical_paths``, ``power`` and ``versions``, each only if its report is
        there and has the table for it.
    """
    reports = Path(folder) / "reports"
    texts = {name: _text(reports / f"{name}.rpt") for name in ("utilization", "timing_summary", "power")}
    clocks, paths = read_timing(texts["timing_summary"])
    version = next((match[1] for text in texts.values() if (match := _VERSION.search(text))), "")
    found = {
        "resources": read_utilization(texts["utilization"]),
        "clocks": clocks,
        "critical_paths": paths,
        "power": read_power(texts["power"]),
        "versions": {"vivado": version} if version else {},
    }
    return {name: value for name, value in found.items() if value}


def reread(result: Mapping[str, Any], folder: str | Path) -> dict[str, Any]:
    """*result* of a build with what now lies in *folder*: reports, bitstream, and the verdict that follows.

    A project may be written here, built on another machine and copied back.
    """
    folder = Path(folder)
    found = read_reports(folder)
    built = [name for name in BUILT if (folder / name).is_file()]
    merged = {**result, **found, "versions": {**result.get("versions", {}), **found.get("versions", {})}}
    merged["files"] = {name: known for name, known in result.get("files", {}).items() if name not in BUILT}
    merged["files"] |= {name: digest(folder / name) for name in built}
    clocks = found.get("clocks", [])
    if clocks:
        merged["clocks"] = clocks
        merged["ok"] = len(built) == len(BUILT) and all(clock["met"] for clock in clocks)
        merged["verdict"] = _verdict(clocks, merged.get("critical_paths", []))
        if not merged["ok"] and all(clock["met"] for clock in clocks):
            merged["verdict"] += " There is no bitstream in the folder."
    return merged


def read_utilization(text: str) -> list[dict[str, Any]]:
    """Rows ``name``, ``detail`` (Vivado's name), ``used``, ``available``; half a block RAM counts as one."""
    rows: dict[str, tuple[float, float]] = {}
    for row in _rows(text, "Site Type"):
        name = row["Site Type"].rstrip("*").strip()
        try:
            rows.setdefault(name, (float(row["Used"]), float(row["Available"])))
        except (KeyError, ValueError):
            continue
    found = []
    for ours, names in RESOURCES.items():
        for name in names:
            if name in rows:
                used, available = rows[name]
                detail = name if used == math.ceil(used) else f"{name} ({used:g})"
                found.append({
                    "name": ours,
                    "detail": detail,
                    "used": math.ceil(used),
                    "available": int(available),
                })
                break
    return found


def read_power(text: str) -> dict[str, Any]:
    """Watts as numbers; confidence and temperature as texts."""
    cells = dict(re.findall(r"^\| ([^|]+?) +\| ([^|]+?) +\|$", text, re.MULTILINE))
    found: dict[str, Any] = {}
    for name, theirs in POWER.items():
        if (value := cells.get(theirs)) is None:
            continue
        if theirs.endswith("(W)"):
            # A device that gets too hot has a remark behind the number.
            if number := re.match(r"[\d.]+", value):
                found[name] = float(number[0])
        else:
            found[name] = f"{value} °C" if theirs.endswith("(C)") else value
    return found


def read_timing(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Clocks, and the worst setup path of each.

    A clock is met when no setup slack, hold slack or pulse width of it is negative. ``reached_mhz`` is the
    frequency at which the worst setup slack would be zero; a clock that drives nothing is left out.
    """
    periods = {
        match[1]: float(match[2])
        for match in re.finditer(
            r"^ *(\S+) +\{[^}]*\} +([\d.]+) +[\d.]+ *$", _section(text, "Clock Summary"), re.MULTILINE
        )
    }
    clocks: list[dict[str, Any]] = []
    for line in _section(text, "Intra Clock Table").splitlines():
        name, *numbers = line.split() or [""]
        # Setup, hold and pulse width have four columns each; a clock without paths has the last four only.
        if name in periods and len(numbers) in (8, 12):
            slacks = [float(number) for number in numbers[::4]]
            period = periods[name]
            clocks.append({
                "name": name,
                "asked_mhz": round(1000 / period, 3),
                "reached_mhz": round(1000 / (period - slacks[0]), 3),
                "met": min(slacks) >= 0,
            })
    clocks.sort(key=lambda clock: clock["reached_mhz"] / clock["asked_mhz"])
    paths: dict[str, dict[str, Any]] = {}
    for path in _paths(text):
        paths.setdefault(path["clock"], path)
    names = [clock["name"] for clock in clocks]
    return clocks, [paths[name] for name in names if name in paths]


def _paths(text: str) -> Iterator[dict[str, Any]]:
    """Setup paths, in the order of the report: the worst of a group first."""
    ends = [match.start() for match in _SLACK.finditer(text)] + [len(text)]
    for begin, end in pairwise(ends):
        block = text[begin:end]
        fields = dict(_FIELD.findall(block))
        delay = _DELAY.match(fields.get("Data Path Delay", ""))
        if delay is None or not fields.get("Path Type", "").startswith("Setup"):
            continue
        total, logic, route = map(float, delay.groups())
        yield {
            "clock": fields.get("Path Group", ""),
            "from": fields.get("Source", ""),
            "to": fields.get("Destination", ""),
            "delay_ns": total,
            "logic_ns": logic,
            "routing_ns": route,
            "asked_ns": float(fields.get("Requirement", "0").partition("ns")[0]),
            "steps": _steps(block),
        }


def _steps(block: str) -> list[dict[str, Any]]:
    """What lies between source and destination: the table's second part; the clock's way is the first."""
    parts = _RULE.split(block)
    if len(parts) < 4:
        return []
    steps: list[dict[str, Any]] = []
    for match in _STEP.finditer(parts[2]):
        kind = "routing" if match["net"] else "logic" if steps else "clk-to-q"
        steps.append({"kind": kind, "cell": match["name"], "delay_ns": float(match["delay"])})
    return steps


def _verdict(clocks: list[dict[str, Any]], paths: list[dict[str, Any]]) -> str:
    worst = clocks[0]
    begin = f"Asked for {worst['asked_mhz']:.6g} MHz, reached {worst['reached_mhz']:.1f} MHz"
    if all(clock["met"] for clock in clocks):
        return f"{begin}."
    late = 1000 / worst["reached_mhz"] - 1000 / worst["asked_mhz"]
    if late <= 0:
        return f"{begin}, but a hold time or a pulse width is violated."
    where = f" from {paths[0]['from']} to {paths[0]['to']}" if paths else ""
    return f"{begin}: {late:.3f} ns too slow{where}."


def _section(text: str, title: str) -> str:
    """What stands under the heading *title* of a timing summary, up to the next heading."""
    found = re.search(rf"^\| {title}\n\| -+\n-+\n(.*?)(?=^-{{40,}}$|\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def _rows(text: str, first: str) -> Iterator[dict[str, str]]:
    """Rows of all tables whose first column is called *first*, by the heads of their columns."""
    head: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == first:
            head = cells
        elif len(cells) == len(head):
            yield dict(zip(head, cells, strict=True))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
