"""Width proofs: the bounds are reached by real inputs, and never passed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from intgraphs import gcn, mixed, weights

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
    IntSample,
)
from pyralis.gen.gcn.widths import bits, bounds
from pyralis.sim.golden.gcn.network import run


def star(degree: int, weight: int | None = None) -> IntAdjacency:
    """Node 0 gathers node 1 *degree* times."""
    edges = None if weight is None else np.full(degree, weight, np.int8)
    indptr = np.array([0, degree, degree])
    return IntAdjacency(indptr=indptr, indices=np.ones(degree, np.int64), weight=edges)


def gathering(graph: IntAdjacency, **settings) -> IntGraphNetwork:
    epilogue = settings.pop("epilogue", Epilogue(output="int32"))
    return IntGraphNetwork(
        nodes=2,
        input=IntInput(features=1),
        adjacencies={"a": graph},
        operations=(IntAggregate(name="sum", source="x", adjacency="a", epilogue=epilogue, **settings),),
    )


def refused(network, **widths) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        network.validate(**widths)
    return caught.value.what, caught.value.where, caught.value.hint


def test_bits():
    assert [bits(*pair) for pair in ((0, 0), (-1, 0), (0, 1), (-128, 127), (-129, 0), (0, 128))] == [
        *(1, 1, 2, 8, 9, 9)
    ]


def test_bound_of_a_degree_is_reached():
    """The largest star that 24 bits hold, and one edge more."""
    network = gathering(star(65536))
    network.validate()
    assert bounds(network, network.operations[0]).sum == (-(1 << 23), 65536 * 127)
    result = run(network, np.full((2, 1), -128, np.int8))
    assert result.sums["sum"] == (-(1 << 23), 0)
    what = "the sum can reach -8388736, beyond the 24 bits of -8388608..8388607"
    hint = "sample the neighbours, or use a core with a wider accumulator"
    assert refused(gathering(star(65537))) == (what, "operation 'sum'", hint)
    gathering(star(65537)).validate(accumulator_bits=25)
    what = "the sum can reach -32896, beyond the 16 bits of -32768..32767"
    assert refused(gathering(star(257)), accumulator_bits=16)[0] == what
    gathering(star(65537), sample=IntSample(count=25)).validate(accumulator_bits=16)
    gathering(star(65537), reduce="max").validate(accumulator_bits=8)


def test_bound_of_edge_weights_is_reached():
    network = gathering(star(511, -128))
    assert bounds(network, network.operations[0]).sum == (-511 * 128 * 127, 511 * 128 * 128)
    network.validate()
    assert run(network, np.full((2, 1), -128, np.int8)).sums["sum"] == (0, 511 * 128 * 128)
    what = "the sum can reach 8388608, beyond the 24 bits of -8388608..8388607"
    assert refused(gathering(star(512, -128)))[0] == what
    sampled = gathering(star(512, -128), sample=IntSample(count=2))
    assert bounds(sampled, sampled.operations[0]).sum == (-2 * 128 * 128, 2 * 128 * 128)


def test_bound_of_a_product_is_reached():
    rng = np.random.default_rng(0)
    weight = weights(rng, 40, 6)
    epilogue = Epilogue(scale=65535, bias=np.full(6, 1000, np.int32), bias_shift=15, shift=24, output="int32")
    network = IntGraphNetwork(
        nodes=1,
        input=IntInput(features=40, values="binary"),
        adjacencies={},
        operations=(IntCombine(name="xw", source="x", weight=weight, epilogue=epilogue),),
    )
    network.validate()
    found = bounds(network, network.operations[0])
    greatest = np.maximum(weight.astype(int), 0).sum(axis=0)
    j = int(greatest.argmax())
    assert found.sum[1] == greatest[j]
    assert found.total[1] == greatest[j] * 65535 + (1000 << 15) + (1 << 23)
    features = (weight[:, j] > 0).astype(np.uint8)[None]
    assert run(network, features).sums["xw"][1] == greatest[j]
    what = f"the sum can reach {greatest[j]}, beyond the 11 bits of -1024..1023"
    hint = "use smaller weights, or split the layer's input"
    assert refused(network, product_bits=11) == (what, "operation 'xw'", hint)


def test_scaled_sums_must_fit_too():
    scale = np.array([65535, 0], np.uint16)
    network = gathering(star(33600), epilogue=Epilogue(scale=scale, shift=30, output="int32"))
    network.validate()
    low, high = bounds(network, network.operations[0]).total
    assert (low, high) == (-33600 * 128 * 65535, 33600 * 127 * 65535 + (1 << 29))
    bias = np.array([-(1 << 31)], np.int32)
    epilogue = Epilogue(scale=65535, bias=bias, bias_shift=15, shift=30, output="int32")
    gathering(star(5000), epilogue=epilogue).validate()
    epilogue = Epilogue(
        scale=65535, bias=~bias, bias_shift=15, shift=2, output="int32", extra="x", extra_scale=7
    )
    network = gathering(star(131071, -128), epilogue=epilogue)
    total = 131071 * 128 * 128 * 65535 + ((1 << 31) - 1 << 15) + 7 * 127 + 2
    what = f"the scaled sum can reach {total}, beyond the 48 bits of -140737488355328..140737488355327"
    hint = "use smaller scales and a smaller shift"
    assert refused(network, accumulator_bits=32) == (what, "operation 'sum'", hint)


@pytest.mark.parametrize("make", [gcn, mixed])
def test_no_part_of_a_sum_passes_its_bound(make):
    """Sums of any part of the entries, as a core adds them in pieces."""
    rng = np.random.default_rng(8)
    network = make(rng)
    values = (0, 1) if network.input.values == "binary" else (-128, 127)
    for _ in range(5):
        features = rng.choice(values, (network.nodes, network.input.features)).astype(np.int8)
        adjacencies = {}
        for name, graph in network.adjacencies.items():
            keep = rng.random(len(graph.indices)) < 0.5
            counts = torch.as_tensor(
                np.bincount(np.repeat(np.arange(network.nodes), graph.degrees)[keep], minlength=network.nodes)
            )
            indptr = np.concatenate([[0], counts.cumsum(0)])
            weight = None if graph.weight is None else graph.weight[keep]
            adjacencies[name] = IntAdjacency(indptr=indptr, indices=graph.indices[keep], weight=weight)
        result = run(replace(network, adjacencies=adjacencies), features)
        for operation in network.operations:
            low, high = bounds(network, operation).sum
            assert low <= result.sums[operation.name][0] and result.sums[operation.name][1] <= high
