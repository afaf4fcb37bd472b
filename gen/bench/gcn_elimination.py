"""Rows that the Sparsity Eliminator loads, counted by the RTL, beside the software model of it.

What is loaded depends on the graph alone, on the rows of an interval and of a window: so a network of one
aggregation, over rows of one word, has its counts, whatever the width of the workload's own rows. Intervals
are rounded up to what a descriptor can begin with, and the model counts the same ones.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pyralis.gen.bench.gcn_models import SHARES, adjacency_of
from pyralis.gen.bench.gcn_workloads import Prepared
from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Settings, compile_network
from pyralis.gen.gcn.intnetwork import Epilogue, IntAdjacency, IntAggregate, IntGraphNetwork, IntInput
from pyralis.gen.gcn.settings import Mode
from pyralis.gen.progress import QUIET, Progress, ticking
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.sim.gcn.run import simulate
from pyralis.sim.golden.gcn import network as golden
from pyralis.sim.golden.gcn.windows import rows_loaded

__all__ = ["elimination_rows", "gathering"]

MODES: tuple[Mode, ...] = ("window", "rows")


def gathering(adjacency: IntAdjacency, width: int) -> IntGraphNetwork:
    """The largest of the neighbours, element by element, of int8 rows of *width*."""
    gather = IntAggregate(
        name="gather", source="x", adjacency="graph", reduce="max", epilogue=Epilogue(output="int32")
    )
    return IntGraphNetwork(
        nodes=len(adjacency.indptr) - 1,
        input=IntInput(features=width, values="int8"),
        adjacencies={"graph": IntAdjacency(indptr=adjacency.indptr, indices=adjacency.indices)},
        operations=(gather,),
    )


def elimination_rows(
    prepared: Prepared, name: str, config: GcnConfig, progress: Progress = QUIET
) -> Iterator[dict[str, Any]]:
    """A row for each mode and each of ``gcn_models.SHARES``.

    Nodes are in the order of the files, but for hubs, which come first, and for the balance of the columns.

    ``loaded`` and ``seen`` are the RTL's, ``model`` is the software model's ``loaded``. What a core cannot
    hold is a row with the reason in ``why``.
    """
    network = gathering(adjacency_of(prepared), config.lanes)
    features = np.random.default_rng(1).integers(-128, 128, (network.nodes, config.lanes), dtype=np.int8)
    scores = golden.run(network, features).scores.numpy()
    for share in SHARES:
        width, height = share.of(prepared.graph.feature_width, prepared.workload.hidden)
        for mode in MODES:
            row: dict[str, Any] = {
                "workload": prepared.workload.name,
                "core": name,
                "share": share.name,
                "mode": mode,
                "evidence": "rtl",
            }
            with progress.step(f"{row['workload']}: {mode}, {share.name}") as step, ticking(step):
                settings = Settings(
                    elimination=mode,
                    window_height=min(height, network.nodes),
                    interval_rows=min(width, network.nodes),
                )
                try:
                    compiled = compile_network(
                        network, config, features=features, settings=settings, order="given"
                    )
                except UserError as error:
                    yield {**row, "why": f"{error.where}: {error.what}."}
                    continue
                outcome = simulate(compiled, [features])
                bounds = compiled.plan.shards["gather"].lists.bounds
                moved = compiled.network.adjacencies["graph"]
                row |= {
                    "interval_rows": bounds[1],
                    "window_rows": settings.window_height,
                    "intervals": len(bounds) - 1,
                    "seen": outcome.totals["rows_seen"],
                    "loaded": outcome.totals["rows_loaded"],
                    "model": rows_loaded(
                        moved.indptr,
                        moved.indices,
                        settings.window_height,
                        bounds[1],
                        Elimination[mode.upper()],
                    ),
                    "cycles": outcome.cycles,
                    "bit_exact": outcome.error == "NONE" and np.array_equal(outcome.results[0], scores),
                }
                row["bit_exact"] = bool(row["bit_exact"] and row["loaded"] == row["model"])
                row["ratio"] = row["loaded"] / max(row["seen"], 1)
                step.note(f"{row['loaded']:,} of {row['seen']:,} rows, {row['ratio']:.3f}")
                yield row
