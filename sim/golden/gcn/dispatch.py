"""Software model of :mod:`pyralis.hw.gcn.tasks` and :mod:`pyralis.hw.gcn.dispatch`: the work of each core.

A column cuts its rows to tasks, as many whole rows as fit into a line of 8 entries, or 8-entry chunks of a
row that is longer, and gives one task a cycle to its cores. A core works on one entry a cycle and has one
task waiting. *Dynamic*: the next task goes to the first core without a waiting one, beginning behind the core
that got the last task. *Static*: a task is one row or a chunk of one, and goes to core row mod cores, however
long its queue is; this is what HyGCN calls vertex-concentrated.

The entries a core gets are those of the hardware as long as nothing else stalls it; with stalls (bank
conflicts, a full Aggregation Buffer) dynamic dispatch gives its tasks elsewhere, which is its point.
"""

from dataclasses import dataclass

import numpy as np

from pyralis.hw.gcn.config import LINE

__all__ = ["Work", "cut", "dispatch"]


@dataclass(frozen=True, eq=False)
class Work:
    """What the cores did.

    Attributes
    ----------
    entries : (columns, cores) int64
        Entries that each core was given, the ones of empty rows among them.
    cycles : (columns,) int64
        From the first task of a column to the end of its last one.
    tasks : (columns,) int64
    """

    entries: np.ndarray
    cycles: np.ndarray
    tasks: np.ndarray

    @property
    def imbalance(self) -> float:
        """Entries of the busiest core over the mean of all cores; 1 is perfect."""
        return _imbalance(self.entries)

    @property
    def column_imbalance(self) -> list[float]:
        """The same within each column."""
        return [_imbalance(column) for column in self.entries]

    @property
    def utilisation(self) -> float:
        """Share of the cores' cycles that do an entry, until the last column is done."""
        return float(self.entries.sum() / max(int(self.cycles.max()) * self.entries.size, 1))


def cut(
    degrees: np.ndarray, *, line: int = LINE, single: bool = False, group_rows: int | None = None
) -> list[tuple[int, int, int]]:
    """Tasks from rows with *degrees* entries: a list of (first row, rows, entries).

    A row without entries is one entry, which names no source. A chunk of a heavy row counts as one row; only
    the last one of a row can have fewer than *line* entries. With *single* a task is of one row only. A task
    does not go across the end of a group of *group_rows* rows.
    """
    tasks: list[tuple[int, int, int]] = []
    first, rows, entries = 0, 0, 0
    for row, degree in enumerate(np.maximum(degrees, 1).tolist()):
        ends = group_rows is not None and row % group_rows == 0
        if rows and (entries + degree > line or single or ends):
            tasks.append((first, rows, entries))
            rows = entries = 0
        if degree > line:
            tasks.extend((row, 1, min(line, degree - start)) for start in range(0, degree, line))
            continue
        first = first if rows else row
        rows, entries = rows + 1, entries + degree
    if rows:
        tasks.append((first, rows, entries))
    return tasks


def dispatch(
    degrees: np.ndarray,
    columns: int,
    cores: int,
    *,
    static: bool = False,
    line: int = LINE,
    group_rows: int | None = None,
) -> Work:
    """Work of *columns* columns with *cores* cores each on the rows of an adjacency, or of sparse features.

    Parameters
    ----------
    degrees : (N,) int
        Entries of row v, which belongs to column v mod columns.
    columns, cores : int
    static : bool
        Row to core by number.
    line : int
        Entries of a task at most.
    group_rows : int, optional
        Rows of a column that are handed to the Combination Engine together.
    """
    entries = np.zeros((columns, cores), dtype=np.int64)
    cycles, counts = np.zeros(columns, dtype=np.int64), np.zeros(columns, dtype=np.int64)
    for column in range(columns):
        own = np.asarray(degrees)[column::columns]
        tasks = cut(own, line=line, single=static, group_rows=group_rows)
        entries[column], cycles[column] = _column(tasks, cores, static)
        counts[column] = len(tasks)
    return Work(entries, cycles, counts)


def _column(tasks: list[tuple[int, int, int]], cores: int, static: bool) -> tuple[list[int], int]:
    """Entries of each core, and cycles until all are done."""
    given = [0] * cores
    waits_until = [0] * cores  # cycle in which the place of the core's waiting task is free again
    done = [0] * cores  # cycle in which the core has done all it was given
    now, turn = 0, 0
    for row, _, count in tasks:
        if static:
            core = row % cores
        else:
            asked = [(turn + offset) % cores for offset in range(cores)]
            free_at = min(max(waits_until[k], now) for k in asked)
            core = next(k for k in asked if max(waits_until[k], now) == free_at)
        now = max(now, waits_until[core])
        taken = max(done[core], now + 1)  # cycle in which the core takes the task from its waiting place
        waits_until[core], done[core] = taken + 1, taken + count
        given[core] += count
        now, turn = now + 1, (core + 1) % cores
    return given, max(done)


def _imbalance(entries: np.ndarray) -> float:
    return float(entries.max() / entries.mean()) if entries.any() else 1.0
