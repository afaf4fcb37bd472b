"""Frames among bytes (RFC 1055, SLIP), as :mod:`pyralis.hw.serial.protocol` uses them."""

from pyralis.hw.serial.protocol import END, ESC, ESC_END, ESC_ESC

__all__ = ["SlipDecoder", "encode"]

_ESCAPES = {END: bytes([ESC, ESC_END]), ESC: bytes([ESC, ESC_ESC])}
_PLAIN = {ESC_END: END, ESC_ESC: ESC}


def encode(content: bytes) -> bytes:
    """The frame of *content*, with ``END`` on both sides."""
    inside = b"".join(_ESCAPES.get(byte, bytes([byte])) for byte in content)
    return bytes([END]) + inside + bytes([END])


class SlipDecoder:
    """Bytes to frames; empty frames are left out.

    Parameters
    ----------
    longest : int
        Bytes of the longest frame that makes sense; more are dropped until the next ``END``.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._frame = bytearray()
        self._escaped = self._bad = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Frames that end in *data*; None for one with an escape that makes no sense, or too long."""
        frames: list[bytes | None] = []
        for byte in data:
            if byte == END:
                if self._frame or self._bad or self._escaped:
                    frames.append(None if self._bad or self._escaped else bytes(self._frame))
                self._frame.clear()
                self._escaped = self._bad = False
            elif self._escaped:
                self._escaped = False
                self._bad |= byte not in _PLAIN
                self._add(_PLAIN.get(byte, byte))
            elif byte == ESC:
                self._escaped = True
            else:
                self._add(byte)
        return frames

    def _add(self, byte: int) -> None:
        if len(self._frame) < self._longest:
            self._frame.append(byte)
        else:
            self._bad = True
