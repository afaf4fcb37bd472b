"""The Vivado project of a core on a board, as texts.

==========================  ==========================================================================
``build.tcl``               the one command: ``vivado -mode batch -source build.tcl``
``tcl/package.tcl``         the core as an IP with AXI interfaces
``tcl/design.tcl``          the block design: processor, core, and what connects them
``rtl/<top>.v``             the core
``constraints/<board>.xdc`` pins of the board
``constraints/core.xdc``    blocks to keep, of a core with redundancy
==========================  ==========================================================================

The same core and board give the same bytes: there are no times and no paths in them.
"""

import importlib.resources
from dataclasses import dataclass

from pyralis.boards.base import ZynqBoard
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.vivado.processor import PROCESSORS, Processor
from pyralis.gen.emit.ports import Core, read_core
from pyralis.gen.emit.template import render
from pyralis.gen.errors import UserError

__all__ = [
    "CELL",
    "COMMAND",
    "CONTROL",
    "DESIGN",
    "DIRECTIVES",
    "OLDEST",
    "Link",
    "links",
    "project_files",
    "range_of",
    "vlnv",
]

OLDEST = "2022.2"
"""Version of Vivado that the Tcl is written for."""

COMMAND = "vivado -mode batch -source build.tcl"

DESIGN = "shell"
"""Name of the block design."""

CELL = "core"
"""Name of the core in it, which a driver finds in ``design.hwh``."""

VENDOR, LIBRARY, VERSION = "pyralis", "cores", "1.0"

CONTROL = "s_axi_ctrl"
"""Interface of its registers."""

PAGE = 4096
"""Smallest range of addresses, in bytes."""

DIRECTIVES = ("", "ExtraNetDelay_high", "AltSpreadLogic_medium", "ExtraTimingOpt", "EarlyBlockPlacement")
"""Vivado's placer has no seed: seeds from 1 on stand for these directives, the first for the strategy's."""


@dataclass(frozen=True, slots=True)
class Link:
    """A SmartConnect: its name, and the interface pins that it joins."""

    cell: str
    manager: str
    subordinate: str


def vlnv(top: str) -> str:
    """What Vivado calls the packaged core."""
    return f"{VENDOR}:{LIBRARY}:{top}:{VERSION}"


def links(board: ZynqBoard, core: Core) -> list[Link]:
    """What is connected to what: the registers first, then each manager with a port of its own."""
    found = [Link("control", f"ps/{board.control_port}", f"{CELL}/{CONTROL}")]
    for name, port in zip(core.managers, board.memory_ports, strict=False):
        found.append(Link(f"memory_{name.removeprefix('m_axi_')}", f"{CELL}/{name}", f"ps/{port}"))
    return found


def range_of(core: Core) -> int:
    """Bytes of addresses that the registers take."""
    return max(PAGE, 1 << core.address_bits(CONTROL))


def project_files(board: ZynqBoard, design: Design, *, clock_mhz: float, seed: int = 1) -> dict[str, str]:
    """Files of the project, by name.

    Parameters
    ----------
    board : ZynqBoard
    design : Design
    clock_mhz : float
        Clock that is asked for.
    seed : int
        Which of :data:`DIRECTIVES` the placer follows.

    Raises
    ------
    UserError
        The core has more managers than the board has memory ports, or needs DSP48E2 where there are none.
    """
    verilog = design.files()[f"{design.top}.v"].decode()
    core = read_core(verilog, design.top)
    _check(board, design, core)
    processor = PROCESSORS[board.processing_system]
    directive = DIRECTIVES[(seed - 1) % len(DIRECTIVES)]
    name = f"{board.name}_{design.core}"
    title = f"{design.name} on {board.title}"
    pins = importlib.resources.files(f"pyralis.boards.{board.name}") / f"{board.name}.xdc"
    files = {
        f"rtl/{design.top}.v": verilog,
        f"constraints/{board.name}.xdc": pins.read_text(),
        "tcl/package.tcl": _package(board, design, core),
        "tcl/design.tcl": _design(board, core, processor, clock_mhz),
    }
    if core.kept:
        files["constraints/core.xdc"] = _template("core.xdc.j2", top=core.top, filter=_filter(core))
    files["build.tcl"] = _template(
        "build.tcl.j2",
        title=title,
        oldest=OLDEST,
        part=board.part,
        project=name,
        board_part=board.board_part,
        design=DESIGN,
        constraints=[file for file in files if file.endswith(".xdc")],
        kept=bool(core.kept),
        directive=directive,
        clock=f"{clock_mhz:g}",
    )
    return files


def _check(board: ZynqBoard, design: Design, core: Core) -> None:
    if len(core.managers) > len(board.memory_ports):
        what = (
            f"{design.name} has {len(core.managers)} memory interfaces and {board.title} has "
            f"{len(board.memory_ports)} ports for them."
        )
        raise UserError(what, design.name, "pyralis boards lists the boards")
    if board.fabric_cell and "DSP48E2" in core.primitives:
        what = f"{design.name} is made of DSP48E2, and {board.part} has none."
        raise UserError(what, design.name, 'cell = "fabric" in its configuration makes it of look-up tables')


def _package(board: ZynqBoard, design: Design, core: Core) -> str:
    return _template(
        "package.tcl.j2",
        top=core.top,
        vendor=VENDOR,
        library=LIBRARY,
        version=VERSION,
        title=f"Pyralis {design.name}",
        description=f"The {design.core} core of Pyralis",
        interfaces=[*core.subordinates, *core.managers],
        control=CONTROL,
        registers=1 << core.address_bits(CONTROL),
        range=range_of(core),
        managers={name: core.address_bits(name) for name in core.managers},
        outstanding={name: _directions(core, name) for name in core.managers},
        bursts={"READ": design.dma.bursts, "WRITE": design.dma.outstanding},
        data_bits=board.bus_bits,
    )


def _design(board: ZynqBoard, core: Core, processor: Processor, clock_mhz: float) -> str:
    joined = links(board, core)
    used = board.memory_ports[: len(core.managers)]
    clocked = [
        f"ps/{processor.control_ports[board.control_port].clock}",
        *(f"ps/{processor.memory_ports[port].clock}" for port in used),
        f"{CELL}/clk",
        "reset/slowest_sync_clk",
        *(f"{link.cell}/aclk" for link in joined),
    ]
    return _template(
        "design.tcl.j2",
        top=core.top,
        design=DESIGN,
        ps=processor,
        automation=" ".join(f"{{{word}}}" for word in processor.automation),
        fallback=board.settings,
        settings=processor.settings(clock_mhz, board.control_port, used, board.bus_bits),
        vlnv=vlnv(core.top),
        links=joined,
        clocked=clocked,
        led=board.led,
        base=board.control_base,
        range=range_of(core),
        control=CONTROL,
        memory={name: processor.memory_ports[port] for name, port in zip(core.managers, used, strict=True)},
        clock=f"{clock_mhz:g}",
    )


def _directions(core: Core, name: str) -> list[str]:
    """What an interface does, in the words of the parameters of a bus."""
    channels = {"READ": "araddr", "WRITE": "awaddr"}
    return [word for word, port in channels.items() if f"{name}_{port}" in core.ports]


def _filter(core: Core) -> str:
    """Cells of the modules that are kept; their common beginning is the name of the top."""
    pattern = f"{core.top}.*"
    return f"ORIG_REF_NAME =~ {pattern} || REF_NAME =~ {pattern}"


def _template(template: str, /, **values: object) -> str:
    return render("pyralis.gen.boards.vivado", template, **values)
