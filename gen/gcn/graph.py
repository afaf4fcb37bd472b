"""A graph: who gathers from whom, what every node carries, and what it should be classified as.

Adjacencies are compressed rows over *destinations*, as the hardware walks them: row v lists the sources that
node v gathers from, in ascending order. An entry that stands twice counts twice, as PyTorch Geometric sums
duplicate edges.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.features import feature_matrix, is_sparse
from pyralis.gen.geometry import Faults, check

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Graph"]

MASKS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """A directed graph with N nodes and E edges. The constructors ``from_*`` bring entries into order.

    Attributes
    ----------
    nodes : int
    indptr : (N + 1,) int64
        Row v is ``indices[indptr[v]:indptr[v + 1]]``.
    indices : (E,) int64
        Sources, ascending in every row, repeated where an edge stands more than once.
    features : (N, F) float32, ndarray or scipy csr_array
    edge_weights : (E,) float32, optional
        Of the same order as ``indices``; without them every entry counts 1.
    labels : (N,) int64, optional
        Class of each node; -1 where it is not known.
    masks : dict
        (N,) bool for any of ``train``, ``val``, ``test``.
    name : str
    """

    nodes: int
    indptr: np.ndarray
    indices: np.ndarray
    features: "np.ndarray | csr_array"
    edge_weights: np.ndarray | None = None
    labels: np.ndarray | None = None
    masks: Mapping[str, np.ndarray] = field(default_factory=dict)
    name: str = "graph"

    @classmethod
    def from_edge_index(
        cls, edge_index: Any, features: Any, *, edge_weights: Any = None, **others: Any
    ) -> "Graph":
        """From *edge_index* (2, E): sources above, targets below, the convention of PyTorch Geometric.

        *others* are attributes of the class; the number of nodes is that of the rows of *features* unless
        ``nodes`` is among them. Raises UserError if the graph is not valid.
        """
        pairs = np.asarray(edge_index)
        if pairs.ndim != 2 or pairs.shape[0] != 2:
            what = f"edge_index must have two rows, sources and targets, not the shape {pairs.shape}"
            raise UserError(what, "graph", "PyTorch Geometric's edge_index has this form")
        if pairs.size and not np.issubdtype(pairs.dtype, np.integer):
            raise UserError(f"edge_index must hold integers, not {pairs.dtype}", "graph")
        features = feature_matrix(features)
        nodes = int(others.pop("nodes", features.shape[0]))
        sources, targets = pairs.astype(np.int64)
        check(_range_faults(sources, nodes, "source"), "graph")
        check(_range_faults(targets, nodes, "target"), "graph")
        order = np.lexsort((sources, targets))  # stable: repeated edges keep the order of the input
        weights = None
        if edge_weights is not None:
            weights = np.asarray(edge_weights, dtype=np.float32)
            if weights.shape != sources.shape:
                what = f"there are {sources.size} edges and edge weights of shape {weights.shape}"
                raise UserError(what, "graph", "give one weight an edge")
            weights = weights[order]
        indptr = np.zeros(nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(targets, minlength=nodes), out=indptr[1:])
        return cls._made(
            nodes=nodes,
            indptr=indptr,
            indices=sources[order],
            edge_weights=weights,
            features=features,
            **others,
        )

    @classmethod
    def from_csr(cls, adjacency: Any, features: Any, **others: Any) -> "Graph":
        """From a scipy CSR matrix (N, N) whose row v holds the sources that node v gathers from.

        For directed graphs this is the transpose of what libraries of graph theory call the adjacency matrix.
        Stored values become edge weights unless all of them are 1. Stored zeros are edges. *others* are
        attributes of the class. Raises UserError if the graph is not valid.
        """
        if not is_sparse(adjacency) or adjacency.format != "csr":
            what = f"the adjacency must be a scipy CSR matrix, not {type(adjacency).__name__}"
            raise UserError(what, "graph", "matrix.tocsr() converts")
        rows, columns = adjacency.shape
        if rows != columns:
            raise UserError(f"the adjacency must be square, not {rows} x {columns}", "graph")
        indptr, indices = (
            np.asarray(part).astype(np.int64) for part in (adjacency.indptr, adjacency.indices)
        )
        features = feature_matrix(features)
        check(_row_faults(rows, indptr, indices), "graph")
        order = np.lexsort((indices, np.repeat(np.arange(rows), np.diff(indptr))))
        values = np.asarray(adjacency.data)
        weights = None if bool(np.all(values == 1)) else values.astype(np.float32)[order]
        indices = indices[order]
        return cls._made(
            nodes=rows, indptr=indptr, indices=indices, edge_weights=weights, features=features, **others
        )

    @classmethod
    def _made(cls, *, labels: Any = None, masks: Mapping[str, Any] | None = None, **values: Any) -> "Graph":
        if labels is not None:
            given = np.asarray(labels)
            if given.size and not np.issubdtype(given.dtype, np.integer):
                raise UserError(f"labels must be integers, not {given.dtype}", "graph", "number the classes")
            labels = given.astype(np.int64)
        masks = {name: np.asarray(mask) for name, mask in (masks or {}).items()}
        graph = cls(labels=labels, masks=masks, **values)
        graph.validate()
        return graph

    @property
    def edges(self) -> int:
        """E: entries of the adjacency, repeated ones and self loops among them."""
        return int(self.indices.size)

    @property
    def feature_width(self) -> int:
        """F."""
        return int(self.features.shape[1])

    @property
    def classes(self) -> int:
        """One more than the largest label; 0 without labels."""
        return 0 if self.labels is None else int(self.labels.max(initial=-1)) + 1

    @property
    def targets(self) -> np.ndarray:
        """(E,) int64: the destination of each entry, beside ``indices``, its source."""
        return np.repeat(np.arange(self.nodes, dtype=np.int64), np.diff(self.indptr))

    @property
    def edge_index(self) -> np.ndarray:
        """(2, E) int64: sources and targets, for PyTorch Geometric."""
        return np.stack([self.indices, self.targets])

    @property
    def in_degrees(self) -> np.ndarray:
        """(N,) int64: entries of each row, that is the rows that a node gathers."""
        return np.diff(self.indptr)

    @property
    def out_degrees(self) -> np.ndarray:
        """(N,) int64: how often each node is gathered."""
        return np.bincount(self.indices, minlength=self.nodes).astype(np.int64)

    @property
    def weighted_degrees(self) -> np.ndarray:
        """(N,) float64: sum of the edge weights of each row, the degree in GCNConv's normalisation."""
        weights = None if self.edge_weights is None else self.edge_weights.astype(np.float64)
        return np.bincount(self.targets, weights=weights, minlength=self.nodes).astype(np.float64)

    @property
    def is_self_loop(self) -> np.ndarray:
        """(E,) bool."""
        return self.indices == self.targets

    @property
    def isolated(self) -> np.ndarray:
        """(N,) bool: no edge from or to another node."""
        between = ~self.is_self_loop
        met = np.zeros(self.nodes, dtype=bool)
        met[self.indices[between]] = True
        met[self.targets[between]] = True
        return ~met

    @property
    def repeated_edges(self) -> int:
        """Entries that stand once more in the same row."""
        same = (np.diff(self.indices) == 0) & (np.diff(self.targets) == 0)
        return int(np.count_nonzero(same))

    def adjacency(self) -> "csr_array":
        """(N, N) float32: row v holds the weights of the sources of v; products sum repeated entries."""
        from scipy.sparse import csr_array

        weights = np.ones(self.edges, np.float32) if self.edge_weights is None else self.edge_weights
        return csr_array((weights, self.indices, self.indptr), shape=(self.nodes, self.nodes))

    def with_self_loops(self, fill: float = 1.0) -> "Graph":
        """The graph with exactly one self loop on every node: PyTorch Geometric's add_remaining_self_loops.

        With edge weights, a self loop keeps the weight it has (the last one's where several stand) and a new
        one gets *fill*. Without edge weights the graph stays without them and *fill* has no effect, as there.
        """
        loop = self.is_self_loop
        own = np.arange(self.nodes, dtype=np.int64)
        pairs = np.concatenate([self.edge_index[:, ~loop], np.stack([own, own])], axis=1)
        weights = None
        if self.edge_weights is not None:
            of_loops = np.full(self.nodes, fill, dtype=np.float32)
            for node, weight in zip(self.indices[loop], self.edge_weights[loop], strict=True):
                of_loops[node] = weight
            weights = np.concatenate([self.edge_weights[~loop], of_loops])
        return self._with_edges(pairs, weights)

    def without_self_loops(self) -> "Graph":
        """The graph without edges from a node to itself."""
        keep = ~self.is_self_loop
        weights = None if self.edge_weights is None else self.edge_weights[keep]
        return self._with_edges(self.edge_index[:, keep], weights)

    def _with_edges(self, pairs: np.ndarray, weights: np.ndarray | None) -> "Graph":
        made = Graph.from_edge_index(pairs, self.features, edge_weights=weights, nodes=self.nodes)
        return replace(self, indptr=made.indptr, indices=made.indices, edge_weights=made.edge_weights)

    def validate(self) -> None:
        """Checks all arrays against each other; raises UserError that names the array and the bound."""
        where = f"graph {self.name!r}"
        check(_row_faults(self.nodes, self.indptr, self.indices), where)
        check(self._order_faults(), where)
        check(_feature_faults(self.nodes, self.features), where)
        check(self._label_faults(), where)

    def _order_faults(self) -> Faults:
        falls = (np.diff(self.indices) < 0) & (np.diff(self.targets) == 0)
        row = int(self.targets[int(np.argmax(falls))]) if falls.any() else 0
        hint = "Graph.from_csr and Graph.from_edge_index sort"
        yield bool(falls.any()), f"the indices of row {row} do not ascend", hint
        if self.edge_weights is not None:
            shape, bad = self.edge_weights.shape, int(np.count_nonzero(~np.isfinite(self.edge_weights)))
            what = f"there are {self.edges} edges and edge weights of shape {shape}"
            yield shape != (self.edges,), what, "give one weight an edge"
            yield bad > 0, f"{bad} of {self.edges} edge weights are NaN or infinite", ""

    def _label_faults(self) -> Faults:
        if self.labels is not None:
            shape = self.labels.shape
            what = f"the graph has {self.nodes} nodes, and the labels have the shape {shape}"
            yield shape != (self.nodes,), what, "give one label a node, -1 where it is not known"
            low = int(self.labels.min(initial=0))
            yield low < -1, f"labels must be at least -1, not {low}", ""
        for name, mask in self.masks.items():
            what = f"a mask must be train, val or test, not {name!r}"
            yield name not in MASKS, what, ""
            wrong = mask.shape != (self.nodes,) or mask.dtype != bool
            what = f"mask {name!r} must hold {self.nodes} booleans, not {mask.dtype} of shape {mask.shape}"
            yield wrong, what, "give one boolean a node"


