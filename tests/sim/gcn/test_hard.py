"""Graphs and widths that are hard on a core, from float layers to the RTL: every logit of every node."""

import numpy as np
import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import hardgraphs
from pyralis.gen.gcn.arrays import from_arrays, gcn, gin, sage
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.config import SIZES
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import Linear
from pyralis.gen.gcn.quantize import quantize
from pyralis.sim.gcn.run import simulate
from pyralis.sim.golden.gcn import network as golden


def layers(rng, widths, kinds):
    """Layers of these *kinds* between the *widths*, with random weights."""
    made = []
    for index, kind in enumerate(kinds):
        inputs, outputs, relu = widths[index], widths[index + 1], index < len(kinds) - 1
        weight, bias = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs), rng.normal(size=outputs) * 0.1
        if kind == "gcn":
            made.append(gcn(weight, bias, relu=relu))
        elif kind == "gin":
            made.append(gin([Linear(weight, bias), Linear(np.eye(outputs))], eps=0.5, relu=relu))
        else:
            made.append(sage(weight, weight[::-1].copy(), bias, relu=relu, aggr=kind))
    return made


def assert_same(graph, widths, kinds, preset="tiny", order=None):
    network = from_arrays(layers(np.random.default_rng(9), widths, kinds), graph)
    found = quantize(network, graph, order=order)
    compiled = compile_network(found.network, SIZES[preset], features=found.features)
    outcome = simulate(compiled, [found.features])
    assert outcome.error == "NONE", (outcome.error, outcome.error_index)
    expected = golden.run(found.network, found.features)
    assert np.array_equal(outcome.results[0], expected.scores.numpy())
    return outcome


HARD = {
    "one node": lambda: hardgraphs.edgeless(1),
    "no edges": lambda: hardgraphs.edgeless(9),
    "star": lambda: hardgraphs.star(300),
    "one-way star": lambda: hardgraphs.star(300, both_ways=False),
    "path": lambda: hardgraphs.path(33),
    "directed": lambda: hardgraphs.random_graph(60, 200, seed=1, isolated=9, hubs=2),
    "dense rows": lambda: hardgraphs.random_graph(60, 200, seed=2, sparse=False),
    "binary": lambda: hardgraphs.random_graph(60, 200, seed=3, binary=True, directed=False),
}


@pytest.mark.parametrize("name", HARD)
def test_five_layers_of_all_kinds(name):
    graph = HARD[name]()
    kinds = ["gcn", "mean", "gin", "max", "gcn"]
    assert_same(graph, [graph.feature_width, 7, 17, 16, 1, 3], kinds)


@pytest.mark.parametrize(("kind", "order"), [("gcn", "(AX)W"), ("mean", "A(XW)"), ("gcn", "A(XW)")])
@pytest.mark.parametrize("widths", [(1, 40), (16, 17), (7, 7)])
def test_widths(widths, kind, order):
    assert_same(some_graph(widths[0]), widths, [kind], order=order)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gcn", "mean"])
def test_rows_of_602_elements(kind):
    assert_same(some_graph(602), (602, 17, 1), [kind, kind], preset="small", order=["A(XW)"] * 2)


def some_graph(width: int) -> Graph:
    rng = np.random.default_rng(2)
    return Graph.from_edge_index(rng.integers(0, 40, (2, 150)), rng.normal(size=(40, width)))


@pytest.mark.slow
def test_a_star_of_five_thousand():
    graph = hardgraphs.star(5000)
    assert_same(graph, [graph.feature_width, 7, 3], ["gcn", "mean"], preset="small")


def test_the_empty_graph_is_refused():
    graph = hardgraphs.edgeless(0)
    with pytest.raises(UserError) as caught:
        assert_same(graph, [graph.feature_width, 3], ["gcn"])
    assert "node" in caught.value.what
