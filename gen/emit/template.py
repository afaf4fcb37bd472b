"""Texts from templates: Verilog, Tcl, constraints, how-to files.

Pages have their own: :mod:`pyralis.gen.report.template`.
"""

import importlib.resources
from typing import Any

import jinja2

__all__ = ["render"]


def render(package: str, name: str, **values: Any) -> str:
    """The template *name* of *package* with *values*, taken as they are; the same text every time.

    >>> render("pyralis.gen.boards", "deploy.txt.j2", ...)  # doctest: +SKIP

    Raises ``jinja2.UndefinedError`` if something is missing in *values*.
    """
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    source = importlib.resources.files(package).joinpath(name).read_text()
    return environment.from_string(source).render(**values)
