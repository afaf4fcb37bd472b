"""Looks at a Vivado project without Vivado: what its Tcl asks for, against what the core and the board need.

The Tcl runs under ``tclsh`` with every command of Vivado recorded (:mod:`.record`); from the calls comes the
block design (:mod:`.blocks`). This finds a port that nobody connected, an address range that was forgotten, a
wrong part, a file that is not there, a pin of an interface that is not enabled, a misspelt command or option.
It cannot find what only Vivado knows: whether it accepts a parameter's value, and whether the clock is met.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyralis.boards.base import ZynqBoard
from pyralis.gen.boards.vivado.blocks import RESETS, BlockDesign
from pyralis.gen.boards.vivado.ports import Core, read_core
from pyralis.gen.boards.vivado.processor import PROCESSORS
from pyralis.gen.boards.vivado.project import CELL, CONTROL, DESIGN, range_of
from pyralis.gen.boards.vivado.record import Call, Recording, answers_for, record

__all__ = ["Checked", "check", "possible"]

REPORTS = ("utilization", "timing_summary", "power")


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a check found: ``calls`` that were recorded, and a sentence for each of the ``problems``."""

    calls: int
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Subject:
    board: ZynqBoard
    core: Core
    clock_mhz: float
    folder: Path
    recording: Recording
    blocks: BlockDesign

    def calls(self, *commands: str) -> list[Call]:
        return [call for call in self.recording.calls if call.command in commands]


def possible() -> bool:
    """Whether there is a ``tclsh``."""
    return shutil.which("tclsh") is not None


def check(folder: Path, board: ZynqBoard, top: str, clock_mhz: float) -> Checked:
    """Checks the project in *folder*: the core *top* for *board* at *clock_mhz*.

    Raises
    ------
    ToolError
        There is no ``tclsh``.
    """
    core = read_core((folder / "rtl" / f"{top}.v").read_text(), top)
    constraints = sorted(path.relative_to(folder).as_posix() for path in folder.glob("constraints/*.xdc"))
    answers = answers_for(board, core)
    answers["properties"] |= {"CONFIG.FREQ_HZ": str(round(clock_mhz * 1e6))}
    recording = record(folder, answers, constraints)
    subject = _Subject(
        board=board,
        core=core,
        clock_mhz=clock_mhz,
        folder=folder,
        recording=recording,
        blocks=BlockDesign(recording.calls, core),
    )
    problems = [sentence for look in _LOOKS for sentence in look(subject)]
    return Checked(calls=len(recording.calls), problems=tuple(dict.fromkeys(problems)))


def _run(subject: _Subject) -> Iterator[str]:
    for call in subject.calls("unknown_command"):
        yield f"Vivado has no command {call.words[0]} that the recorder knows."
    for call in subject.calls("unknown_option"):
        yield f"The command {call.words[0]} has no option {call.words[1]} that the recorder knows."
    if subject.recording.code:
        last = subject.recording.output.strip().splitlines()[-1:] or ["it says nothing"]
        yield f"The Tcl stops: {last[0]}"


def _device(subject: _Subject) -> Iterator[str]:
    board = subject.board
    projects = subject.calls("create_project")
    if not projects:
        yield "No project is made."
    for call in projects:
        if (part := call.options.get("-part")) != board.part:
            yield f"The project {call.words[0]} is for {part} instead of {board.part}."
    chosen = [call.words[1] for call in subject.calls("set_property") if call.words[0] == "board_part"]
    if not any(name.startswith(f"{board.board_part}:") for name in chosen):
        yield f"The board part is {', '.join(chosen) or 'not set'} instead of {board.board_part}."


def _files(subject: _Subject) -> Iterator[str]:
    added = [word.removeprefix("@/") for call in subject.calls("add_files") for word in call.words]
    for name in added:
        if not (subject.folder / name).is_file():
            yield f"{name} is read and does not exist."
    for kind in ("rtl/*.v", "constraints/*.xdc"):
        for path in sorted(subject.folder.glob(kind)):
            if (found := path.relative_to(subject.folder).as_posix()) not in added:
                yield f"{found} is not read."
    if "DSP48E2" in subject.core.modules:
        yield "The simulation model of DSP48E2 would be synthesised in the place of the primitive."


