"""The way from a driver to a core, whatever it is: the processor's bus, a serial port, a simulator."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

__all__ = ["BlockTransport", "Buffer", "ResettableTransport", "Transport"]


class Buffer(Protocol):
    """A piece of memory that the core reaches.

    Attributes
    ----------
    address : int
        As the core sees it, a multiple of 4,096.
    size : int
        Bytes.
    """

    address: int
    size: int

    def write(self, data: bytes, offset: int = 0) -> None:
        """Puts *data* at *offset*, visible to the core when this returns."""

    def read(self, size: int, offset: int = 0) -> bytes:
        """What the core has left at *offset*."""

    def free(self) -> None:
        """Gives it back; a second call does nothing."""


class Transport(Protocol):
    """Registers, memory and time of one core.

    Every method raises TransportError if the board cannot be reached, and TimeLimitError if it does not
    answer.
    """

    clock_hz: float
    """Of the core."""

    @property
    def preloaded(self) -> Mapping[str, Buffer]:
        """What the bitstream has put into memory, by name (``"program"``); empty if nothing."""

    def read(self, offset: int) -> int:
        """Register at byte *offset*."""

    def write(self, offset: int, value: int) -> None:
        """Writes a register."""

    def allocate(self, size: int) -> Buffer:
        """Memory of *size* bytes; MemoryFullError saying how much there is if it does not fit."""

    def wait(self, seconds: float) -> None:
        """Lets time pass until the core's interrupt is high, or for *seconds* (of the core's clock).

        May return earlier, where nobody tells of an interrupt: callers look and wait again.
        """

    def now(self) -> float:
        """Seconds on the clock that timeouts are counted by; a simulator counts the core's cycles."""

    def close(self) -> None:
        """Lets go of the board; a second call does nothing."""


@runtime_checkable
class BlockTransport(Protocol):
    """What a transport adds if several words in one go are quicker than one by one."""

    def read_words(self, offset: int, count: int) -> Sequence[int]:
        """Registers at *offset* and above, read in rising order."""

    def write_words(self, offset: int, values: Sequence[int]) -> None:
        """Writes registers from *offset* upwards, in rising order."""


@runtime_checkable
class ResettableTransport(Protocol):
    """What a transport adds if it can bring back a core that no longer stops."""

    def reset(self) -> None:
        """Resets the core: its registers fall back, ``preloaded`` memory and buffers stay as they are."""
