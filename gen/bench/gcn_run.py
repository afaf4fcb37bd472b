"""A compiled graph network on the RTL behind a DDR4 channel: cold, warm, and with its features on chip.

Cold is the first run of a job: nothing is on chip, not even the program. Warm is a later run of the same
job: weights, edges, scales and the program stay, features are read and results are written as in every run.
*On chip* is a later run for which sparse features have stayed too, so that only results move: what published
figures of microseconds can mean only.

``cycles`` of a later run is what a job of two runs takes longer than a job of one, the end of both not
counted, in which nothing is left but to write results: the rate of a stream of runs, each of which writes its
results while the next one is at work. ``latency`` is from the begin of such a run until all its results are
in memory, that end included.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from pyralis.gen.bench.gcn_workloads import Prepared
from pyralis.gen.demo import graphrun
from pyralis.gen.demo.graphrun import RUNS, GraphRun
from pyralis.gen.gcn import phases
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.traffic import KINDS
from pyralis.sim.bench.core import MemorySettings
from pyralis.sim.bench.ddr4 import Ddr4Counts, Ddr4Settings
from pyralis.sim.gcn.coordination import Switches
from pyralis.sim.gcn.run import SimulationResult, simulate
from pyralis.sim.golden.gcn import network as golden_model

__all__ = ["DDR4", "DEFAULT_SWITCHES", "LATENCY", "MHZ", "Measured", "measure"]

MHZ = 300
"""Clock that cycles are turned into microseconds with: that of the DDR4 model. No tool has confirmed it."""

LATENCY = 20
"""Cycles for the way from the core to the memory controller and back."""

DDR4 = MemorySettings(latency=LATENCY, ddr4=Ddr4Settings())

DEFAULT_SWITCHES = Switches(by_batch=False, remap=False, by_need=True)
"""Of the Memory Handler: as its register is after a reset."""

MOVED = {"cold": KINDS, "warm": ("features", "outputs")}
"""What must move in a run that is called so."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Both jobs, and what the DDR4 channel counted in a cold run and in a warm one.

    ``kept``, ``kept_dram``: the same where the features stay on chip; none if they are not sparse.
    """

    run: GraphRun
    cold: Ddr4Counts
    warm: Ddr4Counts
    kept: GraphRun | None = None
    kept_dram: Ddr4Counts | None = None

    @property
    def cycles(self) -> tuple[int, int]:
        """Cold and warm."""
        return self.run.cycles

    def summary(self) -> dict[str, Any]:
        """Plain data for the JSON file."""
        found, compiled = self.run, self.run.compiled
        known = phases.phases(compiled)
        totals = found.one.totals
        later = {name: found.two.totals[name] - count for name, count in totals.items()}
        drains = (0, found.two.totals["drain_cycles"])
        counts = (totals, later), (self.cold, self.warm)
        runs = zip(("cold", "warm"), self.cycles, drains, *counts, strict=True)
        predicted = {
            counter: sum(each.work for each in known if each.kind == kind)
            for counter, kind in (("entries", "aggregation"), ("products", "combination"))
        }
        operations = {
            "counted": {name: totals[name] for name in predicted},
            "predicted": predicted,
            "minimal": sum(each.operations for each in known),
            "executed": sum(each.executed for each in known),
            "by_phase": {each.name: each.executed for each in known},
        }
        return {
            "bit_exact": found.bit_exact and (self.kept is None or self.kept.bit_exact),
            "verdict": found.sentence,
            "error": found.one.error if found.one.error != "NONE" else found.two.error,
            "saturated": found.one.saturated,
            **{
                name: _of_run(compiled, (cycles, drain), counted, dram, kinds=MOVED[name])
                for name, cycles, drain, counted, dram in runs
            },
            "on_chip": self._on_chip(),
            "operations": operations,
            "phases": found.phases(),
            "from_memory": sorted(compiled.plan.memory),
            "chained": any(step.chained for step in compiled.plan.steps),
            "simulation_seconds": found.one.seconds + found.two.seconds,
        }

    def _on_chip(self) -> dict[str, Any] | None:
        if self.kept is None or self.kept_dram is None:
            return None
        once, twice = self.kept.one.totals, self.kept.two.totals
        later = {name: twice[name] - count for name, count in once.items()}
        taken = self.kept.cycles[1], twice["drain_cycles"]
        figures = _of_run(self.kept.compiled, taken, later, self.kept_dram, kinds=("outputs",))
        return {**figures, "phases": self.kept.phases()}


def measure(
    prepared: Prepared,
    compiled: Compiled,
    *,
    kept: Compiled | None = None,
    switches: Switches = DEFAULT_SWITCHES,
    memory: MemorySettings = DDR4,
    root: Path = Path("build/sim"),
) -> Measured:
    """Simulates *compiled* with the workload's features and compares all logits with the golden model.

    *kept* is the same, compiled with ``keep_input``; without it nothing is said of features on chip.

    Raises UserError if the simulator is missing, ToolError if it fails. What the core reports and logits that
    differ are returned, not raised.
    """
    features = prepared.quantized.features
    golden = golden_model.run(prepared.quantized.network, features)
    settings: Any = {"memory": memory, "switches": switches, "root": root}
    one, two = (simulate(compiled, [features] * runs, **settings) for runs in (1, RUNS))
    run = graphrun.compare(compiled, golden, one, two)
    found = Measured(run=run, cold=_counts(one), warm=_later(one, two))
    if kept is None or not kept.plan.sparse_input:
        return found
    two = simulate(kept, [features] * RUNS, **settings)
    return replace(found, kept=graphrun.compare(kept, golden, one, two), kept_dram=_later(one, two))


def _counts(found: SimulationResult) -> Ddr4Counts:
    assert found.dram is not None, "the memory is a DDR4 channel"
    return found.dram


def _later(first: SimulationResult, both: SimulationResult) -> Ddr4Counts:
    """Counts of the later one of two runs."""
    one, two = _counts(first), _counts(both)
    names = [each.name for each in fields(one)]
    return Ddr4Counts(**{name: getattr(two, name) - getattr(one, name) for name in names})


def _of_run(
    compiled: Compiled,
    taken: tuple[int, int],
    totals: Mapping[str, int],
    dram: Ddr4Counts,
    *,
    kinds: Collection[str],
) -> dict[str, Any]:
    """Figures of one run, in which no less than *kinds* can move.

    *taken*: its cycles, and those in which its results are written after them.
    """
    cycles, drain = taken
    beat = compiled.config.bus_bits // 8
    moved = {name[: -len("_beats")]: totals[name] * beat for name in totals if name.endswith("_beats")}
    needed = {kind: size for kind, size in compiled.traffic.compulsory.items() if kind in kinds}
    return {
        "cycles": cycles,
        "latency": cycles + drain,
        "us": (cycles + drain) / MHZ,
        "bus_bytes": sum(moved.values()),
        "bytes_by_client": moved,
        "compulsory_bytes": sum(needed.values()),
        "bytes_over_compulsory": sum(moved.values()) / max(sum(needed.values()), 1),
        "bytes_per_cycle": sum(moved.values()) / max(cycles, 1),
        "counters": dict(totals),
        "dram": {
            **asdict(dram),
            "bytes": dram.bytes,
            "hit_rate": dram.hit_rate,
            "parallelism": dram.parallelism,
        },
    }
