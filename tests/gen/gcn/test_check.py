"""Everything that the compiler would refuse, at once, and in the compiler's own words."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import adjacency, binary, gcn, mixed, weights

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.check import check_network
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.intnetwork import Epilogue, IntAggregate, IntCombine, IntGraphNetwork, IntInput
from pyralis.hw.gcn.config import GcnConfig

TINY = GcnConfig()
RNG = np.random.default_rng(0)
GCN, WORDS = gcn(RNG), binary(RNG, 20, 24)


def wide() -> IntGraphNetwork:
    """Rows of 70 elements that are added and then combined."""
    rng = np.random.default_rng(1)
    return IntGraphNetwork(
        nodes=5,
        input=IntInput(features=70),
        adjacencies={"a": adjacency(rng, 5, 2.0)},
        operations=(
            IntAggregate(name="a", source="x", adjacency="a", epilogue=Epilogue(shift=4)),
            IntCombine(name="c", source="a", weight=weights(rng, 70, 3), epilogue=Epilogue(shift=9)),
        ),
    )


MIXED = mixed(np.random.default_rng(1))
VALUES = replace(GCN, input=replace(GCN.input, values="int8"))

CASES = [
    (GCN, TINY, WORDS),
    (GCN, replace(TINY, weight_rows=16), WORDS),
    (GCN, replace(TINY, store_rows=16, banks=1, hubs=0), WORDS),
    (GCN, replace(TINY, columns=1, banks=1, store_rows=16, hubs=0, bus_bits=64), WORDS),
    (GCN, replace(TINY, edge_lines=16), WORDS),
    (gcn(RNG, nodes=200), replace(TINY, feature_lines=16), np.ones((200, 24), dtype=np.uint8)),
    (gcn(RNG, nodes=200), replace(TINY, accumulator_bits=16), binary(RNG, 200, 24)),
    (VALUES, replace(TINY, feature_values=False), WORDS.astype(np.int8)),
    (wide(), TINY, None),
    (wide(), replace(TINY, group_bytes=128), None),
    (MIXED, TINY, None),
    (MIXED, replace(TINY, edge_weights=True), None),
]


@pytest.mark.parametrize(("network", "config", "features"), CASES)
def test_it_fits_if_it_compiles_and_the_first_fault_is_the_compilers(network, config, features):
    found = check_network(network, config, features)
    assert found["ok"] == found["fits"] == (not found["faults"])
    if found["ok"]:
        compile_network(network, config, features=features)
    else:
        with pytest.raises(UserError) as caught:
            compile_network(network, config, features=features)
        error = caught.value
        assert found["faults"][0] == {"what": error.what, "where": error.where, "hint": error.hint}
    for row in found["memories"]:
        assert (row["verdict"] == "does not fit") == (row["need"] > row["has"])


def test_the_cases_reach_both_outcomes():
    verdicts = [check_network(*case)["ok"] for case in CASES]
    assert True in verdicts and verdicts.count(False) > 5


def test_all_faults_come_at_once():
    small = replace(TINY, weight_rows=16, columns=1, banks=1, store_rows=16, hubs=0)
    found = check_network(GCN, small, WORDS)
    assert [fault["what"].split(",")[0] for fault in found["faults"]] == [
        "the graph has 20 nodes",
        "its rows and those that are needed beside them take 40 words of the row store",
        "it needs 24 rows of the Weight Buffer",
    ]
    verdicts = {row["memory"]: row["verdict"] for row in found["memories"]}
    assert [name for name, verdict in verdicts.items() if verdict == "does not fit"] == [
        *("nodes", "row store", "weights")
    ]
    assert verdicts["scales aggregate"] == verdicts["scales combine"] == "ok, in turns"
    assert {row["name"]: row["verdict"] for row in found["operations"]} == {
        "xw1": "does not fit",
        "h1": "ok",
        "xw2": "does not fit",
        "h2": "ok",
    }


def test_rows_of_operations():
    found = {row["name"]: row for row in check_network(GCN, TINY, WORDS)["operations"]}
    assert list(found) == ["xw1", "h1", "xw2", "h2"]
    first, second = found["xw1"], found["h1"]
    assert (first["kind"], first["in_width"], first["width"], first["weights"]) == ("combine", 24, 5, 120)
    assert (second["kind"], second["sources"], second["type"]) == ("sum", ["xw1"], "uint8")
    assert second["entries"] == len(GCN.adjacencies["graph"].indices)
    assert (first["core_bits"], second["core_bits"]) == (TINY.product_bits, TINY.accumulator_bits)
    # binary features: the sum of the positive or of the negative weights of a column
    weight = GCN.operations[0].weight.astype(int)
    most = max(np.maximum(weight, 0).sum(axis=0).max(), -1 - np.minimum(weight, 0).sum(axis=0).min())
    assert first["sum_bits"] == int(most).bit_length() + 1


def test_the_same_constants_in_both_engines_are_each_their_own():
    """The scale of the second combination is that of the first aggregation."""
    for row in check_network(GCN, TINY, WORDS)["memories"]:
        engine = {"aggregate": ("h1", "h2"), "combine": ("xw1", "xw2")}.get(row["memory"].split()[-1])
        if engine:
            assert row["where"] in {f"operation {name!r}" for name in engine}


def test_the_order_of_a_layer_is_that_of_its_operations():
    renamed = dict(zip(("xw1", "h1", "xw2", "h2"), ("one.xw", "one", "two.xw", "two"), strict=True))
    operations = tuple(
        replace(each, name=renamed[each.name], source=renamed.get(each.source, each.source))
        for each in GCN.operations
    )
    rows = check_network(replace(GCN, operations=operations), TINY, WORDS)["operations"]
    assert [row["order"] for row in rows] == ["A(XW)"] * 4
    assert {row["order"] for row in check_network(GCN, TINY, WORDS)["operations"]} == {None}
    turned = tuple(replace(each, name=f"l.{each.name}", source=each.source) for each in wide().operations)
    turned = (turned[0], replace(turned[1], source="l.a"))
    rows = check_network(replace(wide(), operations=turned), TINY)["operations"]
    assert [row["order"] for row in rows] == ["(AX)W"] * 2


def test_without_features_their_room_is_not_known():
    found = check_network(GCN, TINY)
    assert found["ok"]
    row = found["memories"][-1]
    assert (row["memory"], row["need"], row["has"]) == ("features", None, TINY.feature_lines)
    assert row["verdict"] == "not known without features"
    with pytest.raises(UserError, match="features must be of shape"):
        check_network(GCN, TINY, WORDS[:3])


def test_what_takes_turns_is_said():
    """Weights of both layers: 14 and 8 rows at a time, 22 together."""
    network, words = gcn(np.random.default_rng(3), features=14, hidden=8), binary(RNG, 20, 14)
    for depth, verdict in ((32, "ok"), (16, "ok, in turns")):
        found = check_network(network, replace(TINY, weight_rows=depth), words)
        (row,) = (row for row in found["memories"] if row["memory"] == "weights")
        assert (row["need"], row["whole"], row["has"], row["verdict"]) == (14, 22, depth, verdict)


def test_what_comes_in_parts_is_said():
    rng = np.random.default_rng(7)
    network, features = gcn(rng, nodes=60, hidden=16), binary(rng, 60, 24, 0.5)
    small = replace(TINY, weight_rows=32, feature_lines=32)
    found = check_network(network, small, features)
    assert found["ok"]
    rows = {row["memory"]: row for row in found["memories"]}
    for memory in ("weights", "features"):
        row = rows[memory]
        assert row["verdict"] == "ok, in turns", memory
        assert row["need"] <= row["has"] < row["whole"]
    assert rows["weights"]["need"] == 24 and rows["weights"]["whole"] == 2 * 24 + 16
