"""Random graphs, features and integer graph networks that are valid, for several tests."""

import numpy as np

from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
    IntSample,
)


def adjacency(rng: np.random.Generator, nodes: int, mean: float, weights: bool = False) -> IntAdjacency:
    """Rows of uneven length, some empty, with repeated entries, self loops and, from 8 nodes on, a hub."""
    degrees = rng.poisson(mean * rng.exponential(1.0, nodes))
    if nodes >= 8:
        degrees[rng.integers(nodes)] = 5 * nodes
        degrees[rng.choice(nodes, 2, replace=False)] = 0
    indptr = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64)
    indices = rng.integers(0, nodes, indptr[-1])
    weight = rng.integers(-128, 128, indptr[-1], dtype=np.int8) if weights else None
    return IntAdjacency(indptr=indptr, indices=indices, weight=weight)


def binary(rng: np.random.Generator, nodes: int, width: int, density: float = 0.2) -> np.ndarray:
    rows = (rng.random((nodes, width)) < density).astype(np.uint8)
    rows[rng.integers(nodes)] = 0
    return rows


def weights(rng: np.random.Generator, inputs: int, outputs: int) -> np.ndarray:
    return rng.integers(-128, 128, (inputs, outputs), dtype=np.int8)


def scales(rng: np.random.Generator, nodes: int) -> np.ndarray:
    return rng.integers(0, 65536, nodes).astype(np.uint16)


def gcn(rng: np.random.Generator, nodes: int = 20, features: int = 24, hidden: int = 5) -> IntGraphNetwork:
    """Contract B: two layers in A(XW) order, binary input stored as lists, scales of nodes."""
    p, r = scales(rng, nodes), scales(rng, nodes)
    bias = rng.integers(-(1 << 20), 1 << 20, hidden).astype(np.int32)
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=features, values="binary", sparse=True, unit=1.0),
        adjacencies={"graph": adjacency(rng, nodes, 4.0)},
        operations=(
            IntCombine(
                name="xw1",
                source="x",
                weight=weights(rng, features, hidden),
                epilogue=Epilogue(scale=p, shift=18),
                unit=0.5,
            ),
            IntAggregate(
                name="h1",
                source="xw1",
                adjacency="graph",
                epilogue=Epilogue(scale=r, bias=bias, bias_shift=2, shift=16, relu=True, output="uint8"),
            ),
            IntCombine(
                name="xw2",
                source="h1",
                weight=weights(rng, hidden, 3),
                epilogue=Epilogue(scale=r, shift=24),
            ),
            IntAggregate(
                name="h2",
                source="xw2",
                adjacency="graph",
                epilogue=Epilogue(scale=r, shift=9, output="int16"),
            ),
        ),
        source={"made": "by hand"},
    )


def mixed(rng: np.random.Generator, nodes: int = 17, features: int = 6) -> IntGraphNetwork:
    """One of everything else: edge weights, samples, maximum, root weights, an extra, negative factors."""
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=features, values="int8"),
        adjacencies={
            "weighted": adjacency(rng, nodes, 3.0, weights=True),
            "plain": adjacency(rng, nodes, 6.0),
        },
        operations=(
            IntAggregate(
                name="sum",
                source="x",
                adjacency="weighted",
                epilogue=Epilogue(scale=1000, shift=18, extra="x", extra_scale=-3000),
            ),
            IntAggregate(
                name="sampled",
                source="x",
                adjacency="weighted",
                sample=IntSample(count=3, seed=77),
                epilogue=Epilogue(scale=scales(rng, nodes), shift=21, output="uint8"),
            ),
            IntAggregate(
                name="largest",
                source="sum",
                adjacency="plain",
                reduce="max",
                sample=IntSample(count=4, kind="predefined", start=1, step=2),
                epilogue=Epilogue(),
            ),
            IntCombine(
                name="both",
                source="largest",
                weight=weights(rng, features, 9),
                second_source="sampled",
                second_weight=weights(rng, features, 9),
                epilogue=Epilogue(scale=3, shift=6, relu=True, output="uint8"),
            ),
            IntCombine(
                name="last",
                source="both",
                weight=weights(rng, 9, 2),
                epilogue=Epilogue(bias=np.array([-5, 1 << 20], dtype=np.int32), output="int32"),
            ),
        ),
    )
