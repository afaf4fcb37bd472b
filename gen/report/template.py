"""Pages from templates: one frame, one style, the same way to write numbers."""

import importlib.resources
from typing import Any

import jinja2

from pyralis.gen.report.svg import grouped

__all__ = ["render"]


def render(name: str, **values: Any) -> str:
    """The page of the template *name* of this package; the same text every time for the same values.

    Raises KeyError or ``jinja2.UndefinedError`` if something is missing in *values*.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "count": _count, "shape": _shape, "span": _span}
    return environment.get_template(name).render(**values)


def _source(name: str) -> str:
    return importlib.resources.files("pyralis.gen.report").joinpath(name).read_text()


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def _count(value: float, digits: int = 0) -> str:
    return grouped(value, f".{digits}f")


def _span(ends: list[int]) -> str:
    return " … ".join(grouped(end, "d").replace("-", "\u2212") for end in ends)


def _shape(sizes: list[int]) -> str:
    return " \u00d7 ".join(map(str, sizes))
