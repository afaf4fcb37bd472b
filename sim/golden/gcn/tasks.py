"""Golden model of :mod:`pyralis.hw.gcn.tasks`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pyralis.hw.gcn.config import LINE
from pyralis.hw.gcn.tasks import CHUNK_BITS, SLOTS
from pyralis.sim.golden.gcn.lines import LineJob, with_empty

__all__ = ["Task", "tasks"]


@dataclass(frozen=True)
class Task:
    """Fields of :func:`pyralis.hw.gcn.tasks.TaskLayout`."""

    indices: tuple[int, ...]
    values: tuple[int, ...]
    ends: int
    row: int
    slice: int = 0
    base: int = 0
    partial: bool = False
    final: bool = False
    slot: int = 0
    chunk: int = 0


def tasks(
    rows: Sequence[Sequence[int]],
    job: LineJob,
    *,
    values: Sequence[Sequence[int]] | None = None,
    single: bool = False,
    heavy: int = 0,
) -> list[Task]:
    """Tasks of *job* on *rows*.

    Parameters
    ----------
    rows : indices of each row from the start of the job on
    values : int8 of each entry, optional
        0 without.
    single : bool
        Only one row a task.
    heavy : int
        Heavy rows since reset, before this job: slots are handed out in turn.
    """
    rows = with_empty(rows[: job.rows])
    given = [
        tuple(values[k]) if values is not None and len(values[k]) else (0,) * len(row)
        for k, row in enumerate(rows)
    ]
    result: list[Task] = []
    for first in range(0, job.rows, job.group_rows):
        group = range(first, min(first + job.group_rows, job.rows))
        for number in range(job.replays):
            for task in _group(rows, given, group, single):
                slot = (heavy + task.slot) % SLOTS if task.partial else 0
                base = job.base + number * job.step
                result.append(replace(task, slice=number, base=base, slot=slot))
            heavy += sum(len(rows[k]) > LINE for k in group)
    return result


def _group(rows, values, group: range, single: bool) -> Iterator[Task]:
    """Tasks of the rows of one group; slots count from 0."""
    heavy = 0
    whole: list[int] = []
    for row in group:
        if whole and (single or sum(len(rows[k]) for k in whole) + len(rows[row]) > LINE):
            yield _whole(rows, values, whole)
            whole = []
        if len(rows[row]) <= LINE:
            whole.append(row)
            continue
        starts = range(0, len(rows[row]), LINE)
        for chunk, start in enumerate(starts):
            part = slice(start, start + LINE)
            indices, final = tuple(rows[row][part]), chunk == len(starts) - 1
            yield Task(
                indices,
                values[row][part],
                1 << len(indices) - 1 if final else 0,
                row,
                partial=True,
                final=final,
                slot=heavy,
                chunk=chunk % (1 << CHUNK_BITS),
            )
        heavy += 1
    if whole:
        yield _whole(rows, values, whole)


def _whole(rows, values, whole: list[int]) -> Task:
    """One task of the whole rows *whole*."""
    ends, count = 0, 0
    for k in whole:
        count += len(rows[k])
        ends |= 1 << count - 1
    return Task(
        tuple(index for k in whole for index in rows[k]),
        tuple(value for k in whole for value in values[k]),
        ends,
        whole[0],
    )
