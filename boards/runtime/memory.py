"""Memory beside a core: handing out pieces of it, and putting contents into one."""

from collections.abc import Iterable

from pyralis.boards.runtime.errors import MemoryFullError, TransportError
from pyralis.boards.runtime.transport import Buffer

__all__ = ["PAGE", "MemoryWindow", "check_access", "put"]

PAGE = 4096
"""Bytes; every buffer begins at a multiple."""

PIECE = 512
"""Bytes that are compared, and written, together: one frame of the serial protocol."""


class MemoryWindow:
    """Hands out pieces of a memory, the lowest that fits first.

    Parameters
    ----------
    size : int
        Bytes, from address 0 on.
    taken : iterable of (address, bytes)
        What is in use from the start.
    """

    def __init__(self, size: int, taken: Iterable[tuple[int, int]] = ()) -> None:
        self.size = size
        self._taken = dict(taken)

    def reserve(self, size: int) -> int:
        """Address of *size* free bytes, a multiple of ``PAGE``; MemoryFullError if there is no such place."""
        for address, room in self._gaps():
            if size <= room:
                self._taken[address] = size
                return address
        free = [room for _, room in self._gaps()]
        raise MemoryFullError(
            f"there is no room for {size} bytes: the board's memory has {self.size}, and the largest free "
            f"piece has {max(free, default=0)}",
            "free a buffer, run fewer images at a time, or take a board with more memory",
        )

    def release(self, address: int) -> None:
        """Gives back what :meth:`reserve` returned; nothing happens if it was given back before."""
        self._taken.pop(address, None)

    def _gaps(self) -> list[tuple[int, int]]:
        """(address, bytes) of every free piece that begins at a page."""
        gaps, begin = [], 0
        for address, size in [*sorted(self._taken.items()), (self.size, 0)]:
            if address > begin:
                gaps.append((begin, address - begin))
            begin = max(begin, -(-(address + max(size, 1)) // PAGE) * PAGE)
        return gaps


def put(place: Buffer, content: bytes) -> int:
    """Makes *place* begin with *content*, writing only the pieces that differ; returns the bytes written."""
    there, written = place.read(len(content)), 0
    for begin in range(0, len(content), PIECE):
        piece = content[begin : begin + PIECE]
        if there[begin : begin + PIECE] != piece:
            place.write(piece, begin)
            written += len(piece)
    return written


def check_access(room: int, offset: int, size: int, *, freed: bool) -> None:
    """Raises TransportError if a buffer of *room* bytes is *freed*, or has not *size* from *offset* on."""
    if freed:
        raise TransportError("this buffer was given back", "allocate another one")
    if offset < 0 or size < 0 or offset + size > room:
        raise TransportError(
            f"bytes {offset} to {offset + size - 1} lie outside of this buffer of {room} bytes",
            "allocate a larger one",
        )
