"""RTL of pyralis.hw.gcn.tasks against pyralis.sim.golden.gcn.tasks (pytest side)."""

import numpy as np
import pytest

from pyralis.hw.gcn.tasks import Tasks
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.golden.gcn.dispatch import cut
from pyralis.sim.golden.gcn.lines import LineJob
from pyralis.sim.golden.gcn.tasks import tasks


def test_against_golden():
    run_cocotb(Tasks(values=True), "cocotb_tasks")


@pytest.mark.parametrize("single", [False, True])
def test_golden_cuts_as_the_software_model_counts(single):
    rng = np.random.default_rng(3)
    degrees = np.minimum(rng.exponential(5, 300).astype(int), 60)
    rows = [list(range(degree)) for degree in degrees]
    job = LineJob(start=0, rows=300, group_rows=300)
    got = [(task.row, max(task.ends.bit_count(), 1), len(task.indices)) for task in _tasks(rows, job, single)]
    assert got == cut(degrees, single=single)


def _tasks(rows, job, single):
    return tasks(rows, job, single=single)
