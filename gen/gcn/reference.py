"""Runs a float graph network in float64: what quantisation is compared with.

Checked against PyTorch Geometric itself; needs numpy and scipy only. The model of the integers is in
``sim/golden/gcn``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import GraphLayer, GraphNetwork

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["LayerTrace", "aggregate", "propagation", "run"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerTrace:
    """What one layer did; matrices are (N, width) float64.

    Attributes
    ----------
    inputs : ndarray or csr_array
    aggregated : ndarray or csr_array
        ``inputs`` gathered; for gin with the node's own row.
    hidden : list of ndarray
        gin: the rows between the linears, after ReLU.
    outputs : ndarray
    """

    inputs: Any
    aggregated: Any
    hidden: list[np.ndarray] = field(default_factory=list)
    outputs: np.ndarray


def run(
    network: GraphNetwork, graph: Graph, *, samples: Mapping[str, Graph] | None = None
) -> tuple[np.ndarray, list[LayerTrace]]:
    """Runs *network* on *graph*; returns the scores (N, classes) float64, and one trace per layer.

    Parameters
    ----------
    samples : mapping, optional
        For layers that sample, by name: the graph of the edges that were drawn. Such a layer gathers all its
        sources without it.

    Raises
    ------
    UserError
        The network does not fit the graph, or the edge weights that a node gathers have a negative sum.
    """
    network.validate(graph)
    rows: Any = graph.features.astype(np.float64)
    traces = []
    for layer in network.layers:
        trace = _layer(layer, (samples or {}).get(layer.name, graph), rows)
        traces.append(trace)
        rows = trace.outputs
    return traces[-1].outputs, traces


def propagation(layer: GraphLayer, graph: Graph) -> "csr_array":
    """The matrix (N, N) float64 by which *layer*, which must not take maxima, multiplies rows to aggregate.

    gcn uses edge weights; sage and gin do not look at them, like SAGEConv and GINConv.
    """
    from scipy.sparse import csr_array

    if layer.kind == "gcn" and layer.add_self_loops:
        graph = graph.with_self_loops(2.0 if layer.improved else 1.0)
    weighted = layer.kind == "gcn" and graph.edge_weights is not None
    values = np.ones(graph.edges)
    if weighted:
        values = np.asarray(graph.edge_weights, dtype=np.float64)
    if layer.kind == "gcn" and layer.normalize:
        degrees = np.bincount(graph.targets, weights=values, minlength=graph.nodes)
        if (degrees < 0).any():
            node = int(np.argmax(degrees < 0))
            what = f"the edge weights that node {node} gathers sum to {degrees[node]:g}"
            hint = "normalisation divides by the square root of this sum; use normalize=False"
            raise UserError(what, f"layer {layer.name!r}", hint)
        roots = np.zeros(graph.nodes)
        np.divide(1, np.sqrt(degrees), out=roots, where=degrees > 0)
        values = values * roots[graph.targets] * roots[graph.indices]
    elif layer.kind == "sage":
        values = values / graph.in_degrees[graph.targets]
    elif layer.kind == "gin":
        own = np.arange(graph.nodes)
        identity = csr_array((np.full(graph.nodes, 1.0 + layer.eps), (own, own)), shape=(graph.nodes,) * 2)
        return csr_array(_matrix(values, graph) + identity)
    return _matrix(values, graph)


def aggregate(layer: GraphLayer, graph: Graph, rows: Any) -> Any:
    """What *layer* makes of *rows* (N, F) before its products; sparse rows stay sparse, unless for maxima."""
    if layer.kind == "sage" and layer.aggr == "max":
        return _maxima(graph, rows if isinstance(rows, np.ndarray) else rows.toarray())
    return propagation(layer, graph) @ rows


def _layer(layer: GraphLayer, graph: Graph, rows: Any) -> LayerTrace:
    aggregated = aggregate(layer, graph, rows)
    hidden: list[np.ndarray] = []
    made = aggregated
    for index, linear in enumerate(layer.linears):
        if index:
            made = np.maximum(made, 0)
            hidden.append(made)
        made = made @ np.asarray(linear.weight, dtype=np.float64)
        if layer.kind == "sage" and layer.root_weight is not None:
            made = made + rows @ np.asarray(layer.root_weight, dtype=np.float64)
        if linear.bias is not None:
            made = made + linear.bias
    outputs = np.maximum(made, 0) if layer.relu else made
    return LayerTrace(inputs=rows, aggregated=aggregated, hidden=hidden, outputs=outputs)


def _matrix(values: np.ndarray, graph: Graph) -> "csr_array":
    from scipy.sparse import csr_array

    return csr_array((values, graph.indices, graph.indptr), shape=(graph.nodes, graph.nodes))


def _maxima(graph: Graph, rows: np.ndarray) -> np.ndarray:
    """The greatest of each node's gathered rows, element by element; 0 for a node that gathers nothing."""
    made = np.zeros_like(rows)
    gathers = graph.in_degrees > 0
    if gathers.any():
        starts = graph.indptr[:-1][gathers]
        made[gathers] = np.maximum.reduceat(rows[graph.indices], starts, axis=0)
    return made
