"""Whole networks against the same operations in scipy and Python integers."""

import numpy as np
import pytest
import torch
from intgraphs import binary, gcn, mixed
from scipy.sparse import csr_array

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import RANGES, IntCombine
from pyralis.gen.gcn.widths import bounds
from pyralis.sim.golden.gcn.network import run
from pyralis.sim.golden.gcn.sampler import taken


def by_hand(network, features):
    """Rows of every operation as Python integers of any size, one element after the other."""
    rows = {"x": [[int(value) for value in row] for row in features]}
    saturated = {}
    for operation in network.operations:
        e = operation.epilogue
        made, clamped = [], 0
        for v in range(network.nodes):
            if isinstance(operation, IntCombine):
                sums = product(rows[operation.source][v], operation.weight)
                if operation.second_source is not None:
                    second = product(rows[operation.second_source][v], operation.second_weight)
                    sums = [a + b for a, b in zip(sums, second, strict=True)]
            else:
                sums = gathered(network, operation, rows[operation.source], v)
            scale = int(e.scale[v]) if isinstance(e.scale, np.ndarray) else int(e.scale)
            row = []
            for j, value in enumerate(sums):
                total = value * scale + (0 if e.bias is None else int(e.bias[j]) << e.bias_shift)
                if e.extra is not None:
                    total += rows[e.extra][v][j] * e.extra_scale
                if e.relu:
                    total = max(total, 0)
                total = (total + (1 << e.shift >> 1)) // (1 << e.shift)
                low, high = RANGES[e.output]
                row.append(min(max(total, low), high))
                clamped += row[-1] != total
            made.append(row)
        rows[operation.name], saturated[operation.name] = made, clamped
    return rows, saturated


def product(row, weight):
    return [sum(a * int(b) for a, b in zip(row, column, strict=True)) for column in weight.T]


def gathered(network, operation, source, v):
    graph = network.adjacencies[operation.adjacency]
    entries, rows = taken(torch.as_tensor(graph.indptr), operation.sample)
    entries = entries[rows == v].tolist()
    columns = [[source[graph.indices[e]][j] for e in entries] for j in range(len(source[0]))]
    if operation.reduce == "max":
        return [max(column, default=0) for column in columns]
    weight = [1 if graph.weight is None else int(graph.weight[e]) for e in entries]
    return [sum(a * b for a, b in zip(column, weight, strict=True)) for column in columns]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", [gcn, mixed])
def test_random_networks(make, seed):
    rng = np.random.default_rng(seed)
    network = make(rng, nodes=[1, 2, 9, 17, 20, 33][seed])
    shape = network.nodes, network.input.features
    if network.input.values == "binary":
        features = binary(rng, *shape)
    else:
        features = rng.integers(-128, 128, shape, dtype=np.int8)
    rows, saturated = by_hand(network, features)
    result = run(network, features)
    for operation in network.operations:
        name = operation.name
        assert result.rows[name].tolist() == rows[name]
        low, high = bounds(network, operation).sum
        assert low <= result.sums[name][0] <= result.sums[name][1] <= high
    assert result.saturated == saturated
    assert torch.equal(result.scores, result.rows[network.operations[-1].name])
    assert result.classes.tolist() == [row.index(max(row)) for row in result.scores.tolist()]
    sparse = run(network, csr_array(features))
    assert all(torch.equal(sparse.rows[name], result.rows[name]) for name in result.rows)
    if network.nodes > 8:
        assert any(saturated.values()) and not all(saturated.values())


def test_renumbered_nodes_make_the_same_rows():
    rng = np.random.default_rng(3)
    network = gcn(rng)
    features, order = binary(rng, 20, 24), rng.permutation(20)
    rows, moved = run(network, features).rows, run(network.renumbered(order), features[order]).rows
    assert all(torch.equal(moved[name], rows[name][order]) for name in rows)
    assert not torch.equal(moved["h2"], rows["h2"])


def test_features_of_any_container():
    rng = np.random.default_rng(5)
    network, features = gcn(rng), binary(rng, 20, 24)
    want = run(network, features).scores
    assert torch.equal(run(network, features.astype(bool)).scores, want)
    assert torch.equal(run(network, torch.as_tensor(features)).scores, want)
    assert torch.equal(run(network, csr_array(features.astype(bool))).scores, want)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_same_integers_on_a_gpu():
    rng = np.random.default_rng(6)
    for make in (gcn, mixed):
        network = make(rng)
        features = rng.integers(0, 2, (network.nodes, network.input.features), dtype=np.int8)
        rows, there = run(network, features).rows, run(network, features, device="cuda").rows
        assert all(torch.equal(rows[name], there[name]) for name in rows)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x: x.astype(np.float32), "features must be bool or uint8 or int8, not float32"),
        (lambda x: x[:, :-1], "features must be of shape (20, 24), not (20, 23)"),
        (lambda x: x[:0], "features must be of shape (20, 24), not (0, 24)"),
        (lambda x: x * 3, "values must be in 0..1, not 0..3"),
        (lambda x: csr_array(x * np.uint8(2)), "values must be in 0..1, not 2..2"),
        (lambda x: csr_array(x.astype(np.int64)), "features must be bool or uint8 or int8, not int64"),
    ],
)
def test_wrong_features(change, sentence):
    rng = np.random.default_rng(7)
    with pytest.raises(UserError) as caught:
        run(gcn(rng), change(binary(rng, 20, 24)))
    assert caught.value.what == sentence
    assert caught.value.where == "input of a network with binary features"
