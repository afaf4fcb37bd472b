"""Ports and interfaces of a core, read from its Verilog: what a tool sees, not what a generator meant."""

import re
from dataclasses import dataclass

__all__ = ["Core", "Port", "read_core"]

_PORT = re.compile(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", re.MULTILINE)
_MODULE = re.compile(r"^module (\\\S+ |\w+)\s*[(#;]", re.MULTILINE)
_BUS = re.compile(r"(?P<name>(?P<role>[ms])_axi_[a-z0-9]+)_(?:aw|ar|w|r|b)[a-z]+$")
_KEPT = re.compile(r"\(\* keep_hierarchy = \"yes\" \*\)\nmodule \\?(\S+)")
_CELL = re.compile(r"^  ([A-Za-z]\w*) +(?:#\(|\S+ +\()", re.MULTILINE)
_WORDS = {"assign", "always", "case", "else", "if", "initial", "input", "module", "output", "reg", "wire"}


@dataclass(frozen=True, slots=True)
class Port:
    """A port: ``name``, whether it ``is_input``, ``width`` in bits."""

    name: str
    is_input: bool
    width: int

    @property
    def range(self) -> str:
        """Its bits as Verilog declares them: ``[7:0]``, nothing for a single one."""
        return f"[{self.width - 1}:0]" if self.width > 1 else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Core:
    """The top module of a core.

    Attributes
    ----------
    top : str
    ports : dict of str to Port
        In the order of the text.
    modules : tuple of str
        Every module of the text, ``top`` among them.
    kept : tuple of str
        Those that carry ``keep_hierarchy``.
    primitives : frozenset of str
        Types of cells that are no modules of the text.
    """

    top: str
    ports: dict[str, Port]
    modules: tuple[str, ...]
    kept: tuple[str, ...]
    primitives: frozenset[str]

    @property
    def subordinates(self) -> tuple[str, ...]:
        """AXI interfaces on which it answers."""
        return self._interfaces("s")

    @property
    def managers(self) -> tuple[str, ...]:
        """AXI interfaces on which it asks."""
        return self._interfaces("m")

    def _interfaces(self, role: str) -> tuple[str, ...]:
        found = (_BUS.match(name) for name in self.ports)
        return tuple(sorted({match["name"] for match in found if match and match["role"] == role}))

    def address_bits(self, interface: str) -> int:
        """Width of the address of an interface."""
        return self.ports[f"{interface}_araddr"].width


def read_core(text: str, top: str) -> Core:
    """The module *top* of Verilog that :func:`pyralis.gen.emit.verilog.emit` wrote.

    Raises ValueError if there is no such module.
    """
    modules = tuple(match[1].strip().removeprefix("\\") for match in _MODULE.finditer(text))
    begin = re.search(rf"^module {re.escape(top)} ?\(", text, re.MULTILINE)
    if begin is None:
        raise ValueError(f"there is no module {top} in the Verilog")
    body = text[begin.start() : text.index("\nendmodule", begin.start())]
    ports = {name: Port(name, way == "input", int(high or 0) + 1) for way, high, name in _PORT.findall(body)}
    cells = set(_CELL.findall(text)) - set(modules) - _WORDS
    return Core(
        top=top,
        ports=ports,
        modules=modules,
        kept=tuple(_KEPT.findall(text)),
        primitives=frozenset(cells),
    )
