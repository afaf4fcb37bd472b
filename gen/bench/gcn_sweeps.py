"""The phase table over feature and output lengths, as in the characterisation of GCNs on GPUs.

M. Yan et al., "Characterizing and understanding GCNs on GPU" (IEEE Computer Architecture Letters, 2020): with
combination first, the time of combination grows with the length of the features and that of aggregation does
not; both grow with the length of the output. One layer, a seeded graph, a tenth of the features not zero.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pyralis.gen.bench import gcn_run
from pyralis.gen.bench.gcn_workloads import Prepared, Workload, random_gcn
from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Compiled, compile_network
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.quantize import quantize
from pyralis.gen.gcn.synthetic import Profile, synthetic
from pyralis.gen.progress import QUIET, Progress, ticking
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["FEATURES", "OUTPUTS", "lengths", "phase_table", "sweep_graph"]

FEATURES = (64, 128, 256, 512, 1024)
OUTPUTS = (16, 32, 64, 128, 256)
OUTPUT, FEATURE = 16, 128
"""The length that stays while the other one changes."""

NODES, EDGES, LARGEST = 512, 2048, 60
DENSITY = 10
"""One in so many features is not zero."""


def sweep_graph(features: int) -> Graph:
    """512 nodes with the degrees of a citation graph and *features* features, seeded."""
    profile = Profile(
        nodes=NODES,
        edges=EDGES,
        max_degree=LARGEST,
        features=features,
        non_zeros=NODES * features // DENSITY,
        max_non_zeros=features // 4,
        classes=2,
        hub_share=0.38,
    )
    return replace(synthetic(profile), name=f"sweep-{features}")


def lengths(
    name: str,
    config: GcnConfig,
    *,
    features: Sequence[int] = FEATURES,
    outputs: Sequence[int] = OUTPUTS,
    progress: Progress = QUIET,
) -> Iterator[dict[str, Any]]:
    """A row for each length on the core *config*, called *name*; what does not fit says so in ``why``."""
    points = [("features", length, OUTPUT) for length in features]
    points += [("output", FEATURE, length) for length in outputs]
    for sweep, inputs, width in points:
        row: dict[str, Any] = {"sweep": sweep, "features": inputs, "output": width, "core": name}
        with progress.step(f"sweep: {inputs} features, {width} outputs") as step, ticking(step):
            prepared = _prepared(inputs, width)
            try:
                compiled = compile_network(
                    prepared.quantized.network, config, features=prepared.quantized.features
                )
            except UserError as error:
                yield {**row, "why": f"{error.where}: {error.what}."}
                continue
            found = gcn_run.measure(prepared, compiled)
            step.note(f"{found.cycles[1]:,} cycles warm")
            yield {
                **row,
                "bit_exact": found.run.bit_exact,
                "cold": found.cycles[0],
                "warm": found.cycles[1],
                "phases": phase_table(compiled, found.run.phases()),
            }


def phase_table(compiled: Compiled, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each phase: utilisation, bytes for an operation, hits on chip, share of time.

    ``on_chip``: share of the bytes that the engine takes in that do not come from DRAM while it runs warm,
    which is what the hit rate of a cache is on a GPU. An aggregation takes in an entry and a row for each
    entry, a combination an element and a row of weights for each element.
    """
    weighted = 3 if compiled.config.edge_weights else 2
    found = []
    for row in rows:
        taken = row["operations"] + (weighted if row["kind"] == "aggregation" else 1) * row["work"]
        read = {
            run: sum(size for kind, size in row[run]["bytes_by_kind"].items() if kind != "outputs")
            for run in ("first", "later")
        }
        found.append({
            "name": row["name"],
            "kind": row["kind"],
            "source": row["source"],
            **{
                run: {
                    "cycles": row[old]["cycles"],
                    "share": row[old]["share"],
                    "utilisation": row[old]["utilisation"],
                    "bytes_per_operation": row[old]["bytes_per_operation"],
                    "on_chip": 1 - min(read[old] / max(taken, 1), 1),
                }
                for run, old in (("cold", "first"), ("warm", "later"))
            },
        })
    return found


def _prepared(features: int, output: int) -> Prepared:
    graph = sweep_graph(features)
    network = random_gcn([features, output], graph)
    name = f"sweep-{features}-{output}"
    return Prepared(
        workload=Workload(name=name, title=name, graph=lambda _data: graph, hidden=output),
        graph=graph,
        float_network=network,
        quantized=quantize(network, graph),
        accuracy=None,
    )
