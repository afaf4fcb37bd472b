"""Whether the layers that were read compute what the module computes, on a small random graph.

The trace behind the layers cannot see what stands outside of ``forward``: hooks, other code for tensors than
for placeholders, results that are thrown away because a function changed its argument in place.
"""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch_geometric.data import Data

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.chain import UNTRACEABLE, Chain, Source, evaluating
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import GraphNetwork
from pyralis.gen.gcn.reference import run
from pyralis.gen.onethread import one_thread

__all__ = ["try_forward"]

NODES, EDGES = 13, 31


def try_forward(
    module: nn.Module, network: GraphNetwork, chain: Chain, edges: Source | None, weights: Source | None
) -> None:
    """Raises UserError if *module* and *network* differ on a random graph.

    Says nothing where ``forward`` cannot be called with the arguments that *chain* knows of.
    """
    for weighted in (False, True) if weights is not None else (False,):
        graph = _random_graph(network.widths()[0], weighted)
        expected = run(network, graph)[0]
        found = _scores(module, graph, chain, edges, weights if weighted else None)
        if found is None:
            return
        if any("softmax" in note for note in network.source["notes"]):
            expected = expected - expected.max(axis=1, keepdims=True)
            found = found - found.max(axis=1, keepdims=True)
        epsilon = torch.finfo(next(module.parameters()).dtype).eps
        error, bound = float(np.abs(found - expected).max()), float(np.abs(expected).max())
        if error > min(1e4 * epsilon, 0.1) * max(bound, 1e-30):
            what = f"its output is not what its layers make: it differs by {error:.3g}, of {bound:.3g}"
            hint = "take hooks away, and functions that change a tensor in place"
            raise UserError(what, f"forward of {type(module).__name__}", hint)


def _random_graph(width: int, weighted: bool) -> Graph:
    """Edges of all kinds: repeated ones, self loops, and the last node has none."""
    chance = np.random.default_rng(0)
    pairs = chance.integers(0, NODES - 1, (2, EDGES))
    pairs = np.concatenate([pairs, pairs[:, :3], [[4, 5], [4, 5]]], axis=1)
    features = chance.normal(size=(NODES, width))
    weights = chance.uniform(0.5, 2.0, pairs.shape[1]) if weighted else None
    return Graph.from_edge_index(pairs, features, edge_weights=weights)


def _scores(
    module: nn.Module, graph: Graph, chain: Chain, edges: Source | None, weights: Source | None
) -> np.ndarray | None:
    """The output of *module*, or None if it cannot be called."""
    parameter = next(module.parameters())
    values: dict[Source, torch.Tensor] = {
        chain.features: torch.as_tensor(graph.features).to(parameter),
    }
    if edges is not None:
        values[edges] = torch.as_tensor(graph.edge_index).to(parameter.device)
    if weights is not None:
        values[weights] = torch.as_tensor(graph.edge_weights).to(parameter)
    arguments: dict[str, Any] = dict.fromkeys(chain.arguments)
    for source, value in values.items():
        if source.attribute is None:
            arguments[source.argument] = value
        else:
            if arguments.get(source.argument) is None:
                arguments[source.argument] = Data()
            arguments[source.argument][source.attribute] = value
    try:
        with one_thread(), evaluating(module), torch.no_grad():
            return module(**arguments).cpu().to(torch.float64).numpy()
    except UNTRACEABLE:
        return None
