"""Cores in a few lines of Python, behind the interface that drivers see; they can be made to fail."""

import json
import struct

import numpy as np

from pyralis.boards.runtime.memory import MemoryWindow
from pyralis.gen.emit.registers import to_json

BASE = 0x1000_0000
"""Where the memory begins; an address that a driver takes for an offset shows."""


class FakeBuffer:
    def __init__(self, transport, address, size):
        self.address, self.size, self.writes = address, size, []
        self._transport, self.freed = transport, False

    def write(self, data, offset=0):
        assert not self.freed and offset >= 0 and offset + len(data) <= self.size
        self.writes.append((offset, len(data)))
        begin = self.address - BASE + offset
        self._transport.memory[begin : begin + len(data)] = data

    def read(self, size, offset=0):
        assert not self.freed and offset >= 0 and offset + size <= self.size
        begin = self.address - BASE + offset
        return bytes(self._transport.memory[begin : begin + size])

    def free(self):
        if not self.freed:
            self.freed = True
            self._transport.window.release(self.address - BASE)


class FakeTransport:
    """The registers of a map, and memory; time passes with every call.

    ``inputs`` holds the values of ``ro`` fields by (word, field); :meth:`pulse` is called for pulses.
    """

    clock_hz = 1e6

    def __init__(self, registers, memory_bytes=1 << 16):
        self.map = json.loads(to_json(registers))
        self.by_offset = {word["offset"]: word for word in self.map["words"]}
        self.held = {word["name"]: word["reset"] for word in self.map["words"]}
        self.inputs, self.log = {}, []
        self.memory, self.window = bytearray(memory_bytes), MemoryWindow(memory_bytes)
        self.preloaded, self.time, self.closed = {}, 0.0, 0

    def read(self, offset):
        self.time += 1e-6
        word = self.by_offset[offset]
        value = 0
        for field in word["fields"]:
            mask = (1 << field["width"]) - 1
            if field["access"] == "ro":
                value |= (self.inputs.get((word["name"], field["name"]), 0) & mask) << field["lsb"]
            elif field["access"] in ("const", "rw", "w1c"):
                value |= self.held[word["name"]] & mask << field["lsb"]
        return value

    def write(self, offset, value):
        self.time += 1e-6
        word = self.by_offset[offset]
        self.log.append((word["name"], value))
        for field in word["fields"]:
            mask = (1 << field["width"]) - 1 << field["lsb"]
            if field["access"] == "rw":
                self.held[word["name"]] = self.held[word["name"]] & ~mask | value & mask
            elif field["access"] == "w1c":
                self.held[word["name"]] &= ~(value & mask)
            elif field["access"] == "pulse" and value & mask:
                self.pulse(word["name"], field["name"])

    def pulse(self, word, field):
        raise AssertionError(f"nobody expects {word}.{field}")

    def allocate(self, size):
        return FakeBuffer(self, BASE + self.window.reserve(size), size)

    def preload(self, name, data):
        self.preloaded[name] = buffer = self.allocate(len(data))
        buffer.write(data)
        buffer.writes.clear()

    def wait(self, seconds):
        self.time += seconds

    def now(self):
        return self.time

    def close(self):
        self.closed += 1


