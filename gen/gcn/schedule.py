"""Order of descriptors: loads run ahead, and each waits for what it needs and for nothing else."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.allocate import Item
from pyralis.gen.gcn.constants import Constants, Use
from pyralis.gen.gcn.intnetwork import INPUT, IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.plan import Matrix, Plan, Step
from pyralis.gen.gcn.results import result_form
from pyralis.gen.gcn.waits import Access, Waits
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.program import VERSION, Content, Opcode, Origin, Source, Target

__all__ = ["Schedule", "Settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a program leaves to choose, results being the same.

    Attributes
    ----------
    chain : bool
        An aggregation hands its rows to the combination behind it, where that is possible.
    hubs : bool
        Cores hold copies of the first rows.
    cooperative : bool
        Modules of a dense combination pass weights on.
    by_row : bool
        Tasks go to cores by the number of their row.
    keep_input : bool
        Lists of features stay on chip: every run of a job has the same input, which only the first one reads.
    """

    chain: bool = True
    hubs: bool = True
    cooperative: bool = False
    by_row: bool = False
    keep_input: bool = False


class Schedule:
    """The program of a plan.

    The loads of a step stand right before it, so that they run while the steps before are at work; a chained
    combination stands right behind its aggregation. Every wait is for descriptors in front.

    Attributes
    ----------
    descriptors : list of dict
    input_bytes, output_bytes : int
        Memory that one run's input and results take.
    results : ResultForm
        How the results lie there.
    """

    def __init__(
        self,
        network: IntGraphNetwork,
        plan: Plan,
        constants: Constants,
        config: GcnConfig,
        settings: Settings,
        feature_lines: int,
    ) -> None:
        self.network, self.plan, self.constants, self.config = network, plan, constants, config
        self.settings, self.feature_lines = settings, feature_lines
        self.unit = config.bus_bits // 8
        self.descriptors: list[dict[str, Any]] = []
        self.input_bytes = 0
        self._waits = Waits()
        self._held: set[tuple[str, int]] = set()  # memory and identity of what has been loaded
        last = plan.steps[-1]
        self.results = result_form(config, last, network.nodes, network.widths()[last.operation.name])
        self.output_bytes = config.columns * self.results.stride
        step = 0
        while step < len(plan.steps):
            count = 1 + plan.steps[step].chained
            for number in range(step + count - 1, step - 1, -1):  # lines of the aggregation come last
                self._load(number)
            for number in range(step, step + count):
                self._compute(number)
            step += count
        self._add({"opcode": Opcode.END})

    def _beats(self, size: int) -> int:
        return layout.beats(self.config, size)

    def _add(self, fields: dict[str, Any]) -> None:
        fields.update(version=VERSION, index=len(self.descriptors))
        self.descriptors.append(fields)

    def _load(self, number: int) -> None:
        """Loads for step *number*: what is not there yet; lines last."""
        step = self.plan.steps[number]
        uses = self.constants.uses[number]
        for use in uses[:-1] if not step.is_combine else uses:
            self._load_constant(use, step)
        self._load_input(step)
        if not step.is_combine:
            self._load_constant(uses[-1], step)

    def _load_constant(self, use: Use, step: Step) -> None:
        item = self.constants.item(use, step.phase)
        if (use.memory, id(item)) in self._held:
            return
        self._held.add((use.memory, id(item)))
        fields = {
            **use.fields,
            "origin": Origin.WEIGHTS,
            "resident": int(self.constants.holdings[use.memory].resident),
            "source": self.constants.address(use),
            "beats": self._beats(len(use.data)),
            "start": item.base,
            "count": item.size,
        }
        self._add_load(fields, Access(use.memory, item.base, item.base + item.size, True))

    def _load_input(self, step: Step) -> None:
        if INPUT not in (step.first, step.second, step.operation.epilogue.extra) or self.input_bytes:
            return
        c = self.config
        if self.plan.sparse_input:
            valued = self.network.input.values != "binary"
            size = self.feature_lines * c.columns * c.clusters * (32 if valued else 16)
            fields: dict[str, Any] = {"content": Content.FEATURES, "valued": int(valued)}
            fields["resident"] = int(self.settings.keep_input)
            start, count, memory = 0, self.feature_lines, "features"
        else:
            words = self.plan.matrices[INPUT].words
            size, start, count, memory = words.size * c.lanes, words.base, words.size, "rows"
            fields = {"content": Content.ROWS}
        beats = self._beats(size)
        self.input_bytes = beats * self.unit
        fields |= {"origin": Origin.INPUT, "beats": beats, "start": start, "count": count}
        self._add_load(fields, Access(memory, start, start + count, True))

    def _add_load(self, fields: dict[str, Any], access: Access) -> None:
        self._add({"opcode": Opcode.LOAD, **self._waits.add("load", [access]), **fields})

    def _compute(self, number: int) -> None:
        step, phase = self.plan.steps[number], self.plan.steps[number].phase
        items = [(use, self.constants.item(use, phase)) for use in self.constants.uses[number]]
        places = {use.memory.split()[0]: item for use, item in items}
        accesses = [Access(use.memory, i.base, i.base + i.size) for use, i in items]
        fields, touched = (self._combine if step.is_combine else self._aggregate)(step, places)
        finish, written = self._finish(step, places, number)
        accesses += touched + written
        loads = self._waits.counts["load"]
        after = self._waits.add("combine" if step.is_combine else "aggregate", accesses)
        # The lines are the newest load: it only has to have begun.
        if self._brings_lines(step) and after["after_load"] == loads:
            after["after_load"] = loads - 1
            fields["follows"] = 1
        opcode = Opcode.COMBINE if step.is_combine else Opcode.AGGREGATE
        self._add({"opcode": opcode, **after, **fields, **finish})

    def _brings_lines(self, step: Step) -> bool:
        """Whether the descriptor before is the load of the lines that *step* reads."""
        before = self.descriptors[-1]
        wanted = Content.FEATURES if step.is_combine else Content.EDGES
        return before["opcode"] is Opcode.LOAD and before["content"] is wanted

    def _aggregate(self, step: Step, places: dict[str, Item]) -> tuple[dict[str, Any], list[Access]]:
        operation, nodes = step.operation, self.network.nodes
        assert isinstance(operation, IntAggregate)
        source = self.plan.matrices[step.first]
        accesses = [_words(source)]
        rows = -(-nodes // self.config.columns)
        if step.chained:
            rows = self.config.pe_rows
        elif step is self.plan.steps[-1]:
            rows = 1 << self.results.group
        fields = {
            "by_row": int(self.settings.by_row),
            "maximum": int(operation.reduce == "max"),
            "is_signed": int(source.signed),
            "splits": source.splits,
            "rows": nodes,
            "start": places["edges"].base,
            "group_rows": rows,
            "slices": step.slices,
            "base": source.words.base,
            "stride": source.stride,
        }
        if source.hubs is not None:
            fields |= {"hubs": 1, "hub_bits": source.hub_bits, "hub_base": source.hubs.base}
            accesses.append(_copies(source))
        if operation.epilogue.extra is not None:
            extra = self.plan.matrices[operation.epilogue.extra]
            fields |= {"extra": 1, "extra_base": extra.words.base, "extra_stride": extra.stride}
            accesses.append(_words(extra))
        return fields, accesses

    def _combine(self, step: Step, places: dict[str, Item]) -> tuple[dict[str, Any], list[Access]]:
        fields = {
            "source": step.source,
            "cooperative": int(self.settings.cooperative and step.source is not Source.FEATURES),
            "rows": self.network.nodes,
            "elements": step.elements,
            "boundary": step.boundary,
            "slices": step.slices,
            "weight_base": places["weights"].base,
            "weight_stride": step.elements,
        }
        accesses = []
        types = self.network.types()
        fields["is_signed"] = int(types[step.first] == "int8")
        if step.source is Source.FEATURES:
            fields["valued"] = int(self.network.input.values != "binary")
            accesses.append(Access("features", 0, self.feature_lines))
        elif step.source is Source.ROWS:
            rows = self.plan.matrices[step.first]
            fields |= {"base": rows.words.base, "stride": rows.stride}
            accesses.append(_words(rows))
        if step.second:
            second = self.plan.matrices[step.second]
            fields |= {"second_base": second.words.base, "second_stride": second.stride}
            fields["second_signed"] = int(second.signed)
            accesses.append(_words(second))
        return fields, accesses

    def _finish(
        self, step: Step, places: dict[str, Item], number: int
    ) -> tuple[dict[str, Any], list[Access]]:
        epilogue = step.operation.epilogue
        extra = epilogue.extra
        signed = extra is not None and self.network.types()[extra] == "int8"
        fields: dict[str, Any] = {
            "epilogue": {
                "relu": int(epilogue.relu),
                "output": OutputType[epilogue.output.upper()],
                "shift": epilogue.shift,
                "bias_shift": epilogue.bias_shift if epilogue.bias is not None else 0,
                "extra_scale": epilogue.extra_scale if extra is not None else 0,
                "extra_signed": int(signed),
                "narrow": int(self.network.widths()[step.operation.name] <= self.config.epilogue_lanes),
            },
            "bias_base": places["biases"].base,
        }
        if isinstance(epilogue.scale, np.ndarray):
            fields |= {"scaled": 1, "scale_base": places["scales"].base}
        else:
            fields["scale"] = int(epilogue.scale)
        if step.chained:
            return fields | {"target": Target.CHAIN}, []
        if number == len(self.plan.steps) - 1:
            fields |= {
                "target": Target.MEMORY,
                "result_address": 0,
                "result_stride": self.results.stride,
                "result_last": self.results.last,
                "result_parts": self.results.parts,
                "result_group": self.results.group,
            }
            return fields, [Access("outputs", 0, self.output_bytes, True)]
        made = self.plan.matrices[step.operation.name]
        accesses = [_words(made, True)]
        fields |= {
            "target": Target.ROWS,
            "target_splits": made.splits,
            "target_base": made.words.base,
            "target_stride": made.stride,
        }
        if made.hubs is not None:
            fields |= {
                "target_hubs": 1,
                "target_hub_base": made.hubs.base,
                "target_hub_bits": made.hub_bits,
            }
            accesses.append(_copies(made, True))
        return fields, accesses


def _words(matrix: Matrix, writes: bool = False) -> Access:
    return Access("rows", matrix.words.base, matrix.words.base + matrix.words.size, writes)


def _copies(matrix: Matrix, writes: bool = False) -> Access:
    assert matrix.hubs is not None
    return Access("hubs", matrix.hubs.base, matrix.hubs.base + matrix.hubs.size, writes)
