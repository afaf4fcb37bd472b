"""Whole graph networks on the simulated core: one start, no Python per cycle."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.sampling import check_seed
from pyralis.hw.gcn.counters import PER_DESCRIPTOR, TOTALS
from pyralis.hw.gcn.program import ErrorCode, Opcode, Origin
from pyralis.hw.gcn.registers import register_map
from pyralis.sim.bench.build import use_verilator
from pyralis.sim.bench.core import DEFAULT_MEMORY, MemorySettings
from pyralis.sim.bench.ddr4 import Ddr4Counts
from pyralis.sim.bench.machine import Machine, MemoryImage, Outcome, Script
from pyralis.sim.gcn.bench import build_bench
from pyralis.sim.gcn.coordination import Switches

__all__ = ["MemoryImage", "Phase", "SimulationResult", "job_script", "lay_out", "simulate"]

PAGE = 1 << 17
"""Bases are multiples of this, so that a permuted image is one too (``HandlerConfig.region_bytes``)."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One descriptor that computes or loads: ``cycles`` from its begin to its end, summed over all runs."""

    index: int
    opcode: str
    cycles: int


@dataclass(frozen=True, kw_only=True)
class SimulationResult:
    """What the simulated core did.

    Attributes
    ----------
    results : (runs, nodes, width) int64
        Rows of the last operation, in the numbers of the caller's graph.
    cycles : int
        From start to interrupt, all runs.
    phases : tuple of Phase
    totals : dict
        ``pyralis.hw.gcn.counters.TOTALS``.
    saturated : bool
        The sticky flag: a clamp has changed a value.
    error : str
        Name of the error code, ``NONE`` if all went well; ``error_index`` is the descriptor at fault.
    seconds : float
        Wall time of the simulation without the build. An aside: machines differ.
    folder : Path
        Where the simulator ran (``dump.fst`` with *waves*).
    dram : Ddr4Counts or None
        What the DDR4 channel counted, if the memory is one.
    """

    results: np.ndarray
    cycles: int
    phases: tuple[Phase, ...]
    totals: dict[str, int]
    saturated: bool
    error: str
    error_index: int
    seconds: float
    folder: Path
    dram: Ddr4Counts | None = None
    registers: dict[str, Any] = field(repr=False)


def lay_out(compiled: Compiled, inputs: Sequence[Any]) -> MemoryImage:
    """Program, constants and one input for each run, each on a page of its own, results behind them.

    Raises UserError if an input does not fit, or is another one than the first that the program keeps.
    """
    packed = [compiled.pack_input(features) for features in inputs]
    if _keeps_input(compiled):
        for number, other in enumerate(packed):
            if other != packed[0]:
                what = f"The program keeps the features of its first run, and those of run {number} differ."
                raise UserError(what, "inputs", "compile it without keep_input")
    parts = {"program": compiled.program, "weights": compiled.constants, "input": b"".join(packed)}
    return MemoryImage.of(parts, page=PAGE, runs=len(inputs), output_stride=compiled.output_stride)


def _keeps_input(compiled: Compiled) -> bool:
    loads = (each for each in compiled.descriptors if each["opcode"] is Opcode.LOAD)
    return any(load["origin"] is Origin.INPUT and load.get("resident") for load in loads)


def job_script(
    compiled: Compiled,
    image: MemoryImage,
    *,
    resident: bool = True,
    timeout: int = 100_000,
    switches: Switches | None = None,
    sample_seed: int = 0,
) -> Script:
    """One job as a driver does it: identify, set addresses, start, wait for the interrupt, read counters."""
    script = Script(register_map(compiled.config))
    if switches is not None:
        script.write("memory", switches.word)
    if sample_seed:
        script.write("sample_seed", sample_seed)
    for name in ("ident", "version"):
        script.read(name)
    script.job(
        image.bases,
        strides=(compiled.input_stride, compiled.output_stride),
        runs=image.runs,
        resident=resident,
        timeout=timeout,
    )
    for name in ("status", "error", "flags", "runs_done"):
        script.read(name)
    for name in TOTALS:
        script.read_wide(f"total_{name}")
    for index in _counted(compiled):
        script.write("descriptor_select", index)
        script.read_wide("descriptor_cycles", f"descriptor_cycles_{index}")
    return script


def _counted(compiled: Compiled) -> range:
    return range(min(PER_DESCRIPTOR, len(compiled.descriptors)))


def simulate(
    compiled: Compiled,
    inputs: Sequence[Any],
    *,
    memory: MemorySettings = DEFAULT_MEMORY,
    resident: bool = True,
    waves: bool = False,
    timeout: int = 100_000,
    switches: Switches | None = None,
    sample_seed: int = 0,
    root: Path = Path("build/sim"),
) -> SimulationResult:
    """Runs the RTL of ``compiled.config`` on each of *inputs* (see :meth:`Compiled.pack_input`).

    Parameters
    ----------
    resident : bool
        Runs after the first one find on chip what fits there.
    timeout : int
        Cycles without activity after which the core gives up.
    switches : Switches, optional
        Of the Memory Handler; as after a reset without them.
    sample_seed : int
        What the seeds of samples are changed by: another one, other samples. 0..65535.

    Raises UserError if the simulator is missing, if :func:`lay_out` refuses an input, or for a *sample_seed*
    of more bits; ToolError if the simulator fails. An error that the core reports is returned, not raised.
    """
    check_seed(sample_seed)
    use_verilator()  # what is missing is said before the long work
    image, handler = lay_out(compiled, inputs), compiled.config.handler
    contents, base, size = image.data, image.bases["output"], image.output_bytes
    remap = switches is not None and switches.remap
    if remap:  # whole regions, in which bursts lie permuted
        contents, size = handler.place(contents), -(-size // handler.region_bytes) * handler.region_bytes
    bench = build_bench(compiled.config, memory_bytes=base + size, waves=waves, root=root)
    outcome = Machine(bench, waves=waves).run(
        contents,
        job_script(
            compiled,
            image,
            resident=resident,
            timeout=timeout,
            switches=switches,
            sample_seed=sample_seed,
        ),
        dump=(base, size),
        settings=memory,
    )
    if remap:
        outcome = replace(outcome, dump=handler.collect(outcome.dump, 0, image.output_bytes))
    return collect(compiled, outcome, image.runs)


def collect(compiled: Compiled, outcome: Outcome, runs: int) -> SimulationResult:
    """Result of a :func:`job_script`."""
    values, stride = outcome.values, compiled.output_stride

    totals = {name: outcome.wide(f"total_{name}") for name in TOTALS}
    phases = tuple(
        Phase(
            index=index,
            opcode=compiled.descriptors[index]["opcode"].name,
            cycles=outcome.wide(f"descriptor_cycles_{index}"),
        )
        for index in _counted(compiled)
        if compiled.descriptors[index]["opcode"] is not Opcode.END
    )
    rows = [compiled.unpack_results(outcome.dump[n * stride : (n + 1) * stride]) for n in range(runs)]
    return SimulationResult(
        results=np.stack(rows),
        cycles=totals["cycles"],
        phases=phases,
        totals=totals,
        saturated=bool(values["flags"] & 1),
        error=ErrorCode(values["error"] & 0xFF).name,
        error_index=values["error"] >> 16,
        seconds=outcome.seconds,
        folder=outcome.folder,
        dram=outcome.dram,
        registers=values,
    )