class FakeSnn(FakeTransport):
    """Score n of an image is (n + 1) times the sum of its pixels; for networks with raw pixels and (C, 1, 1).

    ``fail``: (code, index) of the next job. ``hang``: it goes on until it is stopped. ``saturate``: some
    number is clamped. ``owes``: readings of the status until the bus has answered. ``job_seconds``: how long
    a job takes.
    """

    def __init__(self, registers, layout, memory_bytes=1 << 16):
        super().__init__(registers, memory_bytes)
        self.layout, self.jobs = layout, []
        self.fail = None
        self.hang = self.saturate = False
        self.owes, self.job_seconds, self.ends = 0, 0.001, None

    def wait(self, seconds):
        """Until the interrupt, or for so long."""
        ends = self.time + seconds
        self.time = min(ends, self.ends) if self.ends is not None and self.ends > self.time else ends

    def wide(self, name):
        return self.held[f"{name}_lo"] | self.held[f"{name}_hi"] << 32

    def read(self, offset):
        word = self.by_offset[offset]["name"]
        if word == "status":
            if self.ends is not None and self.time >= self.ends:
                self._end()
            self.owes = max(0, self.owes - 1)
            self.inputs["status", "draining"] = int(self.owes > 0)
        if word.startswith("total_"):
            self.inputs[word, "value_lo"] = 1000 * len(self.jobs) + offset
        if word.startswith("layer_") and word.endswith("_lo"):
            self.inputs[word, "value_lo"] = 100 * self.held["layer_select"] + offset
        return super().read(offset)

    def pulse(self, word, field):
        if field == "abort":
            self.hang, self.ends = False, None
            self.inputs["status", "busy"] = 0
            self.held["interrupt"] = 1
            return
        assert field == "start" and not self.inputs.get(("status", "busy")), "started while busy"
        self.inputs |= {("status", "busy"): 1, ("status", "done"): 0, ("status", "failed"): 0}
        self.inputs |= {("error", "code"): 0, ("error", "index"): 0, ("runs_done", "value"): 0}
        self.ends = None if self.hang else self.time + self.job_seconds

    def _end(self):
        self.ends = None
        self.inputs["status", "busy"] = 0
        self.held["interrupt"] = 1
        if self.fail is not None:
            code, index = self.fail
            self.fail = None
            self.inputs |= {("status", "failed"): 1, ("error", "code"): code, ("error", "index"): index}
            return
        if self.saturate:
            self.held["flags"] = 1
        self.inputs["status", "done"] = 1
        self._compute()

    def _compute(self):
        runs, source, target = self.held["runs"], self.wide("input_address"), self.wide("output_address")
        self.jobs.append(runs)
        pixels = int(np.prod(self.layout.input_shape))
        lanes, count = self.layout.out_lanes, self.layout.images_per_run
        for run in range(runs):
            for image in range(count):
                begin = source - BASE + run * self.held["input_stride"] + image * pixels
                total = int(np.frombuffer(self.memory, np.int8, pixels, begin).sum(dtype=np.int64))
                for n in range(self.layout.out_shape[0]):
                    place = (n // lanes * count + image) * lanes + n % lanes
                    begin = target - BASE + run * self.held["output_stride"] + 4 * place
                    self.memory[begin : begin + 4] = struct.pack("<i", total * (n + 1))


class FakeGf(FakeTransport):
    """Multiplies with *field*; ``flags`` are those of every product; ``stuck``: none ever comes."""

    def __init__(self, registers, field, words):
        super().__init__(registers)
        self.field, self.words, self.flags, self.stuck = field, words, {}, False
        self.late = 0

    def read(self, offset):
        if self.by_offset[offset]["name"] == "status" and self.late:
            self.late -= 1
            if not self.late:
                self._end()
        return super().read(offset)

    def pulse(self, word, field):
        if (word, field) == ("control", "clear"):
            for name in self.held:
                if name.startswith("count_"):
                    self.inputs[name, "value"] = 0
        elif (word, field) == ("inject", "once"):
            self.inputs["armed", ""] = 1
        elif not self.inputs.get(("status", "busy")):
            self.inputs |= {("status", "busy"): 1, ("status", "done"): 0}
            self.late = 0 if self.stuck else 3

    def operand(self, name):
        return sum(self.held[f"{name}_{n}"] << 32 * n for n in range(self.words))

    def _end(self):
        product = self.field.multiply(self.operand("a"), self.operand("b"))
        armed = self.inputs.pop(("armed", ""), 0) or (self.held.get("inject", 0) >> 1 & 1)
        flags = dict(self.flags)
        if armed:
            slots = [value for name, value in self.held.items() if name.startswith("slot_") and value >> 31]
            flags |= {"error": bool(slots)}
            for value in slots:
                product ^= 1 << (value & 0xFFFF)
        for n in range(self.words):
            self.inputs[f"product_{n}", "value"] = product >> 32 * n & 0xFFFFFFFF
        for name in ("error", "corrected", "uncorrectable", "alarm"):
            self.inputs["status", name] = int(flags.get(name, 0))
        self.inputs |= {("status", "busy"): 0, ("status", "done"): 1, ("cycles", "value"): 7}
        self.inputs["count_products", "value"] = self.inputs.get(("count_products", "value"), 0) + 1
