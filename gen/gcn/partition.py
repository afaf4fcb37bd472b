"""Operations in parts, where a memory is smaller than what an operation needs of it.

* Lists that are longer than the line buffers are cut into intervals of rows, each of at most half of a
  buffer: one is read while the next one comes. The rows of an interval are a descriptor's, and not more than
  a column holds scales for.
* Weights that are more than the Weight Buffer holds are cut into groups of slices of the results: one group
  is used while the next one comes, and sparse features are read again for each. Rows that go to memory are
  made with all of their slices.

Bytes that are read twice for it: with S groups of slices of W bytes in all and R intervals of features of F
bytes in all, ``W + S * F`` if all intervals are read for one group after the other, ``R * W + F`` if all
groups are read for one interval after the other; the smaller sum is chosen. Nothing is read twice if S or R
is one, unless a later operation reads the same lists.
"""

import itertools
import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.intnetwork import INPUT, IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.steps import Lists, Ring, Step, list_of
from pyralis.hw.gcn.config import LINE, GcnConfig
from pyralis.hw.gcn.program import Source, scale_depth
from pyralis.hw.gcn.sampler import HEADERS

__all__ = [
    "Counts",
    "adjacency_lists",
    "granule",
    "groups",
    "input_lists",
    "list_entries",
    "longest",
    "parts",
    "slice_groups",
    "written",
]


def input_lists(
    steps: Sequence[Step],
    network: IntGraphNetwork,
    config: GcnConfig,
    stored: np.ndarray | None,
    to_memory: Mapping[str, int],
    *,
    compact: bool = False,
) -> Lists:
    """Lists of the input's rows, which have *stored* entries each; in one interval where nobody knows.

    *to_memory*: see :func:`written`.
    """
    if stored is None:
        return Lists.whole(network.nodes)
    readers = [step for step in steps if step.source is Source.FEATURES and step.is_combine]
    rows = granule(readers, to_memory, config, config.clusters)
    count = Counts(stored, config.columns, config.clusters)
    return replace(_cut(count, config.feature_lines, rows, longest(rows, config)), compact=compact)


def adjacency_lists(
    name: str,
    steps: Sequence[Step],
    network: IntGraphNetwork,
    config: GcnConfig,
    to_memory: Mapping[str, int],
    ring: Ring | None = None,
) -> Lists:
    """The lists *name*; with a *ring*, their last rows count sources behind the freed ones."""
    readers = []
    entries = np.zeros(0, dtype=np.int64)
    for head, *others in groups(steps):
        if isinstance(head.operation, IntAggregate) and list_of(head.operation) == name:
            readers.append(others[-1] if others else head)
            entries = list_entries(head.operation, network)
    rows = granule(readers, to_memory, config, 1)
    count = Counts(entries, config.columns, 1)
    return _cut(count, config.edge_lines, rows, longest(rows, config), ring)


def list_entries(operation: IntAggregate, network: IntGraphNetwork) -> np.ndarray:
    """Entries of each row in the lists that *operation* reads: (nodes,) int64."""
    headers = HEADERS * (operation.sample is not None)
    return np.maximum(network.adjacencies[operation.adjacency].degrees, 1) + headers


def written(
    last: Step, network: IntGraphNetwork, config: GcnConfig, spilled: Iterable[str] = ()
) -> dict[str, int]:
    """Operations whose rows go to memory, and bytes of a row."""
    size, widths = layout.SIZES[last.operation.epilogue.output], network.widths()
    rows = {name: layout.slices(config, widths[name]) * config.lanes for name in spilled}
    return rows | {last.operation.name: widths[last.operation.name] * size}


def groups(steps: Sequence[Step], passing: Container[str] = ()) -> list[tuple[Step, ...]]:
    """Steps that are cut together: chains, and what reads the rows of operations that are *passing*."""
    found: list[tuple[Step, ...]] = []
    for step in steps:
        before = found[-1][-1] if found else None
        if before is not None and (before.chained or before.operation.name in passing):
            found[-1] = (*found[-1], step)
        else:
            found.append((step,))
    return found


