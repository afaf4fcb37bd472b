"""Whole networks on the simulated core: one start, no Python per cycle."""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.emit.verilog import emit
from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.snn.compile import Compiled
from pyralis.gen.snn.layout import unpack_map, word_bytes
from pyralis.hw.snn.counters import TOTALS
from pyralis.hw.snn.program import ErrorCode
from pyralis.hw.snn.registers import register_map
from pyralis.hw.snn.top import SnnTop
from pyralis.sim.bench.build import MODELS, build, missing_tools
from pyralis.sim.snn.bench import BENCH_TOP, bench_text

__all__ = ["LayerCounts", "MemorySettings", "SimulationResult", "simulate"]

PAGE = 4096
SMALLEST_MEMORY = 1 << 22
CLOCK_NS = 4


@dataclass(frozen=True, kw_only=True)
class MemorySettings:
    """The external memory: see ``sim/bench/models/axi_memory.sv``.

    ``bytes_per_cycle`` 0: a beat per port and cycle.
    """

    latency: int = 20
    bytes_per_cycle: int = 0
    stall_percent: int = 0
    stall_seed: int = 1
    error_base: int = 0
    error_bytes: int = 0
    hang_after: int = 0

    def plusargs(self) -> list[str]:
        given = {name: value for name, value in asdict(self).items() if value or name == "latency"}
        return [f"+{name}={value}" for name, value in given.items()]


@dataclass(frozen=True, kw_only=True)
class LayerCounts:
    """Counters of one layer, summed over all runs."""

    name: str
    cycles: int
    active: int
    weight_stalls: int
    spikes: int


@dataclass(frozen=True, kw_only=True)
class SimulationResult:
    """What the simulated core did.

    Attributes
    ----------
    scores : (B, outputs) int64
    spikes : list of (B, T, C, H, W) uint8
        Output maps of every layer but the last, after pooling; empty unless observed.
    cycles : int
        From start to interrupt, all images.
    layers : tuple of LayerCounts
    totals : dict
        ``pyralis.hw.snn.counters.TOTALS``.
    saturated : bool
        The sticky flag: some potential saturated.
    hardware_class : int or None
        Class of the last image by the core's own argmax.
    error : str
        Name of the error code, ``NONE`` if all went well; ``error_index`` is the descriptor at fault.
    seconds : float
        Wall time of the simulation without the build. An aside: machines differ.
    folder : Path
        Where the simulator ran (``dump.fst`` with *waves*).
    """

    scores: np.ndarray
    spikes: list[np.ndarray]
    cycles: int
    layers: tuple[LayerCounts, ...]
    totals: dict[str, int]
    saturated: bool
    hardware_class: int | None
    error: str
    error_index: int
    seconds: float
    folder: Path
    registers: dict[str, int] = field(repr=False)

    @property
    def classes(self) -> np.ndarray:
        return self.scores.argmax(axis=1)


@dataclass(frozen=True)
class _Image:
    """Contents of the external memory and where its parts lie."""

    data: bytes
    bases: dict[str, int]
    output_bytes: int


def _lay_out(compiled: Compiled, inputs: np.ndarray) -> _Image:
    packed = compiled.pack_inputs(inputs)
    runs = len(packed) // compiled.input_stride
    parts = {"program": compiled.program, "weights": compiled.weights, "input": packed}
    data, bases = b"", {}
    for name, content in parts.items():
        data += bytes(-len(data) % PAGE)
        bases[name] = len(data)
        data += content
    bases["output"] = len(data) + -len(data) % PAGE
    return _Image(data, bases, runs * compiled.output_stride)


def _steps(compiled: Compiled, image: _Image, runs: int, timeout: int, wait: int) -> list[list[Any]]:
    """What the host does, as steps for :mod:`pyralis.sim.snn.cocotb_run`."""
    address = {word.name: word.offset for word in register_map(compiled.config).words}
    steps: list[list[Any]] = [["read", name, address[name]] for name in ("ident", "version")]

    def write(name: str, value: int) -> None:
        steps.append(["write", address[name], value])

    for part, base in image.bases.items():
        write(f"{part}_address_lo", base & 0xFFFFFFFF)
        write(f"{part}_address_hi", base >> 32)
    write("input_stride", compiled.input_stride)
    write("output_stride", compiled.output_stride)
    write("runs", runs)
    write("resident", int(compiled.resident))
    write("timeout", timeout)
    write("interrupt_enable", 1)
    write("control", 1)
    steps.append(["wait", wait])
    names = ["status", "error", "flags", "runs_done", "top_class"]
    names += [f"total_{name}_{half}" for name in TOTALS for half in ("lo", "hi")]
    steps += [["read", name, address[name]] for name in names]
    for index in range(1, len(compiled.layers) + 1):
        write("layer_select", index)
        for name in ("cycles", "active", "stalls", "spikes"):
            for half in ("lo", "hi"):
                register = f"layer_{name}_{half}"
                steps.append(["read", f"{register}_{index}", address[register]])
    steps.append(["pulse", "dump"])
    return steps


