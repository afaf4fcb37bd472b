"""A board behind a serial port in a few lines of Python, and a port that damages what passes.

Written from the text of :mod:`pyralis.hw.serial.protocol` alone; shares no code with the driver.
"""

import random
import socket
import struct
import threading
import time
import zlib
from contextlib import contextmanager

from pyralis.boards.shell.registers import lay_out, register_map
from pyralis.hw.serial import protocol
from pyralis.hw.serial.protocol import CORE, MEMORY, SHELL, Command, Status


class FakeBoard:
    """Answers frames. ``words``: (address) -> value and ``store``: (address, value); LookupError refuses."""

    def __init__(self, core, memory, shell):
        self.core, self.memory, self.shell = core, memory, shell
        self.frame, self.escaped, self.bad = bytearray(), False, False
        self.last_write, self.last_reply = b"", b""
        self.version = protocol.VERSION
        self.carried_out = []

    def feed(self, data):
        """Bytes that the board sends when it gets *data*."""
        out = b""
        for byte in data:
            if byte == 0xC0:
                if self.frame or self.bad:
                    out += self.slip(self.answer(bytes(self.frame)))
                self.frame.clear()
                self.escaped = self.bad = False
            elif self.escaped:
                self.escaped = False
                self.bad |= byte not in (0xDC, 0xDD)
                self.frame.append({0xDC: 0xC0, 0xDD: 0xDB}.get(byte, byte))
            elif byte == 0xDB:
                self.escaped = True
            else:
                self.frame.append(byte)
        return out

    @staticmethod
    def slip(content):
        return b"\xc0" + content.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"

    def answer(self, frame):
        sequence = frame[1] if len(frame) > 1 else 0
        if self.bad:
            return self.reply(Status.CHECKSUM, sequence)
        if len(frame) < 12:
            return self.reply(Status.SHORT, sequence)
        if len(frame) > 12 + 4 * protocol.MAX_WORDS:
            return self.reply(Status.LONG, sequence)
        if zlib.crc32(frame[:-4]) != struct.unpack("<I", frame[-4:])[0]:
            return self.reply(Status.CHECKSUM, sequence)
        command, sequence, count, address = struct.unpack_from("<BBHI", frame)
        words = struct.unpack(f"<{len(frame) // 4 - 3}I", frame[8:-4])
        if command == Command.HELLO:
            self.last_write = b""
            return self.reply(Status.OK, sequence, [self.version, protocol.MAX_WORDS])
        if len(words) != (count if command == Command.WRITE else 0):
            return self.reply(Status.LENGTH, sequence)
        if command == Command.WRITE and frame == self.last_write:
            return self.last_reply
        reply = self.carry_out(command, sequence, count, address, words)
        if command == Command.WRITE:
            self.last_write, self.last_reply = frame, reply
        return reply

    def carry_out(self, command, sequence, count, address, words):
        self.carried_out.append((Command(command), address, count))
        done = []
        for n in range(count):
            try:
                if command == Command.WRITE:
                    self.store(address + 4 * n, words[n])
                else:
                    done.append(self.load(address + 4 * n))
            except LookupError:
                return self.reply(Status.BUS, sequence, [address + 4 * n])
        return self.reply(Status.OK, sequence, done)

    @staticmethod
    def reply(status, sequence, words=()):
        body = struct.pack(f"<BBH{len(words)}I", status, sequence, len(words), *words)
        return body + struct.pack("<I", zlib.crc32(body))

    def load(self, address):
        if address >= SHELL:
            return self.shell[address - SHELL]
        if address >= CORE:
            return self.core.read(address - CORE)
        if address - MEMORY + 4 > len(self.memory):
            raise LookupError
        return struct.unpack_from("<I", self.memory, address - MEMORY)[0]

    def store(self, address, value):
        if address >= SHELL:
            if address - SHELL != 0x24:
                raise LookupError
            self.shell["resets"] = self.shell.get("resets", 0) + value
        elif address >= CORE:
            self.core.write(address - CORE, value)
        elif address - MEMORY + 4 > len(self.memory):
            raise LookupError
        else:
            struct.pack_into("<I", self.memory, address - MEMORY, value)


class FakePort:
    """A port to *board*, like pyserial's; *flip* and *drop* are chances by byte, both ways."""

    def __init__(self, board, *, flip=0.0, drop=0.0, seed=1, delay=0.0, pause=0.002):
        self.board, self.flip, self.drop = board, flip, drop
        self.random, self.delay, self.pause = random.Random(seed), delay, pause
        self.waiting = bytearray()
        self.arrives, self.closed, self.silent = 0.0, False, False

    def _damage(self, data):
        out = bytearray()
        for byte in data:
            if self.random.random() < self.drop:
                continue
            out.append(byte ^ 1 << self.random.randrange(8) if self.random.random() < self.flip else byte)
        return bytes(out)

    def write(self, data):
        if self.closed:
            raise OSError("device reports readiness but returned no data")
        if not self.silent:
            self.waiting += self._damage(self.board.feed(self._damage(data)))
            self.arrives = time.monotonic() + self.delay
        return len(data)

    @property
    def in_waiting(self):
        return len(self.waiting) if time.monotonic() >= self.arrives else 0

    def read(self, size):
        if self.closed:
            raise OSError("device reports readiness but returned no data")
        if not self.in_waiting:
            time.sleep(self.pause)
        data = bytes(self.waiting[:size]) if self.in_waiting else b""
        del self.waiting[: len(data)]
        return data

    def close(self):
        self.closed = True


def board_of(core, contents, memory_bytes=1 << 16):
    """A board around *core*, whose memory begins with *contents* (name -> bytes)."""
    contents = lay_out(contents)
    shell = register_map(clock_hz=62_500_000, memory_bytes=memory_bytes, contents=contents)
    for content in contents:
        core.memory[content.address : content.address + len(content.data)] = content.data
    return FakeBoard(core, core.memory, {word.offset: word.reset for word in shell.words})


@contextmanager
def served(board):
    """The board at a TCP port, for one connection; yields the URL that pyserial takes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(4096):
                    connection.sendall(board.feed(data))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)
        assert not thread.is_alive()
