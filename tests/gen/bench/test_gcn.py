"""The bench of graph networks: its workloads, what a core cannot hold, and a small graph through the RTL."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pyralis.gen.bench.gcn import bench
from pyralis.gen.bench.gcn_workloads import WORKLOADS, Workload, part_of, prepare, random_gcn, select
from pyralis.gen.demo import digitgraph
from pyralis.gen.errors import UserError
from pyralis.gen.gcn.synthetic import PROFILES, synthetic
from pyralis.hw.gcn.config import PRESETS

TINY = PRESETS["tiny"]

SMALL = Workload(
    name="pubmed500-h8",
    title="a little of the Pubmed-like",
    graph=lambda _data: synthetic(
        replace(part_of("pubmed", 200), features=40, non_zeros=98 * 8, max_non_zeros=20, max_degree=40)
    ),
    hidden=8,
)


def few_digits(_data: Path):
    return digitgraph.load(count=120, train_share=0.2)


def test_workloads_are_those_that_publications_have():
    found = {(each.dataset, each.hidden) for each in WORKLOADS if each.dataset}
    assert found == {
        *((name, hidden) for name in ("cora", "citeseer", "pubmed") for hidden in (16, 128)),
        ("nell", 64),
    }
    assert len({each.name for each in WORKLOADS}) == len(WORKLOADS)


def test_choosing_by_name():
    assert select(None) == WORKLOADS
    assert [each.name for each in select(["cora-h16", "digits-h16"])] == ["cora-h16", "digits-h16"]
    with pytest.raises(UserError, match=r"There is no workload 'cora'; there are digits-h16, cora-h16, "):
        select(["cora"])


def test_a_part_of_a_profile_has_the_same_degrees_and_density():
    part, whole = part_of("pubmed", 8), PROFILES["pubmed"]
    assert part.nodes == whole.nodes // 8 and part.max_degree == whole.max_degree
    assert part.edges / part.nodes == pytest.approx(whole.edges / whole.nodes, rel=1e-3)
    density = part.non_zeros / part.nodes / part.features
    assert density == pytest.approx(whole.non_zeros / whole.nodes / whole.features, rel=1e-3)


def test_random_networks_are_the_same_for_the_same_seed():
    graph = SMALL.graph(Path())
    one, two, other = (random_gcn([40, 8, 3], graph, seed) for seed in (1, 1, 2))
    assert [layer.relu for layer in one.layers] == [True, False]
    assert all((a.weight == b.weight).all() for a, b in zip(one.layers, two.layers, strict=True))
    assert (one.layers[0].weight != other.layers[0].weight).any()


def test_preparing_a_graph_without_labels():
    prepared = prepare(SMALL)
    facts = prepared.facts()
    assert facts["accuracy"] is None and facts["widths"] == [40, 8, 3]
    assert facts["nodes"] == 98 and facts["non_zeros"] == 98 * 8
    assert prepared.quantized.network.nodes == 98


def test_what_does_not_fit_is_a_row_with_the_reason(tmp_path):
    data = Workload(
        name="cora-h16", title="Cora", graph=lambda _data: None, dataset="cora", needs_data=True, trained=True
    )
    core = replace(TINY, weight_rows=32)
    result = bench(
        tmp_path / "gcn.json", cores=[("mine", core)], workloads=(data, SMALL), data=tmp_path, sweeps=False
    )
    assert result == json.loads((tmp_path / "gcn.json").read_text())
    assert result["ok"] and result["runs"] == []
    absent, large = result["missing"]
    assert absent["why"] == f"The planetoid files of cora are not in {tmp_path}."
    assert large["workload"] == SMALL.name and large["core"] == "mine"
    why = "it needs 40 rows of the Weight Buffer, and this core has 32."
    assert large["why"] == f"operation 'conv1.xw': {why}"
    page = (tmp_path / "gcn.html").read_text()
    assert absent["why"] in page and "What is not here, and why" in page
    assert result["targets"] == [], "a graph of no data set, that no core holds"


@pytest.mark.slow
def test_a_part_of_the_digits_through_the_rtl(tmp_path):
    few = Workload(name="digits", title="120 digits", graph=few_digits, hidden=8, trained=True)
    result = bench(tmp_path / "gcn.json", cores=[("tiny", TINY)], workloads=(few,), seeds=2, sweeps=False)
    (row,) = result["runs"]
    assert result["ok"] and row["bit_exact"]
    assert result["verdict"] == "1 of 1 runs are bit exact: every logit of every node, cold and warm."
    assert row["operations"]["counted"] == row["operations"]["predicted"]
    assert row["warm"]["cycles"] < row["cold"]["cycles"]
    for run in ("cold", "warm"):
        dram = row[run]["dram"]
        assert dram["reads"] + dram["writes"] == dram["hits"] + dram["misses"] + dram["conflicts"]
        # A channel moves whole lines of 64 bytes, a bus of 8 bytes parts of them.
        assert row[run]["bus_bytes"] <= dram["bytes"] + 64 * TINY.columns
        assert row[run]["bytes_over_compulsory"] >= 1
    assert row["on_chip"] is None, "rows of pixels are no lists"
    accuracy = result["workloads"][0]["accuracy"]
    assert [seed["seed"] for seed in accuracy["seeds"]] == [0, 1]
    page = (tmp_path / "gcn.html").read_text()
    assert f"{row['cold']['cycles']:,}".replace(",", "\u202f") in page
    assert accuracy["int"] == np.mean([seed["int"] for seed in accuracy["seeds"]])


def test_the_command_says_what_is_wrong(command, tmp_path):
    code, _, err = command("bench", "gcn", "--only", "cora")
    assert code == 1 and "There is no workload 'cora'; there are digits-h16, cora-h16, " in err
    code, _, err = command("bench", "gcn", "--preset", "small,z23")
    assert code == 1 and "z23" in err
    code, _, err = command("bench", "gcn", "--data", tmp_path / "nowhere")
    assert code == 1 and f"There is no folder {tmp_path / 'nowhere'}." in err


def test_the_command_without_a_simulation(command, tmp_path):
    """What cannot be run is said; nothing that a person reads is missing."""
    (tmp_path / "core.toml").write_text("weight_rows = 256\n")
    code, out, _ = command(
        *("bench", "gcn", "--config", tmp_path / "core.toml", "--only", "pubmed16-h16", "--runs-only"),
        *("--logits", "int8", "-o", tmp_path / "gcn.json"),
    )
    assert code == 0
    assert json.loads((tmp_path / "gcn.json").read_text())["logits"] == "int8"
    why = "operation 'conv1.xw': it needs 500 rows of the Weight Buffer, and this core has 256."
    assert f"pubmed16-h16 on core: {why}" in out
    assert "0 of 0 runs are bit exact" in out
    assert f"Written: {tmp_path / 'gcn.json'}, {tmp_path / 'gcn.html'}" in out
