"""Whole networks on the simulated core: one start, no Python per cycle."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.errors import ToolError
from pyralis.gen.snn.compile import Compiled, LayerPlan
from pyralis.gen.snn.layout import unpack_map, word_bytes
from pyralis.hw.snn.counters import TOTALS
from pyralis.hw.snn.program import ErrorCode
from pyralis.sim.bench.machine import MemoryImage
from pyralis.sim.snn.machine import Machine, MemorySettings, Outcome, Script

__all__ = [
    "LayerCounts",
    "MemoryImage",
    "MemorySettings",
    "SimulationResult",
    "job_script",
    "lay_out",
    "simulate",
]

PAGE = 4096


@dataclass(frozen=True, kw_only=True)
class LayerCounts:
    """Counters of one layer, summed over all runs.

    ``cycles``: from the end of the layer before to its own last step; ``active``: steps; ``weight_stalls``:
    cycles in which a step waited for its weights; ``spikes``: after pooling.
    """

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
    bursts : list of (int, int)
        First and last cycle of every run of cycles without a gap in which the array had a valid step; empty
        unless observed.
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
    bursts: list[tuple[int, int]]
    layers: tuple[LayerCounts, ...]
    totals: dict[str, int]
    saturated: bool
    hardware_class: int | None
    error: str
    error_index: int
    seconds: float
    folder: Path
    registers: dict[str, Any] = field(repr=False)

    @property
    def classes(self) -> np.ndarray:
        return self.scores.argmax(axis=1)


def lay_out(compiled: Compiled, inputs: np.ndarray) -> MemoryImage:
    """Program, weights and inputs, each on a page of its own, results behind them."""
    packed = compiled.pack_inputs(inputs)
    runs = len(packed) // compiled.input_stride
    parts = {"program": compiled.program, "weights": compiled.weights, "input": packed}
    return MemoryImage.of(parts, page=PAGE, runs=runs, output_stride=compiled.output_stride)


def job_script(compiled: Compiled, image: MemoryImage, *, timeout: int = 100_000) -> Script:
    """One job as a driver does it: identify, set addresses, start, wait for the interrupt, read counters."""
    script = Script(compiled.config)
    for name in ("ident", "version"):
        script.read(name)
    script.job(
        image.bases,
        strides=(compiled.input_stride, compiled.output_stride),
        runs=image.runs,
        resident=compiled.resident,
        timeout=timeout,
    )
    for name in ("status", "error", "flags", "runs_done", "top_class"):
        script.read(name)
    for name in TOTALS:
        script.read_wide(f"total_{name}")
    for index in range(1, len(compiled.layers) + 1):
        script.write("layer_select", index)
        for name in ("cycles", "active", "stalls", "spikes"):
            script.read_wide(f"layer_{name}", f"layer_{name}_{index}")
    return script


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

    Raises UserError if the simulator is missing or the inputs do not fit, ToolError if the simulator fails.
    An error that the core reports is returned, not raised.
    """
    image = lay_out(compiled, inputs)
    need = image.bases["output"] + image.output_bytes
    machine = Machine(compiled.config, memory_bytes=need, waves=waves, root=root)
    outcome = machine.run(
        image.data,
        job_script(compiled, image, timeout=timeout),
        dump=(image.bases["output"], image.output_bytes),
        settings=memory,
        observe=observe,
    )
    return collect(compiled, outcome, len(inputs))


def collect(compiled: Compiled, outcome: Outcome, count: int) -> SimulationResult:
    """Result of a :func:`job_script`."""
    values = outcome.values

    layers = tuple(
        LayerCounts(
            name=plan.name,
            cycles=outcome.wide(f"layer_cycles_{index}"),
            active=outcome.wide(f"layer_active_{index}"),
            weight_stalls=outcome.wide(f"layer_stalls_{index}"),
            spikes=outcome.wide(f"layer_spikes_{index}"),
        )
        for index, plan in enumerate(compiled.layers, start=1)
    )
    totals = {name: outcome.wide(f"total_{name}") for name in TOTALS}
    code = ErrorCode(values["error"] & 0xFF)
    observed = outcome.trace if code == ErrorCode.NONE else None
    return SimulationResult(
        scores=compiled.unpack_results(outcome.dump, count),
        spikes=_observed(compiled, observed, count) if observed else [],
        cycles=totals["cycles"],
        bursts=_bursts(observed) if observed else [],
        layers=layers,
        totals=totals,
        saturated=bool(values["flags"] & 1),
        hardware_class=values["top_class"] if compiled.layers[-1].fields["argmax"] else None,
        error=code.name,
        error_index=values["error"] >> 16,
        seconds=outcome.seconds,
        folder=outcome.folder,
        registers=values,
    )


def _observed(compiled: Compiled, trace: Path, count: int) -> list[np.ndarray]:
    """Spikes of every layer but the last, rebuilt from the trace of map writes."""
    written = [(n, p) for n, plan in enumerate(compiled.layers) for p in plan.programs]
    rows: list[list[np.ndarray]] = [[] for _ in compiled.layers]
    words: dict[int, int] = {}
    number = 0
    with trace.open() as lines:
        for line in lines:
            parts = line.split()
            if parts[0] == "W":
                words[int(parts[2], 16)] = int(parts[3], 16)
            if parts[0] != "L":
                continue
            layer, program = written[number]
            if layer < len(compiled.layers) - 1:
                rows[layer].append(_rows(compiled, compiled.layers[layer], program, words, trace))
            words = {}
            number = (number + 1) % len(written)
    return [
        _join(parts, len(plan.programs))[:count]
        for plan, parts in zip(compiled.layers, rows[:-1], strict=False)
    ]


def _join(parts: list[np.ndarray], strips: int) -> np.ndarray:
    """Strips below each other, runs one after the other: (images, T, C, H, W)."""
    runs = [np.concatenate(parts[n : n + strips], axis=3) for n in range(0, len(parts), strips)]
    return np.concatenate(runs)


def _rows(
    compiled: Compiled, plan: LayerPlan, f: dict[str, Any], words: dict[int, int], trace: Path
) -> np.ndarray:
    """The rows (images, T, C, rows, W) that the descriptor *f* of a layer wrote as *words* by address."""
    size = word_bytes(compiled.config)
    shape = (
        f["images"],
        f["out_height"],
        f["out_width"],
        f["out_pixel_words"] // f["out_groups"],
        f["out_groups"],
    )
    total = int(np.prod(shape))
    if set(words) != set(range(total)):
        raise ToolError(
            f"layer {plan.name!r} wrote {len(words)} feature-map words, and its map has {total}", str(trace)
        )
    packed = b"".join(words[address].to_bytes(size, "little") for address in range(total))
    array = np.frombuffer(packed, np.uint8).reshape(*shape, size)
    return unpack_map(compiled.config, array, plan.out_shape[0], f["time_steps"])


def _bursts(trace: Path) -> list[tuple[int, int]]:
    with trace.open() as lines:
        edges = [line.split()[1:] for line in lines if line.startswith("A")]
    begins = [int(cycle) for cycle, value in edges if value == "1"]
    ends = [int(cycle) - 1 for cycle, value in edges if value == "0"]
    return list(zip(begins, ends, strict=True))
