"""``bench gcn``: graph networks through the RTL behind a DDR4 channel, beside published figures."""

import itertools
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyralis.gen.bench import gcn_ablations, gcn_elimination, gcn_published, gcn_run, gcn_sweeps
from pyralis.gen.bench.gcn_models import models
from pyralis.gen.bench.gcn_targets import targets
from pyralis.gen.bench.gcn_workloads import DATA, SEEDS, WORKLOADS, Prepared, Workload, prepare
from pyralis.gen.doctor import require
from pyralis.gen.errors import UserError
from pyralis.gen.files import json_text, make_folder, write_file
from pyralis.gen.gcn.build import Logits
from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.gen.progress import QUIET, Progress, ticking
from pyralis.gen.report.gcn_bench import page
from pyralis.gen.simulate import SIMULATOR
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["ABLATED", "JOB", "bench"]

JOB = "bench gcn"

ABLATED = ("cora-h16", "pubmed16-h16", "pubmed4-h16")
"""Workloads whose mechanisms are switched off one by one on the RTL."""

MODELLED = ("cora", "pubmed")
"""Data sets whose mechanisms are switched off in models."""


def bench(
    path: str | Path,
    *,
    cores: Sequence[tuple[str, GcnConfig]],
    workloads: Sequence[Workload] = WORKLOADS,
    data: str | Path = DATA,
    logits: Logits = "int16",
    seeds: int = SEEDS,
    ablated: Sequence[str] = ABLATED,
    sweeps: bool = True,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Measures every workload on every core; writes the figures to *path* as JSON, and a page beside it.

    Both files are written after every workload.

    Parameters
    ----------
    path : path
        Of the JSON file; the page has the same name with .html.
    cores : sequence of (str, GcnConfig)
        Sizes of the core, with their names.
    workloads : sequence of Workload
    data : path
        Folder of Cora's planetoid files. Without them Cora is a row that says so.
    logits : {"int16", "int8", "int32"}
        Of the workloads; see :func:`pyralis.gen.gcn.quantize.quantize`.
    seeds : int
        Networks that are trained on a graph with labels.
    ablated : sequence of str
        Workloads whose mechanisms are switched off one by one.
    sweeps : bool
        Phase table over lengths of features and outputs, and the Memory Handler alone.

    Returns
    -------
    dict
        The content of the file. ``ok``: every run is bit exact. ``missing``: what a core cannot hold or what
        there is no data for, each with the reason. ``targets``, ``models``, ``ablations``, ``elimination``,
        ``sweeps``, ``handler``.

    Raises
    ------
    UserError
        *path* cannot be written, or the simulator is missing.
    """
    require(*SIMULATOR, "scikit-learn", "torch-geometric", "scipy")
    make_folder(Path(path).parent)
    parts = ("workloads", "runs", "missing", "models", "ablations", "elimination", "sweeps", "handler")
    result: dict[str, Any] = {
        "job": JOB,
        "mhz": gcn_run.MHZ,
        "memory": asdict(gcn_run.DDR4),
        "logits": logits,
        "cores": {name: asdict(config) for name, config in cores},
        **{part: [] for part in parts},
    }
    for workload in workloads:
        _measure(result, workload, cores, Path(data), logits, seeds, ablated, progress)
        _write(result, path)
    if sweeps:
        for name, config in cores:
            result["sweeps"] += gcn_sweeps.lengths(name, config, progress=progress)
            _write(result, path)
        result["handler"] += gcn_ablations.handler_rows(progress)
    return _write(result, path)


def _measure(
    result: dict[str, Any],
    workload: Workload,
    cores: Sequence[tuple[str, GcnConfig]],
    data: Path,
    logits: Logits,
    seeds: int,
    ablated: Sequence[str],
    progress: Progress,
) -> None:
    """Adds the rows of *workload*."""
    if workload.needs_data and not list(data.glob(f"ind.{workload.dataset}.*")):
        why = f"The planetoid files of {workload.dataset} are not in {data}."
        result["missing"] += [{"workload": workload.name, "core": name, "why": why} for name, _ in cores]
        return
    with progress.step(f"{workload.name}: graph and network") as step, ticking(step):
        prepared = prepare(workload, data, seeds=seeds, logits=logits)
        step.note(f"{prepared.graph.nodes:,} nodes, {prepared.graph.edges:,} edges")
    with progress.step(f"{workload.name}: models") as step, ticking(step):
        predicted = models(prepared)
    published = gcn_published.beside(workload.dataset, workload.hidden)
    result["workloads"].append({**prepared.facts(), "published": published})
    result["models"].append(predicted)
    if workload.dataset in MODELLED:
        result["ablations"] += gcn_ablations.model_rows(predicted, workload.dataset)
    for name, config in cores:
        try:
            compiled = compiled_for(prepared, config)
        except UserError as error:
            why = f"{error.where}: {error.what}."
            result["missing"].append({"workload": workload.name, "core": name, "why": why})
            progress.say(f"{workload.name} does not fit {name}: {why}")
            continue
        with progress.step(f"{workload.name}: {name}, cold and warm") as step, ticking(step):
            kept = None
            if compiled.stays:
                kept = compiled_for(prepared, config, Settings(keep_input=True))
            found = gcn_run.measure(prepared, compiled, kept=kept)
            cold, warm = found.cycles
            step.note(f"{cold:,} and {warm:,} cycles{'' if found.run.bit_exact else ', NOT bit exact'}")
        result["runs"].append({"workload": workload.name, "core": name, **found.summary()})
        if workload.name in ablated:
            result["ablations"] += gcn_ablations.rtl_rows(prepared, name, config, found, progress)
            if config.occupancy_words:
                result["elimination"] += gcn_elimination.elimination_rows(prepared, name, config, progress)


def compiled_for(prepared: Prepared, config: GcnConfig, settings: Settings | None = None) -> Compiled:
    """The program of a workload; UserError if it does not fit."""
    quantized = prepared.quantized
    return compile_network(quantized.network, config, features=quantized.features, settings=settings)


def _write(result: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """*result* with its verdict, which is written beside its page."""
    counted = (row for part in ("sweeps", "elimination") for row in result[part])
    runs = [*result["runs"], *(row for row in counted if "bit_exact" in row)]
    variants = (row for row in result["ablations"] if row["evidence"] == "rtl" and "with" in row)
    runs += itertools.chain.from_iterable((row["with"], row["without"]) for row in variants)
    exact = sum(row["bit_exact"] for row in runs)
    verdict = f"{exact} of {len(runs)} runs are bit exact: every logit of every node, cold and warm."
    whole = {**result, "ok": exact == len(runs), "verdict": verdict, "targets": targets(result)}
    write_file(path, json_text(whole))
    write_file(Path(path).with_suffix(".html"), page(whole))
    return whole
