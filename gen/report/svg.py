"""A little SVG: elements, a number axis, a legend.

Colours are classes (``c1``, ``c2``, ``c3``, ``cell``, ``mark``, ``grid``), which the page's style sheet
defines for light and for dark; no chart names a colour itself.
"""

import math
from collections.abc import Sequence

from markupsafe import Markup

__all__ = ["FONT", "Svg", "grouped", "short", "ticks", "wide"]

FONT = 12
"""Height of text in a chart, in units of its view box (CSS pixels at full width)."""

DIGIT = 0.62
"""Mean width of a character, of its height; to leave room for text."""


class Svg:
    """A drawing of *width* x *height*, with a title for people and for screen readers."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self._parts: list[Markup] = []

    def rect(self, x: float, y: float, width: float, height: float, style: str, tip: str = "") -> None:
        """A filled rectangle; *tip* shows when the mouse rests on it."""
        inner = Markup("<title>{}</title>").format(tip) if tip else ""
        self._parts.append(
            Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}">{}</rect>').format(
                short(x), short(y), short(max(width, 0)), short(max(height, 0)), style, inner
            )
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str = "axis") -> None:
        self._parts.append(
            Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>').format(
                *map(short, (x1, y1, x2, y2)), style
            )
        )

    def text(self, x: float, y: float, text: str, anchor: str = "start", style: str = "") -> None:
        self._parts.append(
            Markup('<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>').format(
                short(x), short(y), anchor, style, text
            )
        )

    def path(self, d: str, style: str) -> None:
        """A path; *d* holds numbers and letters only."""
        self._parts.append(Markup('<path d="{}" class="{}"/>').format(d, style))

    def x_axis(
        self, left: float, right: float, top: float, bottom: float, values: Sequence[float], label: str
    ) -> None:
        """Grid lines and numbers for *values*, which run from *left* to *right*, and the axis' *label*."""
        low, high = values[0], values[-1]
        for value in values:
            x = left + (right - left) * (value - low) / (high - low)
            self.line(x, top, x, bottom, "grid")
            self.text(x, bottom + FONT + 3, grouped(value, ".10g"), "middle", "mute")
        self.text((left + right) / 2, bottom + 2 * FONT + 8, label, "middle", "mute")

    def legend(self, x: float, y: float, entries: Sequence[tuple[str, str]]) -> None:
        """A row of (style, text); the style ``mark...`` draws a stroke instead of a square."""
        for style, text in entries:
            if style.startswith("mark"):
                self.line(x + 5, y - 9, x + 5, y + 1, style)
            else:
                self.rect(x, y - 9, 10, 10, style)
            self.text(x + 15, y, text, style="mute")
            x += 15 + wide(text) + 18

    def markup(self) -> Markup:
        """The drawing as text for a page."""
        width, height = short(self.width), short(self.height)
        inner = Markup("\n").join(self._parts)
        return Markup(
            '<svg viewBox="0 0 {} {}" style="width:{}px" role="img" aria-label="{}">{}</svg>'
        ).format(width, height, width, self.title, inner)


def wide(text: str) -> float:
    """Width that *text* takes, about."""
    return len(text) * FONT * DIGIT * 0.9


def grouped(value: float, form: str = "") -> str:
    """*value* in the format *form*, with a narrow space between thousands as in the tables of the pages."""
    return f"{value:,{form}}".replace(",", "\u202f")


def short(number: float) -> str:
    """A coordinate without needless digits."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def ticks(high: float, count: int = 5) -> list[float]:
    """About *count* round numbers from 0 to the first that is at least *high*."""
    if high <= 0:
        return [0.0, 1.0]
    rough = high / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    return [step * i for i in range(math.ceil(high / step - 1e-9) + 1)]
