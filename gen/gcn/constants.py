"""What does not change from run to run: its bytes in memory, and its places on chip."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import layout
from pyralis.gen.gcn.allocate import Holding, Item, NoRoomError, hold
from pyralis.gen.gcn.intnetwork import IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.plan import Plan, Step
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import BIAS_SLICES
from pyralis.hw.gcn.program import Content, scale_depth

__all__ = ["Constants", "Use"]


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
        self.uses = [list(self._of(step)) for step in plan.steps]
        self.holdings: dict[str, Holding] = {}
        for memory, capacity in self._capacities().items():
            self.holdings[memory] = self._hold(memory, capacity, plan)

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

    def _capacities(self) -> dict[str, int]:
        c, engines = self.config, ("aggregate", "combine")
        return (
            {"edges": c.edge_lines, "weights": c.weight_rows}
            | {f"biases {engine}": BIAS_SLICES for engine in engines}
            | {f"scales {engine}": scale_depth(c) for engine in engines}
        )

    def _hold(self, memory: str, capacity: int, plan: Plan) -> Holding:
        found = [(use, step) for step, uses in zip(plan.steps, self.uses, strict=True) for use in uses]
        found = [(use, step) for use, step in found if use.memory == memory]
        sizes = {use.name: use.size for use, _ in found}
        places = [(use.name, step.phase) for use, step in found]
        try:
            return hold(sizes, list(dict.fromkeys(places)), plan.phases, capacity)
        except NoRoomError as error:
            name = error.item.name
            step = next(step for use, step in found if use.name == name)
            noun = {
                "edges": "lines of a column for its adjacency",
                "weights": "rows of the Weight Buffer",
                "biases": "slices of biases",
                "scales": "scales of a column",
            }[memory.split()[0]]
            what = f"it needs {error.need} {noun}, and this core has {capacity}"
            raise UserError(what, f"operation {step.operation.name!r}", "choose a larger preset") from None

    def _of(self, step: Step) -> Iterator[Use]:
        c, operation = self.config, step.operation
        epilogue = operation.epilogue
        engine = int(step.is_combine)
        unit = "combine" if step.is_combine else "aggregate"
        fields: dict[str, Any]
        if step.is_combine:
            data = step.weights.tobytes()
            size = len(step.weights)
            fields = {"content": Content.WEIGHTS}
            yield Use(memory="weights", name=operation.name, data=data, size=size, fields=fields)
        width = self.network.widths()[operation.name]
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
            adjacency = self.network.adjacencies[operation.adjacency]
            lines = layout.pack_lines(
                adjacency.indptr, adjacency.indices, adjacency.weight, columns=c.columns
            )
            fields = {"content": Content.EDGES, "valued": int(adjacency.weight is not None)}
            size = len(lines) // c.columns
            data = lines.tobytes()
            yield Use(memory="edges", name=operation.adjacency, data=data, size=size, fields=fields)
