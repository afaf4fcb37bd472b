"""Plain arrays become layers, with their options by name."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.arrays import from_arrays, gcn, gin, sage
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.reference import run


def test_a_csr_matrix_and_weights_are_enough():
    """Two layers, written out as products."""
    random = np.random.default_rng(0)
    dense = np.triu(random.random((9, 9)) < 0.4, 1)
    adjacency = (dense | dense.T).astype(np.float64)
    features, first, second = (random.normal(size=shape) for shape in ((9, 4), (4, 5), (5, 3)))
    bias = random.normal(size=5)
    graph = Graph.from_csr(csr_array(adjacency), features)
    network = from_arrays([gcn(first, bias, relu=True), gcn(second)], graph)
    loops = adjacency + np.eye(9)
    roots = 1 / np.sqrt(loops.sum(axis=1))
    matrix = roots[:, None] * loops * roots
    hidden = np.maximum(matrix @ features.astype(np.float32) @ first + bias, 0)
    assert np.allclose(run(network, graph)[0], matrix @ hidden @ second)
    assert [layer.name for layer in network.layers] == ["gcn0", "gcn1"]
    assert network.widths() == [4, 5, 3]
    assert network.source == {"framework": "arrays", "notes": []}


def test_options_arrive():
    layer = gcn([[1]], improved=True, add_self_loops=False, normalize=False, relu=True, name="a")
    assert (layer.improved, layer.add_self_loops, layer.normalize, layer.relu) == (True, False, False, True)
    layer = sage([[1, 2]], [[3, 4]], [5, 6], aggr="max", sample=25, relu=True)
    assert (layer.aggr, layer.sample, layer.relu) == ("max", 25, True)
    assert layer.root_weight.tolist() == [[3, 4]]
    assert layer.bias.tolist() == [5, 6]
    layer = gin([[[1, 2]], ([[1], [2]], [7])], eps=0.5, relu=True)
    assert (layer.eps, layer.relu, len(layer.mlp)) == (0.5, True, 2)
    assert layer.mlp[0].bias is None
    assert layer.mlp[1].bias.tolist() == [7]
    assert all(linear.weight.dtype == np.float64 for linear in layer.mlp)


def test_a_name_of_ones_own_stays():
    network = from_arrays([gcn([[1]], name="encode"), sage([[1]]), gin([[[1]]])])
    assert [layer.name for layer in network.layers] == ["encode", "sage1", "gin2"]


@pytest.mark.parametrize(
    ("make", "what", "where", "hint"),
    [
        (
            lambda: gcn([[1], [1, 2]], name="a"),
            "weight is not an array",
            "layer 'a'",
            "its rows must be equally long",
        ),
        (lambda: gcn([["x"]]), "weight must hold real numbers, not <U1", "layer", ""),
        (lambda: sage([[1]], [[1j]]), "root_weight must hold real numbers, not complex128", "layer", ""),
        (lambda: gin([([[1]], ["x"])]), "mlp[0].bias must hold real numbers, not <U1", "layer", ""),
        (
            lambda: from_arrays([gcn([[1]], name="a"), gcn([[1]], name="a")]),
            "two layers have the name 'a'",
            "network",
            "give each its own",
        ),
        (lambda: from_arrays([]), "a network needs at least one layer, and this one has none", "network", ""),
        (
            lambda: from_arrays([gcn([[1, 2]]), gcn([[1]])]),
            "layer 'gcn0' makes 2 features a node, and the layer takes 1",
            "layer 'gcn1'",
            "",
        ),
        (
            lambda: from_arrays([gcn([[np.nan]])]),
            "1 of 1 values of weight are NaN or infinite",
            "layer 'gcn0'",
            "the training diverged; load an earlier checkpoint",
        ),
    ],
)
def test_refusals(make, what, where, hint):
    with pytest.raises(UserError) as error:
        make()
    assert (error.value.what, error.value.where, error.value.hint) == (what, where, hint)