def granule(readers: Iterable[Step], to_memory: Mapping[str, int], config: GcnConfig, clusters: int) -> int:
    """Rows that intervals are multiples of: whole rows of clusters, and *to_memory* whole bus beats."""
    rows, beat = clusters, config.bus_bits // 8
    for reader in readers:
        row_bytes = to_memory.get(reader.operation.name, beat)
        rows = math.lcm(rows, beat // math.gcd(row_bytes, beat))
    return config.columns * rows


class Counts:
    """Entries of rows, summed in the streams that the rows belong to."""

    def __init__(self, counts: np.ndarray, columns: int, clusters: int) -> None:
        self.rows, self.block = len(counts), columns * clusters
        # The rows of a block belong to different streams. An empty row has one entry.
        blocks = -(-self.rows // self.block)
        padded = np.zeros(blocks * self.block, dtype=np.int64)
        padded[: self.rows] = np.maximum(counts, 1)
        self._sums = np.zeros((blocks + 1, self.block), dtype=np.int64)
        np.cumsum(padded.reshape(blocks, -1), axis=0, out=self._sums[1:])

    def lines(self, low: int, high: int) -> int:
        """Lines of the longest stream of rows *low* to *high* - 1; *low* is a multiple of ``block``."""
        first, last = low // self.block, -(-high // self.block)
        return -(-int((self._sums[last] - self._sums[first]).max()) // LINE)


def longest(granule: int, config: GcnConfig) -> int:
    """Rows of an interval at most: those that a column holds scales for, but one *granule* at least."""
    return max(config.columns * scale_depth(config) // granule, 1) * granule


def _cut(count: Counts, capacity: int, granule: int, most: int, ring: Ring | None = None) -> Lists:
    """As few intervals of *most* rows as there can be: all of them together, or two at a time."""
    forced = sorted({0, *(ring.cuts if ring else ()), *range(0, count.rows, most), count.rows})
    whole = [count.lines(low, high) for low, high in itertools.pairwise(forced)]
    together = sum(whole) <= capacity
    bounds = forced
    if not together:
        bounds = [0]
        for high in forced[1:]:
            bounds += _bounds(count, bounds[-1], high, capacity // 2, granule)
    lines = tuple(count.lines(low, high) for low, high in itertools.pairwise(bounds))
    offsets = tuple(ring.freed if ring and low >= ring.first else 0 for low in bounds[:-1])
    return Lists(bounds=tuple(bounds), lines=lines, offsets=offsets, together=together)


def _bounds(count: Counts, low: int, high: int, limit: int, granule: int) -> list[int]:
    """Ends of the intervals between *low* and *high*: the longest ones of *limit* lines, or one granule."""
    ends = []
    while low < high:
        least, most = 1, -(-(high - low) // granule)
        while least < most:
            middle = (least + most + 1) // 2
            if count.lines(low, min(high, low + middle * granule)) <= limit:
                least = middle
            else:
                most = middle - 1
        low = min(high, low + least * granule)
        ends.append(low)
    return ends


def slice_groups(step: Step, config: GcnConfig) -> int:
    """Slices that *step* makes at a time: all of them, or those whose weights are half of the buffer."""
    if step.elements * step.slices <= config.weight_rows:
        return step.slices
    return max(1, config.weight_rows // 2 // max(step.elements, 1))


def parts(
    steps: Sequence[Step],
    lists: dict[str, Lists],
    network: IntGraphNetwork,
    config: GcnConfig,
    to_memory: Mapping[str, int],
    intervals: Mapping[str, Lists] | None = None,
    passing: Container[str] = (),
) -> tuple[Step, ...]:
    """The *steps*, cut where that is needed; each part has a phase of its own, or the one of its group.

    *to_memory*: see :func:`written`. *intervals*: lists of their own that operations have, by the names of
    these. *passing*: see :func:`groups`.
    """
    made: list[Step] = []
    phase = 0
    for chain in groups(steps, passing):
        used = _intervals(chain[0], lists, network, config, to_memory, intervals or {})
        for cut in _cuts(chain, used, network, config, whole=chain[-1].operation.name in to_memory):
            made += [replace(step, phase=phase) for step in cut]
            phase += 1
    return tuple(made)


def _intervals(
    head: Step,
    lists: dict[str, Lists],
    network: IntGraphNetwork,
    config: GcnConfig,
    to_memory: Mapping[str, int],
    intervals: Mapping[str, Lists],
) -> Lists:
    if head.operation.name in intervals:
        return intervals[head.operation.name]
    if isinstance(head.operation, IntAggregate):
        return lists[list_of(head.operation)]
    if head.source is Source.FEATURES:
        return lists[INPUT]
    most = longest(granule([head], to_memory, config, 1), config)
    bounds = (*range(0, network.nodes, most), network.nodes)
    return replace(Lists.whole(network.nodes), bounds=bounds)


def _cuts(
    chain: Sequence[Step],
    used: Lists,
    network: IntGraphNetwork,
    config: GcnConfig,
    *,
    whole: bool,
) -> list[list[Step]]:
    head = chain[0]
    rows: list[Callable[[Step], Step]] = [
        _rows_of(number, low, high) for number, (low, high) in enumerate(itertools.pairwise(used.bounds))
    ]
    if len(chain) > 1 or not head.is_combine or whole:
        return [[cut(step) for step in chain] for cut in rows]
    count = slice_groups(head, config)
    slices = [_slices_of(low, min(count, head.slices - low)) for low in range(0, head.slices, count)]
    listed = sum(used.lines) * layout.feature_bytes(config, network.input, used.compact)
    if head.weights.size + len(slices) * listed < len(rows) * head.weights.size + listed:
        return [[row(group(head))] for group in slices for row in rows]
    return [[row(group(head))] for row in rows for group in slices]


def _rows_of(interval: int, low: int, high: int) -> Callable[[Step], Step]:
    return lambda step: replace(step, first_row=low, rows=high - low, interval=interval)


def _slices_of(first: int, count: int) -> Callable[[Step], Step]:
    def cut(step: Step) -> Step:
        weights = step.weights[first * step.elements : (first + count) * step.elements]
        return replace(step, first_slice=first, slices=count, weights=weights)

    return cut