def _package(subject: _Subject) -> Iterator[str]:
    core = subject.core
    packaged = subject.calls("ipx::package_project")
    wanted = {call.options["-vlnv"] for call in subject.calls("create_bd_cell")}
    properties = {(call.words[2], call.words[0]): call.words[1] for call in subject.calls("set_property")}
    for call in packaged:
        name, version = properties.get(("component", "name")), properties.get(("component", "version"))
        made = f"{call.options['-vendor']}:{call.options['-library']}:{name}:{version}"
        if made not in wanted:
            yield f"The IP {made} is packaged and not used."
    if not packaged:
        yield "No IP is packaged."
    saved = subject.calls("ipx::save_core")
    if not saved:
        yield "The packaged IP is not saved."
    asked = {call.words[0] for call in subject.calls("ipx::get_bus_interfaces") if call.words}
    for name in (*core.subordinates, *core.managers, "clk", "rst", "irq"):
        if name not in asked:
            yield f"Nobody looks whether the IP has the interface {name}."
    buses = properties.get(("ASSOCIATED_BUSIF", "value"), "").split(":")
    for name in (*core.subordinates, *core.managers):
        if name not in buses:
            yield f"The interface {name} of the IP has no clock."
    if properties.get(("ASSOCIATED_RESET", "value")) != "rst":
        yield "The clock of the IP does not name its reset."
    if properties.get(("POLARITY", "value")) != "ACTIVE_HIGH":
        yield "The reset of the IP is not declared active high, which it is."
    for name in ("clk", "rst", "irq"):
        if name not in core.ports:
            yield f"The core has no port {name}."


def _interfaces(subject: _Subject) -> Iterator[str]:
    blocks = subject.blocks
    there = dict(blocks.interfaces())
    for name in there:
        if (times := blocks.joined[name]) != 1:
            yield f"{name} is connected {times} times instead of once."
    for name in blocks.joined:
        if name not in there:
            yield f"{name} is connected and does not exist, or is not enabled."
    for one, other in blocks.pairs:
        if one in there and other in there and there[one] == there[other]:
            kind = "managers" if there[one] else "subordinates"
            yield f"{one} and {other} are connected, and both are {kind}."
    ports: dict[str, str] = {}
    for name in subject.core.managers:
        end = blocks.behind(f"{CELL}/{name}")
        if end is None or end.removeprefix("ps/") not in subject.board.memory_ports:
            yield f"{name} does not reach a memory port of {subject.board.title}."
        elif end in ports:
            yield f"{name} shares the memory port {end} with {ports[end]}."
        else:
            ports[end] = name
    if blocks.behind(f"ps/{subject.board.control_port}") != f"{CELL}/{CONTROL}":
        yield f"{subject.board.control_port} does not reach the registers of the core."


def _nets(subject: _Subject) -> Iterator[str]:
    blocks, board = subject.blocks, subject.board
    processor = PROCESSORS[board.processing_system]
    there = set(blocks.pins())
    for net in blocks.nets:
        for pin in sorted(net - there):
            yield f"{pin} is connected and does not exist, or is not enabled."
    clock = blocks.net_of(f"ps/{processor.clock}")
    resets = {
        f"{name}/{pin}"
        for name, cell in blocks.cells.items()
        if cell.ip == "proc_sys_reset"
        for pin in RESETS
    }
    for name, cell in blocks.cells.items():
        for pin in sorted(cell.clocks):
            if f"{name}/{pin}" not in clock:
                yield f"{name}/{pin} has no clock."
        for pin, high in cell.resets.items():
            sources = blocks.net_of(f"{name}/{pin}") & resets
            if not sources:
                yield f"{name}/{pin} has no reset."
            elif any(RESETS[source.split("/")[1]] != high for source in sources):
                yield f"{name}/{pin} is active {'high' if high else 'low'} and is reset by {min(sources)}."
        if cell.ip == "proc_sys_reset" and f"ps/{processor.reset}" not in blocks.net_of(
            f"{name}/ext_reset_in"
        ):
            yield f"{name} does not follow the reset of the processor."
    if f"ps/{processor.interrupt}" not in blocks.net_of(f"{CELL}/irq"):
        yield "The interrupt of the core does not reach the processor."
    if board.led and "irq_led" not in blocks.net_of(f"{CELL}/irq"):
        yield "The port irq_led does not show the interrupt."
    led_out = " ".join(call.options["-config"] for call in subject.calls("apply_bd_automation"))
    for name in processor.external:
        if not re.search(rf"make_external \{{[^}}]*\b{name}\b", led_out):
            yield f"{name} of the processor is not led out of the design."
    asked = blocks.cells["ps"].parameters.get(processor.frequency, "") if "ps" in blocks.cells else ""
    if asked != (wanted := f"{subject.clock_mhz:g}"):
        yield f"The processor is asked for a clock of {asked or 'no'} MHz instead of {wanted} MHz."


