"""Words over a serial port: requests that are repeated until their answer comes whole."""

import time
from collections.abc import Sequence
from typing import Any

from pyralis.boards.runtime.errors import DriverError, TimeLimitError, TransportError
from pyralis.boards.runtime.frames import LONGEST_REPLY, Reply, parse_reply, request
from pyralis.boards.runtime.slip import SlipDecoder, encode
from pyralis.hw.serial.protocol import MAX_WORDS, VERSION, Command, Status

__all__ = ["PATIENCE", "BridgeClient", "open_port"]

DAMAGED = (Status.CHECKSUM, Status.SHORT, Status.LONG, Status.LENGTH)
"""The request did not arrive as it was sent, and was not carried out."""

TOGETHER = "load the bitstream that belongs to this driver"

REFUSED = {
    Status.COMMAND: "does not know the command {command}",
    Status.COUNT: "does not transfer so many words at once",
    Status.ADDRESS: "takes addresses that are multiples of 4 only",
    Status.BUS: "has nothing at address {address:#010x}, or it may not be accessed that way",
    Status.TIMEOUT: "got no answer from its bus at address {address:#010x}",
}

PATIENCE = 0.5
"""Seconds that an answer may take, besides what its bits take: adapters keep bytes for up to 16 ms."""

SILENCE = "there was no answer"

SLICE = 0.05
"""Seconds that a read of the port waits at most."""


def open_port(port: str, baud: int) -> Any:
    """Opens *port*, a device or an URL of pyserial; TransportError if that is not possible."""
    try:
        import serial
    except ImportError:
        raise DriverError(
            "serial ports need pyserial, which is not installed", "pip install pyserial"
        ) from None
    try:
        return serial.serial_for_url(port, baudrate=baud, timeout=SLICE, write_timeout=10)
    except (serial.SerialException, OSError, ValueError) as error:
        raise TransportError(
            f"the port {port} cannot be opened: {error}",
            "is the board plugged in, is this its port, and may you use it (group dialout on Linux)?",
        ) from None


class BridgeClient:
    """The host's side of the serial protocol.

    Parameters
    ----------
    port : object
        With ``read(size)``, which returns after a short while with what there is, ``write(data)`` and
        ``close()``, as pyserial's.
    baud : int
        Bits a second.
    seconds : float
        Longest time from the end of a request to the end of its answer, besides what the bits take.
    attempts : int
        How often a request is sent before giving up.

    Attributes
    ----------
    repeated : int
        Requests that had to be sent again.

    Raises
    ------
    TimeLimitError
        Nobody answers at the port.
    TransportError
        Whoever answers speaks another version.
    """

    def __init__(self, port: Any, baud: int, *, seconds: float = PATIENCE, attempts: int = 8) -> None:
        self._port, self._baud = port, baud
        self.seconds, self.attempts, self.repeated = seconds, attempts, 0
        self._sequence, self._last_write = 0, -1
        self._decoder = SlipDecoder(LONGEST_REPLY)
        words = self._ask(Command.HELLO).words
        if len(words) != 2 or words[0] != VERSION:
            version = words[0] if words else "none"
            raise TransportError(
                f"the board speaks version {version} of the protocol, and this driver speaks {VERSION}",
                "take the driver that was made with the bitstream",
            )
        self.max_words = min(words[1], MAX_WORDS)

    def read(self, address: int, count: int) -> list[int]:
        """*count* words from *address* on, in rising order."""
        words: list[int] = []
        while len(words) < count:
            piece = min(count - len(words), self.max_words)
            words += self._ask(Command.READ, address + 4 * len(words), count=piece).words
        return words

    def write(self, address: int, words: Sequence[int]) -> None:
        """Writes *words* from *address* on, in rising order."""
        for begin in range(0, len(words), self.max_words):
            piece = words[begin : begin + self.max_words]
            self._ask(Command.WRITE, address + 4 * begin, words=piece)

    def close(self) -> None:
        """Closes the port."""
        self._port.close()

    def _ask(self, command: Command, address: int = 0, *, count: int = 0, words: Sequence[int] = ()) -> Reply:
        self._sequence = (self._sequence + 1) % 256
        if command == Command.WRITE:
            if self._sequence == self._last_write:  # else the board would take it for that one, repeated
                self._sequence = (self._sequence + 1) % 256
            self._last_write = self._sequence
        body = request(command, self._sequence, address, count=count, words=words)
        expected = {Command.HELLO: 2, Command.READ: count, Command.WRITE: 0}[command]
        last = SILENCE
        for attempt in range(self.attempts):
            self.repeated += attempt > 0
            self._send(encode(body))
            reply = self._receive(len(body), expected)
            if isinstance(reply, Reply):
                self._refuse(reply, command, address)
                return reply
            last = reply
        what = f"the board was asked {self.attempts} times, and at last {last}"
        if last == SILENCE:
            raise TimeLimitError(what, "is the bitstream loaded, and is this the right port and baud rate?")
        raise TransportError(what, "check the cable, and try a lower baud rate")

    def _receive(self, sent: int, expected: int) -> Reply | str:
        """The answer to the last request, or what came instead."""
        size = sent + LONGEST_REPLY if expected > 2 else sent + 32
        deadline = time.monotonic() + self.seconds + 2 * 10 * size / self._baud
        while time.monotonic() < deadline:
            for frame in self._decoder.feed(self._receive_bytes()):
                reply = parse_reply(frame) if frame is not None else None
                if reply is None:
                    return "its answer was damaged"
                if reply.status in DAMAGED:
                    return f"it had got a damaged request ({reply.status.name})"
                if reply.sequence != self._sequence:
                    continue  # late, of a request that was repeated
                if reply.status != Status.OK or len(reply.words) == expected:
                    return reply
        return SILENCE

    def _refuse(self, reply: Reply, command: Command, address: int) -> None:
        if reply.status == Status.OK:
            return
        where = reply.words[0] if reply.words else address
        text = REFUSED[reply.status].format(command=command.name, address=where)
        again = "reset the board, and start again" if reply.status == Status.TIMEOUT else TOGETHER
        raise TransportError(f"the board {text}", again)

    def _send(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except OSError as error:  # pyserial's exceptions too
            raise self._lost(error) from None

    def _receive_bytes(self) -> bytes:
        try:
            data = self._port.read(1)
            waiting = getattr(self._port, "in_waiting", 0) if data else 0
            return data + self._port.read(waiting) if waiting else data
        except OSError as error:
            raise self._lost(error) from None

    @staticmethod
    def _lost(error: OSError) -> TransportError:
        return TransportError(
            f"the serial port went away: {error}", "plug the board in again, and start again"
        )
