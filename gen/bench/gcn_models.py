"""What is predicted and not run: rows that each elimination mode loads, work of each core, hub hits, orders.

All of it comes from software models that tests hold against the RTL of the parts. It needs no core that
holds the whole graph, so that it covers the large graphs too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pyralis.gen.bench.gcn_workloads import Prepared
from pyralis.gen.gcn import order as orders_of
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.intnetwork import IntAdjacency, IntAggregate
from pyralis.gen.gcn.reorder import Order, renumber
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.sim.golden.gcn.dispatch import dispatch
from pyralis.sim.golden.gcn.windows import rows_loaded

__all__ = ["SHARES", "Share", "adjacency_of", "elimination", "hub_hits", "models", "orders", "work"]

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a core that does not hold the graph gives to one destination interval and to one window.

    Attributes
    ----------
    name : str
    interval_bytes, window_bytes : int
    element_bytes : int
        Of an element of a row.
    combined : bool
        Rows have been combined before they are aggregated, so that they are as wide as the hidden layer.
    """

    name: str
    interval_bytes: int
    window_bytes: int
    element_bytes: int = 1
    combined: bool = True

    def of(self, features: int, hidden: int) -> tuple[int, int]:
        """(rows of an interval, rows of a window), one at least."""
        row = (hidden if self.combined else features) * self.element_bytes
        return max(1, self.interval_bytes // row), max(1, self.window_bytes // row)


SHARES = (
    Share(
        name="HyGCN, aggregation first",
        interval_bytes=4 * MIB,
        window_bytes=64 * KIB,
        element_bytes=4,
        combined=False,
    ),
    Share(name="512 KiB, windows of 128 KiB", interval_bytes=512 * KIB, window_bytes=128 * KIB),
    Share(name="512 KiB, windows of 1 KiB", interval_bytes=512 * KIB, window_bytes=KIB),
    Share(name="64 KiB, windows of 1 KiB", interval_bytes=64 * KIB, window_bytes=KIB),
)
"""HyGCN's paper does not say how much of its Aggregation Buffer one interval has; with 4 MiB, and half of the
Input Buffer of 128 KiB for a window, its published ratios come out. 512 KiB is the row store of ``z32``."""


def adjacency_of(prepared: Prepared) -> IntAdjacency:
    """What the first aggregation of the workload gathers, self loops in it, in the graph's own numbers."""
    network = prepared.quantized.network
    first = next(each for each in network.operations if isinstance(each, IntAggregate))
    return network.adjacencies[first.adjacency]


def models(prepared: Prepared) -> dict[str, Any]:
    """Everything below for one workload, as plain data."""
    return {
        "workload": prepared.workload.name,
        "evidence": "model",
        "elimination": elimination(prepared),
        "work": [work(prepared, PRESETS[name], name) for name in ("z32", "z64")],
        "hub_hits": [{"hubs": hubs, "share": hub_hits(prepared, hubs)} for hubs in (0, 16, 64, 256)],
        "orders": orders(prepared),
    }


def elimination(prepared: Prepared) -> list[dict[str, Any]]:
    """Rows loaded by each mode for each of :data:`SHARES`, also with neighbours brought together."""
    adjacency, workload = adjacency_of(prepared), prepared.workload
    numberings: dict[str, Order] = {"as numbered": "given", "Cuthill-McKee": "cuthill-mckee"}
    moved = {}
    for title, order in numberings.items():
        numbering = renumber(_graph(prepared, adjacency), 1, order=order)
        moved[title] = numbering.adjacency(adjacency.indptr, adjacency.indices)[:2]
    rows = []
    for share in SHARES:
        width, height = share.of(prepared.graph.feature_width, workload.hidden)
        for title, (indptr, indices) in moved.items():
            intervals = -(-prepared.graph.nodes // width)
            loaded = {
                "none": intervals * prepared.graph.nodes,
                "window": rows_loaded(indptr, indices, height, width, Elimination.WINDOW),
                "rows": rows_loaded(indptr, indices, height, width, Elimination.ROWS),
            }
            rows.append({
                "share": share.name,
                "numbering": title,
                "interval_rows": width,
                "window_rows": height,
                "loaded": loaded,
                "ratio": {mode: count / max(loaded["none"], 1) for mode, count in loaded.items()},
            })
    return rows


def work(prepared: Prepared, config: GcnConfig, name: str) -> dict[str, Any]:
    """Entries of the busiest core over the mean, for dynamic and for static dispatch."""
    adjacency = adjacency_of(prepared)
    numbering = renumber(
        _graph(prepared, adjacency), config.columns, hubs=min(config.hubs, prepared.graph.nodes)
    )
    degrees = numbering.rows(adjacency.degrees)
    found = {"core": name, "cores": config.columns * config.cores}
    for kind, static in (("dynamic", False), ("static", True)):
        given = dispatch(degrees, config.columns, config.cores, static=static)
        found[kind] = {
            "max_over_mean": given.imbalance,
            "utilisation": given.utilisation,
            "cycles": int(given.cycles.max()),
        }
    return found


def hub_hits(prepared: Prepared, hubs: int) -> float:
    """Share of all entries whose source is one of the *hubs* most gathered nodes."""
    counts = np.bincount(adjacency_of(prepared).indices, minlength=prepared.graph.nodes)
    return float(np.sort(counts)[::-1][:hubs].sum() / max(counts.sum(), 1))


def orders(prepared: Prepared) -> list[dict[str, Any]]:
    """Operations and bytes of each layer in each order."""
    found = orders_of.costs(prepared.float_network, prepared.graph)
    return [
        {
            "layer": layer.name,
            **{order: {"operations": cost.operations, "bytes": cost.bytes} for order, cost in costs.items()},
        }
        for layer, costs in zip(prepared.float_network.layers, found, strict=True)
    ]


def _graph(prepared: Prepared, adjacency: IntAdjacency) -> Graph:
    """The graph with the entries that are gathered."""
    return Graph(
        nodes=prepared.graph.nodes,
        indptr=adjacency.indptr,
        indices=adjacency.indices,
        features=prepared.quantized.features,
    )