def simulate(
    compiled: Compiled,
    inputs: np.ndarray,
    *,
    memory: MemorySettings = MemorySettings(),
    observe: bool = True,
    waves: bool = False,
    timeout: int = 100_000,
    root: Path = Path("build/sim"),
) -> SimulationResult:
    """Runs *inputs* (see :meth:`Compiled.pack_inputs`) through the RTL of ``compiled.config``.

    Raises UserError if the simulator is missing or the inputs do not fit, ToolError if the simulator fails. An error
    that the core reports is returned, not raised.
    """
    missing = missing_tools()
    if missing:
        raise UserError(f"the simulator needs {', '.join(missing)}", "PATH", "run `pyralis doctor` for how to get it")
    image = _lay_out(compiled, inputs)
    runs = -(-len(inputs) // compiled.images)
    need = image.bases["output"] + image.output_bytes + PAGE
    config = compiled.config
    text = emit(SnnTop(config, observe=True), "snn_top")
    memory_bytes = max(SMALLEST_MEMORY, 1 << (need - 1).bit_length())
    bench = bench_text(text, "snn_top", config, memory_bytes)
    extra = [MODELS / "axi_memory.sv", *([MODELS / "DSP48E2.v"] if config.cell == "dsp48e2" else [])]
    runner, folder = build(
        {"snn_top.v": text, "snn_bench.sv": bench}, BENCH_TOP, extra=extra, waves=waves, only_top=True, root=root
    )
    work = folder / f"run-{os.getpid()}-{time.monotonic_ns()}"
    work.mkdir(parents=True)
    (work / "memory.bin").write_bytes(image.data)
    longest = 1_000_000_000
    job = {"steps": _steps(compiled, image, runs, timeout, longest), "answer": str(work / "answer.json")}
    (work / "job.json").write_text(json.dumps(job))
    plusargs = [
        f"+memory={work / 'memory.bin'}",
        f"+dump={work / 'dump.bin'}",
        f"+dump_base={image.bases['output']}",
        f"+dump_bytes={image.output_bytes}",
        *memory.plusargs(),
        *([f"+observe={work / 'observe.txt'}"] if observe else []),
    ]
    began = time.perf_counter()
    log = work / "simulation.log"
    try:
        runner.test(
            hdl_toplevel=BENCH_TOP,
            test_module="pyralis.sim.snn.cocotb_run",
            test_dir=work,
            build_dir=folder,
            plusargs=plusargs,
            waves=waves,
            results_xml=str(work / "results.xml"),
            log_file=log,
            extra_env={
                "PYRALIS_JOB": str(work / "job.json"),
                "COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py",
            },
        )
    except (SystemExit, RuntimeError) as error:
        raise ToolError(f"the simulation of {BENCH_TOP} failed", str(log)) from error
    seconds = time.perf_counter() - began
    return _collect(compiled, work, len(inputs), seconds, observe)


def _collect(compiled: Compiled, work: Path, count: int, seconds: float, observe: bool) -> SimulationResult:
    values = json.loads((work / "answer.json").read_text())

    def wide(name: str) -> int:
        low, high = (name.replace("*", half) for half in ("lo", "hi"))
        return values[low] | values[high] << 32

    layers = tuple(
        LayerCounts(
            name=plan.name,
            cycles=wide(f"layer_cycles_*_{index}"),
            active=wide(f"layer_active_*_{index}"),
            weight_stalls=wide(f"layer_stalls_*_{index}"),
            spikes=wide(f"layer_spikes_*_{index}"),
        )
        for index, plan in enumerate(compiled.layers, start=1)
    )
    totals = {name: wide(f"total_{name}_*") for name in TOTALS}
    code = ErrorCode(values["error"] & 0xFF)
    failed = code != ErrorCode.NONE
    return SimulationResult(
        scores=compiled.unpack_results((work / "dump.bin").read_bytes(), count),
        spikes=_observed(compiled, work / "observe.txt", count) if observe and not failed else [],
        cycles=totals["cycles"],
        layers=layers,
        totals=totals,
        saturated=bool(values["flags"] & 1),
        hardware_class=values["top_class"] if compiled.layers[-1].fields["argmax"] else None,
        error=code.name,
        error_index=values["error"] >> 16,
        seconds=seconds,
        folder=work,
        registers=values,
    )


def _observed(compiled: Compiled, trace: Path, count: int) -> list[np.ndarray]:
    """Spikes of every layer but the last, rebuilt from the trace of map writes."""
    size = word_bytes(compiled.config)
    stored = compiled.layers[:-1]
    maps: list[list[np.ndarray]] = [[] for _ in stored]
    words: dict[int, int] = {}
    number = 0
    with trace.open() as lines:
        for line in lines:
            parts = line.split()
            if parts[0] == "W":
                words[int(parts[2], 16)] = int(parts[3], 16)
                continue
            if number < len(stored):
                f = stored[number].fields
                shape = (f["images"], f["out_height"], f["out_width"], f["out_pixel_words"] // f["out_groups"])
                total = int(np.prod(shape)) * f["out_groups"]
                missing = [address for address in range(total) if address not in words]
                if missing or len(words) != total:
                    raise ToolError(
                        f"layer {stored[number].name!r} wrote {len(words)} feature-map words instead of {total}",
                        str(trace),
                    )
                packed = b"".join(words[address].to_bytes(size, "little") for address in range(total))
                array = np.frombuffer(packed, np.uint8).reshape(*shape, f["out_groups"], size)
                channels = stored[number].out_shape[0]
                maps[number].append(unpack_map(compiled.config, array, channels, f["time_steps"]))
            words = {}
            number = (number + 1) % len(compiled.layers)
    return [np.concatenate(parts)[:count] for parts in maps]
