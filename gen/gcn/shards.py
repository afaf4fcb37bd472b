"""Aggregations over rows that lie in memory, destination interval by destination interval.

HyGCN's interval-shard partition (Yan et al., HPCA 2020, algorithms 2 to 4): the rows that an operation makes
are cut into intervals, and for each of them only those source rows are loaded that windows of the Sparsity
Eliminator cover. They lie in the row store one beside the other, in the order of their numbers: a *place* is
the number that a row has there, and the lists of the interval name places. So the row store has to hold what
one interval gathers, and not all rows; and while one interval is aggregated, the next one comes.

Bus beats are loaded whole, each once: with rows of ``lanes`` bytes, several of them are in a beat. What an
interval's own rows are read for beside it (an extra, or the second source of the combination behind) is
loaded as a block of its own; of rows that are spilled, it is copied out of those that are gathered, by an
aggregation over self loops.
"""

from dataclasses import dataclass

import numpy as np

from pyralis.gen.gcn.spill import MemoryRows
from pyralis.gen.gcn.steps import Lists
from pyralis.hw.gcn.eliminator import Elimination

__all__ = ["Shard", "Shards", "Windows", "covered"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """How source rows are left out.

    Attributes
    ----------
    mode : Elimination
        ``WINDOW`` or ``ROWS``.
    height : int
        Rows of a window at most.
    rows : int
        Rows of a destination interval, rounded up to what a descriptor can begin with; 0: as many as fit.
    always : bool
        Also of an input that fits into the row store as a whole.
    """

    mode: Elimination = Elimination.ROWS
    height: int = 64
    rows: int = 0
    always: bool = False


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shard:
    """What one destination interval loads of each part of what it gathers.

    Attributes
    ----------
    beats : (B,) int64
        Groups of words that are loaded: bus beats, or words where these are longer.
    words : int
        Words of the row store that they take, filled up to whole rows of columns.
    own : int
        Words of a slice that the rows of the interval take, if they are read too; else 0.
    passing : int
        Words for rows that the interval makes and that are read before the next one; else 0.
    loaded : int
        Rows in windows, or groups of them.
    bitmap : bytes
        Of the Sparsity Eliminator, in whole words.
    """

    beats: np.ndarray
    words: int
    own: int
    passing: int
    loaded: int
    bitmap: bytes


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shards:
    """All intervals of one operation.

    Attributes
    ----------
    lists : Lists
        Of its adjacency, in these intervals.
    parts : tuple of Shard
    windows : Windows
    together : int
        Words of a group.
    rows : MemoryRows
        What is gathered.
    reader : str
        The operation that gathers it.
    """

    lists: Lists
    parts: tuple[Shard, ...]
    windows: Windows
    together: int
    rows: MemoryRows
    reader: str

    def size(self, interval: int) -> int:
        """Words of the row store that *interval* takes."""
        part = self.parts[interval]
        return self.rows.parts * part.words + self.rows.slices * part.own + part.passing

    @property
    def copies(self) -> bool:
        """Whether the rows of the intervals themselves are copied."""
        return self.rows.grouped and any(part.own for part in self.parts)

    @property
    def groups(self) -> int:
        """That are loaded, by all intervals."""
        return self.rows.parts * sum(len(part.beats) for part in self.parts)

    def places(self, interval: int, rows: np.ndarray) -> np.ndarray:
        """Where the source rows *rows*, which the interval gathers, lie in its words of a part."""
        numbers = self.rows.numbers[rows]
        group = np.searchsorted(self.parts[interval].beats, numbers // self.together)
        return group * self.together + numbers % self.together


def covered(occupied: np.ndarray, windows: Windows) -> np.ndarray:
    """Source rows in windows, (N,) bool, of those that are *occupied*."""
    if windows.mode is Elimination.ROWS:
        return occupied
    rows, found, at = np.flatnonzero(occupied), np.zeros_like(occupied), 0
    while at < len(rows):
        after = int(np.searchsorted(rows, rows[at] + windows.height))
        found[rows[at] : rows[after - 1] + 1] = True
        at = after
    return found
