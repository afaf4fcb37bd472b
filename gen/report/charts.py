"""The charts of the report, each from plain data of result.json to one SVG."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pyralis.gen.report.svg import FONT, Svg, grouped, ticks, wide

__all__ = [
    "cycles",
    "histogram",
    "memories",
    "picture",
    "raster",
    "scores",
    "signed_bits",
    "trajectories",
    "widths",
]

WIDTH = 960
ROW = 34
CELL_SIDE = 20
"""Largest side of one channel's map in a raster."""

DOT = 6.0
"""Largest side of one spike in a raster."""


def cycles(layers: Sequence[Mapping[str, Any]], outside: float) -> Markup:
    """Where the cycles of one image go; *outside*: those before the first layer and between images."""
    rows = [
        (
            layer["name"],
            layer["active_per_image"],
            layer["weight_stalls_per_image"],
            layer["cycles_per_image"],
            layer["estimated_cycles_per_image"],
        )
        for layer in layers
    ]
    if outside >= 0.5:
        rows.append(("outside", 0, 0, outside, None))
    left, right, top = 20 + max(wide(row[0]) for row in rows), WIDTH - 60, 34
    bottom = top + ROW * len(rows)
    svg = Svg(WIDTH, bottom + 42, "Cycles of one image by layer: array busy, waits, estimate")
    axis = ticks(max(max(row[3], row[4] or 0) for row in rows))
    scale = (right - left) / axis[-1]
    svg.legend(
        left,
        14,
        [("c1", "array busy"), ("c2", "waits for weights"), ("c3", "other waits"), ("mark", "estimate")],
    )
    svg.x_axis(left, right, top, bottom, axis, "cycles per image")
    for index, (name, active, stalls, total, guess) in enumerate(rows):
        y = top + ROW * index
        svg.text(left - 8, y + ROW / 2 + 4, name, "end")
        x = left
        for style, share, what in (
            ("c1", active, "cycles with a step in the array"),
            ("c2", stalls, "cycles in which a step waited for its weights"),
            ("c3", max(total - active - stalls, 0), "other cycles"),
        ):
            svg.rect(x, y + 7, share * scale, ROW - 14, style, f"{name}: {grouped(share, '.1f')} {what}")
            x += share * scale
        end = max(x, left + (guess or 0) * scale)
        svg.text(end + 6, y + ROW / 2 + 4, grouped(total, ".0f"), style="strong")
        if guess is not None:
            svg.line(left + guess * scale, y + 3, left + guess * scale, y + ROW - 3, "mark")
    svg.line(left, top, left, bottom)
    return svg.markup()


def picture(pixels: Sequence[Sequence[int]], label: str) -> Markup:
    """One channel of signed 8-bit pixels, darkest at -128."""
    rows, columns = len(pixels), len(pixels[0])
    cell = 160 / max(rows, columns)
    svg = Svg(columns * cell + 2, rows * cell + 2, f"Input image, {label}")
    for y, line in enumerate(pixels):
        for x, value in enumerate(line):
            tip = f"row {y}, column {x}: {value}"
            svg.rect(1 + x * cell, 1 + y * cell, cell + 0.3, cell + 0.3, f"g{(value + 128) // 16}", tip)
    return svg.markup()


