"""What aggregations gather from memory, interval by interval, because the row store cannot hold it."""

from dataclasses import dataclass, field

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import partition
from pyralis.gen.gcn.intnetwork import INPUT, IntGraphNetwork
from pyralis.gen.gcn.matrices import matrices_of, reads, room_of, words_of
from pyralis.gen.gcn.needs import LARGER
from pyralis.gen.gcn.shards import NoShardError, Shards, Windows, bitmap_obstacle, cut, obstacle, sharded
from pyralis.gen.gcn.spill import MemoryRows, candidates, input_rows, spilled
from pyralis.gen.gcn.steps import Step
from pyralis.hw.gcn.config import NO_SOURCE, GcnConfig

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
    """

    memory: dict[str, MemoryRows] = field(default_factory=dict)
    shards: dict[str, Shards] = field(default_factory=dict)
    region: int = 0

    def moved(self, config: GcnConfig) -> int:
        """Bytes that are spilled, and loaded for intervals."""
        group = max(config.bus_bits, config.row_bits) // 8
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
                found.append(_cut(network, config, steps, memory, windows))
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
    error = obstacle(steps, network, config)
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
) -> Gathered:
    """Intervals of all that gather what is in *memory*; UserError if there is no room for one."""
    for rows in memory.values():
        error = bitmap_obstacle(rows.count, config)
        if error is not None:
            raise error
    # The last place of a row store as large as that would have the index that names no source.
    room = min(
        room_of(network, config, steps, sparse=INPUT not in memory, memory=memory),
        NO_SOURCE // config.columns * config.columns,
    )
    half = room // 2 // config.columns * config.columns
    endings = dict(zip(map(id, steps), partition.ends(steps), strict=True))
    written = partition.written(steps[-1], network, config, memory.keys() - {INPUT})
    found = sharded(steps, memory)
    shards = {}
    for step in found:
        try:
            shards[step.operation.name] = cut(
                step,
                endings[id(step)],
                memory[step.first],
                written,
                network,
                config,
                windows,
                whole=room if len(found) == 1 else half,
                half=half,
                most=room,
            )
        except NoShardError as full:
            what = f"an interval of {full.rows} rows needs {full.need} words of the row store"
            where = f"operation {full.name!r}"
            raise UserError(f"{what}, and there is room for {full.limit}", where, LARGER) from None
    sizes = [each.rows.parts * (part.words + part.own) for each in shards.values() for part in each.parts]
    region = sizes[0] if len(sizes) == 1 else min(2 * max(sizes, default=0), room)
    return Gathered(memory=memory, shards=shards, region=region)
