"""Small graphs that are hard on a core: hubs, nodes without edges or features, none at all, and random ones.

All are made from a seed. Features are small integers, in CSR or dense, with rows that are empty.
"""

from typing import TYPE_CHECKING

import numpy as np

from pyralis.gen.gcn.graph import Graph

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["edgeless", "path", "random_features", "random_graph", "star"]


def star(leaves: int, *, both_ways: bool = True, width: int = 8, seed: int = 0) -> Graph:
    """Node 0 gathers from *leaves* others; *both_ways*: and they from it."""
    others = np.arange(1, leaves + 1)
    centre = np.zeros_like(others)
    pairs = np.stack([others, centre])
    pairs = np.concatenate([pairs, pairs[::-1]], axis=1) if both_ways else pairs
    return _with_features(pairs, leaves + 1, f"star of {leaves}", width, seed)


def path(nodes: int, *, width: int = 8, seed: int = 0) -> Graph:
    """Node v is joined to v - 1 and v + 1."""
    left = np.arange(max(nodes - 1, 0))
    pairs = np.stack([np.concatenate([left, left + 1]), np.concatenate([left + 1, left])])
    return _with_features(pairs, nodes, f"path of {nodes}", width, seed)


def edgeless(nodes: int, *, width: int = 8, seed: int = 0) -> Graph:
    """Nodes without edges: 0 for the empty graph, 1 for one node."""
    return _with_features(np.zeros((2, 0), dtype=np.int64), nodes, f"{nodes} without edges", width, seed)


def random_graph(
    nodes: int,
    edges: int,
    *,
    seed: int,
    isolated: int = 0,
    directed: bool = True,
    weighted: bool = False,
    hubs: int = 0,
    width: int = 8,
    density: float = 0.3,
    binary: bool = False,
    sparse: bool = True,
) -> Graph:
    """Edges between random nodes, self loops and repeated ones among them.

    Parameters
    ----------
    nodes, edges : int
        Edges are drawn before the other direction is added, which *directed* graphs do without.
    seed : int
    isolated : int
        Nodes that no edge touches.
    weighted : bool
        Edge weights in -1..1.
    hubs : int
        Nodes at which every other edge begins.
    width, density, binary, sparse
        See :func:`random_features`.
    """
    random = np.random.default_rng(seed)
    members = random.permutation(nodes)[isolated:]
    pairs = members[random.integers(0, max(members.size, 1), (2, edges if members.size else 0))]
    if hubs:
        pairs[0, ::2] = members[random.integers(0, min(hubs, members.size), pairs[0, ::2].size)]
    weights = random.uniform(-1, 1, (pairs.shape[1],)).astype(np.float32) if weighted else None
    if not directed:
        pairs = np.concatenate([pairs, pairs[::-1]], axis=1)
        weights = None if weights is None else np.concatenate([weights, weights])
    features = random_features(nodes, width, random, density=density, binary=binary, sparse=sparse)
    name = f"random graph {seed}"
    return Graph.from_edge_index(pairs, features, nodes=nodes, edge_weights=weights, name=name)


def random_features(
    nodes: int,
    width: int,
    random: np.random.Generator,
    *,
    density: float = 0.3,
    binary: bool = False,
    sparse: bool = True,
) -> "np.ndarray | csr_array":
    """Features (nodes, width): integers -127..127 or, *binary*, 0 and 1, about *density* of them not 0.

    One row of eight, from node 0 on, is empty if the graph has more than one node.
    """
    drawn = np.ones((nodes, width), dtype=np.int64) if binary else random.integers(-127, 128, (nodes, width))
    values = np.where(random.random((nodes, width)) < density, drawn, 0).astype(np.float32)
    if nodes > 1:
        values[::8] = 0
    if not sparse:
        return values
    from scipy.sparse import csr_array

    return csr_array(values)


def _with_features(pairs: np.ndarray, nodes: int, name: str, width: int, seed: int) -> Graph:
    features = random_features(nodes, width, np.random.default_rng(seed))
    return Graph.from_edge_index(pairs, features, nodes=nodes, name=name)
