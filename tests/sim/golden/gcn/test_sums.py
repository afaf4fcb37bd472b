"""Products and reductions against scipy's integer products and plain loops."""

import numpy as np
import pytest
import torch
from intgraphs import adjacency, weights
from scipy.sparse import csr_array, random_array

from pyralis.gen.gcn.intnetwork import IntSample
from pyralis.sim.golden.gcn import sums
from pyralis.sim.golden.gcn.sums import SparseRows, aggregate, combine

SIZES = [(1, 1, 1), (20, 7, 16), (50, 602, 17), (9, 33, 1)]


def lists(matrix: csr_array) -> SparseRows:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    parts = [
        torch.as_tensor(np.asarray(part, dtype=np.int64)) for part in (rows, matrix.indices, matrix.data)
    ]
    return SparseRows(count=matrix.shape[0], rows=parts[0], indices=parts[1], values=parts[2])


@pytest.fixture(params=[1 << 24, 40], ids=["at once", "in pieces"])
def pieces(request, monkeypatch):
    monkeypatch.setattr(sums, "CHUNK_VALUES", request.param)


@pytest.mark.parametrize(("nodes", "inputs", "outputs"), SIZES)
def test_combination_of_whole_rows(nodes, inputs, outputs):
    rng = np.random.default_rng(nodes)
    rows, weight = rng.integers(-128, 128, (nodes, inputs)), weights(rng, inputs, outputs)
    found = combine(torch.as_tensor(rows), torch.as_tensor(weight, dtype=torch.int64))
    assert found.dtype == torch.int64
    assert np.array_equal(found, rows @ weight.astype(np.int64))


@pytest.mark.parametrize(("nodes", "inputs", "outputs"), SIZES)
def test_combination_of_lists(nodes, inputs, outputs, pieces):
    rng = np.random.default_rng(nodes)
    matrix = csr_array(random_array((nodes, inputs), density=0.3, rng=rng, data_sampler=None))
    matrix = csr_array(
        (rng.integers(-128, 128, matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape
    )
    weight = weights(rng, inputs, outputs).astype(np.int64)
    assert np.array_equal(combine(lists(matrix), torch.as_tensor(weight)), matrix @ weight)
    assert np.array_equal(lists(matrix).whole(inputs), matrix.toarray())


def test_largest_values_are_exact():
    rows = torch.full((3, 65536), -128)
    weight = torch.full((65536, 2), -128)
    assert (combine(rows, weight) == 1 << 30).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("nodes", "width"), [(1, 1), (20, 16), (40, 17)])
def test_sums_of_neighbours(nodes, width, weighted, pieces):
    """scipy sums entries that stand twice, as this model does."""
    rng = np.random.default_rng(nodes)
    graph = adjacency(rng, nodes, 4.0, weights=weighted)
    source = rng.integers(-128, 128, (nodes, width))
    values = np.ones(len(graph.indices), np.int64) if graph.weight is None else graph.weight.astype(np.int64)
    wanted = csr_array((values, graph.indices, graph.indptr), shape=(nodes, nodes)) @ source
    tensors = [torch.as_tensor(part) for part in (source, graph.indptr, graph.indices)]
    weight = None if graph.weight is None else torch.as_tensor(values)
    assert np.array_equal(aggregate(*tensors, weight), wanted)
    if nodes > 1:
        assert (np.diff(graph.indptr) == 0).any() and (wanted[np.diff(graph.indptr) == 0] == 0).all()
        assert len(set(graph.indices[graph.indptr[3] :])) < len(graph.indices[graph.indptr[3] :])


@pytest.mark.parametrize("sample", [None, IntSample(count=3, seed=5), IntSample(count=2, kind="predefined")])
def test_maximum_of_neighbours(sample, pieces):
    rng = np.random.default_rng(1)
    graph = adjacency(rng, 30, 4.0)
    source = rng.integers(-128, 0, (30, 5))  # all negative: the 0 of an empty row must not creep in
    tensors = [torch.as_tensor(part) for part in (source, graph.indptr, graph.indices)]
    found = aggregate(*tensors, reduce="max", sample=sample)
    if sample is not None:
        from pyralis.sim.golden.gcn.sampler import taken

        entries, rows = (part.numpy() for part in taken(tensors[1], sample))
    else:
        entries, rows = np.arange(len(graph.indices)), np.repeat(np.arange(30), np.diff(graph.indptr))
    for v in range(30):
        neighbours = [source[graph.indices[e]] for e in entries[rows == v]]
        wanted = [max(column) for column in zip(*neighbours, strict=True)] if neighbours else [0] * 5
        assert found[v].tolist() == wanted
    assert (found == 0).any() and (found < 0).any()


def test_a_star_of_five_thousand():
    indptr = torch.tensor([0, 5000] + [5000] * 5000)
    source = torch.full((5001, 3), -128)
    assert aggregate(source, indptr, torch.arange(1, 5001))[0].tolist() == [-640_000] * 3
