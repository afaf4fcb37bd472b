"""The core as an IP: its interfaces with clock and reset, its registers, its address spaces."""

from collections.abc import Iterator
from dataclasses import replace

from pyralis.gen.boards.vivado.project import CONTROL, range_of
from pyralis.gen.boards.vivado.subject import Subject

__all__ = ["LOOKS"]


def _package(subject: Subject) -> Iterator[str]:
    core = subject.core
    packaged = subject.calls("ipx::package_project")
    wanted = {call.options["-vlnv"] for call in subject.calls("create_bd_cell")}
    name, version = subject.property("component", "name"), subject.property("component", "version")
    for call in packaged:
        made = f"{call.options['-vendor']}:{call.options['-library']}:{name}:{version}"
        if made not in wanted:
            yield f"The IP {made} is packaged and not used."
    if not packaged:
        yield "No IP is packaged."
    order = [call.command for call in subject.recording.calls]
    for command in ("ipx::create_xgui_files", "ipx::update_checksums", "ipx::save_core"):
        if command not in order:
            yield f"The packaged IP is not finished: there is no {command}."
    steps = [step for step in order if step in ("create_project", "ipx::package_project", "close_project")]
    if steps != ["create_project", "ipx::package_project", "close_project", "create_project"]:
        yield "The IP is not packaged in a project of its own, which is closed before the other is made."
    asked = {call.words[0] for call in subject.calls("ipx::get_bus_interfaces") if call.words}
    for port in (*core.subordinates, *core.managers, "clk", "rst", "irq"):
        if port not in asked:
            yield f"Nobody looks whether the IP has the interface {port}."
    for port in ("clk", "rst", "irq"):
        if port not in core.ports:
            yield f"The core has no port {port}."


def _interface_parameters(subject: Subject) -> Iterator[str]:
    core = subject.core
    buses = subject.property("clk/ASSOCIATED_BUSIF", "value").split(":")
    for name in (*core.subordinates, *core.managers):
        if name not in buses:
            yield f"The interface {name} of the IP has no clock."
    if subject.property("clk/ASSOCIATED_RESET", "value") != "rst":
        yield "The clock of the IP does not name its reset."
    if subject.property("rst/POLARITY", "value") != "ACTIVE_HIGH":
        yield "The reset of the IP is not declared active high, which it is."
    if subject.property("irq/SENSITIVITY", "value") != "LEVEL_HIGH":
        yield "The interrupt of the IP is not declared as a level, which it is."
    if subject.property("reg0", "range") != str(range_of(core)):
        yield f"The registers of the IP do not take {range_of(core)} bytes of addresses."


def _bare_package(subject: Subject) -> Iterator[str]:
    """The same when packaging infers nothing by itself, and the scripts must do it."""
    bare = replace(subject, recording=subject.bare)
    if bare.recording.code:
        return  # said by the run itself
    for sentence in _interface_parameters(bare):
        yield f"Where Vivado infers nothing: {sentence[0].lower()}{sentence[1:]}"
    made = {(call.command, *call.words[:1]) for call in bare.recording.calls}
    if (
        bare.property(CONTROL, "slave_memory_map_ref") != CONTROL
        or ("ipx::add_memory_map", CONTROL) not in made
    ):
        yield f"Where Vivado infers nothing: {CONTROL} has no memory map."
    for name in subject.core.managers:
        space = ("ipx::add_address_space", name)
        if bare.property(name, "master_address_space_ref") != name or space not in made:
            yield f"Where Vivado infers nothing: {name} has no address space."
        if bare.property(name, "range") != str(1 << subject.core.address_bits(name)):
            yield f"Where Vivado infers nothing: {name} does not reach all of its addresses."


LOOKS = (_package, _interface_parameters, _bare_package)
"""Each yields sentences on what is wrong."""
