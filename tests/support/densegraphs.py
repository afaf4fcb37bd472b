"""Integer networks that gather the rows of a dense input first, as GIN and GraphSAGE do, and graphs."""

import numpy as np
from intgraphs import scales, weights

from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
)

__all__ = ["MAKERS", "dense", "gin", "near", "perceptrons", "sage", "scattered"]


def dense(rng: np.random.Generator, nodes: int, width: int) -> np.ndarray:
    return rng.integers(-128, 128, (nodes, width), dtype=np.int8)


def scattered(rng: np.random.Generator, nodes: int, degree: int) -> IntAdjacency:
    """Up to *degree* entries a row, of any sources."""
    indptr = np.concatenate([[0], np.cumsum(rng.integers(0, degree + 1, nodes))])
    return IntAdjacency(indptr=indptr, indices=rng.integers(0, nodes, indptr[-1]))


def near(rng: np.random.Generator, nodes: int, degree: int) -> IntAdjacency:
    """As many, of sources with numbers near those of the rows."""
    counts = rng.integers(0, degree + 1, nodes)
    rows = np.repeat(np.arange(nodes), counts)
    indices = np.clip(rows + rng.integers(-20, 21, len(rows)), 0, nodes - 1)
    return IntAdjacency(indptr=np.concatenate([[0], np.cumsum(counts)]), indices=indices)


def gin(
    rng: np.random.Generator, nodes: int, width: int, hidden: int, graph: IntAdjacency, *, layers: int = 2
) -> IntGraphNetwork:
    """(1 + eps) of the node itself is an extra of each aggregation; one layer, or two."""
    first = Epilogue(scale=1000, shift=10, extra="x", extra_scale=1500)
    last = Epilogue(shift=4, output="int16")
    operations = [
        IntAggregate(name="a1", source="x", adjacency="graph", epilogue=first),
        IntCombine(name="m1", source="a1", weight=weights(rng, width, hidden), epilogue=last),
    ]
    if layers == 2:
        middle = Epilogue(shift=9, relu=True, output="uint8")
        added = Epilogue(shift=3, extra="m1", extra_scale=3)
        operations[1] = IntCombine(
            name="m1", source="a1", weight=weights(rng, width, hidden), epilogue=middle
        )
        operations += [
            IntAggregate(name="a2", source="m1", adjacency="graph", epilogue=added),
            IntCombine(name="m2", source="a2", weight=weights(rng, hidden, 3), epilogue=last),
        ]
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=width, values="int8"),
        adjacencies={"graph": graph},
        operations=tuple(operations),
    )


def perceptrons(
    rng: np.random.Generator, nodes: int, width: int, hidden: int, graph: IntAdjacency
) -> IntGraphNetwork:
    """GIN with a perceptron of two or three layers behind each of two aggregations."""
    operations, source = [], "x"
    for number, depth in enumerate((2, 3), start=1):
        own = Epilogue(scale=900, shift=10, extra=source, extra_scale=1100)
        aggregate = IntAggregate(name=f"a{number}", source=source, adjacency="graph", epilogue=own)
        operations.append(aggregate)
        source = aggregate.name
        for layer in range(depth):
            last = number == 2 and layer == depth - 1
            inputs, outputs = (width if len(operations) == 1 else hidden), 3 if last else hidden
            ending = (
                Epilogue(shift=4, output="int16") if last else Epilogue(shift=9, relu=True, output="uint8")
            )
            made = IntCombine(
                name=f"m{number}{layer}", source=source, weight=weights(rng, inputs, outputs), epilogue=ending
            )
            operations.append(made)
            source = made.name
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=width, values="int8"),
        adjacencies={"graph": graph},
        operations=tuple(operations),
    )


def sage(
    rng: np.random.Generator,
    nodes: int,
    width: int,
    hidden: int,
    graph: IntAdjacency,
    *,
    largest: bool = False,
) -> IntGraphNetwork:
    """Two layers with root weights: the mean of the neighbours (scales are any), or the *largest*."""
    ending = Epilogue() if largest else Epilogue(scale=scales(rng, nodes), shift=16)
    reduce = "max" if largest else "sum"
    operations = []
    for number, (source, inputs, outputs) in enumerate((("x", width, hidden), ("m1", hidden, 3)), start=1):
        last = Epilogue(shift=4, output="int16")
        operations += [
            IntAggregate(name=f"a{number}", source=source, adjacency="graph", reduce=reduce, epilogue=ending),
            IntCombine(
                name=f"m{number}",
                source=f"a{number}",
                weight=weights(rng, inputs, outputs),
                second_source=source,
                second_weight=weights(rng, inputs, outputs),
                epilogue=last if number == 2 else Epilogue(shift=9, relu=True, output="uint8"),
            ),
        ]
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=width, values="int8"),
        adjacencies={"graph": graph},
        operations=tuple(operations),
    )


def _largest(rng, nodes, width, hidden, graph) -> IntGraphNetwork:
    return sage(rng, nodes, width, hidden, graph, largest=True)


MAKERS = {"gin": gin, "mean": sage, "max": _largest}
"""By what they are, all called alike."""
