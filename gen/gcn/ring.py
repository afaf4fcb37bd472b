"""Rows of a matrix where rows of the one before have been, for graphs of which two do not fit side by side.

A layer gathers the rows of one matrix and makes those of the next. The row store is used as a ring: row v of
the next matrix is ``rows - first`` words behind row v of the one before, modulo the size of the store. The
first rows, ``first`` of them, find free words; the others come to lie where the first ``freed`` rows of the
matrix before have been, and are made by a descriptor of their own when nothing gathers those any more. So
nodes are numbered in three groups::

    0 ............ freed ............ first ............ nodes
    gathered by    gathered by        gather none of
    the first two  all                the first group

which a set of nodes of the second group's size makes possible that cuts the graph in two. Two ways are tried
to find one: the nodes of most edges, whose removal lets a graph of a power law fall to pieces; and the middle
of the sequence of reverse Cuthill-McKee, which cuts graphs that are long. Nothing is moved twice for it: the
traffic is that of a store that holds both matrices.
"""

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np

from pyralis.gen.gcn import partition
from pyralis.gen.gcn.intnetwork import INPUT, IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.steps import Matrix, Plan, Ring
from pyralis.hw.gcn.config import GcnConfig

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["groups", "holds", "ring_of", "turned"]


def ring_of(plan: Plan, network: IntGraphNetwork, config: GcnConfig) -> Ring | None:
    """How the matrices of *plan* share the row store; None where they cannot."""
    matrices = list(plan.matrices.values())
    if not plan.sparse_input or len(matrices) < 2 or not _is_row(plan):
        return None
    last = plan.steps[-1]
    stride = matrices[0].stride
    granule = partition.granule([last], partition.written(last, network, config), config, 1)
    first = (config.rows - stride) // granule * granule
    freed = stride - first
    if not 0 < freed <= first:
        return None
    # a descriptor's rows do not go across the end of the store
    ends = {-base % config.rows for base in _bases(first, len(matrices), config)}
    cuts = sorted(row for row in ends | {first} if 0 < row < network.nodes)
    return Ring(first=first, freed=freed, cuts=tuple(cuts))


def _is_row(plan: Plan) -> bool:
    """Whether each matrix has one slice and is gathered by the steps that make the next one and no others."""
    makers: dict[str, str] = {}  # of each matrix, the one that is read for it
    for number, step in enumerate(plan.steps):
        before = plan.steps[number - 1] if number else None
        if step.operation.epilogue.extra is not None or step.second:
            return False
        if isinstance(step.operation, IntAggregate):
            read = step.first
        elif before is not None and before.chained:
            read = before.first
        elif step.first == INPUT:
            read = ""
        else:
            return False
        if not step.chained:
            makers[step.operation.name] = read
    order = ["", *plan.matrices]
    names = [*plan.matrices, plan.steps[-1].operation.name]
    one = all(matrix.slices == 1 for matrix in plan.matrices.values())
    return one and [makers.get(name) for name in names] == order


def _bases(first: int, count: int, config: GcnConfig) -> list[int]:
    return [number * (config.rows - first) % config.rows for number in range(count)]


def turned(matrices: dict[str, Matrix], ring: Ring, config: GcnConfig) -> None:
    """Gives the matrices their places."""
    for matrix, base in zip(matrices.values(), _bases(ring.first, len(matrices), config), strict=True):
        matrix.words.base = base


def holds(ring: Ring, network: IntGraphNetwork) -> bool:
    """Whether the last rows gather none of the freed ones, in the numbers of *network*."""
    edges = _edges(network)
    last = edges.indices[edges.indptr[ring.first] :]
    return not len(last) or int(last.min()) >= ring.freed


def groups(ring: Ring, network: IntGraphNetwork) -> list[np.ndarray] | None:
    """Nodes of the three groups, in no order; None if none have been found."""
    edges = _edges(network)
    sizes = ring.freed, ring.first - ring.freed, network.nodes - ring.first
    return _by_degree(edges, sizes) or _in_sequence(edges, sizes)


def _edges(network: IntGraphNetwork) -> "csr_array":
    """Row v: all that node v gathers, in any adjacency that is used."""
    from scipy.sparse import csr_array

    shape = network.nodes, network.nodes
    total: Any = csr_array(shape, dtype=np.int64)
    for name in {each.adjacency for each in network.operations if isinstance(each, IntAggregate)}:
        adjacency = network.adjacencies[name]
        ones = np.ones(len(adjacency.indices), dtype=np.int64)
        total = total + csr_array((ones, adjacency.indices, adjacency.indptr), shape=shape)
    return total


def _by_degree(edges: "csr_array", sizes: tuple[int, int, int]) -> list[np.ndarray] | None:
    """What is connected without the nodes of most edges, dealt to the first and the last group.

    The middle may have any nodes: what is too large a piece for the last places of a group goes there, if not
    all of its nodes are those of most edges.
    """
    both = edges + edges.T
    falling = _falling(both, sizes[1])
    for share in (4, 3, 2, 1, 0):
        found = _dealt(both, falling[: sizes[1] * share // 4], sizes)
        if found is not None:
            return found
    return None


def _falling(both: "csr_array", count: int) -> np.ndarray:
    """*count* nodes, each the one with most neighbours when those before are gone."""
    degrees = np.diff(both.indptr).tolist()
    heap = [(-degree, node) for node, degree in enumerate(degrees)]
    heapq.heapify(heap)
    found: list[int] = []
    while len(found) < count:
        degree, node = heapq.heappop(heap)
        if -degree != degrees[node]:  # it has lost some since, and stands there once more
            continue
        found.append(node)
        degrees[node] = -1
        for other in both.indices[both.indptr[node] : both.indptr[node + 1]]:
            if degrees[other] > 0:
                degrees[other] -= 1
                heapq.heappush(heap, (-degrees[other], int(other)))
    return np.array(found, dtype=np.int64)


def _dealt(both: "csr_array", removed: np.ndarray, sizes: tuple[int, int, int]) -> list[np.ndarray] | None:
    from scipy.sparse.csgraph import connected_components

    rest = np.setdiff1d(np.arange(both.shape[0]), removed)
    _, labels = connected_components(both[rest][:, rest], directed=False)
    left, group_of = {0: sizes[0], 2: sizes[2]}, np.ones(both.shape[0], dtype=np.int64)
    by_piece = np.split(rest[np.argsort(labels, kind="stable")], np.cumsum(np.bincount(labels))[:-1])
    for piece in sorted(by_piece, key=len, reverse=True):
        group = 2 if left[2] > left[0] else 0
        taken = piece[: left[group]]
        group_of[taken] = group
        left[group] -= len(taken)
    return None if any(left.values()) else [np.flatnonzero(group_of == group) for group in range(3)]


def _in_sequence(edges: "csr_array", sizes: tuple[int, int, int]) -> list[np.ndarray] | None:
    """The middle of a sequence in which neighbours are near each other."""
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    sequence = np.asarray(reverse_cuthill_mckee(edges, symmetric_mode=False), dtype=np.int64)
    first, middle, last = np.split(sequence, np.cumsum(sizes)[:2])
    if edges[last][:, first].nnz:
        return None
    return [first, middle, last]
