"""Equal modules of an RTLIL text, written once.

Amaranth writes a module for each submodule, equal or not. A core of 16 columns has hundreds of them and a
third as many different ones; every tool behind reads, maps or compiles each for itself.
"""

import re
from collections import Counter
from collections.abc import Set
from functools import partial

__all__ = ["merge_equal"]

_MODULE = re.compile(r"^(?:attribute [^\n]*\n)*module (\S+)\n.*?^end\n", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"^  cell (\S+) (\S+)\n(.*?)^  end\n", re.MULTILINE | re.DOTALL)
_PORT = re.compile(r"^    connect \\(\S+) ", re.MULTILINE)
_NUMBERED = re.compile(r"(?<=\\)([^\s\\\"]*?)\$[\d$]*\d(?=[\s\"])")
"""A name that Amaranth has made different from others: ``\\payload$167``, also in the text of a parameter."""

_DONE = "\0"
"""Stands for the ``$`` of a port's name, which is the instance's and not to be numbered again."""


def merge_equal(text: str) -> str:
    """*text*, as Amaranth writes it, without modules that are equal to an earlier one.

    Numbers at the end of names are made anew in each module, in order of their first use, so that they do
    not tell modules apart; names of modules, of instances and of what has no number stay.
    """
    modules = {found[1]: found[0] for found in _MODULE.finditer(text)}
    first: dict[str, str] = {}  # body without its name -> the first module with it
    stands_for: dict[str, str] = {}  # module -> the first one equal to it
    names: dict[str, dict[str, str]] = {}  # module -> old name -> new name

    def instance(cell: re.Match[str]) -> str:
        if cell[1] not in modules:
            return cell[0]
        renamed = names[cell[1]]
        ports = _PORT.sub(
            lambda port: f"    connect \\{renamed.get(port[1], port[1])} ".replace("$", _DONE), cell[3]
        )
        return f"  cell {stands_for[cell[1]]} {cell[2]}\n{ports}  end\n"

    def number(stay: Set[str], renamed: dict[str, str], used: Counter[str], name: re.Match[str]) -> str:
        if f"\\{name[0]}" in stay:
            return name[0]
        if name[0] not in renamed:
            used[name[1]] += 1
            renamed[name[0]] = f"{name[1]}${used[name[1]]}"
        return renamed[name[0]]

    def visit(module: str) -> None:
        for cell in _CELL.finditer(modules[module]):
            if cell[1] in modules and cell[1] not in names:
                visit(cell[1])
        names[module] = {}
        stay = modules.keys() | {cell[2] for cell in _CELL.finditer(modules[module])}
        body = _CELL.sub(instance, modules[module])
        body = _NUMBERED.sub(partial(number, stay, names[module], Counter()), body).replace(_DONE, "$")
        modules[module] = body
        stands_for[module] = first.setdefault(body.replace(f"\nmodule {module}\n", "\nmodule\n", 1), module)

    for module in modules:
        if module not in names:
            visit(module)
    return "\n".join(body for module, body in modules.items() if stands_for[module] == module)
