"""Amaranth component to Verilog text."""

import re
from typing import NamedTuple

from amaranth.back.verilog import _convert_rtlil_text  # convert() has no place between the two halves
from amaranth.hdl import Value, ValueCastable
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from pyralis.gen.emit.modules import merge_equal
from pyralis.gen.emit.rtlil import to_rtlil

try:  # the enumeration of port directions is not part of the public face in 0.5
    from amaranth.hdl._ir import PortDirection
except ImportError:  # pragma: no cover
    from amaranth.lib.io import Direction as PortDirection

__all__ = ["Port", "emit", "ports_of"]

BUS_PREFIXES = ("m_axi_", "s_axi_", "m_axis_", "s_axis_")


KEEP = '(* keep_hierarchy = "yes" *)'
"""Attribute by which Vivado and Yosys neither dissolve a module nor merge it with another."""


class Port(NamedTuple):
    """A port of the module that :func:`emit` writes; ``clk`` and ``rst`` are not among them."""

    name: str
    value: Value
    direction: PortDirection

    @property
    def width(self) -> int:
        """Bits."""
        return len(self.value)

    @property
    def is_input(self) -> bool:
        """Whether the module reads it."""
        return self.direction == PortDirection.Input


def ports_of(component: wiring.Component) -> list[Port]:
    """Ports of *component*, those of nested interfaces flattened.

    Members of bus ports are joined with one underscore (``m_axi_weights_araddr``), as Vivado, LiteX and
    cocotbext-axi expect; all others with Amaranth's two (``spikes__payload``).
    """
    ports = []
    for path, member, value in component.signature.flatten(component):
        if isinstance(value, ValueCastable):
            value = value.as_value()
        if isinstance(value, Value):
            separator = "_" if str(path[0]).startswith(BUS_PREFIXES) else "__"
            direction = PortDirection.Input if member.flow == In else PortDirection.Output
            ports.append(Port(separator.join(map(str, path)), value, direction))
    return ports


def emit(component: wiring.Component, name: str, *, keep_hierarchy: bool = False) -> str:
    """Returns the Verilog of *component* as module *name*; the same text every time.

    Its ports are those of :func:`ports_of`, and ``clk`` and ``rst`` where there are registers. With
    *keep_hierarchy* every submodule carries :data:`KEEP`, for designs whose redundancy must survive
    synthesis. (Amaranth gives modules no attributes, so they are added to the text.) Without, equal modules
    are written once.
    """
    ports = {port.name: (port.value, port.direction) for port in ports_of(component)}
    text = to_rtlil(component, name, ports)
    text = _convert_rtlil_text(text if keep_hierarchy else merge_equal(text), strip_internal_attrs=True)
    if keep_hierarchy:
        text = re.sub(rf"^(?=module (?!{name}\())", f"{KEEP}\n", text, flags=re.MULTILINE)
    return _FILLED.sub(_as_loop, _INDEXED.sub(lambda found: found[0].translate(_ROUND), text))


_INDEXED = re.compile(r"\\\S*\[\S*(?= )")
"""Names of parts of arrays, as ``\\sums[3] ``."""

_ROUND = str.maketrans("[]", "()")
"""A tool that names the bits of ``\\sums`` calls one ``\\sums[3]``: Yosys stops where a part is called so."""

_FILLED = re.compile(
    r"^  initial begin\n    (?P<memory>\w+|\\\S+ )\[0\] = (?P<value>[^;\n]+);\n"
    r"(?P<others>(?:    (?P=memory)\[\d+\] = (?P=value);\n)+)  end\n",
    re.MULTILINE,
)
"""What a memory of equal words is begun with, word by word: Amaranth writes nothing shorter."""


def _as_loop(found: re.Match[str]) -> str:
    """The same as a loop.

    The text of a core with large memories is half as long, and simulators, which make a statement of each
    word, are built in less time.
    """
    memory, value, words = found["memory"], found["value"], found["others"].count("\n") + 1
    label = f"{memory.rstrip()}_filled" + " " * memory.startswith("\\")
    return (
        f"  initial begin : {label}\n"
        "    integer i;\n"
        f"    for (i = 0; i < {words}; i = i + 1)\n"
        f"      {memory}[i] = {value};\n"
        "  end\n"
    )
