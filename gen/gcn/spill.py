"""Rows that lie in memory and are gathered from there: those of the input, or rows that are spilled.

A matrix that the row store cannot hold beside the others is *spilled*: the operation that makes it sends its
rows to memory, behind the results, and those that gather it load what each interval needs
(:mod:`pyralis.gen.gcn.shards`). Each slice is written by a descriptor of its own, in the form of results:
the rows of a column one behind the other. So row v of a slice stands at the place
``v % columns * (stride / lanes) + v // columns``, and bitmaps and lists are made in these numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.intnetwork import IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.matrices import reads
from pyralis.gen.gcn.results import ResultForm, result_form
from pyralis.gen.gcn.steps import Step
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Origin

__all__ = ["MemoryRows", "candidates", "input_rows", "only_gathered", "spilled"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MemoryRows:
    """A matrix in memory.

    Attributes
    ----------
    origin : Origin
    begin, pitch : int
        Byte offset of its first slice, and bytes from one slice to the next.
    slices, count : int
        Slices, and rows of each that a load looks through.
    numbers : (nodes,) int64
        Which of these rows each row of the matrix is.
    form : ResultForm, optional
        How a slice is written, if the rows are spilled.
    """

    origin: Origin
    begin: int
    pitch: int
    slices: int
    count: int
    numbers: np.ndarray
    form: ResultForm | None = None

    @property
    def end(self) -> int:
        return self.begin + self.slices * self.pitch

    @property
    def written(self) -> int:
        """Bytes that go to memory."""
        return self.slices * self.form.written if self.form else 0


def input_rows(network: IntGraphNetwork, config: GcnConfig) -> MemoryRows:
    """A dense input."""
    stride = -(-network.nodes // config.columns) * config.columns
    return MemoryRows(
        origin=Origin.INPUT,
        begin=0,
        pitch=stride * config.lanes,
        slices=layout.slices(config, network.input.features),
        count=network.nodes,
        numbers=np.arange(network.nodes),
    )


def only_gathered(network: IntGraphNetwork) -> set[str]:
    """Operations whose rows are read by aggregations, as their sources, and by nothing else."""
    last = network.operations[-1].name
    found = {each.name for each in network.operations} - {last}
    for operation in network.operations:
        gathers = isinstance(operation, IntAggregate) and operation.epilogue.extra != operation.source
        found -= set(reads(operation)) - ({operation.source} if gathers else set())
    return found


def candidates(steps: Sequence[Step], network: IntGraphNetwork) -> list[Step]:
    """Those that make rows which can be spilled, the widest ones first."""
    names = only_gathered(network)
    makers = [step for step in steps if not step.chained and step.operation.name in names]
    return sorted(makers, key=lambda step: -step.slices)


def spilled(
    makers: Iterable[Step], last: Step, network: IntGraphNetwork, config: GcnConfig
) -> dict[str, MemoryRows]:
    """Rows of the *makers* in memory, behind the results, which *last* makes."""
    c, nodes, found = config, network.nodes, {}
    begin = c.columns * result_form(c, last, nodes, network.widths()[last.operation.name]).stride
    for step in makers:
        form = result_form(c, replace(step, slices=1), nodes, c.lanes)
        rows, node = form.stride // c.lanes, np.arange(nodes)
        found[step.operation.name] = made = MemoryRows(
            origin=Origin.OUTPUT,
            begin=begin,
            pitch=c.columns * form.stride,
            slices=step.slices,
            count=c.columns * rows,
            numbers=node % c.columns * rows + node // c.columns,
            form=form,
        )
        begin = made.end
    return found
