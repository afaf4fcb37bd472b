"""Destination intervals: how long they can be, and what each of them loads."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from pyralis.gen.gcn import layout, partition
from pyralis.gen.gcn.intnetwork import IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.shards import Shard, Shards, Windows, covered
from pyralis.gen.gcn.spill import MemoryRows
from pyralis.gen.gcn.steps import Lists, Step
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import WORD, Elimination

__all__ = ["NoShardError", "cut"]


class NoShardError(Exception):
    """An interval of ``rows`` rows of operation ``name`` takes ``need`` words, more than ``limit``."""

    def __init__(self, name: str, rows: int, need: int, limit: int) -> None:
        super().__init__(name)
        self.name, self.rows, self.need, self.limit = name, rows, need, limit


def cut(
    group: Sequence[Step],
    rows: MemoryRows,
    written: Mapping[str, int],
    network: IntGraphNetwork,
    config: GcnConfig,
    windows: Windows,
    *,
    whole: int,
    half: int,
    most: int,
) -> Shards:
    """Intervals of the rows that *group* makes: one, of up to *whole* words, or as few as of *half* of them.

    What a descriptor makes at least may have *most*.

    Parameters
    ----------
    group : sequence of Step
        An aggregation and what is cut with it.
    rows : MemoryRows
        That it gathers.
    written : mapping
        See :func:`pyralis.gen.gcn.partition.written`.

    Raises
    ------
    NoShardError
        The rows that a descriptor makes at least need more words than there are.
    """
    made = _Cut(group, rows, network, config, windows)
    granule = partition.granule(group[-1:], written, config, 1)
    bounds = [0, network.nodes]
    length = -(-windows.rows // granule) * granule
    if length:
        bounds = [*range(0, network.nodes, length), network.nodes]
    elif (
        made.words(0, network.nodes) > whole
        or made.lines(0, network.nodes) > config.edge_lines
        or network.nodes > partition.longest(granule, config)
    ):
        bounds = made.bounds(granule, half, most)
    parts = tuple(made.shard(low, high) for low, high in itertools.pairwise(bounds))
    lines = tuple(made.lines(low, high) for low, high in itertools.pairwise(bounds))
    together = sum(lines) <= config.edge_lines
    lists = Lists(bounds=tuple(bounds), lines=lines, offsets=(0,) * len(parts), together=together)
    shards = Shards(
        lists=lists,
        parts=parts,
        windows=windows,
        together=made.together,
        rows=rows,
        reader=group[0].operation.name,
    )
    for number, (low, high) in enumerate(itertools.pairwise(bounds)):
        made.refuse(low, high, shards.size(number), most)
    return shards


class _Cut:
    """Sizes of intervals of one operation's rows."""

    def __init__(
        self,
        group: Sequence[Step],
        rows: MemoryRows,
        network: IntGraphNetwork,
        config: GcnConfig,
        windows: Windows,
    ) -> None:
        step = group[0]
        assert isinstance(step.operation, IntAggregate)
        self.name = step.operation.name
        self.config, self.windows, self.nodes = config, windows, network.nodes
        self.adjacency = network.adjacencies[step.operation.adjacency]
        self.rows = rows
        self.reads_own = step.first in (step.operation.epilogue.extra, *(each.second for each in group))
        self.passing = sum(each.slices for each in group[:-1] if each.is_combine)
        self.together = config.group_words
        entries = partition.list_entries(step.operation, network)
        self._count = partition.Counts(entries, config.columns, 1)
        self._marks = np.zeros(rows.count, dtype=bool)
        self._groups = np.zeros(-(-rows.count // self.together), dtype=bool)

    def lines(self, low: int, high: int) -> int:
        return self._count.lines(low, high)

    def _gathered(self, low: int, high: int) -> np.ndarray:
        """Rows of a part, or groups, that an interval gathers; some more than once."""
        indptr, rows = self.adjacency.indptr, self.rows
        numbers = rows.numbers[self.adjacency.indices[indptr[low] : indptr[high]]]
        if self.reads_own and rows.grouped:  # they are copied out of it
            numbers = np.concatenate([numbers, rows.numbers[low:high]])
        words = np.concatenate([numbers + word for word in range(rows.span)])
        return words // self.together if rows.grouped else words

    def shard(self, low: int, high: int) -> Shard:
        occupied = np.zeros(self.rows.count, dtype=bool)
        occupied[self._gathered(low, high)] = True
        rows = covered(occupied, self.windows)
        beats = np.flatnonzero(rows)
        if not self.rows.grouped and self.together > 1:
            beats = np.flatnonzero(np.logical_or.reduceat(rows, np.arange(0, len(rows), self.together)))
        bits = np.packbits(np.pad(occupied, (0, -len(occupied) % WORD)), bitorder="little")
        return Shard(
            beats=beats,
            words=layout.whole_rows(self.config, len(beats) * self.together),
            own=self._own(low, high),
            passing=self._passing(low, high),
            loaded=int(rows.sum()),
            bitmap=bits.tobytes(),
        )

    def words(self, low: int, high: int) -> int:
        """Words of the row store that an interval takes, all parts."""
        if self.windows.mode is Elimination.ROWS:
            gathered, marks = self._gathered(low, high), self._marks
            if not self.rows.grouped:
                gathered, marks = gathered // self.together, self._groups
            marks[gathered] = True  # much faster than unique()
            words = layout.whole_rows(self.config, int(np.count_nonzero(marks)) * self.together)
            marks[gathered] = False
        else:
            words = self.shard(low, high).words
        own = self.rows.slices * self._own(low, high)
        return self.rows.parts * words + own + self._passing(low, high)

    def _passing(self, low: int, high: int) -> int:
        return self.passing * layout.whole_rows(self.config, high - low)

    def _own(self, low: int, high: int) -> int:
        return layout.whole_rows(self.config, high - low) if self.reads_own else 0

    def refuse(self, low: int, high: int, need: int, most: int) -> None:
        """Raises NoShardError if an interval needs more words than the *most*."""
        if need > most:
            raise NoShardError(self.name, high - low, need, most)

    def bounds(self, granule: int, limit: int, most: int) -> list[int]:
        """The longest intervals of *limit* words and half of the line buffers, or one granule of *most*."""
        bounds, longest = [0], partition.longest(granule, self.config) // granule
        least = 1
        while bounds[-1] < self.nodes:
            low, top = bounds[-1], min(-(-(self.nodes - bounds[-1]) // granule), longest)
            guess, least = least, 1  # it is as long as the one before, or up to twice as long, and so on
            while least < top:
                middle = min(guess, top) if guess > least else (least + top + 1) // 2
                high = min(self.nodes, low + middle * granule)
                fits = self.lines(low, high) <= self.config.edge_lines // 2
                if fits and self.words(low, high) <= limit:
                    least, guess = middle, 2 * guess
                else:
                    top, guess = middle - 1, 0
            bounds.append(min(self.nodes, low + least * granule))
            if least == 1:
                self.refuse(low, bounds[-1], self.words(low, bounds[-1]), most)
        return bounds
