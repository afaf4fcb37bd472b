"""The wiring of pyralis.hw.gcn.core; what it computes is compared in tests/sim/gcn, a network at once."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from coreruns import assert_same
from intgraphs import adjacency, binary, gcn, weights

from pyralis.gen.gcn.compile import Settings
from pyralis.gen.gcn.intnetwork import Epilogue, IntAggregate, IntCombine, IntGraphNetwork, IntInput
from pyralis.sim.bench.core import MemorySettings


def test_units_work_side_by_side():
    """A chained aggregation takes less time than the same through the row store; loads run beside both."""
    rng = np.random.default_rng(1)
    network, features = gcn(rng, nodes=300), binary(rng, 300, 24)
    _, alone = assert_same(network, [features], settings=Settings(chain=False))
    _, chained = assert_same(network, [features], settings=Settings(chain=True))
    assert chained.cycles < alone.cycles
    each = sum(phase.cycles for phase in chained.phases)
    assert chained.cycles < each


@pytest.mark.parametrize("nodes", [3, 60])
def test_chains_one_behind_the_other(nodes):
    """A chain can begin while the combination of the one before is at work; its rows wait for their own."""
    rng = np.random.default_rng(nodes)
    operations = []
    for n in range(3):
        operations += [
            IntAggregate(name=f"a{n}", source="x", adjacency="graph", epilogue=Epilogue(shift=3)),
            IntCombine(
                name=f"c{n}",
                source=f"a{n}",
                weight=weights(rng, 8, 40 if n == 0 else 8),
                epilogue=Epilogue(shift=8),
            ),
        ]
    # All of them are needed for the last one.
    operations.append(
        IntCombine(
            name="sum",
            source="c0",
            weight=weights(rng, 40, 8),
            second_source="c1",
            second_weight=weights(rng, 8, 8),
            epilogue=Epilogue(shift=9),
        )
    )
    operations.append(
        IntCombine(
            name="end",
            source="sum",
            weight=weights(rng, 8, 3),
            second_source="c2",
            second_weight=weights(rng, 8, 3),
            epilogue=Epilogue(output="int32"),
        )
    )
    network = IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=8, values="int8"),
        adjacencies={"graph": adjacency(rng, nodes, 3.0)},
        operations=tuple(operations),
    )
    features = rng.integers(-128, 128, (nodes, 8), dtype=np.int8)
    compiled, _ = assert_same(network, [features])
    assert sum(step.chained for step in compiled.plan.steps) == 3


def test_results_are_written_while_the_next_run_is_at_work():
    """Through a memory of a byte a cycle: a later run takes as long as its results, and no engine's time."""
    rng = np.random.default_rng(4)
    network, features = gcn(rng, nodes=120), binary(rng, 120, 24)
    slow, settings = MemorySettings(bytes_per_cycle=1), Settings(keep_input=True)
    jobs = [assert_same(network, [features] * runs, settings=settings, memory=slow) for runs in (1, 2, 3, 4)]
    cycles = [outcome.cycles for _, outcome in jobs]
    later = [after - before for before, after in pairwise(cycles)]
    results = jobs[0][0].output_stride
    engines = sum(phase.cycles for phase in jobs[0][1].phases if phase.opcode != "LOAD")
    assert engines > 100
    assert all(results <= each < results + engines // 2 for each in later[1:])
    assert results - engines <= jobs[0][1].totals["drain_cycles"] < results + 100


def test_a_run_finds_nothing_of_the_one_before():
    rng = np.random.default_rng(3)
    network = gcn(rng, nodes=50)
    dense = replace(network, input=replace(network.input, sparse=False))
    inputs = [binary(rng, 50, 24, density) for density in (0.9, 0.0, 0.4)]
    assert_same(dense, inputs)
