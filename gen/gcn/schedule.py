"""Order of descriptors: loads run ahead, and each waits for what it needs and for nothing else."""

from dataclasses import replace
from typing import Any

import numpy as np

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.allocate import Item
from pyralis.gen.gcn.constants import Constants
from pyralis.gen.gcn.intnetwork import INPUT, IntAggregate, IntSample
from pyralis.gen.gcn.loads import Loads
from pyralis.gen.gcn.ownrows import SELF_LOOPS
from pyralis.gen.gcn.results import ResultForm, result_form
from pyralis.gen.gcn.settings import Settings
from pyralis.gen.gcn.steps import Matrix, Plan, Step
from pyralis.gen.gcn.waits import Access, Waits
from pyralis.hw.gcn.config import NO_SOURCE, GcnConfig
from pyralis.hw.gcn.draws import SampleKind
from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.program import VERSION, Content, Opcode, Source, Target

__all__ = ["Schedule", "Settings"]


class Schedule:
    """The program of a plan.

    The loads of a step stand right before it, so that they run while the steps before are at work; a chained
    combination stands right behind its aggregation. Every wait is for descriptors in front.

    Attributes
    ----------
    descriptors : list of dict
    input_bytes, output_bytes : int
        Memory that one run's input takes, and its results with the rows that are spilled.
    results : ResultForm
        How the results lie there.
    """

    def __init__(
        self,
        plan: Plan,
        constants: Constants,
        config: GcnConfig,
        settings: Settings,
    ) -> None:
        network = plan.network
        self.network, self.plan, self.constants, self.config = network, plan, constants, config
        self.settings = settings
        self.descriptors: list[dict[str, Any]] = []
        self._waits = Waits()
        self._loads = Loads(plan, constants, config, self._add_load, keep_input=settings.keep_input)
        last = plan.steps[-1]
        self.results = result_form(config, last, network.nodes, network.widths()[last.operation.name])
        ends = [rows.end for rows in plan.memory.values() if rows.form is not None]
        self.output_bytes = max([config.columns * self.results.stride, *ends])
        step = 0
        while step < len(plan.steps):
            count = 1 + plan.steps[step].chained
            self._loads.before(range(step + count - 1, step - 1, -1))  # lines of the aggregation come last
            for number in range(step, step + count):
                self._compute(number)
            step += count
        self.input_bytes = self._loads.input_bytes
        self._add({"opcode": Opcode.END})

    def _add(self, fields: dict[str, Any]) -> None:
        fields.update(version=VERSION, index=len(self.descriptors))
        self.descriptors.append(fields)

    def _add_load(self, fields: dict[str, Any], *accesses: Access) -> None:
        self._add({"opcode": Opcode.LOAD, **self._waits.add("load", accesses), **fields})

    def _compute(self, number: int) -> None:
        step, phase = self.plan.steps[number], self.plan.steps[number].phase
        items = [(use, self.constants.item(use, phase)) for use in self.constants.uses[number]]
        places = {use.memory.split()[0]: item for use, item in items}
        # Bitmaps are read by loads, which run one after the other.
        accesses = [
            Access(use.memory, i.base, i.base + i.size) for use, i in items if use.memory != "occupancy"
        ]
        scaled = next((use.first for use, _ in items if use.fields["content"] is Content.SCALES), 0)
        fields, touched = (self._combine if step.is_combine else self._aggregate)(step, places)
        finish, written = self._finish(step, places, scaled)
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
        operation, c = step.operation, self.config
        assert isinstance(operation, IntAggregate)
        source, lists = self.plan.matrices[step.first], self.plan.lists_of(operation)
        offset = lists.offsets[step.interval]
        base, stride = source.words.base + step.first_slice * source.stride + offset, source.stride - offset
        accesses = self._words(source, offset, source.stride, step.first_slice, step.slices)
        if operation.name in self.plan.shards:
            base = self._loads.begin_of(step)
            shards = self.plan.shards[operation.name]
            words = shards.parts[step.interval].words
            stride = words if shards.rows.span == 1 else min(words, 1)  # 0 where nothing is gathered
            accesses = [Access("rows", base, base + shards.rows.parts * words)]
        rows = -(-step.rows // c.columns)
        if step.chained:
            rows = c.pe_rows
        elif (form := self._form(step)) is not None:
            rows = 1 << form.group
        fields: dict[str, Any] = {
            "by_row": int(self.settings.by_row),
            "maximum": int(operation.reduce == "max"),
            "is_signed": int(source.signed),
            "splits": source.splits,
            "rows": step.rows,
            "start": places["edges"].base + (lists.start(step.interval) if lists.together else 0),
            "group_rows": rows,
            "slices": step.slices,
            "base": base % c.rows,
            # of one slice it only says how many rows are read
            "stride": stride,
        }
        if operation.sample is not None:
            fields["sample"] = _sample(operation.sample)
        if source.hubs is not None and not offset:
            base = source.hubs.base + (step.first_slice << source.hub_bits)
            fields |= {"hubs": 1, "hub_bits": source.hub_bits, "hub_base": base}
            accesses.append(_copies(source, step))
        if operation.epilogue.extra is not None:
            base, stride, read = self._rows_of(operation.epilogue.extra, step)
            fields |= {"extra": 1, "extra_base": base, "extra_stride": stride}
            accesses += read
        return fields, accesses

    def _rows_of(self, name: str, step: Step) -> tuple[int, int, list[Access]]:
        """First word and stride of the rows of matrix *name* with the numbers of those that *step* makes."""
        matrix = self.plan.matrices[name]
        if name in self.plan.memory:
            head = next(each for each in self.plan.steps if each.phase == step.phase)
            base, stride = self._own_rows(head)
            return base, stride, [Access("rows", base, base + matrix.slices * stride)]
        base = matrix.words.base + step.first_slice * matrix.stride + step.first_row
        slices = step.slices if not step.is_combine else matrix.slices
        read = self._words(matrix, step.first_row, step.last_row, step.first_slice, slices)
        return base, matrix.stride, read

    def _combine(self, step: Step, places: dict[str, Item]) -> tuple[dict[str, Any], list[Access]]:
        fields = {
            "source": step.source,
            "cooperative": int(self.settings.cooperative and step.source is not Source.FEATURES),
            "rows": step.rows,
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
            start = self._loads.first_line(step.interval)
            fields["start"] = start
            lines = self.plan.lists[INPUT].lines[step.interval]
            accesses.append(Access("features", start, start + lines))
        elif step.source is Source.ROWS:
            if step.first in self.plan.passing:
                base, stride, read = self._passing_rows(step, step.first)
            else:
                base, stride, read = self._rows_of(step.first, replace(step, first_slice=0))
            fields |= {"base": base, "stride": stride}
            accesses += read
        if step.second:
            second = self.plan.matrices[step.second]
            base, stride, read = self._rows_of(step.second, replace(step, first_slice=0))
            fields |= {"second_base": base, "second_stride": stride}
            fields["second_signed"] = int(second.signed)
            accesses += read
        return fields, accesses

    def _finish(
        self, step: Step, places: dict[str, Item], scaled: int
    ) -> tuple[dict[str, Any], list[Access]]:
        """Of *step*, whose scales begin with that of row *scaled* of a column."""
        c, epilogue = self.config, step.operation.epilogue
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
                "narrow": int(self.network.widths()[step.operation.name] <= c.epilogue_lanes),
            },
            "bias_base": places["biases"].base + step.first_slice,
        }
        row = step.first_row // c.columns
        if isinstance(epilogue.scale, np.ndarray):
            fields |= {"scaled": 1, "scale_base": places["scales"].base + row - scaled}
        else:
            fields["scale"] = int(epilogue.scale)
        if step.chained:
            return fields | {"target": Target.CHAIN}, []
        form = self._form(step)
        if form is not None:
            begin, end = 0, c.columns * form.stride
            if form is not self.results:
                rows = self.plan.memory[step.operation.name]
                begin, end = rows.begin, rows.end
            fields |= {
                "target": Target.MEMORY,
                "result_address": begin + row * form.row,
                "result_stride": form.stride,
                "result_last": form.last,
                "result_parts": form.parts,
                "result_group": form.group,
            }
            return fields, [Access("outputs", begin, end, True)]
        if isinstance(step.operation, IntAggregate) and step.operation.adjacency == SELF_LOOPS:
            base, stride = self._own_rows(step)
            fields |= {"target": Target.ROWS, "target_base": base, "target_stride": stride}
            return fields, [Access("rows", base, base + step.slices * stride, True)]
        if step.operation.name in self.plan.passing:
            base, stride, touched = self._passing_rows(step, step.operation.name, writes=True)
            return fields | {"target": Target.ROWS, "target_base": base, "target_stride": stride}, touched
        made = self.plan.matrices[step.operation.name]
        accesses = self._words(made, step.first_row, step.last_row, step.first_slice, step.slices, True)
        fields |= {
            "target": Target.ROWS,
            "target_splits": made.splits,
            "target_base": (made.words.base + step.first_slice * made.stride + step.first_row) % c.rows,
            "target_stride": made.stride,
        }
        if made.hubs is not None and step.first_row == 0:
            fields |= {
                "target_hubs": 1,
                "target_hub_base": made.hubs.base + (step.first_slice << made.hub_bits),
                "target_hub_bits": made.hub_bits,
            }
            accesses.append(_copies(made, step, True))
        return fields, accesses

    def _own_rows(self, head: Step) -> tuple[int, int]:
        """First word and stride of the rows of an interval itself, behind those that *head* gathers."""
        shards = self.plan.shards[head.operation.name]
        part = shards.parts[head.interval]
        return self._loads.begin_of(head) + shards.rows.parts * part.words, part.own

    def _passing_rows(self, step: Step, name: str, *, writes: bool = False) -> tuple[int, int, list[Access]]:
        """First word and stride of the rows of *name* that the interval of *step* makes and reads."""
        group = [each for each in self.plan.steps if each.phase == step.phase]
        base, own = self._own_rows(group[0])
        base += self.plan.shards[group[0].operation.name].rows.slices * own
        stride = layout.whole_rows(self.config, step.rows)
        for each in group:
            if each.operation.name in self.plan.passing:
                end = base + each.slices * stride
                if each.operation.name == name:
                    break
                base = end
        return base, stride, [Access("rows", base, end, writes)]

    def _form(self, step: Step) -> ResultForm | None:
        """How the rows that *step* makes lie in memory, if they go there."""
        if step.operation is self.plan.steps[-1].operation:
            return self.results
        rows = self.plan.memory.get(step.operation.name)
        return None if rows is None or step.chained else rows.form

    def _words(
        self, matrix: Matrix, low: int, high: int, first: int, slices: int, writes: bool = False
    ) -> list[Access]:
        """Rows *low* to *high* - 1 of *slices* slices, from *first* on, in the row store."""
        size, found = self.config.rows, []
        for s in range(first, first + slices):
            begin = (matrix.words.base + s * matrix.stride + low) % size
            end = begin + high - low
            found.append(Access("rows", begin, min(end, size), writes))
            if end > size:
                found.append(Access("rows", 0, end - size, writes))
        return found


def _sample(sample: IntSample) -> dict[str, Any]:
    """SAMPLE_SETTINGS; no row is so long that a start or a step beyond their bits would take an entry."""
    longest = NO_SOURCE
    return {
        "kind": SampleKind[sample.kind.upper()],
        "count": sample.count,
        "seed": sample.seed,
        "start": min(sample.start, longest),
        "step": min(sample.step, longest),
    }


def _copies(matrix: Matrix, step: Step, writes: bool = False) -> Access:
    assert matrix.hubs is not None
    base = matrix.hubs.base + (step.first_slice << matrix.hub_bits)
    return Access("hubs", base, base + (step.slices << matrix.hub_bits), writes)
