"""The order of a layer's two products, A(XW) or (AX)W, from what each costs.

Combination first gathers rows of the output's width, aggregation first rows of the input's. Where the input
is sparse and wide, as bags of words are, combination first is cheaper by far: 81.1 million operations become
999,680 in the first layer of a GCN on Cora. Where a layer widens its rows, aggregation first can be cheaper.

What the hardware executes is counted. A sparse input costs an operation for each of its non-zeros and output
element if it is combined first; to be aggregated first it must be stored as whole rows. What the epilogue
does (scales, biases, a node's own row in GIN) is free.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.features import is_sparse, non_zeros
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import GraphLayer, GraphNetwork

__all__ = ["ORDERS", "Cost", "Order", "choose", "costs", "possible"]

Order = Literal["A(XW)", "(AX)W"]

ORDERS: tuple[Order, ...] = ("A(XW)", "(AX)W")

ENTRY_BYTES = 2
"""Of an entry of an adjacency, and of a non-zero of the features; elements of rows and weights have one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one layer costs in one order.

    Attributes
    ----------
    combine : int
        Products, or additions where features are binary.
    aggregate : int
        Additions or comparisons.
    bytes : int
        Read and written by both engines: rows, entries, weights. Every gathered row counts.
    """

    combine: int
    aggregate: int
    bytes: int

    @property
    def operations(self) -> int:
        """Of both engines."""
        return self.combine + self.aggregate


def possible(layer: GraphLayer) -> tuple[Order, ...]:
    """Orders in which *layer* can be computed: a maximum does not go past a product."""
    return ("(AX)W",) if layer.kind == "sage" and layer.aggr == "max" else ORDERS


def costs(network: GraphNetwork, graph: Graph) -> list[dict[Order, Cost]]:
    """Cost of every layer in each order that is possible.

    Raises UserError if the network does not fit the graph.
    """
    network.validate(graph)
    found = []
    for index, layer in enumerate(network.layers):
        stored = int(non_zeros(graph.features).sum()) if index == 0 and is_sparse(graph.features) else None
        found.append({order: _cost(layer, graph, order, stored) for order in possible(layer)})
    return found


def choose(network: GraphNetwork, graph: Graph, wanted: Order | None = None) -> tuple[Order, ...]:
    """The order of every layer: that of fewer operations, on a tie that of fewer bytes.

    *wanted* overrides it wherever it is possible. Raises UserError for an order that does not exist.
    """
    if wanted is not None and wanted not in ORDERS:
        raise UserError(f"order must be A(XW) or (AX)W, not {wanted!r}", "network")
    orders = []
    for each in costs(network, graph):
        cheapest = min(each, key=lambda order: (each[order].operations, each[order].bytes))
        orders.append(wanted if wanted in each else cheapest)
    return tuple(orders)


def _cost(layer: GraphLayer, graph: Graph, order: Order, stored: int | None) -> Cost:
    """Cost of a layer; *stored*: elements of a sparse input."""
    nodes, entries = graph.nodes, _entries(layer, graph)
    before, width = layer.linears[0].weight.shape
    roots = 2 if layer.root_weight is not None else 1
    chain = [linear.weight.shape for linear in layer.linears[1:]]
    later = sum(nodes * inputs * outputs for inputs, outputs in chain)
    moved = sum(nodes * (inputs + outputs) + inputs * outputs for inputs, outputs in chain)
    weights = roots * before * width
    if order == "A(XW)":
        elements = nodes * before if stored is None else stored
        source = elements if stored is None else ENTRY_BYTES * elements
        combined = roots * (elements * width)
        gathered = entries * width
        moved += roots * (source + nodes * width) + weights + ENTRY_BYTES * entries + gathered + nodes * width
    else:
        combined = roots * nodes * before * width
        gathered = entries * before
        moved += ENTRY_BYTES * entries + gathered + (roots + 1) * nodes * before + weights + nodes * width
    return Cost(combine=combined + later, aggregate=gathered, bytes=moved)


def _entries(layer: GraphLayer, graph: Graph) -> int:
    """Entries that the layer gathers."""
    if layer.kind == "gcn" and layer.add_self_loops:
        return int(np.count_nonzero(~graph.is_self_loop)) + graph.nodes
    if layer.kind == "sage" and layer.sample is not None:
        return int(np.minimum(graph.in_degrees, layer.sample).sum())
    return graph.edges
