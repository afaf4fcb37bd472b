"""COMBINE on the whole core, one operation at a time, to memory: against the golden model."""

import numpy as np
import pytest
from coreruns import assert_same
from intgraphs import scales, weights

from pyralis.gen.gcn.compile import Settings
from pyralis.gen.gcn.intnetwork import Epilogue, IntCombine, IntGraphNetwork, IntInput


def network(rng, nodes, elements, width, *, sparse, values="int8", output="int32") -> IntGraphNetwork:
    """One combination of the input's rows."""
    bias = rng.integers(-1000, 1000, width).astype(np.int32)
    how = Epilogue(scale=scales(rng, nodes), bias=bias, shift=14, output=output)
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=elements, values=values, sparse=sparse),
        adjacencies={},
        operations=(IntCombine(name="xw", source="x", weight=weights(rng, elements, width), epilogue=how),),
    )


def rows(rng, nodes, elements, density=0.4):
    return rng.integers(-128, 128, (nodes, elements), dtype=np.int8) * (
        rng.random((nodes, elements)) < density
    )


SIZES = [(1, 1, 1), (2, 8, 8), (9, 3, 17), (70, 30, 20), (33, 64, 3)]


@pytest.mark.parametrize("cooperative", [False, True])
@pytest.mark.parametrize(("nodes", "elements", "width"), SIZES)
def test_rows_of_the_store(nodes, elements, width, cooperative):
    rng = np.random.default_rng(nodes)
    one = network(rng, nodes, elements, width, sparse=False)
    assert_same(one, [rows(rng, nodes, elements)], settings=Settings(cooperative=cooperative))


@pytest.mark.parametrize("output", ["int8", "uint8", "int16", "int32"])
@pytest.mark.parametrize(("nodes", "elements", "width"), SIZES)
def test_lists_of_elements(nodes, elements, width, output):
    """Rows are finished in any order, in groups that the reorder memory holds."""
    rng = np.random.default_rng(nodes)
    one = network(rng, nodes, elements, width, sparse=True, output=output)
    assert_same(one, [rows(rng, nodes, elements)])


def test_lists_of_ones():
    rng = np.random.default_rng(8)
    one = network(rng, 40, 90, 5, sparse=True, values="binary")
    assert_same(one, [(rng.random((40, 90)) < 0.1).astype(np.uint8)])
