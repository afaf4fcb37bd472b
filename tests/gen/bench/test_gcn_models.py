"""Predictions of the bench of graph networks: on a small graph, against counts by hand."""

from dataclasses import replace

import pytest

from pyralis.gen.bench import gcn_published
from pyralis.gen.bench.gcn_models import SHARES, Share, adjacency_of, elimination, hub_hits, models, work
from pyralis.gen.bench.gcn_workloads import Workload, part_of, prepare
from pyralis.gen.gcn.synthetic import synthetic
from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.sim.golden.gcn.windows import rows_loaded


@pytest.fixture(scope="module")
def prepared():
    profile = replace(part_of("pubmed", 100), features=40, non_zeros=197 * 8, max_non_zeros=20, max_degree=60)
    return prepare(
        Workload(name="pubmed1-h8", title="small", graph=lambda _data: synthetic(profile), hidden=8)
    )


def test_shares_become_rows():
    share = Share(name="x", interval_bytes=1000, window_bytes=100)
    assert share.of(features=500, hidden=8) == (125, 12)
    raw = replace(share, combined=False, element_bytes=4)
    assert raw.of(features=500, hidden=8) == (1, 1)
    # Cora on HyGCN: 4 MiB and half of 128 KiB in rows of 1,433 elements of four bytes
    assert SHARES[0].of(features=1433, hidden=128) == (731, 11)


def test_elimination_loads_less_with_each_mode(prepared, monkeypatch):
    share = Share(name="x", interval_bytes=20 * 8, window_bytes=4 * 8)
    monkeypatch.setattr("pyralis.gen.bench.gcn_models.SHARES", (share,))
    given, near = elimination(prepared)
    nodes = prepared.graph.nodes
    assert given["loaded"]["none"] == nodes * -(-nodes // 20)
    adjacency = adjacency_of(prepared)
    assert given["loaded"]["none"] == rows_loaded(
        adjacency.indptr, adjacency.indices, 4, 20, Elimination.NONE
    )
    assert given["loaded"]["rows"] < given["loaded"]["window"] < given["loaded"]["none"]
    assert near["numbering"] == "Cuthill-McKee"
    assert near["ratio"]["rows"] < given["ratio"]["rows"]
    # Row by row: as many rows as there are different sources of each interval.
    expected = 0
    for start in range(0, nodes, 20):
        stop = min(start + 20, nodes)
        expected += len(set(adjacency.indices[adjacency.indptr[start] : adjacency.indptr[stop]].tolist()))
    assert given["loaded"]["rows"] == expected


def test_work_of_cores(prepared):
    found = work(prepared, PRESETS["z32"], "z32")
    assert found["cores"] == 32
    assert 1 <= found["dynamic"]["max_over_mean"] < found["static"]["max_over_mean"]
    assert found["dynamic"]["cycles"] < found["static"]["cycles"]


def test_hub_hits_are_a_share_of_the_entries(prepared):
    assert hub_hits(prepared, 0) == 0 and hub_hits(prepared, prepared.graph.nodes) == 1
    assert 0 < hub_hits(prepared, 8) < hub_hits(prepared, 32) < 1


def test_models_say_that_they_are_models(prepared):
    found = models(prepared)
    assert found["evidence"] == "model" and found["workload"] == "pubmed1-h8"
    (first, second) = found["orders"]
    width, features = 8, 40
    assert first["A(XW)"]["operations"] == (
        prepared.quantized.features.nnz * width + len(adjacency_of(prepared).indices) * width
    )
    assert first["(AX)W"]["operations"] == (
        prepared.graph.nodes * features * width + len(adjacency_of(prepared).indices) * features
    )
    assert second["layer"] == "conv2"


def test_every_published_figure_says_what_is_not_alike():
    for each in gcn_published.LATENCIES:
        assert each.unlike and each.source and each.us > 0 and each.state in ("warm", "cold", "host")
    cora = gcn_published.beside("cora", 16)
    assert [each["who"] for each in cora[:2]] == ["I-GCN", "AWB-GCN"]
    assert [each["us"] for each in cora] == sorted(each["us"] for each in cora)
    assert {each["hidden"] for each in gcn_published.beside("nell", 64)} == {64}
    assert gcn_published.beside("digits", 16) == []
