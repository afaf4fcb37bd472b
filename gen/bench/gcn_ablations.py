"""Every mechanism on and off, as in HyGCN's own tables: on the RTL where it has a switch, else in a model.

A row says which of the two it is: ``evidence`` is ``rtl`` or ``model``. Results stay the same, to the last
bit, in every row from RTL.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pyralis.gen.bench import gcn_run
from pyralis.gen.bench.gcn_models import SHARES
from pyralis.gen.bench.gcn_published import ABLATIONS
from pyralis.gen.bench.gcn_run import DEFAULT_SWITCHES, Measured
from pyralis.gen.bench.gcn_variants import VARIANTS, Variant
from pyralis.gen.bench.gcn_workloads import Prepared
from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.phases import phases
from pyralis.gen.gcn.quantize import quantize
from pyralis.gen.progress import QUIET, Progress, ticking
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.sim.bench.ddr4 import Ddr4Settings
from pyralis.sim.gcn.coordination import Switches, coordinate, layered_traffic

__all__ = ["handler_rows", "model_rows", "rtl_rows"]

MAPS = {
    "neighbours in the four groups": "row_bank_column_group",
    "neighbours in one group": "row_bank_column",
}
"""Address maps of the channel by what they do to a stream: :data:`pyralis.sim.bench.ddr4.ADDRESS_MAPS`."""

SWITCHED = {
    "as they come": Switches(by_priority=False, by_batch=False, remap=False),
    "by need": DEFAULT_SWITCHES,
    "by priority": Switches(by_priority=True, by_batch=False, remap=False),
    "by priority, in batches": Switches(remap=False),
    "by priority, in batches, remapped": Switches(),
}
"""Switches of the Memory Handler; the last three are HyGCN's, one more each."""


def rtl_rows(
    prepared: Prepared, name: str, config: GcnConfig, base: Measured, progress: Progress = QUIET
) -> Iterator[dict[str, Any]]:
    """A row for each of :data:`VARIANTS` on the core *config*; *base* is the default's run.

    A variant that the core cannot hold is a row with the reason in ``why``.
    """
    usual = _figures(base)
    for variant in VARIANTS:
        label = f"{prepared.workload.name}: {variant.title}, {variant.off}"
        with progress.step(label) as step, ticking(step):
            row: dict[str, Any] = {
                "name": variant.name,
                "title": variant.title,
                "workload": prepared.workload.name,
                "core": name,
                "evidence": "rtl",
                "what": "cycles",
                "on": variant.on,
                "off": variant.off,
                "published": ABLATIONS.get(variant.name, {}).get(prepared.workload.dataset),
            }
            try:
                other = _figures(_variant(prepared, config, variant))
            except UserError as error:
                yield {**row, "why": f"{error.where}: {error.what}."}
                continue
            with_it, without = (other, usual) if variant.enables else (usual, other)
            gain = {run: without[run] / with_it[run] for run in ("cold", "warm")}
            step.note(f"{gain['cold']:.3f} times the cycles cold, {gain['warm']:.3f} times warm")
            yield {**row, "with": with_it, "without": without, "gain": gain}


def _variant(prepared: Prepared, config: GcnConfig, variant: Variant) -> Measured:
    if variant.orders is not None:
        last = prepared.quantized.network.operations[-1]
        assert last.epilogue.output != "uint8", "a type of logits"
        other = quantize(
            prepared.float_network,
            prepared.graph,
            order=variant.orders,
            logits=last.epilogue.output,
            levels=prepared.workload.levels,
        )
        prepared = replace(prepared, quantized=other)
    quantized = prepared.quantized
    compiled = compile_network(
        quantized.network, config, features=quantized.features, settings=variant.settings
    )
    return gcn_run.measure(prepared, compiled, switches=variant.switches)


def _figures(found: Measured) -> dict[str, Any]:
    cold, warm = found.cycles
    return {
        "cold": cold,
        "warm": warm,
        "bit_exact": found.run.bit_exact,
        "hit_rate": found.cold.hit_rate,
        "parallelism": found.cold.parallelism,
        "operations": sum(each.operations for each in phases(found.run.compiled)),
        "weight_reads": _weight_reads(found),
    }


