"""The phase table of a graph network: what each aggregation and each combination did, from a run's counters.

A phase is one operation: the descriptor that computes it and the loads that are for it. Both kinds are set
beside each other as in M. Yan et al., "Characterizing and understanding GCNs on GPU" (IEEE Computer
Architecture Letters, 2020): use of the arithmetic, bytes for each operation, share of the time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.intnetwork import IntCombine
from pyralis.gen.gcn.steps import Step
from pyralis.gen.gcn.traffic import kind_of
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Content, Opcode, Source

__all__ = ["Phase", "phases", "table"]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What the program says about one operation.

    Attributes
    ----------
    name, layer : str
        Of the operation, and of the layer of the network that it belongs to.
    kind : {"aggregation", "combination"}
    source : {"lists", "chain", "rows"}
        Where its rows come from: sparse features, the aggregation beside it, the row store.
    index : int
        Of the descriptor that computes it, or the first part of it.
    indices : tuple of int
        Of the descriptors that compute its parts.
    loads : tuple of int
        Indices of those that load for it.
    work : int
        What the core's counters ``entries`` (aggregations) and ``products`` (combinations) count of it, but
        for the one entry that a row without any has in a list.
    operations : int
        Products or additions that the result needs.
    executed : int
        Products or additions that the lanes do: those and what fills whole slices and groups up. The one
        entry of a row without any is left out.
    lanes : int
        Products or additions that the core can do a cycle, this way.
    first, later : dict of int
        Bytes on the bus in the first run and in a later one, by what they are.
    """

    name: str
    layer: str
    kind: str
    source: str
    index: int
    indices: tuple[int, ...]
    loads: tuple[int, ...]
    work: int
    operations: int
    executed: int
    lanes: int
    first: dict[str, int]
    later: dict[str, int]


FACTS = ("name", "layer", "kind", "source", "index", "work", "operations", "executed", "lanes")
"""Members of :class:`Phase` that stand in a row of the table as they are."""


class Counted(Protocol):
    """A descriptor of a simulation: ``cycles`` from its begin to its end, summed over all runs."""

    @property
    def index(self) -> int: ...
    @property
    def cycles(self) -> int: ...


def phases(compiled: Compiled) -> tuple[Phase, ...]:
    """The operations in the order of the program."""
    loads: list[Mapping[str, Any]] = []
    parts: dict[str, list[int]] = {}
    own: dict[str, list[Mapping[str, Any]]] = {}
    steps = iter(compiled.plan.steps)
    for fields in compiled.descriptors:
        if fields["opcode"] is Opcode.LOAD:
            loads.append(fields)
        elif fields["opcode"] in (Opcode.AGGREGATE, Opcode.COMBINE):
            step = next(steps)
            mine = [load for load in loads if _is_for(load, step.is_combine)]
            loads = [load for load in loads if load not in mine]
            parts.setdefault(step.operation.name, []).append(fields["index"])
            own.setdefault(step.operation.name, []).extend(mine)
    steps_of = {step.operation.name: step for step in compiled.plan.steps}
    return tuple(_phase(compiled, step, parts[name], own[name]) for name, step in steps_of.items())


def _phase(compiled: Compiled, step: Step, parts: list[int], loads: list[Mapping[str, Any]]) -> Phase:
    """The operation of *step*, a part of it."""
    c, operation = compiled.config, step.operation
    # of a run that finds on chip what stays
    later = [load for load in loads if not load.get("resident", 0)]
    last = operation is compiled.plan.steps[-1].operation
    spilled = sum(rows.written for rows in compiled.plan.memory.values())
    results = compiled.traffic.first["outputs"] - spilled if last else 0
    if operation.name in compiled.plan.memory:
        results = compiled.plan.memory[operation.name].written
    dense = step.is_combine and step.source is not Source.FEATURES
    lanes = c.macs if dense else c.gather_lanes if step.is_combine else c.simd_lanes
    source = {Source.FEATURES: "lists", Source.CHAIN: "chain", Source.ROWS: "rows"}[step.source]
    operations = compiled.traffic.operations[operation.name]
    work = _work(compiled, step, operations)
    # an entry or a product is as wide as a part of a word of the row store, or as a whole one
    splits = 0 if step.is_combine else compiled.plan.matrices[step.first].splits
    return Phase(
        name=operation.name,
        layer=operation.name.partition(".")[0],
        kind="combination" if step.is_combine else "aggregation",
        source=source if step.is_combine else "rows",
        index=parts[0],
        indices=tuple(parts),
        loads=tuple(load["index"] for load in loads),
        work=work,
        operations=operations,
        executed=work * (c.lanes >> splits),
        lanes=lanes,
        first=_bytes(loads, c, results),
        later=_bytes(later, c, results),
    )


