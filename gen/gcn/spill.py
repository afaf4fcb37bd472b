"""Rows that lie in memory and are gathered from there: those of the input, or rows that are spilled.

A matrix that the row store cannot hold beside the others is *spilled*: the operation that makes it sends its
rows to memory, behind the results, and those that gather it load what each interval needs
(:mod:`pyralis.gen.gcn.shards`). They lie there as results do: those of a column one behind the other, the
slices of a row side by side. So the first word of row v is number ``v % columns * (stride / lanes) +
v // columns * slices``, and bitmaps, which are of bus beats, and lists are made in these numbers.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
        Byte offset of its first word, and bytes from one part to the next.
    parts, span : int
        Parts that each have a load of their own, and words of a row in each: every slice by itself, or one
        part with all slices.
    count : int
        What a load looks through in a part: its rows, or groups of words if it is ``grouped``.
    grouped : bool
    numbers : (nodes,) int64
        Of the first word of each row in a part.
    form : ResultForm, optional
        How the rows are written, if they are spilled.
    """

    origin: Origin
    begin: int
    pitch: int
    parts: int
    span: int
    count: int
    grouped: bool
    numbers: np.ndarray
    form: ResultForm | None = None

    @property
    def slices(self) -> int:
        """Of a row."""
        return self.parts * self.span

    @property
    def end(self) -> int:
        return self.begin + self.parts * self.pitch

    @property
    def written(self) -> int:
        """Bytes that go to memory."""
        return self.form.written if self.form else 0


def input_rows(network: IntGraphNetwork, config: GcnConfig) -> MemoryRows:
    """A dense input."""
    stride = layout.whole_rows(config, network.nodes)
    return MemoryRows(
        origin=Origin.INPUT,
        begin=0,
        pitch=stride * config.lanes,
        parts=layout.slices(config, network.input.features),
        span=1,
        count=network.nodes,
        grouped=False,
        numbers=np.arange(network.nodes),
    )


def only_gathered(network: IntGraphNetwork) -> set[str]:
    """Operations whose rows are read by aggregations, as their sources, and by nothing else.

    What gathers them, or a combination behind it, may read the rows of its own nodes as well.
    """
    last = network.operations[-1].name
    found = {each.name for each in network.operations} - {last}
    sources = {each.name: each.source for each in network.operations if isinstance(each, IntAggregate)}
    for operation in network.operations:
        names = set(reads(operation))
        if isinstance(operation, IntAggregate):
            found -= names - {operation.source}
        else:
            found -= names - {sources[name] for name in names & sources.keys()}
    return found


def candidates(steps: Sequence[Step], network: IntGraphNetwork) -> list[Step]:
    """Those that make rows which can be spilled, the widest ones first."""
    names = only_gathered(network)
    for before, step in itertools.pairwise(steps):
        if step.is_combine:  # of a chain, the second source may be what the first one gathers
            names -= {step.first, step.second} - ({before.first} if before.chained else set())
    makers = [step for step in steps if not step.chained and step.operation.name in names]
    return sorted(makers, key=lambda step: -step.slices)


def spilled(
    makers: Iterable[Step], last: Step, network: IntGraphNetwork, config: GcnConfig
) -> dict[str, MemoryRows]:
    """Rows of the *makers* in memory, behind the results, which *last* makes.

    Raises UserError if rows are too wide for it.
    """
    c, nodes, found = config, network.nodes, {}
    begin = c.columns * result_form(c, last, nodes, network.widths()[last.operation.name]).stride
    for step in makers:
        form, node = result_form(c, step, nodes, c.lanes * step.slices), np.arange(nodes)
        words = form.stride // c.lanes  # of a column
        found[step.operation.name] = made = MemoryRows(
            origin=Origin.OUTPUT,
            begin=begin,
            pitch=c.columns * form.stride,
            parts=1,
            span=step.slices,
            count=-(-c.columns * words // c.group_words),
            grouped=True,
            numbers=node % c.columns * words + node // c.columns * step.slices,
            form=form,
        )
        begin = made.end
    return found
