"""What memory coordination is worth: traffic of all clients through the Memory Handler on DDR4."""

import json
import random
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pyralis.gen.emit.verilog import emit
from pyralis.hw.gcn.handler import CLIENTS, MemoryHandler
from pyralis.hw.gcn.handlerconfig import HandlerConfig
from pyralis.sim.bench.build import MEMORY_MODEL, MODELS, build
from pyralis.sim.bench.core import MemorySettings
from pyralis.sim.bench.ddr4 import Ddr4Counts, Ddr4Settings

__all__ = ["MEMORY_BYTES", "Coordination", "Switches", "Transfer", "coordinate", "layered_traffic"]

MEMORY_BYTES = 1 << 21

TOP = "handler_traffic"


class Transfer(NamedTuple):
    """``beats`` bus words from ``address`` on, for *client* of :data:`pyralis.hw.gcn.handler.CLIENTS`."""

    client: str
    address: int
    beats: int


@dataclass(frozen=True, kw_only=True)
class Switches:
    """The run-time switches of the Memory Handler."""

    by_priority: bool = True
    by_batch: bool = True
    remap: bool = True
    by_need: bool = False

    @property
    def word(self) -> int:
        """What register ``memory`` of the core says then."""
        order = (self.by_priority, self.by_batch, self.remap, self.by_need)
        return sum(on << bit for bit, on in enumerate(order))


@dataclass(frozen=True, kw_only=True)
class Coordination:
    """``cycles`` until everything was moved; ``size`` bytes moved; ``counts`` of the DDR4 channel."""

    cycles: int
    size: int
    counts: Ddr4Counts

    @property
    def bandwidth(self) -> float:
        """Bytes a cycle."""
        return self.size / self.cycles


def layered_traffic(config: HandlerConfig, *, seed: int = 1) -> list[Transfer]:
    """Jobs like those of one layer that aggregates first, on a graph that does not fit.

    Edges and weights as long streams, features as windows of 4 to 40 rows of 256 bytes at random places,
    outputs as a stream; buffers one behind the other. 480 KB in all.
    """
    rng = random.Random(seed)
    word = config.dma.beat_bytes
    edges, weights, outputs, row = 120 << 10, 60 << 10, 60 << 10, 256
    features = 800 << 10
    jobs = [Transfer("edges", at, (8 << 10) // word) for at in range(0, edges, 8 << 10)]
    at = edges
    moved = 0
    while moved < 240 << 10:
        rows = rng.randrange(4, 41)
        start = rng.randrange(features // row - rows) * row
        jobs.append(Transfer("features", at + start, rows * row // word))
        moved += rows * row
    at += features
    jobs.append(Transfer("weights", at, weights // word))
    at += weights
    jobs += [Transfer("outputs", at + n, (4 << 10) // word) for n in range(0, outputs, 4 << 10)]
    return jobs


@cache
def _bench(config: HandlerConfig, root: Path) -> Any:
    sources = {"memory_handler.v": emit(MemoryHandler(config), "memory_handler")}
    parameters = {
        "ADDRESS_BITS": config.dma.address_bits,
        "DATA_BITS": config.dma.data_bits,
        "BYTES": MEMORY_BYTES,
    }
    extra = [*MEMORY_MODEL, MODELS / f"{TOP}.sv"]
    return build(sources, TOP, extra=extra, parameters=parameters, root=root)


def coordinate(
    config: HandlerConfig,
    jobs: list[Transfer],
    switches: Switches,
    memory: Ddr4Settings,
    *,
    latency: int = 20,
    root: Path = Path("build/sim"),
) -> Coordination:
    """Moves *jobs* and counts; every word is checked on its way, and what was written at the end.

    Parameters
    ----------
    latency : int
        Cycles for the way from the handler to the memory controller and back.

    Raises
    ------
    ValueError
        A job leaves the memory, or words were written to wrong places.
    UserError, ToolError
        See :func:`pyralis.sim.bench.build.build`.
    """
    word = config.dma.beat_bytes
    if any(job.address + job.beats * word > MEMORY_BYTES for job in jobs):
        raise ValueError(f"a job leaves the memory of {MEMORY_BYTES} bytes")
    runner, folder = _bench(config, root)
    contents = b"".join(at.to_bytes(8, "little") for at in range(0, MEMORY_BYTES, 8))
    with tempfile.TemporaryDirectory() as name:
        files = Path(name)
        (files / "memory.bin").write_bytes(config.place(contents) if switches.remap else contents)
        lines = (f"{CLIENTS.index(job.client)} {job.address:x} {job.beats}\n" for job in jobs)
        (files / "jobs.txt").write_text("".join(lines))
        settings = MemorySettings(latency=latency, ddr4=memory)
        job = {**vars(switches), "answer": str(files / "answer.json")}
        runner.test(
            hdl_toplevel=TOP,
            test_module="pyralis.sim.gcn.cocotb_traffic",
            test_dir=folder,
            build_dir=folder,
            plusargs=[
                f"+jobs={files / 'jobs.txt'}",
                f"+memory={files / 'memory.bin'}",
                f"+dump={files / 'dump.bin'}",
                *settings.plusargs(files / "counts.json"),
            ],
            results_xml=str(files / "results.xml"),
            log_file=files / "log.txt",
            extra_env={
                "PYRALIS_JOB": json.dumps(job),
                "COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py",
            },
        )
        after = (files / "dump.bin").read_bytes()
        found = config.collect(after, 0, MEMORY_BYTES) if switches.remap else after
        image = bytearray(contents)
        for transfer in jobs:
            if transfer.client == "outputs":
                for at in range(transfer.address, transfer.address + transfer.beats * word, word):
                    pattern = (at ^ (1 << 64) - 1).to_bytes(8, "little")
                    image[at : at + word] = pattern * (word // 8)
        if found != image:
            raise ValueError("the memory does not hold what was written")
        return Coordination(
            cycles=json.loads((files / "answer.json").read_text()),
            size=sum(transfer.beats for transfer in jobs) * word,
            counts=Ddr4Counts.read(files / "counts.json"),
        )
