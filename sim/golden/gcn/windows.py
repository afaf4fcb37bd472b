"""Model of the Sparsity Eliminator: the source rows that each destination interval loads.

HyGCN (Yan et al., HPCA 2020, algorithms 2 to 4): nodes are cut into intervals; while the destination
interval stays in the Aggregation Buffer, source rows stream through the Input Buffer in windows. The width of
a shard is what the Aggregation Buffer holds of rows, its height what the Input Buffer holds.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from pyralis.hw.gcn.eliminator import Elimination

__all__ = ["Window", "beats", "elimination_ratio", "intervals", "occupancy", "rows_loaded", "windows"]


class Window(NamedTuple):
    """``rows`` source rows from ``start`` on, loaded as one block."""

    start: int
    rows: int


def intervals(nodes: int, width: int) -> Iterator[tuple[int, int]]:
    """(first, end) of the destination intervals of *width* nodes; the last one may be narrower."""
    for start in range(0, nodes, width):
        yield start, min(start + width, nodes)


def occupancy(indptr: Any, indices: Any, start: int, stop: int, sources: int) -> np.ndarray:
    """Whether each source row has an edge into the destination nodes *start* .. *stop* - 1.

    Parameters
    ----------
    indptr, indices : array of int
        The adjacency in CSR over destinations, self edges included where the model has them.
    sources : int
        Number of source rows.

    Returns
    -------
    ndarray of bool, shape (sources,)
    """
    occupied = np.zeros(sources, bool)
    occupied[np.asarray(indices)[int(indptr[start]) : int(indptr[stop])]] = True
    return occupied


def windows(occupied: np.ndarray, height: int, mode: Elimination) -> list[Window]:
    """The blocks to load for the rows that *occupied* marks, none of more than *height* rows.

    ``Elimination.WINDOW`` is HyGCN's algorithm 4 called until nothing is left, with what it does not say: the
    sliding ends after the last row, and a window does not go beyond it.
    """
    if height < 1:
        raise ValueError(f"height must be at least 1, not {height}")
    if mode == Elimination.NONE:
        return [Window(n, min(height, len(occupied) - n)) for n in range(0, len(occupied), height)]
    rows = np.flatnonzero(occupied)
    found = []
    at = 0  # position in `rows`
    while at < len(rows):
        start = int(rows[at])
        after = int(np.searchsorted(rows, start + height))  # first row that this window does not reach
        if mode == Elimination.ROWS:
            # Rows follow each other as long as they grow as fast as their positions.
            gaps = np.flatnonzero(rows[at:after] - start != np.arange(after - at))
            after = at + int(gaps[0]) if len(gaps) else after
        found.append(Window(start, int(rows[after - 1]) - start + 1))
        at = after
    return found


def beats(found: list[Window], rows: int) -> np.ndarray:
    """Numbers of the bus beats that the windows *found* lie in, *rows* rows in each: ascending, each once."""
    numbers: set[int] = set()
    for window in found:
        numbers.update(range(window.start // rows, (window.start + window.rows - 1) // rows + 1))
    return np.array(sorted(numbers), dtype=np.int64)


def rows_loaded(
    indptr: Any, indices: Any, height: int, width: int, mode: Elimination, sources: int | None = None
) -> int:
    """Source rows loaded for all destination intervals of *width* nodes, with windows of *height* rows.

    Parameters
    ----------
    sources : int, optional
        Source rows; as many as there are destinations unless given.
    """
    nodes = len(indptr) - 1
    sources = nodes if sources is None else sources
    return sum(
        window.rows
        for start, stop in intervals(nodes, width)
        for window in windows(occupancy(indptr, indices, start, stop, sources), height, mode)
    )


def elimination_ratio(indptr: Any, indices: Any, height: int, width: int, mode: Elimination) -> float:
    """Rows loaded, as share of those without elimination; 1 for no rows."""
    whole = rows_loaded(indptr, indices, height, width, Elimination.NONE)
    return rows_loaded(indptr, indices, height, width, mode) / whole if whole else 1.0
