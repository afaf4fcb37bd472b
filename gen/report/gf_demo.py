"""Charts of the report on ``pyralis demo gf``."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from pyralis.gen.report.svg import FONT, Svg, grouped, ticks

__all__ = ["charts", "fates"]

WIDTH = 960
HEIGHT = 130
"""Of the plot area of a run."""

FATES = (
    ("corrected", "c1", "corrected by the core"),
    ("repeated", "c3", "flagged, asked for again"),
    ("wrong", "c2", "wrong result went on"),
)


def charts(result: Mapping[str, Any]) -> dict[str, Any]:
    """By part: what became of the disturbed products over the run, protected above unprotected."""
    return {part["name"]: fates(part) for part in result["parts"]}


def fates(part: Mapping[str, Any]) -> Markup:
    """Products of *part* in their order, in groups; a stacked bar a group, a row of bars a run."""
    left, right, top = 46, WIDTH - 16, 34
    runs = [("protected", part["protected"]), ("unprotected", part["unprotected"])]
    pitch = HEIGHT + 2 * FONT + 26
    svg = Svg(WIDTH, top + pitch * len(runs) + 8, f"{part['title']}: disturbed products over the run")
    svg.legend(left, 14, [(style, text) for _, style, text in FATES])
    axis = ticks(max(sum(group.values()) for _, run in runs for group in run["bins"]), 3)
    for index, (kind, run) in enumerate(runs):
        _run(svg, kind, run, left, right, top + pitch * index, axis)
    return svg.markup()


def _run(
    svg: Svg, kind: str, run: Mapping[str, Any], left: float, right: float, top: float, axis: list[float]
) -> None:
    base = top + FONT + HEIGHT
    svg.text(left, top + 2, kind, style="strong")
    for value in axis:
        y = base - (HEIGHT - FONT) * value / axis[-1]
        svg.line(left, y, right, y, "grid")
        svg.text(left - 6, y + 4, f"{value:g}", "end", "mute small")
    width = (right - left) / len(run["bins"])
    for place, group in enumerate(run["bins"]):
        first = place * run["bin"]
        last = min(first + run["bin"], run["products"]) - 1
        y = base
        for fate, style, text in FATES:
            height = (HEIGHT - FONT) * group[fate] / axis[-1]
            y -= height
            if group[fate]:
                tip = f"products {grouped(first)} to {grouped(last)}: {group[fate]} {text}"
                svg.rect(left + place * width, y, width - 1, height, style, tip)
    svg.line(left, base, right, base)
    svg.text(left, base + FONT + 3, "product 0", style="mute small")
    svg.text(right, base + FONT + 3, grouped(run["products"] - 1), "end", "mute small")