def _range_faults(values: np.ndarray, nodes: int, name: str) -> Faults:
    wrong = (values < 0) | (values >= nodes)
    bad = int(values[int(np.argmax(wrong))]) if wrong.any() else 0
    bound = f"the {nodes} nodes are numbered 0..{nodes - 1}" if nodes else "the graph has no nodes"
    yield bool(wrong.any()), f"a {name} is {bad}, and {bound}", ""


def _row_faults(nodes: int, indptr: np.ndarray, indices: np.ndarray) -> Faults:
    yield nodes < 0, f"the number of nodes must not be negative, and is {nodes}", ""
    what = f"indptr must hold {nodes + 1} values, one more than nodes, not the shape {indptr.shape}"
    yield indptr.shape != (nodes + 1,), what, ""
    for name, array in (("indptr", indptr), ("indices", indices)):
        what = f"{name} must hold integers, not {array.dtype}"
        yield not np.issubdtype(array.dtype, np.integer), what, ""
    low = int(indptr.min())
    yield low < 0, f"indptr must not be negative, and has the value {low}", ""
    yield int(indptr[0]) != 0, f"indptr must begin with 0, not {int(indptr[0])}", ""
    falls = np.diff(indptr) < 0
    row = int(np.argmax(falls)) if falls.any() else 0
    what = f"indptr must not fall, and does from {int(indptr[row])} to {int(indptr[min(row + 1, nodes)])}"
    yield bool(falls.any()), f"{what} at row {row}", ""
    yield indices.ndim != 1, f"indices must be one row of values, not the shape {indices.shape}", ""
    what = f"indptr ends with {int(indptr[-1])}, and there are {indices.size} indices"
    yield int(indptr[-1]) != indices.size, what, ""
    yield from _range_faults(indices, nodes, "source")


def _feature_faults(nodes: int, features: "np.ndarray | csr_array") -> Faults:
    shape = features.shape
    yield len(shape) != 2, f"features must be a matrix, a row for each node, not the shape {shape}", ""
    yield shape[0] != nodes, f"the graph has {nodes} nodes, and the features have {shape[0]} rows", ""
    values = features.data if is_sparse(features) else features
    bad = int(np.count_nonzero(~np.isfinite(values)))
    yield bad > 0, f"{bad} of {values.size} values of the features are NaN or infinite", ""
