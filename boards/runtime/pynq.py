"""A Zynq board that runs PYNQ: the processor's bus and its memory.

Source: the documentation of PYNQ 3.0 (``Overlay``, ``MMIO``, ``allocate``, ``Clocks``).
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.runtime.errors import DriverError, MemoryFullError, TransportError
from pyralis.boards.runtime.memory import PAGE, check_access
from pyralis.boards.runtime.registers import near
from pyralis.boards.runtime.transport import Buffer

__all__ = ["CELL", "PynqBuffer", "PynqTransport"]

CELL = "core"
"""What the block design calls the core."""

POLL_SECONDS = 0.0005
"""A driver that waits looks at the core as often; there is no interrupt controller."""


class PynqBuffer:
    """Memory in one physical piece; see :class:`pyralis.boards.runtime.transport.Buffer`."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.address, self.size = int(array.device_address), int(array.nbytes)

    def write(self, data: bytes, offset: int = 0) -> None:
        """Puts *data* at *offset*, past the processor's caches."""
        self._check(len(data), offset)
        if len(data) < self.size:
            self._array.invalidate()  # flushing must not bring back what the core has overwritten
        self._array[offset : offset + len(data)] = np.frombuffer(data, np.uint8)
        self._array.flush()

    def read(self, size: int, offset: int = 0) -> bytes:
        """*size* bytes from *offset* on, as the memory has them."""
        self._check(size, offset)
        self._array.invalidate()
        return bytes(np.asarray(self._array[offset : offset + size]).tobytes())

    def free(self) -> None:
        """Gives the memory back; a second call does nothing."""
        if self._array is not None:
            self._array.freebuffer()
            self._array = None

    def _check(self, size: int, offset: int) -> None:
        check_access(self.size, offset, size, freed=self._array is None)


class PynqTransport:
    """Registers and memory of a Zynq board; see :class:`pyralis.boards.runtime.transport.Transport`.

    Parameters
    ----------
    bitfile : path
        The bitstream, with its ``.hwh`` beside it. It is loaded now.
    cell : str
        Name of the core in the block design.
    clock_hz : float, optional
        Of the core; that of the first fabric clock if not given.

    Raises
    ------
    DriverError
        There is no PYNQ here, no such file, or no such core in it.
    """

    preloaded: Mapping[str, Buffer] = {}

    def __init__(self, bitfile: str | Path, cell: str = CELL, clock_hz: float | None = None) -> None:
        try:
            import pynq
        except ImportError:
            raise DriverError(
                "PYNQ is not installed here", "run this on the board, as root, with its own Python (PYNQ 3.0)"
            ) from None
        bitfile = Path(bitfile)
        for file in (bitfile, bitfile.with_suffix(".hwh")):
            if not file.is_file():
                raise DriverError(
                    f"there is no file {file}", "build the bitstream, and copy .bit and .hwh to one folder"
                )
        try:
            self._overlay = pynq.Overlay(str(bitfile))
            cells = self._overlay.ip_dict
            if cell not in cells:
                raise DriverError(f"the bitstream has no core called {cell!r}", near(cell, cells))
            self._mmio = pynq.MMIO(cells[cell]["phys_addr"], cells[cell]["addr_range"])
            self.clock_hz = float(clock_hz or pynq.Clocks.fclk0_mhz * 1e6)
        except (OSError, RuntimeError, ValueError) as error:
            raise TransportError(
                f"the bitstream {bitfile.name} could not be loaded: {error}",
                "run this as root, on the board that the bitstream was built for",
            ) from None
        self._allocate = pynq.allocate

    def read(self, offset: int) -> int:
        """Register at byte *offset*."""
        return int(self._mmio.read(offset))

    def write(self, offset: int, value: int) -> None:
        """Writes a register."""
        self._mmio.write(offset, value)

    def allocate(self, size: int) -> PynqBuffer:
        """Memory in one piece, from the board's contiguous memory (CMA)."""
        try:
            array = self._allocate(shape=(size,), dtype=np.uint8, cacheable=False)
        except (MemoryError, RuntimeError) as error:
            raise MemoryFullError(
                f"there is no room for {size} bytes in one piece: {error}",
                "free a buffer, run fewer images at a time, or give Linux more contiguous memory (cma=)",
            ) from None
        buffer = PynqBuffer(array)
        if buffer.address % PAGE:
            buffer.free()
            raise TransportError(
                f"a buffer begins at {buffer.address:#x}, which is no multiple of {PAGE}",
                "take PYNQ 3.0, whose buffers do",
            )
        return buffer

    def wait(self, seconds: float) -> None:
        """Lets a short while pass, at most *seconds*."""
        time.sleep(max(0.0, min(seconds, POLL_SECONDS)))

    def now(self) -> float:
        """Seconds of the processor."""
        return time.monotonic()

    def reset(self) -> None:
        """Loads the bitstream again; memory stays."""
        self._overlay.download()

    def close(self) -> None:
        """Nothing is held; buffers are given back one by one."""
