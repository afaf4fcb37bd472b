"""A board at a serial port, such as the ULX3S."""

import struct
import time
from collections.abc import Sequence
from typing import Any

from pyralis.boards.runtime.bridge import PATIENCE, BridgeClient, open_port
from pyralis.boards.runtime.memory import MemoryWindow, check_access
from pyralis.boards.runtime.shell import CONTROL, STATUS, read_shell
from pyralis.hw.serial.protocol import CORE, MEMORY, SHELL

__all__ = ["SerialBuffer", "SerialTransport"]

POLL_SECONDS = 0.001


class SerialBuffer:
    """A piece of the memory beside the core; see :class:`pyralis.boards.runtime.transport.Buffer`."""

    def __init__(
        self, bridge: BridgeClient, address: int, size: int, window: MemoryWindow | None = None
    ) -> None:
        self.address, self.size = address, size
        self._bridge, self._window, self._freed = bridge, window, False

    def write(self, data: bytes, offset: int = 0) -> None:
        """Puts *data* at *offset*; bytes beside it in the same words stay."""
        check_access(self.size, offset, len(data), freed=self._freed)
        low, high = offset // 4 * 4, -(-(offset + len(data)) // 4) * 4
        if high == low:
            return
        whole = bytearray(high - low)
        if offset > low:
            whole[:4] = self._words(low, 1)
        if offset + len(data) < high:
            whole[-4:] = self._words(high - 4, 1)
        whole[offset - low : offset - low + len(data)] = data
        self._bridge.write(MEMORY + self.address + low, struct.unpack(f"<{len(whole) // 4}I", whole))

    def read(self, size: int, offset: int = 0) -> bytes:
        """*size* bytes from *offset* on."""
        check_access(self.size, offset, size, freed=self._freed)
        low, high = offset // 4, -(-(offset + size) // 4)
        data = self._words(4 * low, high - low)
        return data[offset - 4 * low :][:size]

    def free(self) -> None:
        """Gives the piece back, if it came from ``allocate``."""
        if self._window is not None and not self._freed:
            self._window.release(self.address)
            self._freed = True

    def _words(self, offset: int, count: int) -> bytes:
        return struct.pack(f"<{count}I", *self._bridge.read(MEMORY + self.address + offset, count))


class SerialTransport:
    """Registers and memory over the serial protocol; see :class:`pyralis.boards.runtime.transport.Transport`.

    Parameters
    ----------
    port : str or object
        A device such as ``/dev/ttyUSB0``, an URL of pyserial such as ``socket://localhost:7000``, or an open
        port.
    baud : int
        Bits a second.
    seconds : float
        Longest time that the board may take for an answer, besides what its bits take.
    attempts : int
        How often a request is sent before giving up.

    Raises
    ------
    TransportError, TimeLimitError
        The port cannot be opened, or nobody answers there.
    WrongCoreError
        The board has other logic around its core.
    """

    def __init__(
        self,
        port: Any = "/dev/ttyUSB0",
        baud: int = 1_000_000,
        *,
        seconds: float = PATIENCE,
        attempts: int = 8,
    ) -> None:
        opened = open_port(port, baud) if isinstance(port, str) else port
        self._closed = False
        try:
            self.bridge = BridgeClient(opened, baud, seconds=seconds, attempts=attempts)
            facts = read_shell(lambda offset, count: self.bridge.read(SHELL + offset, count))
        except BaseException:
            opened.close()
            raise
        self.clock_hz = float(facts.clock_hz)
        self._window = MemoryWindow(
            facts.memory_bytes, [(0, facts.free_address)] if facts.free_address else []
        )
        self.preloaded = {
            content.name: SerialBuffer(self.bridge, content.address, content.size)
            for content in facts.contents
        }

    def read(self, offset: int) -> int:
        """Register at byte *offset*."""
        return self.bridge.read(CORE + offset, 1)[0]

    def write(self, offset: int, value: int) -> None:
        """Writes a register."""
        self.bridge.write(CORE + offset, [value])

    def read_words(self, offset: int, count: int) -> Sequence[int]:
        """Registers at *offset* and above."""
        return self.bridge.read(CORE + offset, count)

    def write_words(self, offset: int, values: Sequence[int]) -> None:
        """Writes registers from *offset* upwards."""
        self.bridge.write(CORE + offset, values)

    def allocate(self, size: int) -> SerialBuffer:
        """A piece of the memory beside the core."""
        size = -(-size // 4) * 4
        return SerialBuffer(self.bridge, self._window.reserve(size), size, self._window)

    def wait(self, seconds: float) -> None:
        """Asks the board until the core's interrupt is high, or *seconds* are over."""
        deadline = self.now() + seconds
        while not self.bridge.read(SHELL + STATUS, 1)[0] & 1:
            left = deadline - self.now()
            if left <= 0:
                return
            time.sleep(min(POLL_SECONDS, left))

    def now(self) -> float:
        """Seconds of the host."""
        return time.monotonic()

    def reset(self) -> None:
        """Resets the core; memory stays."""
        self.bridge.write(SHELL + CONTROL, [1])

    def close(self) -> None:
        """Closes the port; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self.bridge.close()
