"""A core with external memory around it, as a simulator that a host drives through registers.

The memory is ``models/axi_memory.sv``: what a core does with it enters no Python.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyralis.gen.emit.ports import Port, read_core
from pyralis.sim.bench.build import MEMORY_MODEL, MODELS, build
from pyralis.sim.bench.ddr4 import Ddr4Settings

__all__ = ["DEFAULT_MEMORY", "SMALLEST_MEMORY", "CoreBench", "MemorySettings", "bench_text", "build_core"]

SMALLEST_MEMORY = 1 << 22
"""Bytes; one size for small jobs, so that they share a build."""


@dataclass(frozen=True, kw_only=True)
class MemorySettings:
    """The external memory: see ``sim/bench/models/axi_memory.sv``.

    ``bytes_per_cycle`` 0: a beat per port and cycle. With ``ddr4``, the timing of a DDR4 channel, to which
    ``latency`` is added for the way there and back.
    """

    latency: int = 20
    bytes_per_cycle: int = 0
    stall_percent: int = 0
    stall_seed: int = 1
    error_base: int = 0
    error_bytes: int = 0
    hang_after: int = 0
    ddr4: Ddr4Settings | None = None

    def plusargs(self, statistics: Path | None = None) -> list[str]:
        """For the simulator; the counters of the DDR4 channel go to *statistics*."""
        given = {name: value for name, value in vars(self).items() if value or name == "latency"}
        timing = given.pop("ddr4", None)
        plain = [f"+{name}={value}" for name, value in given.items()]
        return plain + (timing.plusargs(statistics) if timing else [])


DEFAULT_MEMORY = MemorySettings()


@dataclass(frozen=True, kw_only=True)
class CoreBench:
    """A built simulator.

    Attributes
    ----------
    top : str
        Its Verilog module: ``s_axi_ctrl`` and ``irq`` of the core; of its memory, if it has any, ``load``,
        ``dump``, ``unhang``, ``command``, ``command_base``, ``command_bytes``, ``hung`` and ``beats_*``.
    runner : object
        See :func:`pyralis.sim.bench.build.build`.
    folder : Path
        Where it was built.
    memory_bytes : int
        0: the core has no memory ports.
    """

    top: str
    runner: Any
    folder: Path
    memory_bytes: int


def build_core(
    text: str,
    top: str,
    *,
    bench: str = "core_bench",
    memory_bytes: int = 0,
    observer: str = "",
    waves: bool = False,
    root: Path = Path("build/sim"),
) -> CoreBench:
    """Builds the simulator of module *top*, whose Verilog is *text*.

    Parameters
    ----------
    bench : str
        Name for the module around it.
    memory_bytes : int
        What its memory must hold at least; a core without memory ports gets none.
    observer : str
        See :func:`bench_text`.

    Raises UserError if a program is missing, ToolError if the build fails.
    """
    core = read_core(text, top)
    if not _buses(core.ports):
        runner, folder = build({f"{top}.v": text}, top, waves=waves, root=root)
        return CoreBench(top=top, runner=runner, folder=folder, memory_bytes=0)
    size = max(SMALLEST_MEMORY, 1 << max(memory_bytes - 1, 0).bit_length())
    sources = {f"{top}.v": text, f"{bench}.sv": bench_text(text, top, bench, size, observer)}
    extra = [*MEMORY_MODEL, *([MODELS / "DSP48E2.v"] if "DSP48E2" in core.primitives else [])]
    runner, folder = build(sources, bench, extra=extra, waves=waves, root=root)
    return CoreBench(top=bench, runner=runner, folder=folder, memory_bytes=size)


def bench_text(text: str, top: str, bench: str, memory_bytes: int, observer: str = "") -> str:
    """SystemVerilog module *bench* that joins module *top* (whose Verilog is *text*) to ``axi_memory``.

    The ports ``m_axi_<role>`` go to the memory: two that read at most, and one that writes. With *observer*,
    statements that watch them, the ports called ``observe...`` stay inside. Everything else, the clock too,
    comes from outside.

    Raises ValueError if there is no such module, or it has more ports than the memory.
    """
    ports = read_core(text, top).ports
    pins = _memory_pins(_buses(ports))
    inside = ("m_axi_", "observe") if observer else ("m_axi_",)
    outside = [port for port in ports.values() if not port.name.startswith(inside)]
    ways = {True: "input", False: "output"}
    declarations = [f"  {ways[port.is_input]} logic {port.range} {port.name}" for port in outside]
    declarations += [f"  input logic {width} {name}" for name, width in _COMMANDS.items()]
    declarations += ["  output logic hung", *(f"  output logic [63:0] beats_{port}" for port in "abw")]
    wires = [f"  logic {port.range} {name};" for name, port in ports.items() if name.startswith(inside)]
    core = [f".{name}({name})" for name in ports]
    memory = [f".{pin}({name})" for pin, name in pins.items()]
    memory += [f".{pin}({value})" for pin, value in _idle_pins(pins, ports).items()]
    memory += [f".{name}({name})" for name in ("clk", "rst", *_COMMANDS, "hung")]
    memory += [f".beats_{port}(beats_{port})" for port in "abw"]
    address, data = (
        next(name for pin, name in pins.items() if pin.endswith(end)) for end in ("addr", "data")
    )
    return _TEMPLATE.format(
        name=bench,
        top=top,
        ports=",\n".join(declarations),
        wires="\n".join(wires),
        core=", ".join(core),
        memory=", ".join(memory),
        address_bits=ports[address].width,
        data_bits=ports[data].width,
        memory_bytes=memory_bytes,
        observer=observer,
    )


def _buses(ports: Iterable[str]) -> dict[str, dict[str, str]]:
    """For every bus that the core drives, its signals: name in the bus -> name of the port; by role and side.

    A bus that reads and writes counts as two, ``<role> r`` and ``<role> w``.
    """
    buses: dict[str, dict[str, str]] = {}
    for name in ports:
        if found := re.fullmatch(r"m_axi_(\w+)_((?:a[rw]|[rwb])[a-z]+)", name):
            side = "r" if found[2].startswith(("ar", "r")) else "w"
            buses.setdefault(f"{found[1]} {side}", {})[found[2]] = name
    return buses


def _memory_pins(buses: dict[str, dict[str, str]]) -> dict[str, str]:
    """Port of the core for every pin of the memory: what only reads comes before what writes too."""
    free = {"r": ["a", "b"], "w": ["w"]}
    pins: dict[str, str] = {}
    for bus, signals in sorted(buses.items(), key=lambda item: (f"{item[0][:-1]}w" in buses, item[0])):
        if not free[bus[-1]]:
            raise ValueError(f"the memory has two ports to read and one to write, the core {sorted(buses)}")
        port = free[bus[-1]].pop(0)
        pins |= {f"s_axi_{port}_{signal}": name for signal, name in signals.items()}
    return pins


def _idle_pins(pins: dict[str, str], ports: dict[str, Port]) -> dict[str, str]:
    """What stands at the pins of the memory's second port to read, of a core that has only one."""
    values = {}
    for pin, name in sorted(pins.items()):
        other = pin.replace("s_axi_a_", "s_axi_b_")
        if other not in pins:
            values[other] = "" if ports[name].is_input else "'0"
    return values


_COMMANDS = {
    "load": "",
    "dump": "",
    "unhang": "",
    "command": "[2:0]",
    "command_base": "[63:0]",
    "command_bytes": "[63:0]",
}
"""Pins of the memory by which a bench tells it what to do."""

_TEMPLATE = """\
module {name} (
{ports}
);
{wires}
  {top} core ({core});
  axi_memory #(
    .ADDRESS_BITS({address_bits}), .DATA_BITS({data_bits}), .BYTES({memory_bytes})
  ) memory ({memory});
{observer}endmodule
"""
