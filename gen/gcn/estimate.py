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

from pyralis.gen.gcn import phases
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.features import non_zeros
from pyralis.gen.gcn.intnetwork import IntAggregate
from pyralis.gen.gcn.plan import Step, reads
from pyralis.gen.gcn.traffic import Traffic
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
    bound : {"adders", "multipliers", "epilogue"}
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
    lists = _loads_of_columns(compiled, features)
    rows, cycles = [], {}
    for phase, step in zip(phases.phases(compiled), compiled.plan.steps, strict=True):
        cycles[phase.name], bound = max(_bounds(compiled, step, lists))
        rows.append(
            PhaseEstimate(
                name=phase.name,
                kind=phase.kind,
                chained=step.chained,
                operations=phase.operations,
                lanes=phase.lanes,
                cycles=cycles[phase.name],
                bound=bound,
                bytes_first=sum(phase.first.values()),
                bytes_later=sum(phase.later.values()),
            )
        )
    beat, traffic = compiled.config.bus_bits // 8, compiled.traffic
    return Estimate(
        phases=tuple(rows),
        traffic=traffic,
        compute_cycles=_path(compiled.plan.steps, cycles),
        bus_cycles_first=sum(traffic.first.values()) // beat,
        bus_cycles_later=sum(traffic.later.values()) // beat,
    )


def _loads_of_columns(compiled: Compiled, features: Any) -> int:
    """Elements of a sparse input that the busiest column has; a row without any has one entry."""
    if not compiled.plan.sparse_input or features is None:
        return 0
    stored = np.maximum(non_zeros(compiled.numbering.rows(features)), 1)
    return _busiest(stored, compiled.config.columns)


def _busiest(work: np.ndarray, columns: int) -> int:
    """Largest sum of a column, row v being of column v mod *columns*."""
    return int(np.bincount(np.arange(len(work)) % columns, weights=work).max())


def _bounds(compiled: Compiled, step: Step, lists: int) -> list[tuple[int, str]]:
    """(cycles, what bounds them) of one step, of its arithmetic and of its epilogue."""
    c, n, operation = compiled.config, compiled.network, step.operation
    rows = -(-n.nodes // c.columns)
    narrow = n.widths()[operation.name] <= c.epilogue_lanes
    finish = rows * step.slices * (1 if narrow else c.lanes // c.epilogue_lanes)
    if isinstance(operation, IntAggregate):
        entries = np.maximum(n.adjacencies[operation.adjacency].degrees, 1)
        rate = c.cores << compiled.plan.matrices[step.first].splits
        work, unit = -(-_busiest(entries, c.columns) * step.slices // rate), "adders"
    elif step.source is Source.FEATURES:
        work, unit = -(-lists * step.slices // c.gather_ports), "multipliers"
    else:
        work, unit = -(-rows // c.pe_rows) * step.elements * step.slices, "multipliers"
    return [(finish, "epilogue"), (work, unit)]


def _path(steps: tuple[Step, ...], cycles: dict[str, int]) -> int:
    """Longest way through the steps: each begins when its engine is free and the rows it reads are there.

    Rows that are chained are read while they are made.
    """
    begun: dict[str, int] = {}
    ended: dict[str, int] = {}
    free = {False: 0, True: 0}
    chained = {step.operation.name for step in steps if step.chained}
    for step in steps:
        name, sources = step.operation.name, [each for each in reads(step.operation) if each in ended]
        ready = [begun[each] if each in chained else ended[each] for each in sources]
        begun[name] = max([free[step.is_combine], *ready])
        ended[name] = max([begun[name] + cycles[name], *(ended[each] for each in sources)])
        free[step.is_combine] = ended[name]
    return max(ended.values())
