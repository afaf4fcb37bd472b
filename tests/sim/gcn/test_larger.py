"""Networks that are larger than the memories of a core, on the RTL: every row of results, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
from coreruns import TINY, assert_same
from intgraphs import binary, deeper, gcn
from scipy.sparse import csr_array

from pyralis.gen.gcn.compile import Compiled, Settings
from pyralis.gen.gcn.intnetwork import IntAdjacency
from pyralis.gen.gcn.traffic import KINDS
from pyralis.hw.gcn.config import GcnConfig
from pyralis.sim.bench.core import MemorySettings

SMALL = GcnConfig(store_rows=256, hubs=8, weight_rows=64, edge_lines=32, feature_lines=16, bus_bits=128)
"""1,024 rows, and lists and weights of the networks below in parts; lists of binary features are compact."""

CLIENTS = {"edges": ["edges"], "features": ["features"], "weights": ["weights", "biases", "scales"]}
"""What each client of the memory reads."""


def scattered(rng: np.random.Generator, nodes: int, degree: int) -> IntAdjacency:
    """Up to *degree* entries a row, of any sources."""
    indptr = np.concatenate([[0], np.cumsum(rng.integers(0, degree + 1, nodes))])
    return IntAdjacency(indptr=indptr, indices=rng.integers(0, nodes, indptr[-1]))


def near(rng: np.random.Generator, nodes: int, degree: int) -> IntAdjacency:
    """As many, of sources that are near in some order of the nodes."""
    mixed, counts = rng.permutation(nodes), rng.integers(0, degree + 1, nodes)
    indptr = np.zeros(nodes + 1, dtype=np.int64)
    indptr[mixed + 1] = counts
    indptr = np.cumsum(indptr)
    indices = np.zeros(indptr[-1], dtype=np.int64)
    for place, (node, count) in enumerate(zip(mixed, counts, strict=True)):
        found = np.clip(place + rng.integers(-9, 10, count), 0, nodes - 1)
        indices[indptr[node] : indptr[node + 1]] = mixed[found]
    return IntAdjacency(indptr=indptr, indices=indices)


CASES = {
    "weights": (100, 40, 40, 6, scattered, Settings()),
    "unchained": (100, 40, 40, 6, scattered, Settings(chain=False)),
    "lists": (300, 30, 7, 12, scattered, Settings()),
    "ring": (600, 24, 5, 6, near, Settings()),
    "long ring": (600, 24, 5, 6, near, Settings()),
}
"""Nodes, features, hidden elements, largest degree; a long ring has five layers."""


def assert_parts(
    config: GcnConfig,
    case: tuple,
    *,
    valued: bool,
    density: float = 0.2,
    layers: int = 2,
    memory: MemorySettings | None = None,
) -> Compiled:
    """Two runs give the golden model's results and move the predicted bytes."""
    nodes, width, hidden, degree, graph, settings = case
    rng = np.random.default_rng(nodes + hidden)
    network = gcn(rng, nodes=nodes, features=width, hidden=hidden)
    network = replace(deeper(network, rng, layers), adjacencies={"graph": graph(rng, nodes, degree)})
    features = binary(rng, nodes, width, density)
    if valued:
        features = features.astype(np.int8) * rng.integers(-128, 128, features.shape, dtype=np.int8)
        network = replace(network, input=replace(network.input, values="int8"))
    some = features * (np.arange(nodes) % 3 > 0).astype(features.dtype)[:, None]
    memory = memory or MemorySettings(latency=20, stall_percent=20 * valued, stall_seed=1)
    inputs = [csr_array(features), csr_array(some)]
    compiled, outcome = assert_same(network, inputs, config, settings, memory=memory)
    first, later, beat = compiled.traffic.first, compiled.traffic.later, config.bus_bits // 8
    moved = {kind: first[kind] + later[kind] for kind in KINDS}
    for client, kinds in CLIENTS.items():
        assert outcome.totals[f"{client}_beats"] * beat == sum(moved[kind] for kind in kinds)
    assert outcome.totals["write_beats"] * beat == moved["outputs"]
    return compiled


@pytest.mark.slow
@pytest.mark.parametrize("valued", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_networks_in_parts(name, valued):
    compiled = assert_parts(SMALL, CASES[name], valued=valued, layers=5 if name == "long ring" else 2)
    assert (compiled.plan.ring is not None) == name.endswith("ring")
    assert len(compiled.plan.steps) > len(compiled.network.operations)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lists", "ring"])
def test_results_of_parts_and_runs_follow_each_other_on_a_slow_memory(name):
    compiled = assert_parts(SMALL, CASES[name], valued=False, memory=MemorySettings(bytes_per_cycle=1))
    last = compiled.network.operations[-1].name
    assert sum(step.operation.name == last for step in compiled.plan.steps) > 1


def test_lists_that_are_larger_than_those_of_tiny():
    compiled = assert_parts(TINY, (700, 40, 5, 34, near, Settings()), valued=False, density=0.5)
    assert not any(lists.together for lists in compiled.plan.lists.values())


def test_weights_that_are_more_than_those_of_tiny():
    compiled = assert_parts(TINY, (60, 100, 60, 6, scattered, Settings()), valued=True)
    assert [step.slices for step in compiled.plan.steps if step.operation.name == "xw1"] == [5] * 3
