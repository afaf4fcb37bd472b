"""Amaranth component to Verilog text."""

import re

from amaranth.back import verilog
from amaranth.hdl import Value, ValueCastable
from amaranth.lib import wiring
from amaranth.lib.wiring import In

try:  # the enumeration of port directions is not part of the public face in 0.5
    from amaranth.hdl._ir import PortDirection
except ImportError:  # pragma: no cover
    from amaranth.lib.io import Direction as PortDirection

__all__ = ["emit"]

BUS_PREFIXES = ("m_axi_", "s_axi_", "m_axis_", "s_axis_")


KEEP = '(* keep_hierarchy = "yes" *)'
"""Attribute by which Vivado and Yosys neither dissolve a module nor merge it with another."""


def emit(component: wiring.Component, name: str, *, keep_hierarchy: bool = False) -> str:
    """Returns the Verilog of *component* as module *name*; the same text every time.

    With *keep_hierarchy* every submodule carries :data:`KEEP`, for designs whose redundancy must survive
    synthesis. (Amaranth gives modules no attributes, so they are added to the text.)

    Members of bus ports are joined with one underscore (``m_axi_weights_araddr``), as Vivado, LiteX and
    cocotbext-axi expect; all others with Amaranth's two (``spikes__payload``).
    """
    ports = {}
    for path, member, value in component.signature.flatten(component):
        if isinstance(value, ValueCastable):
            value = value.as_value()
        if isinstance(value, Value):
            separator = "_" if str(path[0]).startswith(BUS_PREFIXES) else "__"
            direction = PortDirection.Input if member.flow == In else PortDirection.Output
            ports[separator.join(map(str, path))] = (value, direction)
    # emit_src would write absolute paths into the text and spoil both diffs and cache keys.
    text = verilog.convert(component, name=name, ports=ports, emit_src=False, strip_internal_attrs=True)
    if keep_hierarchy:
        text = re.sub(rf"^(?=module (?!{name}\())", f"{KEEP}\n", text, flags=re.MULTILINE)
    return text