def _weight_reads(found: Measured) -> int:
    """Rows that dense combinations read from the Weight Buffer: of every module, or of the first one only."""
    compiled = found.run.compiled
    config, rows = compiled.config, 0
    for step, fields in zip(
        (step for step in compiled.plan.steps if step.is_combine),
        (each for each in compiled.descriptors if each["opcode"].name == "COMBINE"),
        strict=True,
    ):
        if fields["source"].name != "FEATURES":
            groups = -(-step.rows // (config.columns * config.pe_rows))
            modules = 1 if fields["cooperative"] else config.columns
            rows += groups * step.elements * step.slices * modules
    return rows


def handler_rows(progress: Progress = QUIET) -> Iterator[dict[str, Any]]:
    """Memory coordination where it matters: traffic of a graph that does not fit, through the handler alone.

    The RTL is the Memory Handler of ``z32``, on each of :data:`MAPS`.
    """
    config = PRESETS["z32"].handler
    jobs = layered_traffic(config)
    with progress.step("memory coordination: the handler of z32 alone") as step, ticking(step):
        cycles: dict[str, list[int]] = {}
        for title, (switched, switches) in itertools.product(MAPS, SWITCHED.items()):
            run = coordinate(config, jobs, switches, Ddr4Settings.mapped(MAPS[title]))
            cycles.setdefault(title, []).append(run.cycles)
            yield {
                "map": title,
                "switches": switched,
                "cycles": run.cycles,
                "bytes": run.size,
                "bytes_per_cycle": run.bandwidth,
                "hit_rate": run.counts.hit_rate,
                "parallelism": run.counts.parallelism,
                "evidence": "rtl",
            }
        gains = [f"{each[0] / each[-1]:.2f} ({title})" for title, each in cycles.items()]
        step.note(f"{', '.join(gains)} times the cycles without")


def model_rows(models: dict[str, Any], dataset: str) -> Iterator[dict[str, Any]]:
    """Rows of one workload from :func:`pyralis.gen.bench.gcn_models.models`."""
    common = {"workload": models["workload"], "core": "", "evidence": "model"}
    for row in models["elimination"]:
        if row["share"] == SHARES[0].name:
            published = ABLATIONS["elimination"].get(dataset) if row["numbering"] == "as numbered" else None
            for mode in ("window", "rows"):
                yield {
                    **common,
                    "name": "elimination",
                    "title": f"sparsity elimination, {row['share']}, {row['numbering']}",
                    "what": "rows loaded",
                    "on": {"window": "slide and shrink", "rows": "row by row"}[mode],
                    "off": "none",
                    "with": row["loaded"][mode],
                    "without": row["loaded"]["none"],
                    "gain": row["loaded"]["none"] / max(row["loaded"][mode], 1),
                    "published": 1 / published if published and mode == "window" else None,
                }
    for row in models["work"]:
        yield {
            **common,
            "core": row["core"],
            "name": "dispatch",
            "title": "dispatch to SIMD cores",
            "what": "cycles of an aggregation, one slice, no bank conflicts",
            "on": "dynamic",
            "off": "by number of the row",
            "with": row["dynamic"]["cycles"],
            "without": row["static"]["cycles"],
            "gain": row["static"]["cycles"] / max(row["dynamic"]["cycles"], 1),
            "published": None,
        }
    hits = {row["hubs"]: row["share"] for row in models["hub_hits"]}
    yield {
        **common,
        "name": "hubs",
        "title": "hub rows in every core",
        "what": "reads of banks, share of the entries",
        "on": "64 copies",
        "off": "banks only",
        "with": 1 - hits[64],
        "without": 1.0,
        "gain": 1 / max(1 - hits[64], 1e-9),
        "published": None,
    }
    for row in models["orders"]:
        combined, aggregated = (row[order]["operations"] for order in ("A(XW)", "(AX)W"))
        yield {
            **common,
            "name": "order",
            "title": f"order of {row['layer']}",
            "what": "operations",
            "on": "A(XW)",
            "off": "(AX)W",
            "with": combined,
            "without": aggregated,
            "gain": aggregated / max(combined, 1),
            "published": None,
        }
