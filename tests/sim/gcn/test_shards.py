"""Dense rows in memory, destination interval by destination interval, on the RTL: results and counts."""

import itertools

import numpy as np
import pytest
from coreruns import assert_same
from densegraphs import MAKERS, dense, gin, near, scattered
from faultjobs import SPARE, Job, assert_done, assert_failed, patched

from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.hw.gcn.program import LOAD, ErrorCode
from pyralis.hw.gcn.registers import register_map
from pyralis.sim.bench.core import MemorySettings
from pyralis.sim.bench.machine import Machine, Script
from pyralis.sim.gcn.bench import build_bench
from pyralis.sim.gcn.run import lay_out
from pyralis.sim.golden.gcn import network as golden
from pyralis.sim.golden.gcn.windows import occupancy, windows

SMALL = GcnConfig(store_rows=256, hubs=8, edge_lines=128, feature_lines=16, bus_bits=128, occupancy_words=64)
"""1,024 rows, two in a bus beat; bitmaps for 4,096 rows."""


def assert_counted(compiled: Compiled, outcome, runs: int) -> None:
    """Bytes are the predicted ones, and the eliminator's rows those of the software model."""
    beat, traffic = compiled.config.bus_bits // 8, compiled.traffic
    read = sum(outcome.totals[f"{name}_beats"] for name in ("edges", "features", "weights")) * beat
    later = {kind: traffic.first[kind] + (runs - 1) * traffic.later[kind] for kind in traffic.first}
    assert outcome.totals["write_beats"] * beat == later.pop("outputs")
    assert read == sum(later.values())
    network, slices = compiled.network, compiled.plan.matrices["x"].slices
    seen = loaded = 0
    for name, shards in compiled.plan.shards.items():
        operation = next(each for each in network.operations if each.name == name)
        graph, bounds = network.adjacencies[operation.adjacency], shards.lists.bounds
        for low, high in itertools.pairwise(bounds):
            occupied = occupancy(graph.indptr, graph.indices, low, high, network.nodes)
            found = windows(occupied, shards.windows.height, shards.windows.mode)
            seen += slices * network.nodes
            loaded += slices * sum(window.rows for window in found)
    assert outcome.totals["rows_seen"] == runs * seen
    assert outcome.totals["rows_loaded"] == runs * loaded


def assert_intervals(kind, graph, nodes, width, settings, **options) -> Compiled:
    rng = np.random.default_rng(nodes + width)
    network = MAKERS[kind](rng, nodes, width, 8, graph(rng, nodes, 4))
    inputs = [dense(rng, nodes, width) for _ in range(2)]
    compiled, outcome = assert_same(network, inputs, SMALL, settings, **options)
    assert_counted(compiled, outcome, 2)
    return compiled


CASES = {
    "gin": ("gin", near, 500, 13, Settings()),
    "gin in windows": ("gin", scattered, 500, 13, Settings(elimination="window", window_height=8)),
    "mean": ("mean", near, 500, 13, Settings()),
    "mean in windows": ("mean", near, 480, 24, Settings(elimination="window", window_height=40)),
    "max": ("max", scattered, 500, 13, Settings()),
    "max in windows of a row": ("max", near, 500, 13, Settings(elimination="window", window_height=1)),
    "one interval": ("mean", near, 60, 5, Settings(elimination="rows")),
    "narrow intervals": ("max", near, 300, 3, Settings(elimination="window", interval_rows=16)),
}
"""Network, graph, nodes, features, settings."""

FAST = ("gin", "mean in windows", "max", "narrow intervals")


@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)
def test_rows_of_the_input_that_an_interval_needs(name):
    stalls = MemorySettings(latency=20, stall_percent=20 * (len(name) % 2), stall_seed=1)
    compiled = assert_intervals(*CASES[name], memory=stalls)
    parts = compiled.plan.shards["a1"].parts
    assert (len(parts) == 1) == (name == "one interval")


def test_more_nodes_than_the_row_store_has_words():
    """And rows without neighbours, so that an interval has nothing to load."""
    rng = np.random.default_rng(5)
    graph = near(rng, 1500, 3)
    empty = np.diff(graph.indptr) > 0
    empty[600:1000] = False
    counts = np.diff(graph.indptr) * empty
    kept = np.repeat(empty, np.diff(graph.indptr))
    graph = type(graph)(indptr=np.concatenate([[0], np.cumsum(counts)]), indices=graph.indices[kept])
    network = gin(rng, 1500, 5, 3, graph, layers=1)
    settings = Settings(elimination="window", window_height=16, interval_rows=128)
    compiled, outcome = assert_same(network, [dense(rng, 1500, 5)], SMALL, settings)
    assert_counted(compiled, outcome, 1)
    shards = compiled.plan.shards["a1"]
    assert shards.windows.mode is Elimination.WINDOW and len(shards.parts) == 12
    assert compiled.network.nodes > SMALL.rows


WRONG = {
    "no height": ({"height": 0}, ErrorCode.FIELD),
    "a bitmap beyond its memory": ({"occupancy": 60}, ErrorCode.FIELD),
    "more beats than windows have": ({"beats": 100}, ErrorCode.TIMEOUT),
    "no beats, and windows": ({"beats": 0}, ErrorCode.TIMEOUT),
}


def test_a_load_that_is_wrong_ends_with_an_error_and_a_good_restart():
    rng = np.random.default_rng(6)
    network, features = gin(rng, 300, 13, 8, near(rng, 300, 4)), dense(rng, 300, 13)
    compiled = compile_network(network, SMALL, features=features, settings=Settings(elimination="rows"))
    bench = build_bench(SMALL)
    registers = register_map(SMALL)
    job = Job(
        compiled,
        lay_out(compiled, [features]),
        Machine(bench),
        lambda: Script(registers),
        resident=True,
    )
    number = next(
        n
        for n, each in enumerate(compiled.descriptors)
        if each.get("eliminate") and each["beats"] not in (0, 100)
    )
    scores = golden.run(network, features).scores.numpy()
    for name, (fields, code) in WRONG.items():
        script = job.script()
        job.start(script, "bad", program=SPARE)
        job.start(script, "good")
        outcome = job.run(script, job.memory({SPARE: patched(compiled.program, number, LOAD, **fields)}))
        assert_failed(outcome, "bad", code, None if code == ErrorCode.TIMEOUT else number)
        assert_done(outcome, "good")
        assert np.array_equal(compiled.unpack_results(outcome.dump), scores), name