def raster(layer: Mapping[str, Any], steps: int) -> Markup:
    """Spikes of one layer: a row per channel, a column per time step, in each cell the channel's map."""
    _, _, height, width = layer["shape"]
    dot = max(1.5, min(DOT, CELL_SIDE / max(height, width)))
    cell_w, cell_h, gap, left, top = width * dot, height * dot, 3, 34, 22
    channels = layer["channels_shown"]
    svg_width = max(left + steps * (cell_w + gap) + 4, 110)
    svg = Svg(
        svg_width,
        top + channels * (cell_h + gap) + 26,
        f"Spikes of layer {layer['name']}: channels downward, time steps to the right",
    )
    for step in range(steps):
        svg.text(left + step * (cell_w + gap) + cell_w / 2, top - 7, str(step + 1), "middle", "mute small")
    path = []
    for channel in range(channels):
        y = top + channel * (cell_h + gap)
        if channel % (4 if cell_h < 16 else 2) == 0:
            svg.text(left - 6, y + cell_h / 2 + 4, str(channel), "end", "mute small")
        for step in range(steps):
            x = left + step * (cell_w + gap)
            svg.rect(x, y, cell_w, cell_h, "cell")
            for place, bit in enumerate(layer["spikes"][channel][step]):
                if bit == "1":
                    spot_x, spot_y = x + place % width * dot, y + place // width * dot
                    path.append(f"M{spot_x:.1f} {spot_y:.1f}h{dot:.1f}v{dot:.1f}h-{dot:.1f}z")
    svg.path("".join(path), "c1")
    svg.text(left, svg.height - 8, "time step →", style="mute small")
    return svg.markup()


def scores(values: Sequence[int], label: int, unit: str) -> Markup:
    """The class scores of one image, as bars from zero; the greatest is the core's answer."""
    best = max(range(len(values)), key=lambda index: (values[index], -index))
    left, right, row, top = 46.0, 300.0, 20, 22
    low, high = min(0, *values), max(0, *values)
    span = (high - low) or 1
    zero = left + (right - left) * -low / span
    svg = Svg(right + 12, top + row * len(values) + 24, f"Class scores ({unit}); the core answers {best}")
    svg.text(left - 10, top - 7, "class", "end", "mute small")
    for index, value in enumerate(values):
        y = top + index * row
        end = left + (right - left) * (value - low) / span
        style = "c1" if index == best else "c3"
        name = f"{index} ◂" if index == label else str(index)
        svg.text(left - 10, y + row / 2 + 4, name, "end", "strong" if index == best else "")
        svg.rect(min(zero, end), y + 3, abs(end - zero), row - 6, style, f"class {index}: {grouped(value)}")
    svg.line(zero, top, zero, top + row * len(values))
    svg.text(zero, svg.height - 8, "0", "middle", "mute small")
    svg.text(right, svg.height - 8, f"{unit} →", "end", "mute small")
    return svg.markup()


def trajectories(potentials: Sequence[Sequence[int]], best: int) -> Markup:
    """Potential of each output over the time steps; the line of class *best* stands out."""
    steps = len(potentials[0])
    left, right, top, bottom = 46.0, 300.0, 10.0, 150.0
    low = min(0, *(min(line) for line in potentials))
    high = max(1, *(max(line) for line in potentials))
    svg = Svg(right + 24, bottom + 40, "Potential of each output over the time steps")

    def place(step: int, value: float) -> tuple[float, float]:
        """Step -1 is the start, where every potential is 0."""
        return left + (right - left) * (step + 1) / steps, bottom - (bottom - top) * (value - low) / (
            high - low
        )

    for step in range(-1, steps):
        x, _ = place(step, 0)
        svg.line(x, top, x, bottom, "grid")
        svg.text(x, bottom + FONT + 3, str(step + 1), "middle", "mute small")
    for value in {low, 0, high}:
        _, y = place(0, value)
        svg.text(left - 6, y + 4, grouped(value), "end", "mute small")
    svg.line(left, place(0, 0)[1], right, place(0, 0)[1])
    for index in sorted(range(len(potentials)), key=lambda i: i == best):
        points = [place(-1, 0), *(place(step, value) for step, value in enumerate(potentials[index]))]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        svg.path(path, "curve c1" if index == best else "curve c3")
        if index == best:
            svg.text(points[-1][0] + 6, points[-1][1] + 4, str(index), style="strong")
    svg.text((left + right) / 2, bottom + 2 * FONT + 8, "time step", "middle", "mute small")
    return svg.markup()


