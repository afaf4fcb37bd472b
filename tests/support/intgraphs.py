"""Random graphs, features and integer graph networks that are valid, for several tests."""

from dataclasses import replace

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


def deeper(network: IntGraphNetwork, rng: np.random.Generator, layers: int) -> IntGraphNetwork:
    """*network*, which is one of :func:`gcn`, with as many layers, all of the same hidden width."""
    first, gathers, second, last = network.operations
    hidden, more, source = network.widths()["h1"], [], "h1"
    for number in range(2, layers):
        square = weights(rng, hidden, hidden)
        made = IntCombine(name=f"c{number}", source=source, weight=square, epilogue=Epilogue(shift=9))
        source = f"a{number}"
        gathered = IntAggregate(name=source, source=made.name, adjacency="graph", epilogue=Epilogue(shift=2))
        more += [made, gathered]
    operations = (first, gathers, *more, replace(second, source=source), last)
    return replace(network, operations=operations)


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


def sampling(rng: np.random.Generator, sample: IntSample, nodes: int = 60) -> IntGraphNetwork:
    """Sums of *sample* of each node's neighbours, nine on average, of rows of eight."""
    gathered = IntAggregate(
        name="h", source="x", adjacency="graph", sample=sample, epilogue=Epilogue(shift=2)
    )
    graph = adjacency(rng, nodes, 9.0)
    return IntGraphNetwork(
        nodes=nodes, input=IntInput(features=8), adjacencies={"graph": graph}, operations=(gathered,)
    )


def random_network(rng: np.random.Generator, *, weighted: bool) -> tuple[IntGraphNetwork, np.ndarray]:
    """Six operations on rows made before, everything chosen at random that a core can do."""
    nodes, features = int(rng.integers(1, 40)), int(rng.integers(1, 20))
    sparse = bool(rng.integers(2))
    values = str(rng.choice(["binary", "int8"]))
    adjacencies = {"plain": adjacency(rng, nodes, 3.0), "other": adjacency(rng, nodes, 1.0)}
    if weighted:
        adjacencies["weighted"] = adjacency(rng, nodes, 2.0, weights=True)
    whole = {} if sparse else {"x": features}  # rows that can be read as such
    operations = []
    for number in range(6):
        name = f"r{number}"
        last = number == 5
        shift = int(rng.integers(8, 24))
        epilogue = Epilogue(
            scale=scales(rng, nodes) if rng.integers(2) else int(rng.integers(1000)),
            shift=shift,
            relu=bool(rng.integers(2)),
            output=str(rng.choice(["int8", "uint8", "int16", "int32"] if last else ["int8", "uint8"])),
        )
        if not whole or rng.integers(2):
            sources = list(whole) + ["x"] * sparse
            source = str(sources[-1] if rng.integers(2) else rng.choice(sources))
            width = int(rng.integers(1, 20))
            second = str(rng.choice(list(whole))) if whole and rng.integers(3) == 0 else None
            if sparse and source == "x":
                second = None
            made = IntCombine(
                name=name,
                source=source,
                weight=weights(rng, whole.get(source, features), width),
                second_source=second,
                second_weight=weights(rng, whole[second], width) if second else None,
                epilogue=epilogue,
            )
        else:
            source = str(rng.choice(list(whole)))
            width = whole[source]
            added = [each for each in whole if whole[each] == width]
            which = str(rng.choice(list(adjacencies)))
            if rng.integers(3) == 0:
                factor = int(rng.integers(-999, 999))
                epilogue = replace(epilogue, extra=str(rng.choice(added)), extra_scale=factor)
            made = IntAggregate(
                name=name,
                source=source,
                adjacency=which,
                reduce="max" if which != "weighted" and rng.integers(3) == 0 else "sum",
                epilogue=epilogue,
            )
        if rng.integers(2):
            bias = rng.integers(-(1 << 16), 1 << 16, width).astype(np.int32)
            made = replace(made, epilogue=replace(made.epilogue, bias=bias, bias_shift=int(rng.integers(8))))
        operations.append(made)
        whole[name] = width
    network = IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=features, values=values, sparse=sparse),
        adjacencies=adjacencies,
        operations=tuple(operations),
    )
    if values == "binary":
        return network, binary(rng, nodes, features)
    dense = rng.integers(-128, 128, (nodes, features), dtype=np.int8)
    return network, dense * (rng.random((nodes, features)) < 0.5)
