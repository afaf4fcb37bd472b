"""Which numbers the nodes of a graph get, and the plan that goes with them."""

import math
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import needs
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.intnetwork import IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.layout import input_entries
from pyralis.gen.gcn.lookup import lookup, wanted
from pyralis.gen.gcn.plan import DEFAULT_WINDOWS, draft
from pyralis.gen.gcn.reorder import ORDERS, Numbering, Order, renumber, renumber_groups
from pyralis.gen.gcn.ring import groups, holds, ring_of
from pyralis.gen.gcn.shards import Windows
from pyralis.gen.gcn.steps import Plan, Ring
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["arrange"]


def arrange(
    network: IntGraphNetwork,
    config: GcnConfig,
    features: Any,
    *,
    order: Order = "spread",
    chain: bool = True,
    windows: Windows | None = DEFAULT_WINDOWS,
) -> tuple[Numbering, IntGraphNetwork, Plan]:
    """Numbers of the nodes, the network in these, and its plan without copies of hubs.

    Where row matrices do not fit side by side, the row store is a ring if the nodes can be numbered for it,
    else they are gathered from memory. Where rows come in intervals, ``spread`` is one of all orders: the one
    that moves least.
    """
    entries, compact = None, False
    if features is not None:
        entries, compact = input_entries(config, network.input, features)

    def planned(
        numbering: Numbering, ring: Ring | None = None, *, spill: bool = False
    ) -> tuple[Numbering, IntGraphNetwork, Plan]:
        moved = network.renumbered(numbering.old)
        combine = wanted(moved, config, spill=spill) if windows is not None else None
        looked = None
        if combine is not None:
            rows = None if features is None else numbering.rows(features)
            looked = lookup(moved, combine, config, rows)
        made = draft(
            moved if looked is None else looked.network,
            config,
            chain=chain,
            stored=None if entries is None else numbering.rows(entries),
            compact=compact,
            ring=ring,
            windows=windows,
            spill=spill,
            table=None if looked is None else looked.rows,
        )
        return numbering, moved, made

    def best(*, spill: bool) -> tuple[Numbering, IntGraphNetwork, Plan] | None:
        """Of all orders; None if nothing can be spilled."""
        best, error = None, None
        for each in ORDERS if order == "spread" else (order,):
            try:
                hubs = 0 if spill else config.hubs  # which would stand side by side
                found = planned(_numbering(network, config, features, each, hubs), spill=spill)
            except UserError as refusal:  # another one may have intervals that fit
                error = error or refusal
                continue
            if spill and not found[2].memory:
                continue
            if best is None or _loads(found[2], config) < _loads(best[2], config):
                best = found
            if not _loads(found[2], config):
                break
        if best is None and error is not None:
            raise error
        return best

    try:
        on_chip = best(spill=False)
    except UserError:
        if windows is not None and (windows.always or windows.rows):
            without = draft(network, config, chain=chain, windows=None)
            if needs.row_store(without, config).fits:
                raise
        through_memory = best(spill=True)  # says what its refusal is
        if through_memory is None:
            raise
        return through_memory
    assert on_chip is not None
    numbering, moved, made = on_chip
    if needs.row_store(made, config).fits:
        return on_chip
    ring = ring_of(made, network, config)
    if ring is not None and holds(ring, moved):
        return planned(numbering, ring)
    parts = groups(ring, network) if ring is not None and order == "spread" else None
    if ring is not None and parts is not None:
        graph = _graph_of(network, features)
        return planned(renumber_groups(graph, config.columns, parts, hubs=min(config.hubs, ring.freed)), ring)
    return best(spill=True) or on_chip


def _loads(plan: Plan, config: GcnConfig) -> float:
    """Groups of rows that intervals load; 0 without intervals, unless the plan does not fit so."""
    if plan.shards or plan.sparse_input:
        return sum(each.groups for each in plan.shards.values())
    return 0 if needs.row_store(plan, config).fits else math.inf


def _numbering(
    network: IntGraphNetwork, config: GcnConfig, features: Any, order: Order, hubs: int
) -> Numbering:
    """Numbers that spread the work over the columns; the first ones are those of *hubs*."""
    graph = _graph_of(network, features)
    return renumber(graph, config.columns, hubs=min(hubs, network.nodes), order=order)


def _graph_of(network: IntGraphNetwork, features: Any) -> Graph:
    """The adjacency with most entries, as a graph."""
    used = [each.adjacency for each in network.operations if isinstance(each, IntAggregate)]
    indptr, indices = np.zeros(network.nodes + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if used:
        most = max((network.adjacencies[name] for name in used), key=lambda each: len(each.indices))
        indptr, indices = most.indptr, most.indices
    if features is None:
        features = np.zeros((network.nodes, 1), dtype=np.int8)
    return Graph(nodes=network.nodes, indptr=indptr, indices=indices, features=features)
