"""AGGREGATE on the whole core, one operation at a time, to memory: against the golden model."""

import numpy as np
import pytest
from coreruns import assert_same
from intgraphs import adjacency, scales

from pyralis.gen.gcn.intnetwork import Epilogue, IntAggregate, IntGraphNetwork, IntInput


def network(rng, nodes, width, **options) -> IntGraphNetwork:
    """One aggregation of the input's rows."""
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=width, values="int8"),
        adjacencies={"graph": adjacency(rng, nodes, 3.0)},
        operations=(IntAggregate(name="sum", source="x", adjacency="graph", **options),),
    )


@pytest.mark.parametrize("output", ["int8", "uint8", "int16", "int32"])
@pytest.mark.parametrize(("nodes", "width"), [(1, 1), (2, 8), (40, 3), (77, 29)])
def test_rows_of_every_type(nodes, width, output):
    rng = np.random.default_rng(nodes)
    bias = rng.integers(-1000, 1000, width).astype(np.int32)
    how = Epilogue(scale=scales(rng, nodes), bias=bias, bias_shift=3, shift=12, output=output)
    features = rng.integers(-128, 128, (nodes, width), dtype=np.int8)
    assert_same(network(rng, nodes, width, epilogue=how), [features])


@pytest.mark.parametrize("width", [2, 8, 20])
def test_the_rows_themselves_are_added(width):
    rng = np.random.default_rng(width)
    how = Epilogue(scale=7, extra="x", extra_scale=-300, shift=4, relu=True, output="int16")
    features = rng.integers(-128, 128, (33, width), dtype=np.int8)
    assert_same(network(rng, 33, width, epilogue=how), [features])


def test_maxima_and_rows_without_a_source():
    rng = np.random.default_rng(5)
    features = rng.integers(-128, 0, (50, 12), dtype=np.int8)
    one = network(rng, 50, 12, epilogue=Epilogue(), reduce="max")
    _, outcome = assert_same(one, [features])
    assert (outcome.results == 0).all(axis=2).any(), "of a node that gathers nothing"
