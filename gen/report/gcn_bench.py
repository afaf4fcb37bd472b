"""The page of ``pyralis bench gcn``, and its charts."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pyralis.gen.report import gf_charts, template
from pyralis.gen.report.svg import FONT, Svg, grouped, wide

__all__ = ["latencies", "page", "sweep"]

Row = Mapping[str, Any]

WIDTH = 960
BAR = 26


def page(result: Mapping[str, Any]) -> str:
    """The page of a result of :func:`pyralis.gen.bench.gcn.bench`; the same text every time."""
    shown = [each for each in result["workloads"] if each["published"] and _runs(result, each["name"])]
    charts = {
        "latencies": [(each["title"], latencies(each, _runs(result, each["name"]))) for each in shown],
        "features": sweep(result["sweeps"], "features"),
        "output": sweep(result["sweeps"], "output"),
    }
    return template.render(
        "gcn_bench.html.j2",
        result=result,
        charts=charts,
        titles={each["name"]: each["title"] for each in result["workloads"]},
        balance=_balance(result["models"]),
        kinds=_kinds(result["runs"]),
    )


def latencies(workload: Row, runs: Sequence[Row]) -> Markup:
    """Microseconds of this core and of published ones, on a logarithmic scale, the fastest first."""
    entries = [
        (f"{row['core']}, {name}", row[run]["us"], style)
        for row in runs
        for run, name, style in (("on_chip", "on chip", "c4"), ("warm", "warm", "c1"), ("cold", "cold", "c2"))
        if row[run]
    ]
    entries += [(f"{each['who']}, {each['state']}", each["us"], "c3") for each in workload["published"]]
    entries.sort(key=lambda entry: entry[1])
    left, right, top = 20 + max(wide(name) for name, _, _ in entries), WIDTH - 80, 34
    bottom = top + BAR * len(entries)
    svg = Svg(WIDTH, bottom + 42, f"Latency, {workload['title']}")
    svg.legend(
        left,
        14,
        [
            ("c4", "this core, on chip"),
            ("c1", "this core, warm"),
            ("c2", "this core, cold"),
            ("c3", "published; not alike, see below"),
        ],
    )
    low = math.floor(math.log10(min(us for _, us, _ in entries)) + 1e-9)
    high = max(math.ceil(math.log10(max(us for _, us, _ in entries)) - 1e-9), low + 1)
    step = (right - left) / (high - low)
    for power in range(low, high + 1):
        x = left + step * (power - low)
        svg.line(x, top, x, bottom, "grid")
        svg.text(x, bottom + FONT + 3, f"{10.0**power:g}", "middle", "mute")
    svg.text((left + right) / 2, bottom + 2 * FONT + 8, "microseconds, logarithmic", "middle", "mute")
    for index, (name, us, style) in enumerate(entries):
        y, width = top + BAR * index, step * (math.log10(us) - low)
        svg.text(left - 8, y + 17, name, "end", "" if style == "c3" else "strong")
        svg.rect(left, y + 5, width, 16, style, f"{name}: {grouped(us, '.1f')} us")
        svg.text(left + width + 6, y + 17, grouped(us, ".1f"), style="" if style == "c3" else "strong")
    svg.line(left, top, left, bottom)
    return svg.markup()


def sweep(rows: Sequence[Row], kind: str) -> Markup | None:
    """Cycles of aggregation and of combination over one length; None without any that was run."""
    found = [row for row in rows if row["sweep"] == kind and "phases" in row]
    if not found:
        return None
    cores = list(dict.fromkeys(row["core"] for row in found))
    series: dict[str, list[tuple[float, float]]] = {}
    for row in found:
        for phase in row["phases"]:
            name = phase["kind"] if len(cores) == 1 else f"{phase['kind']}, {row['core']}"
            point = (row["features" if kind == "features" else "output"], phase["warm"]["cycles"])
            series.setdefault(name, []).append(point)
    places = sorted({x for line in series.values() for x, _ in line})
    label = "features of a node" if kind == "features" else "outputs of a node"
    return gf_charts.curves(f"Cycles by {label}", series, places, label, "cycles, warm")


def _runs(result: Mapping[str, Any], workload: str) -> list[Row]:
    return [row for row in result["runs"] if row["workload"] == workload]


def _balance(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A row for each workload: largest work of a core over the mean, by number of cores."""
    return [
        {
            "workload": row["workload"],
            **{
                f"{kind}_{work['cores']}": work[kind]["max_over_mean"]
                for work in row["work"]
                for kind in ("dynamic", "static")
            },
        }
        for row in rows
    ]


def _kinds(runs: Sequence[Row]) -> list[dict[str, Any]]:
    """Aggregation beside combination of each run, warm: as the characterisation on GPUs has it."""
    found = []
    for row in runs:
        for kind in ("aggregation", "combination"):
            phases = [phase for phase in row["phases"] if phase["kind"] == kind]
            operations = sum(phase["operations"] for phase in phases)
            cycles = sum(phase["later"]["cycles"] for phase in phases)
            able = sum(phase["later"]["cycles"] * phase["lanes"] for phase in phases)
            moved = {run: sum(phase[run]["bytes"] for phase in phases) for run in ("first", "later")}
            found.append({
                "workload": row["workload"],
                "core": row["core"],
                "kind": kind,
                "cycles": cycles,
                "share": cycles / row["warm"]["cycles"],
                "utilisation": operations / max(able, 1),
                "cold_bytes": moved["first"] / max(operations, 1),
                "warm_bytes": moved["later"] / max(operations, 1),
            })
    return found
