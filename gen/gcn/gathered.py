"""What aggregations gather from memory, interval by interval, because the row store cannot hold it."""

import itertools
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import partition
from pyralis.gen.gcn.intervals import NoShardError, cut
from pyralis.gen.gcn.intnetwork import INPUT, IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.matrices import matrices_of, reads, room_of, words_of
from pyralis.gen.gcn.needs import LARGER
from pyralis.gen.gcn.shards import Shards, Windows
from pyralis.gen.gcn.spill import MemoryRows, candidates, input_rows, spilled
from pyralis.gen.gcn.steps import Step
from pyralis.hw.gcn.config import NO_SOURCE, GcnConfig
from pyralis.hw.gcn.eliminator import WORD

__all__ = ["Gathered", "gathered"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    """Rows in memory.

    Attributes
    ----------
    memory : dict of MemoryRows
        By the names of the matrices.
    shards : dict of Shards
        By the names of the operations that gather them.
    region : int
        Words of the row store for an interval, or for two.
    passing : tuple of str
        Operations that make rows of an interval which are read before the next one, and by nothing else.
    """

    memory: dict[str, MemoryRows] = field(default_factory=dict)
    shards: dict[str, Shards] = field(default_factory=dict)
    region: int = 0
    passing: tuple[str, ...] = ()

    def moved(self, config: GcnConfig) -> int:
        """Bytes that are spilled, and loaded for intervals."""
        group = config.group_words * config.lanes
        loaded = sum(each.groups for each in self.shards.values()) * group
        return loaded + sum(rows.written for rows in self.memory.values())


def gathered(
    network: IntGraphNetwork,
    config: GcnConfig,
    steps: tuple[Step, ...],
    windows: Windows | None,
    *,
    sparse: bool,
    spill: bool,
    table: MemoryRows | None = None,
) -> Gathered:
    """What *steps*, which are whole operations, gather from memory.

    That is a dense input, if it does not fit into the row store or if ``windows.always`` is set, or the
    *table* that stands for the input; and with *spill* so many of the matrices that can be spilled that as
    little as possible is moved.

    Raises
    ------
    UserError
        The input cannot be loaded interval by interval, and ``windows.always`` is set or there is a *table*;
        or it comes without intervals, and ``windows.rows`` is set.
    """
    if windows is None:
        return Gathered()
    outside: dict[str, MemoryRows] = {}
    error: UserError | None = None
    if table is not None:
        outside = {INPUT: table}
    else:
        outside, error = _input(network, config, steps, windows, sparse=sparse, spill=spill)
    found: list[Gathered] = []
    makers = candidates(steps, network) if spill else []
    for count in range(1 if spill and not outside else 0, len(makers) + 1):
        try:
            memory = outside | spilled(makers[:count], steps[-1], network, config)
            if memory:
                passing = _passing(steps, network, memory) if spill else ()
                found.append(_cut(network, config, steps, memory, windows, passing))
        except UserError as refusal:
            error = refusal
    if not found:
        if error is not None and (windows.always or table is not None):
            raise error
        return Gathered()
    return min(found, key=lambda each: each.moved(config))


def _input(
    network: IntGraphNetwork,
    config: GcnConfig,
    steps: tuple[Step, ...],
    windows: Windows,
    *,
    sparse: bool,
    spill: bool,
) -> tuple[dict[str, MemoryRows], UserError | None]:
    """The input, if it has to come in intervals; and why it cannot, if that is so."""
    if not any(INPUT in reads(step.operation) for step in steps):
        return {}, None
    if sparse:
        if spill:
            return {}, None
        if windows.always:
            what = "the input comes as lists of its elements, and rows can be left out of dense ones only"
            raise UserError(what, "input", "make the input not sparse, or leave elimination out")
        _not_cut(windows, "comes as lists of its elements", "")
        return {}, None
    words = words_of(matrices_of(network, config, steps, sparse).values())
    if not windows.always and words <= config.rows and network.nodes <= NO_SOURCE:
        _not_cut(windows, "fits into the row store", "add --elimination rows or window, or ")
        return {}, None
    error = _obstacle(steps, network, config)
    return ({INPUT: input_rows(network, config)} if error is None else {}), error


def _not_cut(windows: Windows, why: str, hint: str) -> None:
    """UserError if *windows* says how long intervals are, of an input without any."""
    if windows.rows:
        what = f"intervals of {windows.rows} rows are asked for, and the input {why}, without any"
        raise UserError(what, "input", f"{hint}leave --interval-rows away")


def _cut(
    network: IntGraphNetwork,
    config: GcnConfig,
    steps: tuple[Step, ...],
    memory: dict[str, MemoryRows],
    windows: Windows,
    passing: tuple[str, ...],
) -> Gathered:
    """Intervals of all that gather what is in *memory*; UserError if there is no room for one."""
    for rows in memory.values():
        what = f"rows in memory take {rows.count} bus beats" if rows.grouped else ""
        if (error := _bitmap_obstacle(rows.count, config, what)) is not None:
            raise error
    # The last place of a row store as large as that would have the index that names no source.
    room = min(
        room_of(network, config, steps, sparse=INPUT not in memory, memory=memory, passing=passing),
        NO_SOURCE // config.columns * config.columns,
    )
    half = room // 2 // config.columns * config.columns
    groups = [group for group in partition.groups(steps, passing) if _sharded(group[:1], memory)]
    written = partition.written(steps[-1], network, config, memory.keys() - {INPUT})
    shards = {}
    for group in groups:
        try:
            shards[group[0].operation.name] = cut(
                group,
                memory[group[0].first],
                written,
                network,
                config,
                windows,
                whole=room if len(groups) == 1 else half,
                half=half,
                most=room,
            )
        except NoShardError as full:
            what = f"an interval of {full.rows} rows needs {full.need} words of the row store"
            where = f"operation {full.name!r}"
            raise UserError(f"{what}, and there is room for {full.limit}", where, LARGER) from None
    sizes = [each.size(number) for each in shards.values() for number in range(len(each.parts))]
    region = sizes[0] if len(sizes) == 1 else min(2 * max(sizes, default=0), room)
    return Gathered(memory=memory, shards=shards, region=region, passing=passing)


def _passing(steps: Sequence[Step], network: IntGraphNetwork, memory: Container[str]) -> tuple[str, ...]:
    """Combinations behind a gather of *memory* whose rows the next combination reads, and nothing else."""
    readers = Counter(name for operation in network.operations for name in reads(operation))
    found: list[str] = []
    group: list[Step] = []
    for step, behind in itertools.pairwise(steps):
        if group and not (group[-1].chained or group[-1].operation.name in found):
            group = []
        group.append(step)
        name = step.operation.name
        follows = step.is_combine and behind.is_combine and behind.first == name and not behind.second
        if follows and readers[name] == 1 and _sharded(group[:1], memory):
            found.append(name)
    return tuple(found)


def _sharded(steps: Sequence[Step], memory: Container[str] = (INPUT,)) -> list[Step]:
    """Those of *steps* that gather rows of the matrices in *memory*."""
    return [step for step in steps if isinstance(step.operation, IntAggregate) and step.first in memory]


def _bitmap_obstacle(rows: int, config: GcnConfig, given: str = "") -> UserError | None:
    """Why intervals cannot be loaded of so many rows in memory, or of what is *given*, if that is so."""
    if not config.occupancy_words:
        what = "this core has no Sparsity Eliminator"
        return UserError(what, "network", "use a configuration with occupancy_words")
    if rows > (most := config.occupancy_words * WORD):
        what = f"{given or f'the graph has {rows} nodes'}, and a bitmap of this core can have {most}"
        return UserError(what, "network", "use a configuration with more occupancy_words")
    return None


def _obstacle(steps: Sequence[Step], network: IntGraphNetwork, config: GcnConfig) -> UserError | None:
    """Why the input cannot be loaded interval by interval, if that is so."""
    error = _bitmap_obstacle(network.nodes, config)
    if error is not None:
        return error
    for number, step in enumerate(steps):
        if INPUT not in (step.first, step.second, step.operation.epilogue.extra) or step in _sharded(steps):
            continue
        before = steps[number - 1] if number else None
        if before is None or not before.chained or before.first != INPUT:
            what = "it reads rows of the input without gathering them, or being chained to what does"
            where = f"operation {step.operation.name!r}"
            return UserError(what, where, "put the aggregation first, or leave elimination out")
    return None
