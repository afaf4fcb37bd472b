"""What does not change from run to run: its bytes in memory, and its places on chip."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.allocate import Holding, Item, NoRoomError, hold, least
from pyralis.gen.gcn.intnetwork import (
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntOperation,
)
from pyralis.gen.gcn.needs import Need
from pyralis.gen.gcn.sampling import with_headers
from pyralis.gen.gcn.steps import Plan, Step, list_of
from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.eliminator import WORD
from pyralis.hw.gcn.epilogue import BIAS_SLICES
from pyralis.hw.gcn.program import Content, scale_depth

__all__ = ["Constants", "Use", "constant_needs", "uses_of"]

UNITS = {
    "edges": "lines of a column for its adjacency",
    "occupancy": "words of bitmaps",
    "weights": "rows of the Weight Buffer",
    "biases": "slices of biases",
    "scales": "scales of a column",
}
"""What each memory is counted in, by the first word of its name."""

SCALES = ("scales aggregate", "scales combine")
"""The memories that one load can fill both of."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Use:
    """A constant that a step needs.

    Attributes
    ----------
    memory : str
        In which it is held: ``edges``, ``occupancy``, ``weights``, and for each engine ``biases`` and
        ``scales``.
    name : str
        The same for the same contents.
    data : bytes
    size : int
        Lines, words of bitmaps, weight rows, slices or scales that it takes of that memory.
    fields : dict
        Of its LOAD descriptor.
    first : int
        Row of a column that the first one of scales is of.
    """

    memory: str
    name: str
    data: bytes
    size: int
    fields: dict[str, Any] = field(default_factory=dict)
    first: int = 0


