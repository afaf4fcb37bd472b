"""The outcomes of a fault campaign as a picture and as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyralis.gen.report.svg import Svg, wide

__all__ = ["LABELS", "chart", "rows_of"]

LABELS = {
    "masked": "no effect",
    "corrected": "corrected",
    "flagged_right": "flagged, product right",
    "flagged_wrong": "flagged",
    "miscorrected": "miscorrected",
    "silent": "silent",
}
"""Outcomes of :mod:`pyralis.sim.gf.campaign`, for people."""

_STYLE = """<style>
svg { font: 12px sans-serif; } text { fill: #1f2328; } .mute { fill: #59636e; } .axis { stroke: #59636e; }
.grid { stroke: #d1d9e0; } .masked { fill: #d1d9e0; } .corrected { fill: #2da44e; }
.flagged_right { fill: #a5d6ff; } .flagged_wrong { fill: #0969da; } .miscorrected { fill: #fb8f44; }
.silent { fill: #cf222e; }
@media (prefers-color-scheme: dark) { svg { background: #0d1117; } text { fill: #f0f6fc; }
.mute { fill: #9198a1; } .grid { stroke: #3d444d; } .masked { fill: #3d444d; } }
</style>"""


def rows_of(result: Mapping[str, Any]) -> list[tuple[str, Mapping[str, int], int]]:
    """(label, cases by outcome, cases) of each row of a campaign."""
    rows = [(f"{row['group']}, {row['kind']}", row) for row in result["singles"]]
    rows += [(f"two, {row['where']}", row) for row in result["doubles"]]
    rows += [(f"operand bit of {row['seen_by']}", row) for row in result["operands"]]
    return [(label, row["faults"], row["cases"]) for label, row in rows]


def chart(result: Mapping[str, Any], title: str) -> str:
    """A drawing that stands on its own: a bar for each kind of fault, by the worst that its faults do."""
    rows = rows_of(result)
    left, row_height, top = 20 + max(wide(label) for label, _, _ in rows), 22, 34
    width = left + 560.0
    right, bottom = width - 80, top + row_height * len(rows)
    svg = Svg(width, bottom + 42, title)
    svg.legend(20, 14, _legend(rows))
    svg.x_axis(left, right, top, bottom, [0, 20, 40, 60, 80, 100], "share of the faults (%)")
    for index, (label, faults, cases) in enumerate(rows):
        y, x = top + row_height * index, left
        svg.text(left - 8, y + 15, label, "end")
        for outcome, count in faults.items():
            share = (right - left) * count / max(cases, 1)
            if count:
                svg.rect(x, y + 3, share, row_height - 6, outcome, f"{label}: {count:,} {LABELS[outcome]}")
            x += share
        svg.text(right + 6, y + 15, f"{cases:,}", style="mute")
    text = str(svg.markup()).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    head, _, rest = text.partition(">")
    return f"{head}>{_STYLE}{rest}\n"


def _legend(rows: Sequence[tuple[str, Mapping[str, int], int]]) -> list[tuple[str, str]]:
    """(style, text) of the outcomes that occur."""
    return [(name, text) for name, text in LABELS.items() if any(faults[name] for _, faults, _ in rows)]
