"""Simulator side of :mod:`pyralis.sim.gf.multiply`: serves the products that a job asks for."""

import importlib
import json
import os
import random
from pathlib import Path
from typing import Any

import cocotb
from cocotb.task import bridge, resume
from cocotb.triggers import with_timeout

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import Injection, Operands, Result, element_names
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_streams, stalls, start
from pyralis.sim.gf.multiply import Faults

CLOCK_NS = 4
LONGEST_CYCLES = 100_000
FLAGS = ("error", "corrected", "uncorrectable", "alarm")


class Server:
    """Multiplies through the streams of *dut*, one product at a time, and keeps what happened."""

    def __init__(self, dut, config: GfConfig, faults: Faults, attempts: int) -> None:
        self.config, self.faults, self.attempts = config, faults, attempts
        self.source, self.sink = StreamSource(dut, "operands"), StreamSink(dut, "result")
        self.monitors = monitor_streams(dut)
        self.products = 0
        self.events: list[dict[str, Any]] = []
        self.latency: dict[str, int | None] = {"clean": None, "corrected": None}

    async def multiply(self, a: int, b: int) -> int:
        """The product as the consumer takes it: asked for again while its flags say that it is lost."""
        kind, flips = self.faults.draw(self.config, self.products)
        first = result = await self._transfer(a, b, flips)
        repeated = 0
        while (result["uncorrectable"] or result["alarm"]) and repeated < self.attempts - 1:
            result, repeated = await self._transfer(a, b, {}), repeated + 1
        field = self.config.field
        right = field.convert(field.multiply(field.convert(a), field.convert(b)))
        flags = {name: first[name] for name in FLAGS}
        if kind or any(flags.values()) or result["product"] != right:
            wrong = result["product"] != right
            event = {"product": self.products, "kind": kind, **flags, "repeated": repeated, "wrong": wrong}
            self.events.append(event)
        self.products += 1
        return result["product"]

    async def _transfer(self, a: int, b: int, flips: dict[str, int]) -> dict[str, int]:
        layout, nets = Operands(self.config), Injection(self.config)
        base = layout["inject"].offset
        word = sum(bits << base + nets[net].offset for net, bits in flips.items())
        for name in element_names(self.config):
            word |= (b if name.startswith("b") else a) << layout[name].offset
        self.source.send_nowait(word)
        answer = await with_timeout(self.sink.recv_int(), LONGEST_CYCLES * CLOCK_NS, "ns")
        result = {
            name: answer >> field.offset & (1 << field.width) - 1 for name, field in Result(self.config)
        }
        cycles = self.monitors["result"].times[-1] - self.monitors["operands"].times[-1]
        outcome = "corrected" if result["corrected"] else "" if result["error"] else "clean"
        if outcome:
            best = self.latency[outcome]
            self.latency[outcome] = cycles if best is None else min(best, cycles)
        return result


@cocotb.test()
async def serve(dut):
    """Runs the job of the job file and leaves its answer and all events in its answer file."""
    task = json.loads(Path(os.environ["PYRALIS_JOB"]).read_text())
    server = Server(dut, GfConfig(**task["config"]), Faults(**task["faults"]), task["attempts"])
    await start(dut, period_ns=CLOCK_NS)
    if task["stall"]:
        server.sink.set_pause_generator(stalls(random.Random(task["faults"]["seed"]), task["stall"]))
    module, name = task["job"]
    job = getattr(importlib.import_module(module), name)
    answer = await bridge(job)(resume(server.multiply), **task["arguments"])
    operands, results = server.monitors["operands"], server.monitors["result"]
    outcome = {
        "answer": answer,
        "events": server.events,
        "products": server.products,
        "transfers": results.transfers,
        "cycles": results.times[-1] - operands.times[0] + 1,
        "waits": results.waits,
        "latency": server.latency,
    }
    Path(task["answer"]).write_text(json.dumps(outcome))
