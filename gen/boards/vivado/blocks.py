"""The block design that recorded calls describe: cells, their pins, what is connected, which addresses.

Which pins a cell has depends on its parameters (a port of the processor is there only when it is enabled), so
a connection to a pin that would not exist in Vivado is seen here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pyralis.gen.boards.vivado.processor import PROCESSORS, Processor
from pyralis.gen.boards.vivado.record import Call
from pyralis.gen.emit.ports import Core

__all__ = ["Assignment", "BlockDesign", "Cell"]

RESETS = {"peripheral_reset": True, "bus_struct_reset": True, "mb_reset": True}
RESETS |= {"interconnect_aresetn": False, "peripheral_aresetn": False}
"""Outputs of ``proc_sys_reset`` (AMD PG164), and whether each is active high."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """``segment`` lies in ``space`` at ``offset`` with ``size`` bytes (None: where Vivado puts it)."""

    space: str
    segment: str
    offset: int | None
    size: int | None


@dataclass(slots=True)
class Cell:
    """A cell: the IP that it is, its parameters, and by name its pins.

    Attributes
    ----------
    managers, subordinates : set of str
        AXI interfaces.
    clocks : set of str
        Inputs that take a clock.
    resets : dict of str to bool
        Inputs that take a reset, and whether it is active high.
    others : set of str
        All other pins.
    """

    vlnv: str
    parameters: dict[str, str] = field(default_factory=dict)
    managers: set[str] = field(default_factory=set)
    subordinates: set[str] = field(default_factory=set)
    clocks: set[str] = field(default_factory=set)
    resets: dict[str, bool] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    @property
    def ip(self) -> str:
        """Name of the IP; empty for what is no name of one."""
        parts = self.vlnv.split(":")
        return parts[2] if len(parts) == 4 else ""

    @property
    def pins(self) -> set[str]:
        """Names of all pins that are no interface."""
        return self.clocks | set(self.resets) | self.others


class BlockDesign:
    """What *calls* make, with *core* as the packaged IP.

    Attributes
    ----------
    cells : dict of str to Cell
    external : set of str
        Ports of the design.
    nets : list of set of str
        Pins and ports that are joined, ``cell/pin`` or a port; each pin in one net at most.
    joined : Counter of str
        How often each interface pin was connected.
    pairs : list of (str, str)
        Interface pins that were connected with each other.
    assigned : list of Assignment
    excluded : set of (str, str)
        Address spaces and the segments that they must not reach.
    """

    def __init__(self, calls: Iterable[Call], core: Core) -> None:
        self.core = core
        self.cells: dict[str, Cell] = {}
        self.external: set[str] = set()
        self.nets: list[set[str]] = []
        self.joined: Counter[str] = Counter()
        self.pairs: list[tuple[str, str]] = []
        self.assigned: list[Assignment] = []
        self.excluded: set[tuple[str, str]] = set()
        for call in calls:
            self._take(call)
        for cell in self.cells.values():
            self._make_pins(cell)

    def _take(self, call: Call) -> None:
        words = call.words
        match call.command:
            case "create_bd_cell":
                self.cells[words[0]] = Cell(call.options["-vlnv"])
            case "create_bd_port":
                self.external.add(words[0])
            case "set_property" if words[0].startswith("CONFIG.") and words[2] in self.cells:
                self.cells[words[2]].parameters[words[0].removeprefix("CONFIG.")] = words[1]
            case "connect_bd_net":
                self._join(set(words))
            case "connect_bd_intf_net":
                self.joined.update(words)
                self.pairs.append((words[0], words[1]))
            case "assign_bd_address":
                offset, size = (call.options.get(name) for name in ("-offset", "-range"))
                for segment in words:
                    self.assigned.append(
                        Assignment(
                            space=call.options.get("-target_address_space", ""),
                            segment=segment,
                            offset=None if offset is None else int(offset, 0),
                            size=None if size is None else int(size, 0),
                        )
                    )
            case "exclude_bd_addr_seg":
                self.excluded |= {(call.options.get("-target_address_space", ""), name) for name in words}

    def _join(self, pins: set[str]) -> None:
        touched = [net for net in self.nets if net & pins]
        self.nets = [net for net in self.nets if not net & pins]
        self.nets.append(pins.union(*touched))

    def _make_pins(self, cell: Cell) -> None:
        if cell.ip in PROCESSORS:
            self._make_processor(cell, PROCESSORS[cell.ip])
        elif cell.ip == "smartconnect":
            cell.subordinates = {f"S{n:02}_AXI" for n in range(int(cell.parameters.get("NUM_SI", 2)))}
            cell.managers = {f"M{n:02}_AXI" for n in range(int(cell.parameters.get("NUM_MI", 1)))}
            cell.clocks, cell.resets = {"aclk"}, {"aresetn": False}
        elif cell.ip == "proc_sys_reset":
            cell.clocks, cell.others = {"slowest_sync_clk"}, {"ext_reset_in", *RESETS}
        elif cell.ip == self.core.top:
            cell.subordinates, cell.managers = set(self.core.subordinates), set(self.core.managers)
            cell.clocks, cell.resets, cell.others = {"clk"}, {"rst": True}, {"irq"}

    @staticmethod
    def _make_processor(cell: Cell, processor: Processor) -> None:
        on = {name for name, value in cell.parameters.items() if value == "1"}
        managers = {name: port for name, port in processor.control_ports.items() if port.enable in on}
        memory = {name: port for name, port in processor.memory_ports.items() if port.enable in on}
        cell.managers, cell.subordinates = set(managers), set(memory)
        cell.clocks = {port.clock for port in managers.values()} | {port.clock for port in memory.values()}
        if on.issuperset(processor.always):
            cell.others = {processor.clock, processor.reset, processor.interrupt}

    def net_of(self, pin: str) -> set[str]:
        """What *pin* is connected with, itself included; empty if it is not."""
        return next((net for net in self.nets if pin in net), set())

    def pins(self) -> Iterator[str]:
        """Every pin and port that there is, interfaces left out."""
        yield from self.external
        for name, cell in self.cells.items():
            yield from (f"{name}/{pin}" for pin in sorted(cell.pins))

    def interfaces(self) -> Iterator[tuple[str, bool]]:
        """Every interface pin, and whether it is a manager."""
        for name, cell in self.cells.items():
            yield from ((f"{name}/{pin}", True) for pin in sorted(cell.managers))
            yield from ((f"{name}/{pin}", False) for pin in sorted(cell.subordinates))

    def behind(self, manager: str) -> str | None:
        """The subordinate that *manager* reaches through SmartConnects, None if it reaches none."""
        for _ in self.cells:
            other = next((b if a == manager else a for a, b in self.pairs if manager in (a, b)), None)
            if other is None or "/" not in other:
                return None
            name, _pin = other.split("/")
            if name not in self.cells or self.cells[name].ip != "smartconnect":
                return other
            manager = f"{name}/M00_AXI"
        return None
