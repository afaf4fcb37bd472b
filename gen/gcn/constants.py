"""What does not change from run to run: its bytes in memory, and its places on chip."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.allocate import Holding, Item, hold, least
from pyralis.gen.gcn.intnetwork import IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.needs import Need
from pyralis.gen.gcn.plan import Plan, Step
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import BIAS_SLICES
from pyralis.hw.gcn.program import Content, scale_depth

__all__ = ["Constants", "Use", "constant_needs", "uses_of"]

UNITS = {
    "edges": "lines of a column for its adjacency",
    "weights": "rows of the Weight Buffer",
    "biases": "slices of biases",
    "scales": "scales of a column",
}
"""What each memory is counted in, by the first word of its name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Use:
    """A constant that a step needs.

    Attributes
    ----------
    memory : str
        In which it is held: ``edges``, ``weights``, and for each engine ``biases`` and ``scales``.
    name : str
        The same for the same contents.
    data : bytes
    size : int
        Lines, weight rows, slices or scales that it takes of that memory.
    fields : dict
        Of its LOAD descriptor.
    """

    memory: str
    name: str
    data: bytes
    size: int
    fields: dict[str, Any] = field(default_factory=dict)


class Constants:
    """All constants of a plan.

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

    def __init__(self, network: IntGraphNetwork, plan: Plan, config: GcnConfig) -> None:
        self.config, self.network = config, network
        self.image = bytearray()
        self._addresses: dict[tuple[Content, bytes], int] = {}
        self.uses = uses_of(network, plan, config)
        for need in constant_needs(self.uses, plan, config):
            need.refuse()
        self.holdings: dict[str, Holding] = {}
        for memory, capacity in _capacities(config).items():
            sizes, places = _places(memory, self.uses, plan)
            self.holdings[memory] = hold(sizes, places, plan.phases, capacity)

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


def uses_of(network: IntGraphNetwork, plan: Plan, config: GcnConfig) -> list[list[Use]]:
    """What each step of *plan* needs; lines are the last ones."""
    return [list(_uses(step, network, config)) for step in plan.steps]


def _uses(step: Step, network: IntGraphNetwork, config: GcnConfig) -> Iterator[Use]:
    c, operation = config, step.operation
    epilogue = operation.epilogue
    engine = int(step.is_combine)
    unit = "combine" if step.is_combine else "aggregate"
    fields: dict[str, Any]
    if step.is_combine:
        data = step.weights.tobytes()
        size = len(step.weights)
        fields = {"content": Content.WEIGHTS}
        yield Use(memory="weights", name=operation.name, data=data, size=size, fields=fields)
    width = network.widths()[operation.name]
    data = layout.pack_biases(c, epilogue.bias, width).tobytes()
    fields = {"content": Content.BIASES, "engine": engine, "shift": epilogue.shift}
    fields["bias_shift"] = epilogue.bias_shift if epilogue.bias is not None else 0
    name = f"{data.hex()} {epilogue.shift} {fields['bias_shift']}"
    yield Use(memory=f"biases {unit}", name=name, data=data, size=step.slices, fields=fields)
    if isinstance(epilogue.scale, np.ndarray):
        data = layout.pack_scales(c, epilogue.scale).tobytes()
        fields = {"content": Content.SCALES, "engine": engine}
        size = len(data) // 2 // c.columns
        yield Use(memory=f"scales {unit}", name=data.hex(), data=data, size=size, fields=fields)
    if isinstance(operation, IntAggregate):
        adjacency = network.adjacencies[operation.adjacency]
        lines = layout.pack_lines(adjacency.indptr, adjacency.indices, adjacency.weight, columns=c.columns)
        fields = {"content": Content.EDGES, "valued": int(adjacency.weight is not None)}
        size = len(lines) // c.columns
        data = lines.tobytes()
        yield Use(memory="edges", name=operation.adjacency, data=data, size=size, fields=fields)
