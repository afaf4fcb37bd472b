"""The RTL of a core in simulation, for the drivers of :mod:`pyralis.boards.runtime`.

The simulator is the board: its registers are those behind the core's AXI4-Lite port, its memory is the model
``sim/bench/models/axi_memory.sv``, its time is the core's clock, which stands still between two calls.
"""

import math
from collections.abc import Mapping

from pyralis.boards.runtime.closing import Closing
from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.memory import MemoryWindow, check_access
from pyralis.boards.runtime.transport import Buffer
from pyralis.sim.bench.core import DEFAULT_MEMORY, CoreBench, MemorySettings
from pyralis.sim.board.process import Simulation

__all__ = ["SimulatedBuffer", "SimulatedTransport"]

CLOCK_HZ = 1e6
"""A second of a driver's patience is then a million cycles, some ten seconds of simulation."""

LONGEST_WAIT = 100_000
"""Cycles between two looks whether anybody still waits."""

LOAD, DUMP, FAIL, HANG, WAKE = 1, 2, 3, 4, 5
"""Commands of the memory model."""


class SimulatedTransport(Closing):
    """Registers, memory and time of one simulated core.

    Parameters
    ----------
    bench : CoreBench
        Of :func:`pyralis.sim.snn.bench.build_bench` or :func:`pyralis.sim.bench.core.build_core`.
    contents : mapping of str to bytes
        What lies in memory from the start, by name.
    memory : MemorySettings
        Latency, rate and stalls of the memory, and faults that it has from the start.
    clock_hz : float
        Clock that the core is said to have.
    limit : float
        Seconds of wall time after which a simulator that does not answer is given up.

    Attributes
    ----------
    clock_hz : float
    preloaded : mapping of str to SimulatedBuffer
        The contents.
    simulation : Simulation

    Raises
    ------
    TransportError
        The simulator did not come up.
    MemoryFullError
        The contents do not fit.
    """

    def __init__(
        self,
        bench: CoreBench,
        *,
        contents: Mapping[str, bytes] | None = None,
        memory: MemorySettings = DEFAULT_MEMORY,
        clock_hz: float = CLOCK_HZ,
        limit: float = 60.0,
    ) -> None:
        self.clock_hz = clock_hz
        self._places = MemoryWindow(bench.memory_bytes)
        plusargs = memory.plusargs() if bench.memory_bytes else []
        self.simulation = Simulation(
            bench,
            "pyralis.sim.board.cocotb_transport",
            limit=limit,
            plusargs=[*plusargs, "+window=window.bin"],
        )
        self._window = self.simulation.folder / "window.bin"
        self._cycle: int = self.simulation.greeting["cycle"]
        try:
            self.preloaded: Mapping[str, Buffer] = {
                name: self._filled(data) for name, data in (contents or {}).items()
            }
        except DriverError:
            self.close()
            raise

    def _filled(self, data: bytes) -> "SimulatedBuffer":
        buffer = self.allocate(len(data))
        buffer.write(data)
        return buffer

    def read(self, offset: int) -> int:
        return self._ask("read", offset=offset)

    def write(self, offset: int, value: int) -> None:
        self._ask("write", offset=offset, value=value)

    def allocate(self, size: int) -> "SimulatedBuffer":
        return SimulatedBuffer(self, self._places.reserve(size), size)

    def wait(self, seconds: float) -> None:
        left = math.ceil(seconds * self.clock_hz)
        while left > 0 and not self._ask("wait", cycles=min(left, LONGEST_WAIT)):
            left -= LONGEST_WAIT

    def now(self) -> float:
        return self._cycle / self.clock_hz

    def close(self) -> None:
        self.simulation.close()

    def release(self, address: int) -> None:
        """Takes back what :meth:`allocate` gave; buffers call it."""
        self._places.release(address)

    def fail(self, address: int, size: int) -> None:
        """From now on accesses of the core to these bytes are answered with SLVERR, and to no others."""
        self._ask("command", number=FAIL, base=address, count=size)

    def hang(self, beats: int = 0) -> None:
        """After *beats* more the memory answers nothing, until :meth:`wake`."""
        self._ask("command", number=HANG, base=beats, count=0)

    def wake(self) -> None:
        """Ends :meth:`hang`."""
        self._ask("command", number=WAKE, base=0, count=0)

    def load(self, address: int, data: bytes) -> None:
        """Puts *data* into the memory."""
        self._window.write_bytes(data)
        self._ask("command", number=LOAD, base=address, count=len(data))

    def dump(self, address: int, size: int) -> bytes:
        """*size* bytes of the memory."""
        self._ask("command", number=DUMP, base=address, count=size)
        return self._window.read_bytes()

    def _ask(self, do: str, **arguments: int):
        answer = self.simulation.ask(do=do, **arguments)
        self._cycle = answer["cycle"]
        return answer["value"]


class SimulatedBuffer:
    """A piece of the memory: see :class:`pyralis.boards.runtime.transport.Buffer`.

    Raises TransportError if it is used beyond its size, or after it was freed.
    """

    def __init__(self, transport: SimulatedTransport, address: int, size: int) -> None:
        self.address, self.size = address, size
        self._transport, self._freed = transport, False

    def write(self, data: bytes, offset: int = 0) -> None:
        self._check(offset, len(data))
        if data:
            self._transport.load(self.address + offset, bytes(data))

    def read(self, size: int, offset: int = 0) -> bytes:
        self._check(offset, size)
        return self._transport.dump(self.address + offset, size) if size else b""

    def free(self) -> None:
        if not self._freed:
            self._freed = True
            self._transport.release(self.address)

    def _check(self, offset: int, size: int) -> None:
        check_access(self.size, offset, size, freed=self._freed)
