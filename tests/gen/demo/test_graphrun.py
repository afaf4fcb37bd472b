"""The comparison of a simulated graph with the golden model: every way in which it can fail is said."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pyralis.gen.demo.graphrun import compare
from pyralis.hw.gcn.counters import PER_DESCRIPTOR
from pyralis.sim.gcn.run import SimulationResult
from pyralis.sim.golden.gcn.network import Result

LOGITS = np.arange(12).reshape(4, 3) - 5


def golden(saturated: int = 0) -> Result:
    return Result(
        rows={"conv": torch.as_tensor(LOGITS)}, saturated={"conv": saturated}, sums={"conv": (0, 0)}
    )


def simulated(runs: int, *, cycles: int = 100, **changes) -> SimulationResult:
    values = {"error": "NONE", "error_index": 0, "saturated": False, "results": np.stack([LOGITS] * runs)}
    return SimulationResult(
        cycles=cycles,
        phases=(),
        totals={"cycles": cycles, "entries": 7 * runs, "drain_cycles": 4 + runs},
        seconds=2.0,
        folder=Path(),
        registers={},
        **(values | changes),
    )


def run(one=None, two=None, saturated: int = 0):
    compiled = SimpleNamespace(descriptors=(None,) * (PER_DESCRIPTOR + 1))
    return compare(compiled, golden(saturated), one or simulated(1), two or simulated(2, cycles=170))


def test_equal_logits_are_bit_exact():
    found = run()
    assert found.bit_exact
    logits = "all 12 logits (4 nodes, 3 each)"
    assert found.sentence == (
        f"Bit exact: {logits} equal the golden model's, in a first run and in later ones."
    )
    assert found.cycles == (100, 69)
    summary = found.summary()
    assert summary["counters_later"] == {"cycles": 70, "entries": 7, "drain_cycles": 1}
    assert (summary["cycles_later"], summary["latency_later"]) == (69, 75)
    assert found.phases() == [], "more descriptors than the core counts"
    assert summary["simulated_cycles_per_second"] == 270 / 4


def test_the_first_difference_is_named():
    wrong = np.stack([LOGITS] * 2)
    wrong[1, 2, 1] += 4
    wrong[1, 3, 0] += 1
    found = run(two=simulated(2, results=wrong))
    assert not found.bit_exact
    assert found.wrong == (0, 0, 2)
    assert found.sentence == (
        "NOT bit exact: 2 of 12 logits differ in run 3, first of node 2, class 1: 6 instead of 2."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"error": "TIMEOUT", "error_index": 9}, "the core stopped with error TIMEOUT at descriptor 9."),
        ({"saturated": True}, "the core's flag of saturation is True, the golden model's False."),
    ],
)
def test_errors_and_flags_count(changes, sentence):
    for found in (run(one=simulated(1, **changes)), run(two=simulated(2, **changes))):
        assert not found.bit_exact
        assert found.sentence == f"NOT bit exact: {sentence}"
    assert run(one=simulated(1, **changes)).summary()["error"] == changes.get("error", "NONE")


def test_a_clamp_of_the_golden_model_must_be_flagged():
    assert "is False, the golden model's True." in run(saturated=3).sentence
    flagged = run(one=simulated(1, saturated=True), two=simulated(2, saturated=True), saturated=3)
    assert flagged.bit_exact
