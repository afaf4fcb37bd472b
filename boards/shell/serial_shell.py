"""A core on a board without a processor: registers and memory behind a serial port."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from amaranth import Module, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from pyralis.boards.base import Ecp5Board
from pyralis.boards.shell.registers import ADDRESS_BITS, lay_out, register_map
from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.axi.litesplit import LiteSplit
from pyralis.hw.axi.ram import BlockRam
from pyralis.hw.axi.registers import RegisterBank
from pyralis.hw.axi.signature import Axi4, AxiRead
from pyralis.hw.serial import protocol
from pyralis.hw.serial.bridge import SerialBridge

__all__ = ["SerialShell", "memory_ports"]

CONTROL, MANAGER = "s_axi_ctrl", "m_axi_"

TIMEOUT = 1 << 14
"""Cycles after which the bridge gives up an access to the bus: registers and memory answer in tens."""

BAUD_ERROR = Fraction(1, 50)
"""How far the bit rate may be off. Receivers sample ten bits from one edge, so 5 % is where errors begin;
the host's half of it is not ours."""

BLINK = 1 << 20
"""Cycles that the lamp of the serial port stays lit after an edge, some 10 ms."""


def memory_ports(component: wiring.Component) -> dict[str, AxiRead | Axi4]:
    """Signatures of the ``m_axi_<role>`` ports of *component*, by name.

    Raises ValueError for a port of another kind, and for ports that differ in width.
    """
    ports: dict[str, Any] = {}
    for name, member in component.signature.members.items():
        if name.startswith(MANAGER):
            if not isinstance(member.signature, AxiRead | Axi4):
                raise ValueError(f"{name} must be an AxiRead or Axi4 port")
            ports[name] = member.signature
    if len({(port.address_bits, port.data_bits, port.id_bits) for port in ports.values()}) > 1:
        raise ValueError(f"{', '.join(ports)} must have the same widths")
    return ports


class SerialShell(wiring.Component):
    """Joins a core, block RAM and the board's registers behind the serial protocol.

    Whatever the core is, its signature says how it is joined: ``s_axi_ctrl`` goes to the host, every
    ``m_axi_<role>`` to the memory, ``irq`` to the board's registers and to a lamp.

    Ports
    -----
    rx, tx : In(1), Out(1)
        Serial port, at the board's bit rate; high when idle.
    interrupt : Out(1)
        The core's interrupt.
    traffic : Out(1)
        A frame was answered a moment ago.

    Parameters
    ----------
    board : Ecp5Board
        Its bit rate, and the memory that a core with memory ports gets.
    component : wiring.Component
        The core.
    memory : dict of str to bytes
        What lies in memory from the start: :func:`pyralis.boards.shell.registers.lay_out`.
    clock_hz : Fraction or float
        Of the domain ``sync``.
    memory_bytes : int, optional
        Memory of this core, if another one than ``memory_bytes`` of the board.

    Raises
    ------
    ValueError
        The memory is too small, a port is not understood, or the clock does not fit the bit rate.
    """

    def __init__(
        self,
        board: Ecp5Board,
        component: wiring.Component,
        memory: Mapping[str, bytes],
        clock_hz: Fraction | float,
        memory_bytes: int | None = None,
    ) -> None:
        self.core, self.ports = component, memory_ports(component)
        self.contents = lay_out(memory)
        share = board.memory_bytes if memory_bytes is None else memory_bytes
        self.memory_bytes = share if self.ports else 0
        if (end := self.contents[-1].end if self.contents else 0) > self.memory_bytes:
            raise ValueError(f"memory of {self.memory_bytes} bytes is too small for {end} bytes of contents")
        bit_cycles = Fraction(clock_hz) / board.baud
        self.divisor = round(bit_cycles)
        if not self.divisor or abs(bit_cycles / self.divisor - 1) > BAUD_ERROR:
            raise ValueError(f"{board.baud} bits a second cannot be made from {float(clock_hz) / 1e6:g} MHz")
        self.map = register_map(
            clock_hz=round(clock_hz), memory_bytes=self.memory_bytes, contents=self.contents
        )
        self._bridge, self._ram = SerialBridge(self.divisor, timeout=TIMEOUT), self._make_ram()
        super().__init__({
            "rx": In(1, init=1),
            "tx": Out(1, init=1),
            "interrupt": Out(1),
            "traffic": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bridge = bridge = self._bridge
        m.submodules.board = bank = RegisterBank(self.map)
        reset = Signal()
        # Core and memory together: neither waits for a burst that the other has forgotten. The host is not
        # at either of them then, as it is busy with the register that resets them.
        m.submodules.core = ResetInserter(reset)(self.core)
        control = self.core.signature.members[CONTROL].signature
        windows = [("core", protocol.CORE, control.address_bits), ("board", protocol.SHELL, ADDRESS_BITS)]
        ram = self._ram
        if ram is not None:
            m.submodules.ram = ResetInserter(reset)(ram)
            self._join_memory(m, ram)
            windows.insert(0, ("memory", protocol.MEMORY, ram.host.signature.address_bits))
        m.submodules.split = split = LiteSplit(tuple(windows))
        connect(m, bridge.bus, split.bus)
        connect(m, split.core, getattr(self.core, CONTROL))
        connect(m, split.board, bank.bus)
        if ram is not None:
            connect(m, split.memory, ram.host)
        idle = Signal(range(BLINK + 1))
        quiet = Signal()
        m.d.comb += [
            bridge.rx.eq(self.rx),
            self.tx.eq(bridge.tx),
            bank.status.interrupt.eq(self.core.irq),
            self.interrupt.eq(self.core.irq),
            quiet.eq(self.tx & idle[-1]),
        ]
        m.d.sync += [reset.eq(bank.control.reset), self.traffic.eq(~quiet)]
        with m.If(~self.tx):
            m.d.sync += idle.eq(0)
        with m.Elif(~idle[-1]):
            m.d.sync += idle.eq(idle + 1)
        return m

    def _make_ram(self) -> BlockRam | None:
        """The memory, filled; None for a core that reaches none."""
        if not self.ports:
            return None
        port = next(iter(self.ports.values()))
        image = bytearray(self.contents[-1].end if self.contents else 0)
        for content in self.contents:
            image[content.address : content.address + len(content.data)] = content.data
        return BlockRam(
            self.memory_bytes,
            DmaConfig(address_bits=port.address_bits, data_bits=port.data_bits),
            readers=len(self.ports),
            writers=sum(isinstance(port, Axi4) for port in self.ports.values()),
            contents=bytes(image),
        )

    def _join_memory(self, m: Module, ram: BlockRam) -> None:
        writers = 0
        for number, (name, port) in enumerate(self.ports.items()):
            manager, reader = getattr(self.core, name), getattr(ram, f"read_{number}")
            if isinstance(port, AxiRead):
                connect(m, manager, reader)
                continue
            _join(m, manager, reader)
            _join(m, manager, getattr(ram, f"write_{writers}"))
            writers += 1


def _join(m: Module, manager: Any, part: Any) -> None:
    """Connects *part*, some of the channels of *manager*, member by member."""
    for path, member, value in part.signature.flatten(part):
        other = getattr(manager, path[0])
        m.d.comb += value.eq(other) if member.flow == In else other.eq(value)
