"""Integer graph networks: what is refused, word for word, and what renumbering keeps."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import gcn, mixed

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import IntAdjacency, IntInput, IntSample


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def refused(network) -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        network.validate()
    return caught.value.what, caught.value.where


def changed(network, index, **changes):
    """The network with another setting in operation *index*, or in its epilogue."""
    operation = network.operations[index]
    own = {name: value for name, value in changes.items() if hasattr(operation, name)}
    rest = {name: value for name, value in changes.items() if name not in own}
    operation = replace(operation, epilogue=replace(operation.epilogue, **rest), **own)
    operations = list(network.operations)
    operations[index] = operation
    return replace(network, operations=tuple(operations))


def test_widths_and_types(rng):
    network = gcn(rng)
    network.validate()
    assert network.widths() == {"x": 24, "xw1": 5, "h1": 5, "xw2": 3, "h2": 3}
    assert network.types() == {"x": "binary", "xw1": "int8", "h1": "uint8", "xw2": "int8", "h2": "int16"}


def test_networks_as_a_whole(rng):
    network = gcn(rng)
    assert refused(replace(network, nodes=0)) == ("nodes must be in 1..2147483648, not 0", "network")
    assert refused(replace(network, nodes=True))[0] == "nodes must be in 1..2147483648, not True"
    what = "a network needs at least one operation, and this one has none"
    assert refused(replace(network, operations=()))[0] == what
    what = "features must be in 1..65536, not 0"
    assert refused(replace(network, input=IntInput(features=0)))[0] == what
    what = "values of the input must be binary or int8, not 'float'"
    assert refused(replace(network, input=IntInput(features=24, values="float")))[0] == what


def test_adjacencies(rng):
    network = gcn(rng, nodes=3)

    def with_rows(indptr, indices, weight=None):
        graph = IntAdjacency(indptr=np.asarray(indptr), indices=np.asarray(indices), weight=weight)
        return refused(replace(network, adjacencies={"graph": graph}))

    where = "adjacency 'graph'"
    what = "indptr must hold 4 values, one more than there are nodes, not (3,)"
    assert with_rows([0, 1, 1], [0]) == (what, where)
    assert with_rows([1, 1, 1, 1], [0]) == ("indptr must begin with 0, not 1", where)
    assert with_rows([0, 2, 1, 3], [0, 1, 2])[0] == "indptr must not fall, but after 2 comes 1 (row 1)"
    assert with_rows([0, -2, 1, 3], [0, 1, 2])[0] == "indptr must not fall, but after 0 comes -2 (row 0)"
    what = "indices must hold the 3 entries that indptr says, not (2,)"
    assert with_rows([0, 1, 2, 3], [0, 1])[0] == what
    assert with_rows([0, 1, 2, 3], [0, 1, 3])[0] == "indices must be nodes in 0..2, not 3"
    assert with_rows([0, 1, 2, 3], [0, -1, 3])[0] == "indices must be nodes in 0..2, not -1"
    what = "indices must be a numpy array of int64, not of float64"
    assert with_rows([0, 1, 2, 3], [0.0, 1.0, 2.0])[0] == what
    what = "weight must hold 3 values, one for each entry, not (2,)"
    assert with_rows([0, 1, 2, 3], [0, 1, 2], np.zeros(2, np.int8))[0] == what
    what = "weight must be a numpy array of int8, not of float32"
    assert with_rows([0, 1, 2, 3], [0, 1, 2], np.zeros(3, np.float32))[0] == what


@pytest.mark.parametrize(
    ("index", "changes", "sentence"),
    [
        (0, {"name": ""}, "names must be unique, not empty and not 'x'; '' is not"),
        (0, {"name": "x"}, "names must be unique, not empty and not 'x'; 'x' is not"),
        (2, {"name": "h1"}, "names must be unique, not empty and not 'x'; 'h1' is not"),
        (0, {"source": "h1"}, "'h1' is no row matrix; before this operation there are 'x'"),
        (2, {"source": "h2"}, "'h2' is no row matrix; before this operation there are 'x', 'xw1' and 'h1'"),
        (1, {"adjacency": "g"}, "there is no adjacency 'g', only 'graph'"),
        (1, {"reduce": "mean"}, "reduce must be sum or max, not 'mean'"),
        (
            1,
            {"source": "x"},
            "an aggregation reads whole rows, but the input is stored as lists of its elements",
        ),
        (1, {"sample": IntSample(count=0)}, "count of a sample must be in 1..255, not 0"),
        (1, {"sample": IntSample(count=2, seed=1 << 16)}, "seed of a sample must be in 0..65535, not 65536"),
        (1, {"sample": IntSample(count=2, step=0)}, "step of a sample must be in 1..65535, not 0"),
        (1, {"sample": IntSample(count=2, start=-1)}, "start of a sample must be in 0..65535, not -1"),
        (
            1,
            {"sample": IntSample(count=2, kind="best")},
            "kind of a sample must be uniform or predefined, not 'best'",
        ),
        (
            2,
            {"weight": np.zeros((3, 5), np.int8)},
            "weight takes rows of 3 elements, but those of 'h1' have 5",
        ),
        (2, {"weight": np.zeros((5, 3))}, "weight must be a numpy array of int8, not of float64"),
        (
            2,
            {"weight": np.zeros((5, 0), np.int8)},
            "weight must have two sizes (features, width) of at least 1, not (5, 0)",
        ),
        (2, {"weight": np.zeros((5, 65537), np.int8)}, "weight must have at most 65536 columns, not 65537"),
        (2, {"second_source": "h1"}, "second_source and second_weight must be given together"),
        (
            2,
            {"second_source": "h1", "second_weight": np.zeros((5, 4), np.int8)},
            "second_weight must have 3 columns as weight has, not 4",
        ),
        (2, {"scale": 1 << 16}, "scale must be in 0..65535, not 65536"),
        (
            2,
            {"scale": np.zeros(3, np.uint16)},
            "scale must be one number or 20, one for each node, not (3,)",
        ),
        (2, {"scale": np.zeros(20)}, "scale must be a numpy array of uint16, not of float64"),
        (2, {"extra_scale": 1 << 15}, "extra_scale must be in -32768..32767, not 32768"),
        (2, {"bias_shift": 16}, "bias_shift must be in 0..15, not 16"),
        (2, {"shift": 48}, "shift must be in 0..47, not 48"),
        (2, {"output": "binary"}, "output must be int8, uint8, int16 or int32, not 'binary'"),
        (2, {"bias": np.zeros(3)}, "bias must be a numpy array of int32, not of float64"),
        (2, {"bias": np.zeros(5, np.int32)}, "bias must hold 3 values, not (5,)"),
        (2, {"extra": "h2"}, "'h2' is no row matrix; before this operation there are 'x', 'xw1' and 'h1'"),
        (2, {"extra": "h1"}, "extra must have rows of 3 elements, but those of 'h1' have 5"),
    ],
)
def test_operations(rng, index, changes, sentence):
    network = changed(gcn(rng), index, **changes)
    assert refused(network) == (sentence, f"operation {network.operations[index].name!r}")


def test_wide_rows_cannot_be_read(rng):
    network = changed(gcn(rng), 0, output="int16")
    what = "rows that are read must be int8 or uint8, but 'xw1' is int16"
    assert refused(network) == (what, "operation 'h1'")
    network = changed(mixed(rng), 0, output="int16")
    assert refused(network) == (
        "rows that are read must be int8 or uint8, but 'sum' is int16",
        "operation 'largest'",
    )


def test_a_maximum_takes_no_weights(rng):
    network = changed(mixed(rng), 2, adjacency="weighted")
    what = "a maximum takes no edge weights, but adjacency 'weighted' has them"
    assert refused(network) == (what, "operation 'largest'")


def test_an_extra_is_read_whole(rng):
    network = gcn(rng, features=5)
    what = "an extra is read as whole rows, but the input is stored as lists of its elements"
    assert refused(changed(network, 1, extra="x")) == (what, "operation 'h1'")
    changed(replace(network, input=IntInput(features=5)), 1, extra="x").validate()


def test_renumbering(rng):
    network = mixed(rng, nodes=9)
    order = rng.permutation(9)
    moved = network.renumbered(order)
    moved.validate()
    for name, graph in network.adjacencies.items():
        other = moved.adjacencies[name]
        for new, old in enumerate(order):
            here, there = slice(*graph.indptr[old : old + 2]), slice(*other.indptr[new : new + 2])
            assert np.array_equal(order[other.indices[there]], graph.indices[here])
            if graph.weight is not None:
                assert np.array_equal(other.weight[there], graph.weight[here])
    assert np.array_equal(moved.operations[1].epilogue.scale, network.operations[1].epilogue.scale[order])
    assert moved.operations[0].epilogue.scale == 1000
    assert np.array_equal(moved.numbers, order)
    assert np.array_equal(moved.renumbered(np.argsort(order)).numbers, np.arange(9))
    with pytest.raises(UserError, match=r"(?m)^order must hold each of the 9 nodes once$"):
        network.renumbered(np.zeros(9, dtype=np.int64))


def test_numbers_of_samples(rng):
    network = mixed(rng)
    what = "numbers must hold 17 values, one for each node, not (16,)"
    assert refused(replace(network, numbers=np.arange(16))) == (what, "network")
    what = "numbers must be a numpy array of int64, not of float64"
    assert refused(replace(network, numbers=np.zeros(17))) == (what, "network")
    replace(network, numbers=np.arange(17)).validate()


def test_sizes_of_samples():
    degrees = np.array([0, 1, 5, 30])
    assert IntSample(count=5).sizes(degrees).tolist() == [0, 1, 5, 5]
    assert IntSample(count=3, kind="predefined", start=1, step=2).sizes(degrees).tolist() == [0, 0, 2, 3]


def test_an_adjacency_may_stand_unused(rng):
    network = gcn(rng)
    replace(network, adjacencies=network.adjacencies | {"unused": network.adjacencies["graph"]}).validate()
