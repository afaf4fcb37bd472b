"""What a compiled graph network moves, computes, and needs of time at least, without simulation.

Cycles are lower bounds from counts: what the busiest column has to do, with every adder and multiplier at
work in each cycle. The core is slower where rows of the store are wanted from the same bank at a time, where
lists end in the middle of a line, and by the latency of the memory. What runs beside what is as in the
program: a chained aggregation beside its combination, loads beside both; a step waits for the rows that it
reads and for the step before it on its engine.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pyralis.boards.runtime.graphlayout import entries_of
from pyralis.boards.runtime.graphlines import gap_counts
from pyralis.gen.gcn import phases
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.features import non_zeros
from pyralis.gen.gcn.intnetwork import IntAggregate, IntSample
from pyralis.gen.gcn.plan import reads
from pyralis.gen.gcn.steps import Step
from pyralis.gen.gcn.traffic import Traffic
from pyralis.hw.gcn.config import LINE
from pyralis.hw.gcn.program import Source

__all__ = ["Estimate", "PhaseEstimate", "estimate"]


@dataclass(frozen=True, kw_only=True)
class PhaseEstimate:
    """One operation.

    Attributes
    ----------
    name, kind : str
        Of :class:`pyralis.gen.gcn.phases.Phase`.
    chained : bool
        Its rows go to the combination behind it.
    operations : int
        Products or additions that the result needs; ``lanes`` of them can be done in a cycle.
    lanes : int
    cycles : int
        Lower bound.
    bound : {"adders", "multipliers", "epilogue", "sampler"}
        What it is the bound of.
    bytes_first, bytes_later : int
        Of its loads and results, in a first run and in a later one.
    """

    name: str
    kind: str
    chained: bool
    operations: int
    lanes: int
    cycles: int
    bound: str
    bytes_first: int
    bytes_later: int


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A network on a core.

    Attributes
    ----------
    phases : tuple of PhaseEstimate
    traffic : Traffic
    compute_cycles : int
        Lower bound of a run whose loads cost no time.
    bus_cycles_first, bus_cycles_later : int
        Beats of the bus in a first run and in a later one.
    """

    phases: tuple[PhaseEstimate, ...]
    traffic: Traffic
    compute_cycles: int
    bus_cycles_first: int
    bus_cycles_later: int

    @property
    def cycles_first(self) -> int:
        """Lower bound of a first run."""
        return max(self.compute_cycles, self.bus_cycles_first)

    @property
    def cycles_later(self) -> int:
        """Lower bound of a run that finds on chip what stays."""
        return max(self.compute_cycles, self.bus_cycles_later)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"cycles_first": self.cycles_first, "cycles_later": self.cycles_later}


def estimate(compiled: Compiled, features: Any = None) -> Estimate:
    """Estimate of one run of *compiled*; *features* are those that it was compiled with."""
    steps, stored = compiled.plan.steps, _stored(compiled, features)
    bounds = [max(_bounds(compiled, step, stored)) for step in steps]
    rows = []
    for phase in phases.phases(compiled):
        parts = [number for number, step in enumerate(steps) if step.operation.name == phase.name]
        rows.append(
            PhaseEstimate(
                name=phase.name,
                kind=phase.kind,
                chained=steps[parts[0]].chained,
                operations=phase.operations,
                lanes=phase.lanes,
                cycles=sum(bounds[number][0] for number in parts),
                bound=max(bounds[number] for number in parts)[1],
                bytes_first=sum(phase.first.values()),
                bytes_later=sum(phase.later.values()),
            )
        )
    beat, traffic = compiled.config.bus_bits // 8, compiled.traffic
    return Estimate(
        phases=tuple(rows),
        traffic=traffic,
        compute_cycles=_path(steps, [cycles for cycles, _ in bounds]),
        bus_cycles_first=sum(traffic.first.values()) // beat,
        bus_cycles_later=sum(traffic.later.values()) // beat,
    )


def _stored(compiled: Compiled, features: Any) -> np.ndarray:
    """Entries of each row of a sparse input; a row without elements has one."""
    if not compiled.plan.sparse_input or features is None:
        return np.zeros(compiled.network.nodes, dtype=np.int64)
    entries = gap_counts(*entries_of(features)[:2]) if compiled.layout.compact else non_zeros(features)
    return np.maximum(compiled.numbering.rows(entries), 1)


def _busiest(work: np.ndarray, columns: int) -> int:
    """Largest sum of a column, row v being of column v mod *columns*."""
    return int(np.bincount(np.arange(len(work)) % columns, weights=work).max())


def _bounds(compiled: Compiled, step: Step, stored: np.ndarray) -> list[tuple[int, str]]:
    """(cycles, what bounds them) of one step, of its arithmetic and of its epilogue."""
    c, n, operation = compiled.config, compiled.plan.network, step.operation
    rows = -(-step.rows // c.columns)
    narrow = n.widths()[operation.name] <= c.epilogue_lanes
    finish = rows * step.slices * (1 if narrow else c.lanes // c.epilogue_lanes)
    mine = slice(step.first_row, step.last_row)
    if isinstance(operation, IntAggregate):
        degrees = n.adjacencies[operation.adjacency].degrees[mine]
        sizes = degrees if operation.sample is None else operation.sample.sizes(degrees)
        entries = np.maximum(sizes, 1)
        rate = c.cores << compiled.plan.matrices[step.first].splits
        work, unit = -(-_busiest(entries, c.columns) * step.slices // rate), "adders"
    elif step.source is Source.FEATURES:
        work, unit = -(-_busiest(stored[mine], c.columns) * step.slices // c.gather_ports), "multipliers"
    else:
        work, unit = -(-rows // c.pe_rows) * step.elements * step.slices, "multipliers"
    found = [(finish, "epilogue"), (work, unit)]
    if isinstance(operation, IntAggregate) and operation.sample is not None:
        cycles = _busiest(_sampling(degrees, operation.sample), c.columns)
        found.append((cycles * step.slices, "sampler"))
    return found


def _sampling(degrees: np.ndarray, sample: IntSample) -> np.ndarray:
    """Cycles that a Sampler takes at least for each row: two entries a cycle, a line a cycle."""
    return np.maximum(-(-np.maximum(sample.sizes(degrees), 1) // 2), degrees // LINE)


def _path(steps: tuple[Step, ...], cycles: list[int]) -> int:
    """Longest way through the steps: each begins when its engine is free and the rows it reads are there.

    Rows that are chained are read while they are made.
    """
    begun: list[int] = []
    ended: list[int] = []
    free = {False: 0, True: 0}
    for number, step in enumerate(steps):
        chained = number > 0 and steps[number - 1].chained
        sources = [each for each in range(number) if _feeds(steps[each], step, chained, each == number - 1)]
        ready = [begun[each] if steps[each].chained else ended[each] for each in sources]
        begun.append(max([free[step.is_combine], *ready]))
        ended.append(max([begun[number] + cycles[number], *(ended[each] for each in sources)]))
        free[step.is_combine] = ended[number]
    return max(ended)


def _feeds(maker: Step, step: Step, chained: bool, next_to: bool) -> bool:
    """Whether *step* reads what *maker* makes."""
    if maker.chained:
        return chained and next_to
    if maker.operation.name not in reads(step.operation):
        return False
    slices = range(maker.first_slice, maker.first_slice + maker.slices)
    gathered = not step.is_combine
    return not gathered or (step.first_slice < slices.stop and slices.start < step.first_slice + step.slices)