class Constants:
    """All constants of a plan, behind a *table* of rows that are gathered.

    Attributes
    ----------
    uses : list of list of Use
        Of each step; lines are the last ones.
    holdings : dict of Holding
        Of each memory.

    Raises
    ------
    UserError
        What one phase needs does not fit.
    """

    def __init__(self, plan: Plan, config: GcnConfig, table: bytes = b"") -> None:
        self.config = config
        self.image = bytearray(table)
        self._addresses: dict[tuple[Content, bytes], int] = {}
        self.uses = uses_of(plan, config)
        for need in constant_needs(self.uses, plan, config):
            need.refuse()
        self.holdings: dict[str, Holding] = {}
        for memory, capacity in _capacities(config).items():
            sizes, places = _places(memory, self.uses, plan)
            self.holdings[memory] = hold(sizes, places, plan.phases, capacity)
        self._share_scales(plan)

    def _share_scales(self, plan: Plan) -> None:
        """The same places in both memories of scales, if some are of both engines and all stay."""
        (sizes, places), (others, more) = (_places(memory, self.uses, plan) for memory in SCALES)
        self._shared: set[str] = set()
        uses = list(dict.fromkeys([*places, *more]))
        try:
            both = hold(sizes | others, uses, plan.phases, scale_depth(self.config))
        except NoRoomError:
            return
        if both.resident and (shared := sizes.keys() & others.keys()):
            self._shared = shared
            self.holdings |= dict.fromkeys(SCALES, both)

    def memories(self, use: Use) -> tuple[str, ...]:
        """Those that the load of *use* fills."""
        return SCALES if use.memory in SCALES and use.name in self._shared else (use.memory,)

    def item(self, use: Use, phase: int) -> Item:
        return self.holdings[use.memory].items[use.name, phase]

    def address(self, use: Use) -> int:
        """Byte offset of its data in the image; equal data stands there once."""
        key = use.fields["content"], use.data
        if key not in self._addresses:
            self._addresses[key] = len(self.image)
            self.image += use.data
            self.image += bytes(-len(self.image) % (self.config.bus_bits // 8))
        return self._addresses[key]


def constant_needs(uses: list[list[Use]], plan: Plan, config: GcnConfig) -> list[Need]:
    """Of every memory for constants: what the phase that needs most of it needs."""
    found = []
    for memory, capacity in _capacities(config).items():
        sizes, places = _places(memory, uses, plan)
        need, name = least(sizes, places)
        holders = (
            step.operation.name
            for step, mine in zip(plan.steps, uses, strict=True)
            for use in mine
            if (use.memory, use.name) == (memory, name)
        )
        operation = next(holders, "")
        unit = UNITS[memory.split()[0]]
        found.append(
            Need(
                memory=memory,
                unit=unit,
                need=need,
                has=capacity,
                where=f"operation {operation!r}" if operation else "network",
                what=f"it needs {need} {unit}, and this core has {capacity}",
                whole=sum(sizes.values()),
            )
        )
    return found


def _capacities(config: GcnConfig) -> dict[str, int]:
    """Units of each memory."""
    engines = ("aggregate", "combine")
    return (
        {"edges": config.edge_lines, "weights": config.weight_rows}
        | ({"occupancy": config.occupancy_words} if config.occupancy_words else {})
        | {f"biases {engine}": BIAS_SLICES for engine in engines}
        | {f"scales {engine}": scale_depth(config) for engine in engines}
    )


def _places(memory: str, uses: list[list[Use]], plan: Plan) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """Sizes by name of what *memory* holds, and its uses as (name, phase)."""
    found = [
        (use, step.phase)
        for step, mine in zip(plan.steps, uses, strict=True)
        for use in mine
        if use.memory == memory
    ]
    places = [(use.name, phase) for use, phase in found]
    return {use.name: use.size for use, _ in found}, list(dict.fromkeys(places))


def uses_of(plan: Plan, config: GcnConfig) -> list[list[Use]]:
    """What each step of *plan* needs; lines are the last ones."""
    operations = [each for each in plan.network.operations if isinstance(each, IntAggregate)]
    lists = {
        name: list(_lists(operation, plan, config))
        for name, operation in {_name(each, plan): each for each in operations}.items()
    }
    constants: dict[str, list[Use]] = {}
    found = []
    for step in plan.steps:
        operation = step.operation
        if operation.name not in constants:
            constants[operation.name] = list(_uses(operation, plan.network, config))
        mine = [_part(use, step, config) for use in constants[operation.name]]
        if step.is_combine:
            mine.insert(0, _weights(step))
        if isinstance(operation, IntAggregate):
            if operation.name in plan.shards:
                mine.append(_bitmap(plan.shards[operation.name].parts[step.interval].bitmap))
            used = lists[_name(operation, plan)]
            mine.append(used[min(step.interval, len(used) - 1)])
        found.append(mine)
    return found


def _name(operation: IntAggregate, plan: Plan) -> str:
    """The same for the same lists; those that name places are an operation's own."""
    return (
        f"{list_of(operation)} of {operation.name}" if operation.name in plan.shards else list_of(operation)
    )


def _bitmap(data: bytes) -> Use:
    fields = {"content": Content.OCCUPANCY}
    return Use(memory="occupancy", name=data.hex(), data=data, size=8 * len(data) // WORD, fields=fields)


def _weights(step: Step) -> Use:
    name = f"{step.operation.name} {step.first_slice}"
    fields = {"content": Content.WEIGHTS}
    return Use(
        memory="weights", name=name, data=step.weights.tobytes(), size=len(step.weights), fields=fields
    )


def _uses(operation: IntOperation, network: IntGraphNetwork, config: GcnConfig) -> Iterator[Use]:
    """Biases and scales of an operation, of all its rows and slices."""
    c, epilogue = config, operation.epilogue
    engine = int(isinstance(operation, IntCombine))
    unit = "combine" if engine else "aggregate"
    width = network.widths()[operation.name]
    data = layout.pack_biases(c, epilogue.bias, width).tobytes()
    fields: dict[str, Any] = {"content": Content.BIASES, "engine": engine, "shift": epilogue.shift}
    fields["bias_shift"] = epilogue.bias_shift if epilogue.bias is not None else 0
    name = f"{data.hex()} {epilogue.shift} {fields['bias_shift']}"
    size = layout.slices(c, width)
    yield Use(memory=f"biases {unit}", name=name, data=data, size=size, fields=fields)
    if isinstance(epilogue.scale, np.ndarray):
        data = layout.pack_scales(c, epilogue.scale).tobytes()
        fields = {"content": Content.SCALES, "engine": engine}
        size = len(data) // 2 // c.columns
        yield Use(memory=f"scales {unit}", name=data.hex(), data=data, size=size, fields=fields)


def _part(use: Use, step: Step, config: GcnConfig) -> Use:
    """*use*; of scales that a memory does not hold all of, those of the rows that *step* makes."""
    if use.memory not in SCALES or use.size <= scale_depth(config):
        return use
    first, rows = step.first_row // config.columns, -(-step.rows // config.columns)
    data = use.data[2 * first * config.columns : 2 * (first + rows) * config.columns]
    return replace(use, name=data.hex(), data=data, size=rows, first=first)


def _lists(operation: IntAggregate, plan: Plan, config: GcnConfig) -> Iterator[Use]:
    """Lines that *operation* reads: of all intervals one behind the other, or of each."""
    network, columns = plan.network, config.columns
    adjacency = network.adjacencies[operation.adjacency]
    name, lists, shards = _name(operation, plan), plan.lists_of(operation), plan.shards.get(operation.name)
    numbers = np.arange(network.nodes) if network.numbers is None else network.numbers
    found = []
    for interval, (low, high) in enumerate(itertools.pairwise(lists.bounds)):
        begin, end = adjacency.indptr[low], adjacency.indptr[high]
        indices = adjacency.indices[begin:end] - lists.offsets[interval]
        if shards is not None:
            indices = shards.places(interval, indices)
        weight = None if adjacency.weight is None else adjacency.weight[begin:end]
        part = IntAdjacency(
            indptr=adjacency.indptr[low : high + 1] - begin,
            indices=indices,
            weight=weight,
        )
        if operation.sample is not None:
            part = with_headers(part, numbers[low:high])
        found.append(part)
    bits = INDEX_BITS
    if adjacency.weight is None and operation.sample is None:  # headers of samples are not short
        bits = layout.edge_bits(config, max(int(part.indices.max(initial=0)) for part in found))
    packed = [
        layout.pack_lines(part.indptr, part.indices, part.weight, columns=columns, index_bits=bits)
        for part in found
    ]
    fields = {
        "content": Content.EDGES,
        "valued": int(adjacency.weight is not None),
        "compact": int(bits != INDEX_BITS),
    }
    if lists.together:
        packed = [np.concatenate(packed)]
    for interval, lines in enumerate(packed):
        size, of = len(lines) // columns, "" if lists.together else f" {interval}"
        yield Use(memory="edges", name=f"{name}{of}", data=lines.tobytes(), size=size, fields=fields)
