"""``bench gcn``: graph networks through the RTL behind a DDR4 channel, beside published figures."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyralis.gen.bench import gcn_run
from pyralis.gen.bench.gcn_workloads import DATA, SEEDS, Prepared, Workload, choose, prepare
from pyralis.gen.doctor import require
from pyralis.gen.errors import UserError
from pyralis.gen.files import json_text, make_folder, write_file
from pyralis.gen.gcn.compile import Compiled, compile_network
from pyralis.gen.progress import QUIET, Progress, ticking
from pyralis.gen.simulate import SIMULATOR
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["JOB", "bench"]

JOB = "bench gcn"

Simulate = Callable[[Prepared, Compiled], gcn_run.Measured]


def bench(
    path: str | Path,
    *,
    cores: Sequence[tuple[str, GcnConfig]],
    only: list[str] | None = None,
    data: str | Path = DATA,
    seeds: int = SEEDS,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Measures every workload on every core and writes the figures to *path* as JSON; returns them.

    Parameters
    ----------
    path : path
    cores : sequence of (str, GcnConfig)
        Sizes of the core, with their names.
    only : list of str, optional
        Names of workloads; all of them without.
    data : path
        Folder of Cora's planetoid files. Without them Cora is a row that says so.
    seeds : int
        Networks that are trained on a graph with labels.

    Raises
    ------
    UserError
        *path* cannot be written, or the simulator is missing. What a core cannot hold is not an error: it is
        listed under ``missing`` with the reason.
    """
    require(*SIMULATOR, "scikit-learn", "torch-geometric", "scipy")
    chosen = choose(only)
    make_folder(Path(path).parent)
    result: dict[str, Any] = {
        "job": JOB,
        "mhz": gcn_run.MHZ,
        "memory": asdict(gcn_run.DDR4),
        "cores": {name: asdict(config) for name, config in cores},
        "workloads": [],
        "runs": [],
        "missing": [],
    }
    for workload in chosen:
        _measure(result, workload, cores, Path(data), seeds, progress)
        write_file(path, json_text(_finished(result)))
    return _finished(result)


def _measure(
    result: dict[str, Any],
    workload: Workload,
    cores: Sequence[tuple[str, GcnConfig]],
    data: Path,
    seeds: int,
    progress: Progress,
) -> None:
    """Adds the rows of *workload*."""
    if workload.needs_data and not list(data.glob(f"ind.{workload.dataset}.*")):
        why = f"The planetoid files of {workload.dataset} are not in {data}."
        result["missing"] += [{"workload": workload.name, "core": name, "why": why} for name, _ in cores]
        return
    with progress.step(f"{workload.name}: graph and network") as step, ticking(step):
        prepared = prepare(workload, data, seeds=seeds)
        step.note(f"{prepared.graph.nodes:,} nodes, {prepared.graph.edges:,} edges")
    result["workloads"].append(prepared.facts())
    for name, config in cores:
        try:
            compiled = compiled_for(prepared, config)
        except UserError as error:
            why = f"{error.where}: {error.what}." if error.where else f"{error.what}."
            result["missing"].append({"workload": workload.name, "core": name, "why": why})
            progress.say(f"{workload.name} does not fit {name}: {why}")
            continue
        with progress.step(f"{workload.name}: {name}, cold and warm") as step, ticking(step):
            found = gcn_run.measure(prepared, compiled)
            cold, warm = found.cycles
            step.note(f"{cold:,} and {warm:,} cycles{'' if found.run.bit_exact else ', NOT bit exact'}")
        result["runs"].append({"workload": workload.name, "core": name, **found.summary()})


def compiled_for(prepared: Prepared, config: GcnConfig) -> Compiled:
    """The program of a workload; UserError if it does not fit."""
    return compile_network(prepared.quantized.network, config, features=prepared.quantized.features)


def _finished(result: dict[str, Any]) -> dict[str, Any]:
    """*result* with its verdict."""
    runs = result["runs"]
    exact = sum(row["bit_exact"] for row in runs)
    verdict = f"{exact} of {len(runs)} runs are bit exact, every logit of every node, cold and warm."
    return {**result, "ok": exact == len(runs), "verdict": verdict}
