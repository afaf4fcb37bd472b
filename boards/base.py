"""What is known of a board, and the list of them all.

A board is one folder of :mod:`pyralis.boards` whose ``__init__.py`` holds ``BOARD``; nothing else lists it.
"""

import importlib
import pkgutil
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from pyralis import boards as package

__all__ = ["Board", "Ecp5Board", "Resources", "ZynqBoard", "all_boards"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """What a device holds.

    Attributes
    ----------
    luts, flip_flops, dsps : int
        Look-up tables (of four inputs on ECP5, of six on AMD's devices), flip-flops, multiplier blocks.
    block_rams : int
        Memory blocks of ``block_ram_bits`` bits each.
    ultra_rams : int
        Memory blocks of 288 kbit, where there are any.
    """

    luts: int
    flip_flops: int
    dsps: int
    block_rams: int
    block_ram_bits: int
    ultra_rams: int = 0


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board, as every flow knows it.

    Attributes
    ----------
    name : str
        Its folder, and ``BOARD=`` of the Makefile.
    title : str
        What people call it.
    part : str
        The device, as its tool wants it.
    family : {"ecp5", "xcup", "xc7"}
        Key of :data:`pyralis.gen.synthesis.flows.FAMILIES`.
    flow : {"ecp5", "vivado"}
        Tools that build for it.
    resources : Resources
    clocks_mhz : dict of str to float
        Clock that is asked for, by core; a core that is not named takes that of ``""``.
    presets : dict of str to str
        Preset that a core takes when none is named.
    source : str
        Where the figures come from.
    """

    name: str
    title: str
    part: str
    family: Literal["ecp5", "xcup", "xc7"]
    flow: Literal["ecp5", "vivado"]
    resources: Resources
    clocks_mhz: dict[str, float]
    presets: dict[str, str] = field(default_factory=dict)
    source: str = ""

    def clock_mhz(self, core: str) -> float:
        """Clock that is asked for when *core* is built."""
        return self.clocks_mhz.get(core, self.clocks_mhz[""])


@dataclass(frozen=True, kw_only=True)
class Ecp5Board(Board):
    """A board with a Lattice ECP5 and a serial port.

    Attributes
    ----------
    platform : str
        ``module:class`` of its Amaranth platform.
    package, speed : str
        Of the device, as nextpnr names them.
    oscillator_mhz : float
        Clock on the board, at the resource ``default_clk``.
    baud : int
        Of the serial port, in bits a second.
    memory_bytes : int
        Block RAM that the shell gives to a core with memory ports.
    core_memory_bytes : dict of str to int
        The same for cores that get another share, by core.
    """

    flow: Literal["ecp5", "vivado"] = "ecp5"
    platform: str
    package: str
    speed: str
    oscillator_mhz: float
    baud: int
    memory_bytes: int
    core_memory_bytes: dict[str, int] = field(default_factory=dict)

    def memory_for(self, core: str) -> int:
        """Bytes of block RAM that the shell gives to *core*, if it has memory ports."""
        return self.core_memory_bytes.get(core, self.memory_bytes)


@dataclass(frozen=True, kw_only=True)
class ZynqBoard(Board):
    """A board with processor and logic in one device of AMD.

    Attributes
    ----------
    board_part : str
        Name without version, as Vivado's board files have it.
    processing_system : {"zynq_ultra_ps_e", "processing_system7"}
        IP of the processor.
    control_port : str
        Manager port of the processor that reaches the registers.
    memory_ports : tuple of str
        Subordinate ports of the processor that reach its memory, one for each manager of a core.
    memory_bytes : int
        DDR memory at address 0 that these reach.
    bus_bits, address_bits : int
        Widths of these ports.
    control_base : int
        Address of the registers as the processor sees it.
    fabric_cell : bool
        Whether the spiking core must do without DSP48E2 (7-series devices have DSP48E1).
    led : bool
        Whether ``<name>.xdc`` in its folder places the port ``irq_led``, which is lit while an interrupt is
        pending.
    settings : dict of str to str
        Of the processor, by parameter of its IP, for a Vivado without board files of the board. Where there
        are some, their preset counts.
    """

    flow: Literal["ecp5", "vivado"] = "vivado"
    board_part: str
    processing_system: Literal["zynq_ultra_ps_e", "processing_system7"]
    control_port: str
    memory_ports: tuple[str, ...]
    memory_bytes: int
    bus_bits: int
    address_bits: int
    control_base: int
    fabric_cell: bool = False
    led: bool = False
    settings: dict[str, str] = field(default_factory=dict)


@cache
def all_boards() -> dict[str, Board]:
    """Every board by name, in order."""
    found = {}
    for entry in sorted(pkgutil.iter_modules(package.__path__), key=lambda entry: entry.name):
        if entry.ispkg:
            module = importlib.import_module(f"{package.__name__}.{entry.name}")
            if (board := getattr(module, "BOARD", None)) is not None:
                found[board.name] = board
    return found
