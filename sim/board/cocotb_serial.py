"""Simulator side of :mod:`pyralis.sim.board.serial`: carries bytes between a TCP socket and the serial line.

Python wakes once for twenty bytes' time, whatever happens on the line.
"""

import json
import os
import select
import socket
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge, Timer
from cocotb.utils import get_sim_time

from pyralis.sim.bench.stream import start

CLOCK_NS = 4
WINDOW = 64
"""Bytes that the model of the host hands over at once."""

STRIDE = 20 * 10
"""Bits' time between two looks at the line: shorter than what the window holds."""

QUIET = 100
"""Strides without a byte after which the board is not in a hurry any more; hosts ask more often."""

NAP = 0.02
"""Seconds between two strides of a board that is not in a hurry."""

SEND_SECONDS = 10.0


class Line:
    """The serial line of *dut*, in pieces of bytes."""

    def __init__(self, dut, divisor: int) -> None:
        self.dut = dut
        self.stride_ns = STRIDE * divisor * CLOCK_NS
        self.bytes_to = self.bytes_from = 0
        for name in ("give", "give_count", "give_bytes", "take", "take_count", "errors_to", "errors_from"):
            dut[name].value = 0
        self._give = self._take = 0

    def send(self, data: bytes) -> int:
        """Queues the beginning of *data*; returns how much of it."""
        dut = self.dut
        piece = data[:WINDOW] if int(dut.unsent.value) < WINDOW else b""
        if piece:
            self._give ^= 1
            dut.give_bytes.value, dut.give_count.value = int.from_bytes(piece, "little"), len(piece)
            dut.give.value = self._give
            self.bytes_to += len(piece)
        return len(piece)

    async def pass_time(self) -> bytes:
        """Lets a stride pass; returns what the board has sent meanwhile."""
        dut = self.dut
        await Timer(self.stride_ns, "ns")
        count = int(dut.unread.value)
        if not count:
            return b""
        data = (int(dut.oldest.value) & (1 << 8 * count) - 1).to_bytes(count, "little")
        self._take ^= 1
        dut.take_count.value, dut.take.value = count, self._take
        self.bytes_from += count
        await RisingEdge(dut.clk)
        return data

    def disturb(self, to_board: int, from_board: int) -> dict[str, int]:
        self.dut.errors_to.value, self.dut.errors_from.value = to_board, from_board
        return {}

    def count(self) -> dict[str, int]:
        return {
            "cycles": round(get_sim_time("ns")) // CLOCK_NS,
            "bytes_to": self.bytes_to,
            "bytes_from": self.bytes_from,
            "flipped_to": int(self.dut.flipped_to.value),
            "flipped_from": int(self.dut.flipped_from.value),
        }


class Host:
    """Whoever is connected, or nobody."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.connection: socket.socket | None = None
        self.pending = b""

    @property
    def door(self) -> list[socket.socket]:
        """What to watch: someone who comes, or says something, unless much is still unsaid."""
        if self.connection is None:
            return [self.listener]
        return [self.connection] if len(self.pending) < WINDOW else []

    def answer_door(self) -> None:
        if self.connection is None:
            self.connection, _ = self.listener.accept()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connection.settimeout(SEND_SECONDS)
            return
        try:
            data = self.connection.recv(4096)
        except OSError:
            data = b""
        self.pending += data
        if not data:
            self.leave()

    def tell(self, data: bytes) -> None:
        """Nobody hears what is said to a closed port."""
        if data and self.connection is not None:
            try:
                self.connection.sendall(data)
            except OSError:
                self.leave()

    def leave(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection, self.pending = None, b""


@cocotb.test()
async def serve(dut):
    """Lets time pass for whoever is connected, until the parent closes its socket."""
    parent = socket.socket(fileno=int(os.environ["PYRALIS_SOCKET"]))
    requests = parent.makefile("rwb")
    host = Host(socket.socket(fileno=int(os.environ["PYRALIS_LISTENER"])))
    line = Line(dut, int(dut.DIVISOR.value))
    await start(dut, period_ns=CLOCK_NS, cycles=4)

    def answer(values: dict[str, Any]) -> None:
        requests.write(json.dumps(values).encode() + b"\n")
        requests.flush()

    try:
        answer({})
        quiet = 0
        while True:
            asleep = quiet >= QUIET and not host.pending
            patience = 0.0 if not asleep else None if host.connection is None else NAP
            ready, _, _ = select.select([parent, *host.door], [], [], patience)
            if parent in ready:
                request = requests.readline()
                if not request:
                    break
                request = json.loads(request)
                answer(getattr(line, request.pop("do"))(**request))
            if set(ready) - {parent}:
                host.answer_door()
            given = line.send(host.pending)
            host.pending = host.pending[given:]
            heard = await line.pass_time()
            host.tell(heard)
            quiet = 0 if given or heard or host.pending else quiet + 1
    except ConnectionError:  # the parent is gone
        pass
    finally:
        host.leave()
        host.listener.close()
        for end in (requests, parent):
            try:
                end.close()
            except OSError:  # what was not sent any more
                pass
