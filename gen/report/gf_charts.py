"""Charts of finite-field cores: curves over a parameter, points, bars; each from plain data to one SVG."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from pyralis.gen.report.svg import FONT, Svg, grouped, short, ticks, wide

__all__ = ["STYLES", "bars", "curves", "points"]

WIDTH, HEIGHT = 960, 330
LEFT, BOTTOM = 64.0, 56.0
RADIUS = 4.0
APART = 14.0
"""Least distance of two labels, from base line to base line."""

STYLES = ("c1", "c2", "c4", "c5", "c6", "c3")
"""Classes of the series, in the order in which they are given out."""

Series = Mapping[str, Sequence[tuple[float, float]]]


def curves(
    title: str,
    series: Series,
    places: Sequence[float],
    x_label: str,
    y_label: str,
    bounds: Mapping[str, float] | None = None,
) -> Markup:
    """Lines through the points of each series; *places* of the x axis stand at equal distances.

    Parameters
    ----------
    series : dict of name to (x, y) pairs
        Each x is one of *places*. The name stands behind the last point.
    bounds : dict of name to y, optional
        Horizontal lines to compare with.
    """
    bounds = bounds or {}
    room = max((wide(name) for name in [*series, *bounds]), default=0) + 22
    left, right, top, bottom = LEFT, WIDTH - room, 30.0, HEIGHT - BOTTOM
    svg = Svg(WIDTH, HEIGHT, title)
    values = [y for line in series.values() for _, y in line] + list(bounds.values())
    axis = ticks(max(values, default=1.0))
    step = (right - left - 40) / max(len(places) - 1, 1)
    across = {place: left + 20 + step * index for index, place in enumerate(places)}

    def down(value: float) -> float:
        return bottom - (bottom - top) * value / axis[-1]

    _y_axis(svg, left, right, axis, down, y_label)
    for place, x in across.items():
        svg.text(x, bottom + FONT + 5, f"{place:g}", "middle", "mute")
    svg.text((left + right) / 2, bottom + 2 * FONT + 12, x_label, "middle", "mute")
    labels = []
    for name, value in bounds.items():
        svg.line(left, down(value), right, down(value), "bound")
        labels.append((down(value), name, "mute"))
    for style, (name, line) in zip(STYLES, series.items(), strict=False):
        spots = [(across[x], down(y)) for x, y in line]
        if not spots:
            continue
        svg.path("M" + "L".join(f"{short(x)} {short(y)}" for x, y in spots), f"curve {style}")
        for (x, y), (place, value) in zip(spots, line, strict=True):
            _spot(svg, x, y, style, f"{name}, {place:g}: {grouped(value, '.4g')}")
        labels.append((spots[-1][1], name, style))
    for y, name, style in _spread(labels, bottom):
        svg.text(right + 8, y + 4, name, style=style if style == "mute" else f"name {style}")
    return svg.markup()


def points(
    title: str,
    groups: Mapping[str, Sequence[tuple[float, float, str]]],
    x_label: str,
    y_label: str,
) -> Markup:
    """A point for each (x, y, name) of each group, y from 0 to 100."""
    svg = Svg(WIDTH, HEIGHT + 24, title)
    left, right, top, bottom = LEFT, WIDTH - 24.0, 50.0, HEIGHT + 24 - BOTTOM
    axis = ticks(max((x for group in groups.values() for x, _, _ in group), default=1.0), 8)

    def down(value: float) -> float:
        return bottom - (bottom - top) * value / 100

    _y_axis(svg, left, right, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0], down, y_label)
    svg.x_axis(left, right, top, bottom, axis, x_label)
    svg.line(left, bottom, right, bottom)
    styles = dict(zip(groups, STYLES, strict=False))
    svg.legend(left, 14, [(style, name) for name, style in styles.items()])
    for group, style in styles.items():
        for x, y, name in groups[group]:
            across = left + (right - left) * x / axis[-1]
            _spot(svg, across, down(y), style, f"{name}: {x:.1f} %, {y:.2f} %")
    return svg.markup()


def bars(
    title: str, rows: Sequence[tuple[str, float, str]], unit: str, bounds: Mapping[str, float] | None = None
) -> Markup:
    """A bar for each (name, value, class), with vertical lines at *bounds*."""
    bounds = bounds or {}
    left, right, top = 20 + max((wide(name) for name, _, _ in rows), default=0), WIDTH - 70, 34
    bottom = top + 26 * len(rows)
    svg = Svg(WIDTH, bottom + 42, title)
    axis = ticks(max([value for _, value, _ in rows] + list(bounds.values()), default=1.0))
    svg.legend(left, 14, [("mark", f"{name}: {value:g}") for name, value in bounds.items()])
    svg.x_axis(left, right, top, bottom, axis, unit)
    scale = (right - left) / axis[-1]
    for index, (name, value, style) in enumerate(rows):
        y = top + 26 * index
        svg.text(left - 8, y + 17, name, "end")
        svg.rect(left, y + 5, value * scale, 16, style, f"{name}: {grouped(value, '.10g')} {unit}")
        svg.text(left + value * scale + 6, y + 17, grouped(value, ".10g"), style="strong")
    for value in bounds.values():
        svg.line(left + value * scale, top, left + value * scale, bottom, "mark")
    svg.line(left, top, left, bottom)
    return svg.markup()


def _y_axis(svg: Svg, left: float, right: float, axis: Sequence[float], down, label: str) -> None:
    for value in axis:
        svg.line(left, down(value), right, down(value), "grid")
        svg.text(left - 8, down(value) + 4, grouped(value, ".10g"), "end", "mute")
    svg.text(left - 8, down(axis[-1]) - 14, label, "start", "mute small")


def _spot(svg: Svg, x: float, y: float, style: str, tip: str) -> None:
    svg.rect(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS, style, tip)


def _spread(labels: Sequence[tuple[float, str, str]], bottom: float) -> list[tuple[float, str, str]]:
    """*labels* moved apart, so that none stands on another, and none below *bottom*."""
    order = sorted(labels)
    heights: list[float] = []
    for y, _, _ in order:
        heights.append(max(y, heights[-1] + APART) if heights else y)
    lowest = bottom
    for index in range(len(heights) - 1, -1, -1):
        heights[index] = min(heights[index], lowest)
        lowest = heights[index] - APART
    return [(y, name, style) for y, (_, name, style) in zip(heights, order, strict=True)]
