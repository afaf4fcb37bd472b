"""A compiled graph network through the RTL, compared with the golden model bit for bit: every logit."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pyralis.gen.gcn import phases
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.intnetwork import IntGraphNetwork
from pyralis.gen.progress import QUIET, Progress, ticking
from pyralis.hw.gcn.counters import PER_DESCRIPTOR
from pyralis.sim.bench.core import DEFAULT_MEMORY, MemorySettings
from pyralis.sim.gcn import run as simulator
from pyralis.sim.golden.gcn import network as golden_model

__all__ = ["GraphRun", "simulate"]

RUNS = 2
"""Runs of the second job: what it takes longer than the first one is a run that finds on chip what stays."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphRun:
    """The core beside the golden model, on the same graph.

    Attributes
    ----------
    compiled : Compiled
    golden : pyralis.sim.golden.gcn.network.Result
    one, two : pyralis.sim.gcn.run.SimulationResult
        A job of one run, and a job of two.
    wrong : tuple of int
        Logits that differ, in each of the three runs.
    first : str
        A sentence on the first difference; empty if there is none.
    """

    compiled: Compiled
    golden: golden_model.Result
    one: simulator.SimulationResult
    two: simulator.SimulationResult
    wrong: tuple[int, ...]
    first: str

    @property
    def bit_exact(self) -> bool:
        """Every logit of every node is equal in every run, and the core reported no error."""
        return not self.first and not any(self.wrong)

    @property
    def logits(self) -> np.ndarray:
        """(nodes, classes) int64 that the core has written in the first run."""
        return self.one.results[0]

    @property
    def sentence(self) -> str:
        """The verdict."""
        if not self.bit_exact:
            return f"NOT bit exact: {self.first}"
        nodes, width = self.logits.shape
        logits = f"all {self.logits.size:,} logits ({nodes:,} nodes, {width} each)"
        return f"Bit exact: {logits} equal the golden model's, in a first run and in later ones."

    @property
    def cycles(self) -> tuple[int, int]:
        """Of the first run; and from one run to the next, which begins while results are still written.

        Those in which only results are left to be written come once a job, whatever its runs are, and not
        always alike: a refresh of the memory may be among them. So they are not of the second one.
        """
        one, two = (job.cycles - job.totals["drain_cycles"] for job in (self.one, self.two))
        return self.one.cycles, two - one

    def summary(self) -> dict[str, Any]:
        """Plain data for ``--json`` and result.json."""
        first, later = self.cycles
        seconds = self.one.seconds + self.two.seconds
        return {
            "bit_exact": self.bit_exact,
            "verdict": self.sentence,
            "nodes": self.logits.shape[0],
            "logits": int(self.logits.size),
            "runs": 1 + RUNS,
            "differences": sum(self.wrong),
            "error": self.one.error if self.one.error != "NONE" else self.two.error,
            "saturated": self.one.saturated or self.two.saturated,
            "cycles_first": first,
            "cycles_later": later,
            "latency_later": later + self.two.totals["drain_cycles"],
            "counters_first": self.one.totals,
            "counters_later": {
                name: self.two.totals[name] - amount for name, amount in self.one.totals.items()
            },
            "simulation_seconds": seconds,
            "simulated_cycles_per_second": (self.one.cycles + self.two.cycles) / max(seconds, 1e-9),
        }

    def phases(self) -> list[dict[str, Any]]:
        """See :func:`pyralis.gen.gcn.phases.table`; none if the core has not counted all descriptors."""
        if len(self.compiled.descriptors) > PER_DESCRIPTOR:
            return []
        return phases.table(self.compiled, self.one.phases, self.two.phases, self.cycles)


def simulate(
    network: IntGraphNetwork,
    features: Any,
    compiled: Compiled,
    *,
    memory: MemorySettings = DEFAULT_MEMORY,
    waves: bool = False,
    sample_seed: int = 0,
    progress: Progress = QUIET,
) -> GraphRun:
    """Runs *network* on *features* in the golden model and, as *compiled*, on the RTL.

    *sample_seed* is the register of that name.
    There is a job of one run and a job of two. Raises UserError if the simulator is missing, ToolError if it
    fails. An error that the core reports, and logits that differ, are returned, not raised.
    """
    with progress.step("golden model") as step:
        golden = golden_model.run(network, features, sample_seed=sample_seed)
        step.note(f"{golden.scores.numel():,} logits")
    with progress.step("simulate the RTL") as step, ticking(step):
        jobs = [[features] * count for count in (1, RUNS)]
        one, two = (
            simulator.simulate(compiled, job, memory=memory, waves=waves, sample_seed=sample_seed)
            for job in jobs
        )
        speed = (one.cycles + two.cycles) / max(one.seconds + two.seconds, 1e-9)
        step.note(f"{1 + RUNS} runs, {one.cycles + two.cycles:,} cycles, {speed:,.0f} cycles/s")
    return compare(compiled, golden, one, two)


def compare(
    compiled: Compiled,
    golden: golden_model.Result,
    one: simulator.SimulationResult,
    two: simulator.SimulationResult,
) -> GraphRun:
    """Compares the logits of all runs, and the flag of clamps that changed a value."""
    first = ""
    for found in (one, two):
        if found.error != "NONE" and not first:
            first = f"the core stopped with error {found.error} at descriptor {found.error_index}."
    expected = golden.scores.numpy()
    wrong = []
    for number, logits in enumerate([*one.results, *two.results]):
        differs = logits != expected
        wrong.append(int(differs.sum()))
        if wrong[-1] and not first:
            node, column = map(int, np.argwhere(differs)[0])
            first = (
                f"{wrong[-1]} of {expected.size} logits differ in run {number + 1}, first of node {node}, "
                f"class {column}: {int(logits[node, column])} instead of {int(expected[node, column])}."
            )
    saturated = any(golden.saturated.values())
    for found in (one, two):
        if found.saturated != saturated and not first:
            first = f"the core's flag of saturation is {found.saturated}, the golden model's {saturated}."
    return GraphRun(compiled=compiled, golden=golden, one=one, two=two, wrong=tuple(wrong), first=first)
