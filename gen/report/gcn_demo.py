"""Charts of the report on ``pyralis demo gcn``."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pyralis.gen.report import charts as shared
from pyralis.gen.report.svg import FONT, Svg, grouped, ticks, wide

__all__ = ["charts", "degrees", "logits", "phase_cycles", "traffic"]

WIDTH = 960
ROW = 44
KINDS = ("edges", "features", "weights", "scales", "biases", "outputs")


def charts(result: Mapping[str, Any]) -> dict[str, Any]:
    """By name; ``pictures`` are those of the sample and of its neighbours, if nodes are pictures."""
    sample = result["sample"]
    names = [f"node {each}" for each in (sample["node"], *(each["node"] for each in sample["neighbours"]))]
    labels = [sample["label"], *(each["label"] for each in sample["neighbours"])]
    pictures = [
        (name, label, shared.picture(pixels, f"label {label}"))
        for name, label, pixels in zip(names, labels, sample["pictures"], strict=False)
    ]
    return {
        "phases": phase_cycles(result["phases"], result["cycles_first"], result["cycles_later"]),
        "traffic": traffic(result["traffic"]),
        "degrees": degrees(result["graph"]),
        "logits": logits(sample),
        "pictures": pictures,
    }


def phase_cycles(phases: Sequence[Mapping[str, Any]], first: int, later: int) -> Markup:
    """Cycles of each phase in a first and in a later run, with what its lanes need at least."""
    rows = [
        (f"{row['name']}, {row['kind']}", row["first"]["cycles"], row["later"]["cycles"]) for row in phases
    ]
    rows.append(("whole run", first, later))
    needs = [row["operations"] / row["lanes"] for row in phases]
    left, right, top = 20 + max(wide(row[0]) for row in rows), WIDTH - 70, 34
    bottom = top + ROW * len(rows)
    svg = Svg(WIDTH, bottom + 42, "Cycles by phase: first run, later run, least that the lanes need")
    svg.legend(left, 14, [("c3", "first run"), ("c1", "later run"), ("mark", "all lanes busy all the time")])
    axis = ticks(max(max(row[1:]) for row in rows))
    scale = (right - left) / axis[-1]
    svg.x_axis(left, right, top, bottom, axis, "cycles")
    for index, (name, cold, warm) in enumerate(rows):
        y = top + ROW * index
        svg.text(left - 8, y + ROW / 2 + 4, name, "end", "strong" if index == len(needs) else "")
        for place, (style, cycles, run) in enumerate((("c3", cold, "first"), ("c1", warm, "later"))):
            high = y + 5 + place * 17
            svg.rect(left, high, cycles * scale, 15, style, f"{name}, {run} run: {grouped(cycles)} cycles")
            svg.text(
                left + cycles * scale + 6,
                high + 12,
                grouped(cycles),
                style="strong small" if place else "small",
            )
        if index < len(needs):
            x = left + needs[index] * scale
            svg.line(x, y + 3, x, y + ROW - 5, "mark")
    svg.line(left, top, left, bottom)
    return svg.markup()


def traffic(tables: Mapping[str, Mapping[str, int]]) -> Markup:
    """Bytes of a first and of a later run by what they are, beside the least that any core must move."""
    bars = [
        ("first run", tables["first"]),
        ("later run", tables["later"]),
        ("compulsory", tables["compulsory"]),
    ]
    styles = ("c1", "c2", "c3", "c4", "c5", "c6")
    left, right, top = 100, WIDTH - 80, 34
    bottom = top + 30 * len(bars)
    svg = Svg(WIDTH, bottom + 42, "Bytes on the bus by what they are")
    kinds = [kind for kind in KINDS if any(table.get(kind, 0) for _, table in bars)]
    chosen = dict(zip(kinds, styles, strict=False))
    svg.legend(left, 14, [(chosen[kind], kind) for kind in kinds])
    axis = ticks(max(sum(table.values()) for _, table in bars) / 1024)
    scale = (right - left) / axis[-1] / 1024
    svg.x_axis(left, right, top, bottom, axis, "KiB")
    for index, (name, table) in enumerate(bars):
        y, x = top + 30 * index, float(left)
        svg.text(left - 8, y + 19, name, "end")
        for kind in kinds:
            size = table.get(kind, 0)
            svg.rect(x, y + 6, size * scale, 18, chosen[kind], f"{name}, {kind}: {grouped(size)} bytes")
            x += size * scale
        svg.text(x + 6, y + 19, grouped(sum(table.values()) / 1024, ".1f"), style="strong")
    svg.line(left, top, left, bottom)
    return svg.markup()


def degrees(graph: Mapping[str, Any]) -> Markup:
    """Number of nodes by how many they gather."""
    bounds, counts = graph["degree_bounds"], graph["degree_counts"]
    left, right, top, bottom = 46, 420, 14, 200
    svg = Svg(440, bottom + 42, "Nodes by degree")
    axis = ticks(max(counts), 3)
    for value in axis:
        y = bottom - (bottom - top) * value / axis[-1]
        svg.line(left, y, right, y, "grid")
        svg.text(left - 6, y + 4, grouped(value, ".10g"), "end", "mute small")
    width = (right - left) / len(counts)
    for index, count in enumerate(counts):
        low, high = bounds[index], bounds[index + 1] - 1
        name = f"{low}" if low >= high else f"{low}\u2013{high}"
        x, height = left + index * width, (bottom - top) * count / axis[-1]
        svg.rect(x + 2, bottom - height, width - 4, height, "c1", f"degree {name}: {grouped(count)} nodes")
        svg.text(x + width / 2, bottom + FONT + 3, name, "middle", "mute small")
    svg.line(left, bottom, right, bottom)
    svg.text((left + right) / 2, bottom + 2 * FONT + 8, "edges that a node gathers", "middle", "mute small")
    return svg.markup()


def logits(sample: Mapping[str, Any]) -> Markup:
    """The logits of one node as the core wrote them, and as float computes them, in the same units."""
    values, reals, best, label = (sample[name] for name in ("logits", "float_logits", "class", "label"))
    left, right, row, top = 46.0, 400.0, 22, 34
    low, high = min(0, *values, *reals), max(0, *values, *reals)
    span = (high - low) or 1
    svg = Svg(right + 12, top + row * len(values) + 24, f"Logits of one node; the core answers {best}")
    svg.legend(left, 14, [("c1", "RTL"), ("mark", "float")])
    zero = left + (right - left) * -low / span
    for index, (value, real) in enumerate(zip(values, reals, strict=True)):
        y, end = top + index * row, left + (right - left) * (value - low) / span
        name = f"{index} ◂" if index == label else str(index)
        svg.text(left - 10, y + row / 2 + 4, name, "end", "strong" if index == best else "")
        style = "c1" if index == best else "c3"
        svg.rect(min(zero, end), y + 3, abs(end - zero), row - 6, style, f"class {index}: {grouped(value)}")
        x = left + (right - left) * (real - low) / span
        svg.line(x, y + 1, x, y + row - 1, "mark")
    svg.line(zero, top, zero, top + row * len(values))
    svg.text(zero, svg.height - 8, "0", "middle", "mute small")
    svg.text(right, svg.height - 8, "logit (int16) →", "end", "mute small")
    return svg.markup()
