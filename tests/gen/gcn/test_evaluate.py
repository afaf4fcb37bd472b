"""What the quantiser computes with is what the golden model computes."""

import numpy as np
import pytest
from intgraphs import binary, gcn, mixed
from scipy.sparse import csr_array

from pyralis.gen.gcn.evaluate import epilogue, gather, product
from pyralis.gen.gcn.intnetwork import IntCombine
from pyralis.sim.golden.gcn.network import run


@pytest.mark.parametrize("container", [np.asarray, csr_array])
@pytest.mark.parametrize("make", [gcn, mixed])
@pytest.mark.parametrize("seed", range(4))
def test_operation_by_operation(make, seed, container):
    rng = np.random.default_rng(seed)
    network = make(rng, nodes=[1, 13, 20, 40][seed])
    shape = network.nodes, network.input.features
    features = binary(rng, *shape) if network.input.values == "binary" else rng.integers(-128, 128, shape)
    want = run(network, features.astype(np.int8))
    whole = features.astype(np.int64)
    sources = {"x": container(whole) if make is gcn else whole}
    for operation in network.operations:
        source = sources[operation.source]
        if isinstance(operation, IntCombine):
            sums = product(source, operation.weight)
            if operation.second_source is not None:
                sums = sums + product(sources[operation.second_source], operation.second_weight)
        else:
            graph = network.adjacencies[operation.adjacency]
            sums = gather(source, graph, graph.weight, operation.reduce, operation.sample)
        extra = operation.epilogue.extra
        rows, saturated = epilogue(sums, operation.epilogue, None if extra is None else sources[extra])
        assert rows.dtype == np.int64
        assert np.array_equal(rows, want.rows[operation.name])
        assert saturated == want.saturated[operation.name]
        sources[operation.name] = rows


def test_reals_stay_reals():
    rows = np.array([[0.5, -1.0], [0.25, 2.0]])
    assert product(rows, np.array([[2.0], [0.5]])).tolist() == [[0.5], [1.5]]
    assert product(rows, np.array([[2], [1]])).tolist() == [[0.0], [2.5]]