def histogram(layer: Mapping[str, Any]) -> Markup:
    """Number of weights of one layer by value."""
    edges, counts = layer["weight_histogram"]["edges"], layer["weight_histogram"]["counts"]
    left, right, top, bottom = 40, 280, 12, 130
    svg = Svg(290, bottom + 42, f"Weights of layer {layer['name']} by value")
    axis = ticks(max(counts), 3)
    for value in axis:
        y = bottom - (bottom - top) * value / axis[-1]
        svg.line(left, y, right, y, "grid")
        svg.text(left - 6, y + 4, grouped(value, ".10g"), "end", "mute small")
    span = edges[-1] - edges[0]
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        x = left + (right - left) * (low - edges[0]) / span
        width = (right - left) * (high - low) / span - 1
        height = (bottom - top) * count / axis[-1]
        svg.rect(x, bottom - height, width, height, "c1", f"{low} to {high - 1}: {grouped(count)} weights")
    svg.line(left, bottom, right, bottom)
    for value in (-128, -64, 0, 64, 127):
        x = left + (right - left) * (value - edges[0]) / span
        svg.text(x, bottom + FONT + 3, str(value), "middle", "mute small")
    svg.text((left + right) / 2, bottom + 2 * FONT + 8, "weight (int8)", "middle", "mute small")
    return svg.markup()


def signed_bits(low: int, high: int) -> int:
    """Width in bits that holds *low* to *high* in two's complement."""
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0) + 1


def widths(layers: Sequence[Mapping[str, Any]]) -> Markup:
    """Bits that currents and potentials took and could take, in the width that the core has."""
    rows = [
        (f"{layer['name']}, {kind}", layer[f"{kind}_range"], layer[f"{kind}_bound"], layer[f"{kind}_bits"])
        for layer in layers
        for kind in ("current", "potential")
    ]
    left, right, top = 20 + max(wide(row[0]) for row in rows), WIDTH - 20, 34
    bottom = top + 26 * len(rows)
    most = max(row[3] for row in rows)
    svg = Svg(WIDTH, bottom + 42, "Bits of currents and potentials against the widths of the core")
    svg.legend(
        left,
        14,
        [("c1", "seen in this run"), ("mark", "worst case of any input"), ("cell", "width of the core")],
    )
    axis = list(range(0, most + 1, 4))
    svg.x_axis(left, right, top, bottom, axis if axis[-1] == most else [*axis, most], "bits, sign included")
    scale = (right - left) / most
    for index, (name, (low, high), bound, bits) in enumerate(rows):
        y, seen, worst = top + 26 * index, signed_bits(low, high), signed_bits(-bound, bound)
        svg.text(left - 8, y + 17, name, "end")
        svg.rect(left, y + 5, bits * scale, 16, "cell")
        tip = f"{name}: {grouped(low)} to {grouped(high)}, {seen} bits"
        svg.rect(left, y + 5, seen * scale, 16, "c1", tip)
        svg.line(left + worst * scale, y + 2, left + worst * scale, y + 24, "mark")
    svg.line(left, top, left, bottom)
    return svg.markup()


def memories(bits: Mapping[str, int]) -> Markup:
    """Bits of each on-chip memory."""
    left, right, top = 20 + max(wide(name) for name in bits), WIDTH - 90, 6
    bottom = top + 26 * len(bits)
    svg = Svg(WIDTH, bottom + 42, "On-chip memory by purpose")
    axis = ticks(max(bits.values()) / 1024)
    svg.x_axis(left, right, top, bottom, axis, "Kibit")
    for index, (name, count) in enumerate(bits.items()):
        y, width = top + 26 * index, (right - left) * count / 1024 / axis[-1]
        svg.text(left - 8, y + 17, name, "end")
        svg.rect(left, y + 5, width, 16, "c1", f"{name}: {grouped(count)} bits")
        svg.text(left + width + 6, y + 17, grouped(count / 1024, ".1f"), style="strong")
    svg.line(left, top, left, bottom)
    return svg.markup()