def table(
    compiled: Compiled, first: Iterable[Counted], both: Iterable[Counted], cycles: tuple[int, int]
) -> list[dict[str, Any]]:
    """A row of plain data for each phase.

    Parameters
    ----------
    compiled : Compiled
    first, both : iterable of Counted
        Descriptors of a job of one run, and of a job of two.
    cycles : (int, int)
        Of the first run and of a later one.

    Each row has the facts of :class:`Phase` and, for each of ``first`` and ``later``: ``cycles``; ``share``
    of the run's cycles (phases that run side by side make more than 1 together); ``utilisation``: operations
    over cycles times lanes; ``bytes`` of its loads and of its results, ``bus_cycles`` that these take at
    least, and ``bytes_per_operation``.
    The core counts ``PER_DESCRIPTOR`` descriptors one by one; longer programs have no table.
    """
    once = {each.index: each.cycles for each in first}
    twice = {each.index: each.cycles for each in both}
    rows = []
    for phase in phases(compiled):
        row: dict[str, Any] = {name: getattr(phase, name) for name in FACTS}
        spent = (
            sum(once[index] for index in phase.indices),
            sum(twice[index] - once[index] for index in phase.indices),
        )
        moved = phase.first, phase.later
        for run, own, whole, kinds in zip(("first", "later"), spent, cycles, moved, strict=True):
            row[run] = {
                "cycles": own,
                "share": own / max(whole, 1),
                "utilisation": phase.operations / max(own * phase.lanes, 1),
                "bytes": sum(kinds.values()),
                "bytes_by_kind": kinds,
                "bus_cycles": sum(kinds.values()) // (compiled.config.bus_bits // 8),
                "bytes_per_operation": sum(kinds.values()) / max(phase.operations, 1),
            }
        rows.append(row)
    return rows


def _is_for(load: Mapping[str, Any], combination: bool) -> bool:
    """Whether *load*, which stands in front, is for the next combination, or else the next aggregation."""
    content = load["content"]
    if content is Content.ROWS:
        return True  # of the input: for whatever comes first
    if content in (Content.BIASES, Content.SCALES):
        return bool(load.get("engine", 0)) == combination
    return (content not in (Content.EDGES, Content.OCCUPANCY)) == combination


def _bytes(loads: Iterable[Mapping[str, Any]], config: GcnConfig, results: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for load in loads:
        kind = kind_of(load)
        found[kind] = found.get(kind, 0) + load["beats"] * config.bus_bits // 8
    return found | ({"outputs": results} if results else {})


def _work(compiled: Compiled, step: Step, operations: int) -> int:
    """What the core counts: every slice, and of dense rows whole groups of PE rows."""
    c, n = compiled.config, compiled.plan.network
    width = n.widths()[step.operation.name]
    if not isinstance(step.operation, IntCombine) or step.source is Source.FEATURES:
        return operations // width * layout.slices(c, width)
    parts = [each for each in compiled.plan.steps if each.operation is step.operation]
    return sum(_groups(each.rows, c) * c.pe_rows * each.elements * each.slices for each in parts)


def _groups(rows: int, config: GcnConfig) -> int:
    """Groups of PE rows of all columns."""
    columns = config.columns
    return sum(-(-len(range(column, rows, columns)) // config.pe_rows) for column in range(columns))
