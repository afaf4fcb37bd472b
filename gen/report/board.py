"""Charts of the report on a bitstream: how full the device is, where the time of the worst paths goes."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pyralis.gen.report.svg import FONT, Svg, grouped, ticks, wide

__all__ = ["charts", "fill", "paths"]

WIDTH = 960
ROW = 30
"""Height of a bar with its distance to the next."""

FULL = 0.8
"""Share of a device from which on place and route has a hard time."""

KINDS = {"logic": "c1", "routing": "c3", "setup": "c2", "clk-to-q": "c2", "source": "c2"}
"""Classes of the steps of a path; other kinds count as logic."""


def charts(result: Mapping[str, Any]) -> dict[str, Any]:
    """``fill`` and ``paths``, each None where there is nothing to draw.

    Where no resources were counted, ``fill`` shows the estimate, if there is one.
    """
    resources = result["resources"] or result.get("estimate", {}).get("resources")
    return {
        "fill": fill(resources) if resources else None,
        "paths": paths(result["critical_paths"]) if result["critical_paths"] else None,
    }


def fill(resources: Sequence[Mapping[str, Any]]) -> Markup:
    """A bar for each resource: the share of the device that the design takes; none where it is not known."""
    names = [row["name"] for row in resources]
    left, right, top = 20 + max(map(wide, names)), WIDTH - 190, 8
    bottom = top + ROW * len(names)
    svg = Svg(WIDTH, bottom + 42, "Share of the device")
    svg.x_axis(left, right, top, bottom, [0, 20, 40, 60, 80, 100], "per cent of the device")
    for index, row in enumerate(resources):
        y = top + ROW * index
        available = row.get("available")
        share = row["used"] / available if available else 0.0
        svg.text(left - 8, y + 19, row["name"], "end")
        svg.rect(left, y + 6, right - left, 18, "cell")
        tip = f"{row['name']}: {100 * share:.1f} %"
        svg.rect(left, y + 6, (right - left) * min(share, 1), 18, "c2" if share > FULL else "c1", tip)
        of = "" if available is None else f" of {grouped(available, 'd')}"
        svg.text(right + 10, y + 19, grouped(row["used"], "d") + of)
    svg.line(left, top, left, bottom)
    return svg.markup()


def paths(found: Sequence[Mapping[str, Any]]) -> Markup:
    """A bar for the worst path of each clock, step by step, with a mark where the period ends."""
    left, right, top = 20 + max(wide(path["clock"]) for path in found), WIDTH - 90, 34
    bottom = top + ROW * len(found)
    svg = Svg(WIDTH, bottom + 42, "The worst path of each clock")
    kinds = [("c1", "logic"), ("c3", "routing"), ("c2", "in and out of flip-flops"), ("mark", "period")]
    svg.legend(left, 14, kinds)
    longest = max(max(path["delay_ns"], path["asked_ns"] or 0) for path in found)
    axis = ticks(longest)
    svg.x_axis(left, right, top, bottom, axis, "nanoseconds")
    scale = (right - left) / axis[-1]
    for index, path in enumerate(found):
        x, y = left, top + ROW * index
        svg.text(left - 8, y + 19, path["clock"], "end")
        for step in _steps(path):
            width = step["delay_ns"] * scale
            tip = f"{step['kind']} {step['cell']}: {step['delay_ns']:.2f} ns"
            svg.rect(x, y + 6, width - (0.6 if width > 1 else 0), 18, KINDS.get(step["kind"], "c1"), tip)
            x += width
        svg.text(x + 8, y + 6 + FONT + 1, f"{path['delay_ns']:.2f}", style="strong")
        if path["asked_ns"]:
            end = left + path["asked_ns"] * scale
            svg.line(end, y + 2, end, y + ROW - 2, "mark")
    svg.line(left, top, left, bottom)
    return svg.markup()


def _steps(path: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Its steps; of a path without any, logic and routing as one each."""
    whole = [
        {"kind": kind, "cell": "", "delay_ns": path[f"{kind}_ns"]}
        for kind in ("logic", "routing")
        if path.get(f"{kind}_ns")
    ]
    return path["steps"] or whole
