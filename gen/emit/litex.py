"""A generated core as a module for LiteX: one Python file beside its Verilog.

The file stands on its own and needs LiteX only; the template is ``litex_wrapper.py.j2``. Memory ports
(``m_axi_<role>``) become masters of the system's bus, ``s_axi_ctrl`` a region of registers, ``irq`` an event.

Source: LiteX 2024.12, ``litex/soc/integration/soc.py`` and ``litex/soc/interconnect/axi``.
"""

from collections.abc import Sequence
from typing import Any

from amaranth.lib import wiring

from pyralis.gen.emit.template import render
from pyralis.gen.emit.verilog import ports_of

__all__ = ["wrapper"]

CONTROL = "s_axi_ctrl"
MEMORY = "m_axi_"


def wrapper(
    component: wiring.Component,
    top: str,
    core: str,
    *,
    sources: Sequence[str],
    models: Sequence[str] = (),
    burst_beats: int = 1,
) -> str:
    """Python text of the module ``litex_pyralis_<core>``.

    Parameters
    ----------
    component : wiring.Component
        With ``s_axi_ctrl``, ``irq`` and any number of ``m_axi_<role>``, no other ports.
    top : str
        Its module in Verilog.
    core : str
        ``"snn"``: makes the names ``PyralisSnn`` and ``add_pyralis_snn``.
    sources, models : sequence of str
        Verilog files in the same folder: for every tool, and models of vendor primitives.
    burst_beats : int
        Longest burst of a memory port.

    Raises
    ------
    ValueError
        The component has another port.
    """
    address_bits = component.signature.members[CONTROL].signature.address_bits
    name, memories = f"pyralis_{core}", _memories(component)
    return render(
        "pyralis.gen.emit",
        "litex_wrapper.py.j2",
        top=top,
        region=name,
        module=f"litex_{name}",
        add=f"add_{name}",
        class_name="".join(word.capitalize() for word in name.split("_")),
        sources=_listed(sources),
        models=_listed(models),
        roles=", ".join(f"``{memory['role']}``" for memory in memories),
        address_bits=address_bits,
        register_bytes=1 << address_bits,
        memories=memories,
        burst_beats=burst_beats,
        connections=_connections(component),
    )


def _listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _memories(component: wiring.Component) -> list[dict[str, Any]]:
    """Role and widths of every memory port."""
    return [
        {
            "role": name.removeprefix(MEMORY),
            "address_bits": member.signature.address_bits,
            "data_bits": member.signature.data_bits,
        }
        for name, member in component.signature.members.items()
        if name.startswith(MEMORY)
    ]


def _connections(component: wiring.Component) -> list[tuple[str, str]]:
    """(argument of migen's Instance, LiteX signal) of every bus signal.

    For example ``("o_m_axi_data_araddr", "m_axi_data.ar.addr")``.
    """
    pairs = []
    for port in ports_of(component):
        bus, _, member = port.name.rpartition("_")
        if bus != CONTROL and not bus.startswith(MEMORY):
            if port.name == "irq":
                continue
            raise ValueError(f"LiteX has no interface for the port {port.name}")
        channel = member[:2] if member.startswith(("ar", "aw")) else member[:1]
        argument = f"{'i' if port.is_input else 'o'}_{port.name}"
        pairs.append((argument, f"{bus}.{channel}.{member.removeprefix(channel)}"))
    return pairs
