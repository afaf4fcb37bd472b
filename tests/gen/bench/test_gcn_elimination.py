"""Rows loaded, counted: by the interpreter in place of the RTL, and by the RTL of a small core."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from pyralis.gen.bench import gcn_elimination
from pyralis.gen.bench.gcn_elimination import MODES, elimination_rows, gathering
from pyralis.gen.bench.gcn_models import SHARES, Share, adjacency_of
from pyralis.gen.bench.gcn_workloads import Workload, part_of, prepare
from pyralis.gen.gcn.synthetic import synthetic
from pyralis.hw.gcn.config import GcnConfig
from pyralis.sim.gcn.interpret import run
from pyralis.sim.golden.gcn import network as golden

SMALL = GcnConfig(store_rows=256, hubs=8, edge_lines=128, feature_lines=16, bus_bits=128, occupancy_words=64)

SIZES = (
    Share(name="twenty rows", interval_bytes=160, window_bytes=80),
    Share(name="all rows", interval_bytes=1 << 20, window_bytes=1 << 20),
)


@pytest.fixture(scope="module")
def prepared():
    profile = replace(part_of("pubmed", 100), features=40, non_zeros=197 * 8, max_non_zeros=20, max_degree=60)
    return prepare(
        Workload(name="pubmed1-h8", title="small", graph=lambda _data: synthetic(profile), hidden=8)
    )


def interpreted(compiled, inputs):
    outcome = run(
        compiled.program,
        compiled.constants,
        compiled.pack_input(inputs[0]),
        compiled.config,
        output_bytes=compiled.output_stride,
    )
    return SimpleNamespace(
        totals={"rows_seen": outcome.rows_seen, "rows_loaded": outcome.rows_loaded},
        results=[compiled.unpack_results(outcome.outputs)],
        cycles=1,
        error="NONE",
    )


def assert_counted(rows, nodes):
    assert [(row["share"], row["mode"]) for row in rows] == [(s.name, mode) for s in SIZES for mode in MODES]
    for row in rows:
        assert row["bit_exact"] and row["loaded"] == row["model"], row
        assert row["seen"] == row["intervals"] * nodes
    twenty, whole = rows[:2], rows[2:]
    assert [row["interval_rows"] for row in rows] == [20, 20, nodes, nodes]
    assert 0 < twenty[1]["ratio"] < twenty[0]["ratio"] < 1, "rows alone are fewer than windows"
    assert [row["window_rows"] for row in whole] == [nodes] * 2


def test_counts_are_those_of_the_model(prepared, monkeypatch):
    monkeypatch.setattr(gcn_elimination, "SHARES", SIZES)
    monkeypatch.setattr(gcn_elimination, "simulate", interpreted)
    assert_counted(list(elimination_rows(prepared, "small", SMALL)), prepared.graph.nodes)


def test_what_a_core_cannot_hold_is_a_row_with_the_reason(prepared):
    none = list(elimination_rows(prepared, "small", replace(SMALL, occupancy_words=0)))
    assert len(none) == len(SHARES) * len(MODES)
    assert {row["why"] for row in none} == {"network: this core has no Sparsity Eliminator."}


def test_what_is_gathered_is_the_largest(prepared):
    adjacency = adjacency_of(prepared)
    network, rng = gathering(adjacency, 8), np.random.default_rng(1)
    features = rng.integers(-128, 128, (network.nodes, 8), dtype=np.int8)
    scores = golden.run(network, features).scores.numpy()
    for node in range(network.nodes):
        mine = adjacency.indices[adjacency.indptr[node] : adjacency.indptr[node + 1]]
        assert np.array_equal(scores[node], features[mine].max(axis=0))


@pytest.mark.slow
def test_the_rtl_counts_the_same(prepared, monkeypatch):
    monkeypatch.setattr(gcn_elimination, "SHARES", SIZES)
    assert_counted(list(elimination_rows(prepared, "small", SMALL)), prepared.graph.nodes)