def _addresses(subject: _Subject) -> Iterator[str]:
    blocks, board = subject.blocks, subject.board
    processor = PROCESSORS[board.processing_system]
    window = processor.control_ports[board.control_port]
    registers = [item for item in blocks.assigned if item.segment.startswith(f"{CELL}/{CONTROL}/")]
    if not registers:
        yield "The registers of the core have no address."
    for item in registers:
        if item.space != "ps/Data" or item.offset != board.control_base:
            found = "nowhere in particular" if item.offset is None else f"at 0x{item.offset:X}"
            wanted = f"at 0x{board.control_base:X} in ps/Data"
            yield f"The registers lie {found} in {item.space} instead of {wanted}."
        if (item.size or 0) < range_of(subject.core):
            yield f"The registers have {item.size or 0} bytes of addresses and need {range_of(subject.core)}."
    if not window.base <= board.control_base <= window.base + window.size - range_of(subject.core):
        yield f"0x{board.control_base:X} does not go out of {board.control_port}."
    assigned = {(item.space, item.segment) for item in blocks.assigned}
    known = answers_for(board, subject.core)["segments"]
    for name in subject.core.managers:
        space, end = f"{CELL}/{name}", blocks.behind(f"{CELL}/{name}") or ""
        port = processor.memory_ports.get(end.removeprefix("ps/"))
        for segment in (
            [] if port is None else [path for path in known if path.startswith(f"ps/{port.segments}")]
        ):
            if "DDR" in segment and (space, segment) not in assigned:
                yield f"{name} has no address for {segment}."
            if "DDR" not in segment and (space, segment) not in blocks.excluded:
                yield f"{segment} is neither assigned to {name} nor excluded."


def _constraints(subject: _Subject) -> Iterator[str]:
    for call in subject.calls("get_ports"):
        for name in call.words:
            if name not in subject.blocks.external:
                yield f"The constraints name the port {name}, which does not exist."
    for call in subject.calls("get_cells"):
        patterns = re.findall(r"=~ (\S+)", call.options.get("-filter", ""))
        regular = [re.escape(pattern).replace(r"\*", ".*") for pattern in patterns]
        for pattern, expression in zip(patterns, regular, strict=True):
            if not any(re.fullmatch(expression, name) for name in subject.core.modules):
                yield f"The constraints name cells {pattern}, which do not exist."
        for name in subject.core.kept:
            if not any(re.fullmatch(expression, name) for expression in regular):
                yield f"The constraints do not keep the block {name}."
    if subject.core.kept and not subject.calls("get_cells"):
        yield "Blocks of the core must be kept and no constraint says so."


def _results(subject: _Subject) -> Iterator[str]:
    left = subject.recording.left
    for name in ("design.bit", "design.hwh", *(f"reports/{name}.rpt" for name in REPORTS)):
        if name not in left:
            yield f"{name} is not written."
    order = [
        call.words[0] if call.command == "get_property" else call.command for call in subject.recording.calls
    ]
    if "write_bitstream" in order:
        before = order[: order.index("write_bitstream")]
        for name in ("STATS.WNS", "STATS.WHS", "STATS.TPWS"):
            if name not in before:
                yield f"The bitstream is written before anybody has looked at {name}."
    tops = [call.words[1] for call in subject.calls("set_property") if call.words[0] == "top"]
    if not subject.calls("make_wrapper") or f"{DESIGN}_wrapper" not in tops:
        yield "The block design is not the top of the project."
    if "validate_bd_design" not in order:
        yield "Vivado is not asked to validate the block design."


_LOOKS: Sequence[Callable[[_Subject], Iterator[str]]] = (
    _run,
    _device,
    _files,
    _package,
    _interfaces,
    _nets,
    _addresses,
    _constraints,
    _results,
)
