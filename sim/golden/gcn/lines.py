"""Golden model of :mod:`pyralis.hw.gcn.lines`: rows packed into lines, and their groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pyralis.hw.gcn.config import INDEX_BITS, LINE, NO_SOURCE

__all__ = ["LineJob", "Span", "pack_rows", "spans", "with_empty"]

LAST = 1 << INDEX_BITS


@dataclass(frozen=True, kw_only=True)
class LineJob:
    """Fields of :data:`pyralis.hw.gcn.lines.LINE_JOB`."""

    start: int
    rows: int
    group_rows: int
    replays: int = 1
    base: int = 0
    step: int = 0


@dataclass(frozen=True)
class Span:
    """Entries ``begin`` to ``end - 1`` of a line; see :func:`pyralis.hw.gcn.lines.SpanLayout`."""

    line: int
    begin: int
    end: int
    group_end: bool
    row: int
    slice: int
    base: int


def with_empty(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Indices of each row; of one without entries the index that names no source."""
    return [list(row) or [NO_SOURCE] for row in rows]


def pack_rows(
    rows: Sequence[Sequence[int]], values: Sequence[Sequence[int]] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Entries and values of the lines that hold *rows*.

    Returns
    -------
    entries : (lines, 8) uint16
        Index, and in bit 15 whether it is the last of its row. Padding is 0.
    values : (lines, 8) int8
        0 where there are no *values*, and for an empty row.
    """
    entries: list[int] = []
    weights: list[int] = []
    for number, row in enumerate(with_empty(rows)):
        entries += [*row[:-1], row[-1] | LAST]
        weights += list(values[number]) if values is not None and len(rows[number]) else [0] * len(row)
    padding = [0] * (-len(entries) % LINE)
    return (
        np.array(entries + padding, dtype=np.uint16).reshape(-1, LINE),
        np.array(weights + padding, dtype=np.int8).reshape(-1, LINE),
    )


def spans(lengths: Sequence[int], job: LineJob) -> list[Span]:
    """What the line buffer sends for *job*; ``lengths[i]`` entries has the i-th row from its start on."""
    edges = np.concatenate([[0], np.cumsum(lengths[: job.rows])]).tolist()
    result = []
    for first in range(0, job.rows, job.group_rows):
        low, high = edges[first], edges[min(first + job.group_rows, job.rows)]
        for replay in range(job.replays):
            for line in range(low // LINE, -(-high // LINE)):
                begin, end = max(low - line * LINE, 0), min(high - line * LINE, LINE)
                result.append(
                    Span(
                        job.start + line,
                        begin,
                        end,
                        line * LINE + end == high,
                        first,
                        replay,
                        job.base + replay * job.step,
                    )
                )
    return result
