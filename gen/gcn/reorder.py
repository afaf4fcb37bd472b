"""New numbers for the nodes: hubs first, columns of equal work, neighbours near each other where asked for.

Row v of every matrix belongs to column v mod columns of the core, so the numbers decide who works how much.
Nodes are first brought into a sequence. Then each block of ``columns`` nodes in a row is dealt to the
columns, one node each, so that the columns' loads come as near to each other as they can: for one kind of
work, the heaviest node goes to the least loaded column. Columns so have equal loads at the end and nearly
so all the way, and have sizes that differ by one at most; and a node is moved less than ``columns`` places
from where the sequence has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.features import non_zeros
from pyralis.gen.gcn.graph import Graph

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["ORDERS", "Numbering", "Order", "balance", "deal", "renumber", "renumber_groups"]

Order = Literal["spread", "given", "cuthill-mckee"]

ORDERS: tuple[Order, ...] = ("spread", "given", "cuthill-mckee")

LAST = 16
"""Blocks that are dealt anew: with less the columns of Cora stay some entries apart."""

Rows = TypeVar("Rows", np.ndarray, "csr_array")


@dataclass(frozen=True, eq=False)
class Numbering:
    """A permutation of nodes.

    Attributes
    ----------
    new : (N,) int64
        New number of each node, by its old one.
    """

    new: np.ndarray

    @cached_property
    def old(self) -> np.ndarray:
        """(N,) int64: old number of each node, by its new one."""
        return np.argsort(self.new, kind="stable")

    @property
    def inverse(self) -> "Numbering":
        """The permutation back."""
        return Numbering(self.old)

    def rows(self, matrix: Rows) -> Rows:
        """A matrix (or vector) with a row for each node, its rows in the new order."""
        return matrix[self.old]

    def undo_rows(self, matrix: Rows) -> Rows:
        """Rows in the new order, such as the core's output, put back into the old one."""
        return matrix[self.new]

    def adjacency(
        self, indptr: np.ndarray, indices: np.ndarray, weights: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """``(indptr, indices, weights)`` of an adjacency in the new numbers, ascending in every row."""
        counts = np.diff(indptr)
        targets, sources = np.repeat(self.new, counts), self.new[indices]
        order = np.lexsort((sources, targets))
        moved = np.zeros_like(indptr)
        np.cumsum(counts[self.old], out=moved[1:])
        return moved, sources[order], None if weights is None else weights[order]

    def graph(self, graph: Graph) -> Graph:
        """*graph* in the new numbers: adjacency, features, labels and masks."""
        indptr, indices, weights = self.adjacency(graph.indptr, graph.indices, graph.edge_weights)
        return replace(
            graph,
            indptr=indptr,
            indices=indices,
            edge_weights=weights,
            features=graph.features[self.old],
            labels=None if graph.labels is None else graph.labels[self.old],
            masks={name: mask[self.old] for name, mask in graph.masks.items()},
        )


def renumber(graph: Graph, columns: int, *, hubs: int = 0, order: Order = "spread") -> Numbering:
    """Numbers for the nodes of *graph* on a core with *columns* columns.

    Columns are balanced in entries of the adjacency as it is given (self loops in it, where the network wants
    them) and in non-zeros of the features. An empty row counts as one entry, as it does in the core.

    Parameters
    ----------
    graph : Graph
    columns : int
    hubs : int
        This many of the most gathered nodes get the lowest numbers.
    order : {"spread", "given", "cuthill-mckee"}
        Sequence of the others: every degree spread evenly over it, so that heavy and light rows alternate;
        as they are numbered; or reverse Cuthill-McKee, which brings neighbours together.

    Raises
    ------
    UserError
        For an order that does not exist.
    """
    if order not in ORDERS:
        what = f"order must be one of {', '.join(ORDERS)}, not {order!r}"
        raise UserError(what, f"graph {graph.name!r}", "")
    entries = np.maximum(graph.in_degrees, 1)
    if order == "spread":
        sequence = _spread(entries)
    elif order == "given":
        sequence = np.arange(graph.nodes)
    else:
        sequence = _cuthill_mckee(graph)
    gathered = np.argsort(-graph.out_degrees, kind="stable")[:hubs]
    is_hub = np.zeros(graph.nodes, dtype=bool)
    is_hub[gathered] = True
    sequence = np.concatenate([gathered, sequence[~is_hub[sequence]]])
    work = (entries, np.maximum(non_zeros(graph.features), 1))
    return deal(sequence, columns, work, heavy_first=order != "spread")


def renumber_groups(graph: Graph, columns: int, groups: Sequence[np.ndarray], *, hubs: int = 0) -> Numbering:
    """Numbers in the order of *groups* of nodes, each of which is spread and dealt by itself.

    All groups but the last one have whole blocks of *columns* nodes. The most gathered nodes of the first
    group, *hubs* of them, come first.
    """
    entries, elements = np.maximum(graph.in_degrees, 1), np.maximum(non_zeros(graph.features), 1)
    new, start = np.empty(graph.nodes, dtype=np.int64), 0
    for number, nodes in enumerate(groups):
        sequence = _spread(entries[nodes])
        if number == 0:
            gathered = np.argsort(-graph.out_degrees[nodes], kind="stable")[:hubs]
            sequence = np.concatenate([gathered, sequence[~np.isin(sequence, gathered)]])
        dealt = deal(sequence, columns, (entries[nodes], elements[nodes]), heavy_first=True)
        new[nodes] = start + dealt.new
        start += len(nodes)
    return Numbering(new)


def deal(
    sequence: np.ndarray, columns: int, work: Sequence[np.ndarray], *, heavy_first: bool = False
) -> Numbering:
    """Numbers for the nodes in *sequence* that balance each kind of *work*, an array (N,) of costs.

    Each block gets the assignment of its nodes to columns after which the sum of the squares of the loads is
    least, each kind of work measured in its mean. Blocks are dealt one after the other, which keeps the loads
    near each other all the way; or, *heavy_first*, those with the heaviest nodes first (the rule of longest
    processing time), which balances the end even if the sequence ends with hubs. Those dealt last are then
    dealt anew, three times: each makes up for all others, not only for those in front of it.
    """
    from scipy.optimize import linear_sum_assignment

    nodes = sequence.size
    costs = np.stack([kind / max(float(kind.sum()) / max(nodes, 1), 1e-9) for kind in work], axis=1)
    loads = np.zeros((columns, len(work)))
    new, got = np.empty(nodes, dtype=np.int64), np.zeros((nodes, len(work)))
    starts = np.arange(0, nodes, columns)
    if heavy_first and nodes:
        heaviest = np.maximum.reduceat(costs.max(axis=1)[sequence], starts)
        starts = starts[np.argsort(-heaviest, kind="stable")]
    for start in [*starts, *3 * starts[-LAST:].tolist()]:
        block = sequence[start : start + columns]
        dealt = costs[block]
        loads[: block.size] -= got[start : start + columns]
        # (load + cost)^2 summed over the columns: only the mixed terms depend on the assignment
        places = linear_sum_assignment(dealt @ (loads[: block.size] - loads.mean(axis=0)).T)[1]
        loads[places] += dealt
        got[start + places] = dealt
        new[block] = start + places
    return Numbering(new)


def balance(work: np.ndarray, columns: int) -> float:
    """Largest load of a column over the mean, for costs (N,) of nodes by their numbers; 1 is perfect."""
    loads = np.bincount(np.arange(work.size) % columns, weights=work, minlength=columns)
    return float(loads.max() / loads.mean()) if loads.any() else 1.0


def _spread(degrees: np.ndarray) -> np.ndarray:
    """Nodes in a sequence in which the nodes of every degree stand at equal distances."""
    order = np.argsort(-degrees, kind="stable")
    falling = degrees[order]
    first = np.searchsorted(-falling, -falling, side="left")
    count = np.searchsorted(-falling, -falling, side="right") - first
    return order[np.argsort((np.arange(degrees.size) - first + 0.5) / count, kind="stable")]


def _cuthill_mckee(graph: Graph) -> np.ndarray:
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    if not graph.nodes:
        return np.zeros(0, dtype=np.int64)
    edges = replace(
        graph, edge_weights=None
    ).adjacency()  # weights could cancel where both directions are added
    return np.asarray(reverse_cuthill_mckee(edges, symmetric_mode=False), dtype=np.int64)
