"""The simulated core with its memory, ready for a host's register accesses."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyralis.gen.errors import ToolError
from pyralis.hw.axi.registermap import RegisterMap
from pyralis.sim.bench.core import DEFAULT_MEMORY, CoreBench, MemorySettings
from pyralis.sim.bench.ddr4 import Ddr4Counts

__all__ = ["LONGEST_JOB_CYCLES", "Machine", "MemoryImage", "Outcome", "Script"]

LONGEST_JOB_CYCLES = 1_000_000_000


@dataclass(frozen=True)
class MemoryImage:
    """Contents of the external memory, where its parts lie, and how much the results take."""

    data: bytes
    bases: dict[str, int]
    output_bytes: int
    runs: int

    @classmethod
    def of(cls, parts: Mapping[str, bytes], *, page: int, runs: int, output_stride: int) -> "MemoryImage":
        """*parts* by name, each at a multiple of *page* bytes; ``output``, for *runs*, behind them."""
        data, bases = bytearray(), {}
        for name, content in parts.items():
            data += bytes(-len(data) % page)
            bases[name] = len(data)
            data += content
        bases["output"] = len(data) + -len(data) % page
        return cls(bytes(data), bases, runs * output_stride, runs)


class Script:
    """What the host does, step by step; carried out by :mod:`pyralis.sim.bench.cocotb_job`."""

    def __init__(self, registers: RegisterMap) -> None:
        self.steps: list[list[Any]] = []
        self._address = {word.name: word.offset for word in registers.words}

    def write(self, name: str, value: int) -> None:
        """Writes register word *name*."""
        self.steps.append(["write", self._address[name], value])

    def write_wide(self, name: str, value: int) -> None:
        self.write(f"{name}_lo", value & 0xFFFFFFFF)
        self.write(f"{name}_hi", value >> 32)

    def read(self, name: str, key: str = "") -> None:
        """Reads register word *name*; the value appears in the outcome as *key* (or *name*)."""
        self.steps.append(["read", key or name, self._address[name]])

    def read_wide(self, name: str, key: str = "") -> None:
        """Reads both halves of a wide register; see :meth:`Outcome.wide`."""
        for half in ("lo", "hi"):
            self.read(f"{name}_{half}", f"{key or name}_{half}")

    def job(
        self,
        bases: Mapping[str, int],
        *,
        strides: tuple[int, int],
        runs: int,
        resident: bool,
        timeout: int,
        cycles: int = LONGEST_JOB_CYCLES,
    ) -> None:
        """Starts a job and sleeps until its interrupt, *cycles* at most.

        *bases*: address of each part. *strides*: bytes of input and of output from one run to the next.
        """
        for part, base in bases.items():
            self.write_wide(f"{part}_address", base)
        self.write("input_stride", strides[0])
        self.write("output_stride", strides[1])
        self.write("runs", runs)
        self.write("resident", int(resident))
        self.write("timeout", timeout)
        self.write("interrupt", 1)
        self.write("interrupt_enable", 1)
        self.write("control", 1)
        self.wait(cycles)

    def wait(self, cycles: int) -> None:
        """Sleeps until the interrupt is high, *cycles* at most."""
        self.steps.append(["wait", cycles])

    def idle(self, cycles: int) -> None:
        self.steps.append(["idle", cycles])

    def pulse(self, name: str) -> None:
        """``load``, ``dump`` or ``unhang`` of the memory."""
        self.steps.append(["pulse", name])


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Register values by key, the dumped memory, the trace (if observed), wall seconds, the run's folder.

    ``dram``: what the DDR4 channel counted, if the memory is one.
    """

    values: dict[str, Any]
    dump: bytes
    trace: Path | None
    dram: Ddr4Counts | None
    seconds: float
    folder: Path

    def wide(self, key: str) -> int:
        """Value of a wide register that :meth:`Script.read_wide` has read as *key*."""
        return self.values[f"{key}_lo"] | self.values[f"{key}_hi"] << 32


class Machine:
    """A built core; every :meth:`run` is a fresh simulation.

    Parameters
    ----------
    bench : CoreBench
    waves : bool
        Writes ``dump.fst`` into the folder of each run; the bench was built with the same.
    """

    def __init__(self, bench: CoreBench, *, waves: bool = False) -> None:
        self.bench, self.waves = bench, waves
        self.folder = bench.folder

    def run(
        self,
        memory: bytes,
        script: Script,
        *,
        dump: tuple[int, int] = (0, 0),
        settings: MemorySettings = DEFAULT_MEMORY,
        observe: bool = False,
    ) -> Outcome:
        """Carries out *script* with *memory* from address 0 on; *dump*: (address, bytes) to bring back.

        Raises ToolError, naming the log, if the simulation itself fails.
        """
        work = self.folder / f"run-{os.getpid()}-{time.monotonic_ns()}"
        work.mkdir(parents=True)
        files = {
            name: work / name for name in ("memory.bin", "dump.bin", "observe.txt", "answer.json", "job.json")
        }
        counts = work / "ddr4.json" if settings.ddr4 else None
        files["memory.bin"].write_bytes(memory)
        steps = [*script.steps, *([["pulse", "dump"]] if dump[1] else [])]
        files["job.json"].write_text(json.dumps({"steps": steps, "answer": str(files["answer.json"])}))
        plusargs = [f"+memory={files['memory.bin']}", *settings.plusargs(counts)]
        if dump[1]:
            plusargs += [f"+dump={files['dump.bin']}", f"+dump_base={dump[0]}", f"+dump_bytes={dump[1]}"]
        if observe:
            plusargs.append(f"+observe={files['observe.txt']}")
        log = work / "simulation.log"
        began = time.perf_counter()
        try:
            self.bench.runner.test(
                hdl_toplevel=self.bench.top,
                test_module="pyralis.sim.bench.cocotb_job",
                test_dir=work,
                build_dir=self.folder,
                plusargs=plusargs,
                waves=self.waves,
                results_xml=str(work / "results.xml"),
                log_file=log,
                extra_env={
                    "PYRALIS_JOB": str(files["job.json"]),
                    "COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py",
                },
            )
        except (SystemExit, RuntimeError) as error:
            raise ToolError(f"the simulation of {self.bench.top} failed", str(log)) from error
        return Outcome(
            values=json.loads(files["answer.json"].read_text()),
            dump=files["dump.bin"].read_bytes() if dump[1] else b"",
            trace=files["observe.txt"] if observe else None,
            dram=Ddr4Counts.read(counts) if counts else None,
            seconds=time.perf_counter() - began,
            folder=work,
        )
