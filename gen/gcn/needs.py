"""What a network needs of each memory of a graph core: counted once, for compiler and ``pyralis check``."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import INPUT, IntAggregate, IntGraphNetwork
from pyralis.gen.gcn.spill import only_gathered
from pyralis.hw.gcn.config import NO_SOURCE, GcnConfig
from pyralis.hw.gcn.eliminator import WORD
from pyralis.hw.gcn.program import Source

if TYPE_CHECKING:
    from pyralis.gen.gcn.steps import Lists, Plan, Step

__all__ = ["LARGER", "Need", "buffer", "feature_lines", "nodes", "program", "row_store"]

LARGER = "choose a larger preset"

DESCRIPTORS = 1 << 16
"""What the index of a descriptor can name."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """Of one memory.

    Attributes
    ----------
    memory, unit : str
        ``row store`` and ``words``.
    need : int
        Units that the network needs at one time.
    has : int
        Units that the core has.
    where : str
        What needs most: ``operation 'h1'``.
    what : str
        The sentence if it does not fit.
    whole : int, optional
        Units of everything that could stay from run to run, where anything could.
    hint : str
        Next step if it does not fit.
    """

    memory: str
    unit: str
    need: int
    has: int
    where: str
    what: str
    whole: int | None = None
    hint: str = LARGER

    @property
    def fits(self) -> bool:
        return self.need <= self.has

    @property
    def error(self) -> UserError:
        """For a network that does not fit."""
        return UserError(self.what, self.where, self.hint)

    def refuse(self) -> None:
        """Raises :attr:`error` unless it fits."""
        if not self.fits:
            raise self.error


def nodes(network: IntGraphNetwork, config: GcnConfig) -> Need:
    """Nodes that entries can name and the row store has words for."""
    has, spills = min(NO_SOURCE, config.rows), only_gathered(network)
    gathers = [each for each in network.operations if isinstance(each, IntAggregate)]
    if gathers and all(each.source in spills or each.source == INPUT for each in gathers):
        has = max(has, config.occupancy_words * WORD)  # what is gathered can come in intervals
    return Need(
        memory="nodes",
        unit="rows",
        need=network.nodes,
        has=has,
        where="network",
        what=f"the graph has {network.nodes} nodes, and this core has room for {has} rows",
    )


def buffer(steps: Iterable["Step"], config: GcnConfig) -> Need:
    """Elements of a row of the Aggregation Buffer, from which dense rows are combined."""
    dense = [step for step in steps if step.is_combine and step.source is not Source.FEATURES]
    most = max(dense, key=lambda step: step.elements, default=None)
    need = most.elements if most else 0
    what = f"rows that are combined have {need} elements, and the Aggregation Buffer holds "
    return Need(
        memory="Aggregation Buffer",
        unit="elements of a row",
        need=need,
        has=config.group_bytes,
        where=f"operation {most.operation.name!r}" if most else "network",
        what=f"{what}{config.group_bytes} of a row",
    )


def row_store(plan: "Plan", config: GcnConfig) -> Need:
    """Words up to the last one of the row matrices of *plan*; those of a ring take all that there are.

    Rows that all lie there by their numbers are no more than entries can name.
    """
    items = [matrix.words for matrix in plan.matrices.values()]
    last = max(items, key=lambda item: item.base + item.size, default=None)
    need = config.rows if plan.ring else last.base + last.size if last else 0
    what = f"its rows and those that are needed beside them take {need} words of the row store, "
    where = "network" if last is None else "input" if last.name == INPUT else f"operation {last.name!r}"
    has, end = config.rows, f"and this core has {config.rows}"
    if plan.nodes > NO_SOURCE and not plan.shards and need <= has:
        has, end = NO_SOURCE, f"and lists can name {NO_SOURCE}"
    return Need(
        memory="row store",
        unit="words",
        need=need,
        has=has,
        where=where,
        what=what + end,
        whole=sum(each.slices * each.stride for each in plan.matrices.values()) if plan.memory else None,
    )


def feature_lines(lists: "Lists | None", config: GcnConfig) -> Need:
    """Lines of sparse features at a time, of the gather cluster that has most of them."""
    lines = max(lists.lines) if lists else 0
    what = f"features that must be there at a time take {lines} lines of a cluster, and this core has "
    return Need(
        memory="features",
        unit="lines of a cluster",
        need=lines,
        has=config.feature_lines,
        where="input",
        what=f"{what}{config.feature_lines}",
        whole=sum(lists.lines) if lists else None,
    )


def program(count: int) -> Need:
    """Descriptors of a program."""
    what = f"the program has {count} descriptors, and the core can number {DESCRIPTORS}"
    return Need(
        memory="program",
        unit="descriptors",
        need=count,
        has=DESCRIPTORS,
        where="network",
        what=what,
        hint="use fewer layers",
    )
