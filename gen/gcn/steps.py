"""What a plan is made of: steps, the row matrices between them, and how lists of rows are cut."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pyralis.gen.gcn.allocate import Item
from pyralis.gen.gcn.intnetwork import IntAggregate, IntCombine, IntGraphNetwork, IntOperation
from pyralis.hw.gcn.program import Source

if TYPE_CHECKING:
    from pyralis.gen.gcn.shards import Shards
    from pyralis.gen.gcn.spill import MemoryRows

__all__ = ["Lists", "Matrix", "Plan", "Ring", "Step", "list_of"]

SAMPLED = "\0sampled"
"""Behind the name of an adjacency: no name ends so."""


def list_of(operation: IntAggregate) -> str:
    """Name of the lists that an aggregation reads; those that are sampled have headers, and are others."""
    return operation.adjacency if operation.sample is None else operation.adjacency + SAMPLED


@dataclass(kw_only=True, slots=True, eq=False)
class Matrix:
    """Rows in the row store.

    Attributes
    ----------
    words : Item
        Its place; row v of slice s is at ``base + s * stride + v``, modulo the size of the store.
    width, slices, stride : int
    signed : bool
        int8, else uint8 (or binary).
    splits : int
        log2 of the parts of a word that hold the row.
    hubs : Item, optional
        Place of the copies of its first ``2**hub_bits`` rows in the cores.
    hub_bits : int
    """

    words: Item
    width: int
    slices: int
    stride: int
    signed: bool
    splits: int = 0
    hubs: Item | None = None
    hub_bits: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists:
    """A sparse matrix in intervals of its rows, the lists of which are packed each by itself.

    Attributes
    ----------
    bounds : tuple of int
        First row of each interval, and behind them the number of rows.
    lines : tuple of int
        Of each interval, in the longest stream.
    offsets : tuple of int
        What is taken from the indices of each interval: they name rows of the source from this one on.
    together : bool
        All of them are in the line buffers at a time; else one of them is read while the next one comes.
    compact : bool
        Of features: entries are gaps.
    """

    bounds: tuple[int, ...]
    lines: tuple[int, ...]
    offsets: tuple[int, ...]
    together: bool
    compact: bool = False

    @classmethod
    def whole(cls, rows: int) -> "Lists":
        """All *rows* in one interval; of lines nothing is known."""
        return cls(bounds=(0, rows), lines=(0,), offsets=(0,), together=True)

    def start(self, interval: int) -> int:
        """First line of *interval*, if all are loaded one behind the other."""
        return sum(self.lines[:interval])


@dataclass(frozen=True, kw_only=True, slots=True)
class Ring:
    """How matrices share a row store that does not hold two of them: see :mod:`pyralis.gen.gcn.ring`.

    Attributes
    ----------
    first : int
        Rows that find free words beside the matrix before.
    freed : int
        Rows of the matrix before, its first ones, whose words the others take.
    cuts : tuple of int
        Rows with which another descriptor begins: ``first``, and those that stand at the begin of the store.
    """

    first: int
    freed: int
    cuts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One operation, or the part of it that one descriptor computes.

    Attributes
    ----------
    operation : IntCombine or IntAggregate
    phase : int
        An aggregation and the combination that it is chained to have the same one.
    first_row, rows : int
        Rows of the result that the step makes.
    first_slice, slices : int
        Slices of these rows that it makes.
    interval : int
        Of the lists that it reads.
    chained : bool
        Of an aggregation: its rows go to the combination behind it.
    first, second : str
        Row matrices that are read; the second one of a combination, or empty.
    source : Source
        Of a combination.
    weights : (rows, lanes) int8
        Of a combination, as the Weight Buffer holds them: those of its slices.
    elements, boundary : int
        Of a combination: elements of a row, and how many of them are before the second source.
    """

    operation: IntOperation
    phase: int
    slices: int
    first_slice: int = 0
    first_row: int = 0
    rows: int = 0
    interval: int = 0
    chained: bool = False
    first: str = ""
    second: str = ""
    source: Source = Source.ROWS
    weights: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int8))
    elements: int = 0
    boundary: int = 0

    @property
    def is_combine(self) -> bool:
        return isinstance(self.operation, IntCombine)

    @property
    def last_row(self) -> int:
        """The row behind its last one."""
        return self.first_row + self.rows


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Steps in order, and the row matrices that stand in the row store.

    Attributes
    ----------
    network : IntGraphNetwork
        That the steps compute.
    steps : tuple of Step
    matrices : dict of Matrix
    lists : dict of Lists
        Of each adjacency that is used, and of a sparse input.
    nodes, phases : int
    sparse_input : bool
        The input comes as lines, else as words of the row store.
    ring : Ring, optional
        If matrices take the words of others.
    memory : dict of MemoryRows
        Matrices that lie in memory, by name.
    shards : dict of Shards
        By name of the operations that load what they need of those interval by interval.
    passing : tuple of str
        Operations whose rows are read before those of the next interval are made.
    """

    network: IntGraphNetwork
    steps: tuple[Step, ...]
    matrices: dict[str, Matrix]
    lists: dict[str, Lists]
    nodes: int
    phases: int
    sparse_input: bool
    ring: Ring | None = None
    memory: "dict[str, MemoryRows]" = field(default_factory=dict)
    shards: "dict[str, Shards]" = field(default_factory=dict)
    passing: tuple[str, ...] = ()

    def lists_of(self, operation: IntAggregate) -> Lists:
        """What an aggregation reads."""
        own = self.shards.get(operation.name)
        return own.lists if own is not None else self.lists[list_of(operation)]
