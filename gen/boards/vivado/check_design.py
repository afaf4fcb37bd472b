"""The block design: interfaces, clocks, resets, the interrupt, the processor, addresses."""

import re
from collections.abc import Iterator

from pyralis.gen.boards.vivado.blocks import RESETS
from pyralis.gen.boards.vivado.processor import PROCESSORS
from pyralis.gen.boards.vivado.project import CELL, CONTROL, range_of
from pyralis.gen.boards.vivado.record import answers_for
from pyralis.gen.boards.vivado.subject import Subject

__all__ = ["LOOKS"]


def _interfaces(subject: Subject) -> Iterator[str]:
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


def _nets(subject: Subject) -> Iterator[str]:
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


def _processor(subject: Subject) -> Iterator[str]:
    board = subject.board
    processor = PROCESSORS[board.processing_system]
    parameters = subject.blocks.cells["ps"].parameters if "ps" in subject.blocks.cells else {}
    automations = subject.calls("apply_bd_automation")
    if not any(call.options["-config"].endswith("apply_board_preset 1") for call in automations):
        yield "The preset of the board is not applied to the processor."
    led_out = " ".join(call.options["-config"] for call in automations)
    for name in processor.external:
        if not re.search(rf"make_external \{{[^}}]*\b{name}\b", led_out):
            yield f"{name} of the processor is not led out of the design."
    # A preset may enable a port, which then has no clock.
    switches = [port.enable for port in processor.control_ports.values()]
    switches += [port.enable for port in processor.memory_ports.values()]
    for name in (*processor.never, *switches):
        if name not in parameters:
            yield f"{name} of the processor is left to the preset of the board."
    for name in board.memory_ports[: len(subject.core.managers)]:
        width = processor.memory_ports[name].width
        if parameters.get(width) != str(board.bus_bits):
            yield f"{width} of the processor is not {board.bus_bits}."
    asked = parameters.get(processor.frequency, "")
    if asked != (wanted := f"{subject.clock_mhz:g}"):
        yield f"The processor is asked for a clock of {asked or 'no'} MHz instead of {wanted} MHz."


def _addresses(subject: Subject) -> Iterator[str]:
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


LOOKS = (_interfaces, _nets, _processor, _addresses)
"""Each yields sentences on what is wrong."""
