"""Operations of both orders: published counts on Cora, and counts by loops over what the engines do."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.arrays import from_arrays, gcn, gin, sage
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import Linear
from pyralis.gen.gcn.order import choose, costs
from pyralis.gen.gcn.planetoid import read_planetoid

CORA = Path(__file__).resolve().parents[4] / "shared" / "data" / "cora"


def graph(features, seed=0, edges=40) -> Graph:
    rng = np.random.default_rng(seed)
    return Graph.from_edge_index(rng.integers(0, features.shape[0], (2, edges)), features)


def dense(nodes=10, width=6) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(nodes, width))


@pytest.mark.skipif(not CORA.is_dir(), reason="needs the planetoid files of Cora in ../shared/data/cora")
@pytest.mark.parametrize(
    ("hidden", "first", "total"), [(16, 999_680, 1_395_824), (128, 7_997_440, 10_516_656)]
)
def test_counts_on_cora(hidden, first, total):
    """Section 3.1 of the notes on graph accelerators, counted there by other means."""
    cora = read_planetoid(CORA, "cora")
    network = from_arrays([gcn(np.ones((1433, hidden)), relu=True), gcn(np.ones((hidden, 7)))], cora)
    one, two = costs(network, cora)
    assert one["A(XW)"].operations == first
    assert one["A(XW)"].operations + two["A(XW)"].operations == total
    assert one["(AX)W"].operations == 13_264 * 1433 + 2708 * 1433 * hidden
    assert choose(network, cora) == ("A(XW)", "A(XW)")
    if hidden == 16:
        assert two["A(XW)"].operations == 396_144
        assert two["(AX)W"].operations == 515_520


def test_a_layer_that_widens_its_rows_gathers_first():
    source = graph(dense())
    network = from_arrays([gcn(np.ones((6, 4)), relu=True), gcn(np.ones((4, 40)))], source)
    assert choose(network, source) == ("A(XW)", "(AX)W")
    assert choose(network, source, "A(XW)") == ("A(XW)", "A(XW)")
    assert choose(network, source, "(AX)W") == ("(AX)W", "(AX)W")


def test_bytes_decide_where_operations_are_equal():
    source = graph(dense())
    network = from_arrays([sage(np.ones((6, 6)))], source)
    (both,) = costs(network, source)
    assert both["A(XW)"].operations == both["(AX)W"].operations == 10 * 36 + 40 * 6
    assert both["A(XW)"].bytes == both["(AX)W"].bytes + 10 * 6 - 10 * 6
    network = from_arrays([sage(np.ones((6, 6)), np.ones((6, 6)))], source)
    (both,) = costs(network, source)
    assert both["A(XW)"].operations == both["(AX)W"].operations
    assert both["A(XW)"].bytes == 2 * (60 + 60) + 72 + 80 + 240 + 60
    assert both["(AX)W"].bytes == 80 + 240 + 3 * 60 + 72 + 60
    assert choose(network, source) == ("(AX)W",)


def test_all_that_a_layer_does_is_counted():
    values = dense() * (dense() > 0)
    lists = csr_array(values)
    source, listed = graph(values), graph(lists)
    loops = int(source.is_self_loop.sum())
    (cost,) = costs(from_arrays([gcn(np.ones((6, 5)))], listed), listed)
    assert cost["A(XW)"].combine == lists.nnz * 5 < 60 * 5
    assert cost["A(XW)"].aggregate == (40 - loops + 10) * 5
    assert cost["(AX)W"].combine == 60 * 5
    (cost,) = costs(from_arrays([gcn(np.ones((6, 5)), add_self_loops=False)], source), source)
    assert cost["A(XW)"].combine == 60 * 5
    assert cost["(AX)W"].aggregate == 40 * 6
    (cost,) = costs(from_arrays([sage(np.ones((6, 5)), sample=2)], source), source)
    assert cost["A(XW)"].aggregate == sum(min(2, degree) for degree in source.in_degrees) * 5
    (cost,) = costs(from_arrays([gin([Linear(np.ones((6, 5))), Linear(np.ones((5, 3)))])], source), source)
    assert cost["A(XW)"].combine == cost["(AX)W"].combine == 60 * 5 + 50 * 3
    assert (cost["A(XW)"].aggregate, cost["(AX)W"].aggregate) == (200, 240)


def test_a_maximum_is_taken_first():
    source = graph(dense())
    network = from_arrays([sage(np.ones((6, 2)), aggr="max")], source)
    assert list(costs(network, source)[0]) == ["(AX)W"]
    assert choose(network, source, "A(XW)") == ("(AX)W",)


def test_an_order_that_does_not_exist():
    source = graph(dense())
    with pytest.raises(UserError) as caught:
        choose(from_arrays([gcn(np.ones((6, 2)))], source), source, "AXW")
    assert (caught.value.what, caught.value.where) == ("order must be A(XW) or (AX)W, not 'AXW'", "network")
