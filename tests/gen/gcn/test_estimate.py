"""Lower bounds from counts, by hand on small graphs; test_simulate_gcn.py holds them against the RTL."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import binary, gcn, weights

from pyralis.gen.gcn.compile import Settings, compile_network
from pyralis.gen.gcn.estimate import estimate
from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
    IntSample,
)
from pyralis.hw.gcn.config import GcnConfig

CORE = GcnConfig()


def ring(nodes: int) -> IntAdjacency:
    """Every node gathers itself and the one behind it."""
    indices = np.stack([np.arange(nodes), (np.arange(nodes) + 1) % nodes], axis=1).ravel()
    return IntAdjacency(indptr=2 * np.arange(nodes + 1), indices=indices)


def layer(width: int, nodes: int = 40) -> IntGraphNetwork:
    """Sums of 2 rows of 6, then a product that makes *width* of them."""
    weight = weights(np.random.default_rng(1), 6, width)
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=6),
        adjacencies={"ring": ring(nodes)},
        operations=(
            IntAggregate(name="a", source="x", adjacency="ring", epilogue=Epilogue(shift=2)),
            IntCombine(name="c", source="a", weight=weight, epilogue=Epilogue(shift=9)),
        ),
    )


def test_samples_by_hand():
    """Of 20 rows of 32 entries a column: 4 lines and 5 or 10 entries of each, for two entries a cycle."""
    nodes, graph = 40, 32 * np.arange(41)
    rows = IntAdjacency(indptr=graph, indices=np.arange(32 * nodes) % nodes)
    for count, cycles, bound in ((5, 80, "sampler"), (12, 120, "sampler"), (40, 320, "sampler")):
        summed = IntAggregate(
            name="a", source="x", adjacency="g", sample=IntSample(count=count), epilogue=Epilogue(shift=4)
        )
        network = IntGraphNetwork(
            nodes=nodes, input=IntInput(features=8), adjacencies={"g": rows}, operations=(summed,)
        )
        (found,) = estimate(compile_network(network, replace(CORE, sampler=True))).phases
        assert (found.cycles, found.bound) == (cycles, bound)
        assert found.operations == 40 * min(count, 32) * 8


def test_counts_by_hand():
    compiled = compile_network(layer(20), CORE)
    found = estimate(compiled)
    aggregate, combine = found.phases
    # 20 rows of each of 2 columns: 40 entries for 2 adders; 20 rows whose lanes pass in two cycles
    assert (aggregate.cycles, aggregate.bound, aggregate.chained) == (40, "epilogue", True)
    # 5 groups of 4 rows, 6 elements, 3 slices; 20 rows of 3 slices in two cycles each
    assert (combine.cycles, combine.bound) == (max(5 * 6 * 3, 20 * 3 * 2), "epilogue")
    assert (aggregate.lanes, combine.lanes) == (CORE.simd_lanes, CORE.macs)
    assert (aggregate.operations, combine.operations) == (80 * 6, 40 * 6 * 20)
    assert found.compute_cycles == 120  # side by side
    assert found.bus_cycles_first == sum(compiled.traffic.first.values()) // 8 > found.bus_cycles_later
    assert found.cycles_first == max(120, found.bus_cycles_first)
    alone = estimate(compile_network(layer(20), CORE, settings=Settings(chain=False)))
    assert not alone.phases[0].chained
    assert alone.compute_cycles == sum(phase.cycles for phase in alone.phases) == 160


@pytest.mark.parametrize(("width", "cycles", "bound"), [(4, 30, "multipliers"), (8, 40, "epilogue")])
def test_narrow_rows_pass_the_epilogue_in_one_cycle(width, cycles, bound):
    assert estimate(compile_network(layer(width), CORE)).phases[1].cycles == cycles
    assert estimate(compile_network(layer(width), CORE)).phases[1].bound == bound


def test_the_busiest_column_counts():
    nodes = 40
    full = replace(layer(6), adjacencies={"ring": ring(nodes)})
    lists = np.zeros((nodes, 24), dtype=np.uint8)
    lists[0] = 1  # one heavy row: the others have one entry each that adds nothing
    network = gcn(np.random.default_rng(2), nodes=nodes)
    compiled = compile_network(network, CORE, features=lists)
    found = {phase.name: phase for phase in estimate(compiled, lists).phases}
    assert found["xw1"].cycles == max(-(-(24 + 19) // CORE.gather_ports), 2 * 20)
    heavy = np.concatenate([[0, 300], 300 + 2 * np.arange(1, nodes)])
    indices = np.arange(heavy[-1]) % nodes
    hub = replace(full, adjacencies={"ring": IntAdjacency(indptr=heavy, indices=indices)})
    aggregate = estimate(compile_network(hub, CORE)).phases[0]
    assert (aggregate.cycles, aggregate.bound) == ((300 + 19 * 2) // CORE.cores, "adders")


def test_plain_data():
    rng = np.random.default_rng(3)
    features = binary(rng, 20, 24)
    found = estimate(compile_network(gcn(rng), CORE, features=features), features)
    data = found.to_json()
    assert data["cycles_first"] >= data["cycles_later"] >= data["compute_cycles"]
    assert [phase["name"] for phase in data["phases"]] == ["xw1", "h1", "xw2", "h2"]
    assert data["traffic"]["first"] == found.traffic.first
    assert sum(phase["bytes_first"] for phase in data["phases"]) == sum(found.traffic.first.values())
