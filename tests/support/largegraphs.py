"""Random networks on graphs that are larger than a core's row store, or whose weights are than its buffer."""

from dataclasses import replace

import numpy as np
from densegraphs import MAKERS, dense, near, scattered
from intgraphs import binary, scales, weights

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
    IntSample,
)
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["CONFIGS", "random_large"]

SMALL = GcnConfig(
    store_rows=128,
    hubs=8,
    weight_rows=256,
    edge_lines=64,
    feature_lines=64,
    bus_bits=128,
    occupancy_words=128,
    scale_rows=64,
    sampler=True,
)
"""512 rows of 8 elements, two in a bus beat; scales of 128 rows; bitmaps of 8,192."""

CONFIGS = {
    "two": SMALL,
    "narrow": replace(SMALL, bus_bits=32),
    "four": replace(SMALL, columns=8, lanes=16, banks=1, bus_bits=512, edge_lines=128),
    "weighted": replace(SMALL, edge_weights=True, splits=1),
}


def random_large(rng: np.random.Generator, config: GcnConfig) -> tuple[Compiled, np.ndarray] | None:
    """Layers of any kind and width, compiled; None where the core cannot hold what it must."""
    nodes, features = int(rng.integers(200, 900)), int(rng.choice([5, 24, 300, 700]))
    graph = (near if rng.integers(2) else scattered)(rng, nodes, int(rng.integers(1, 6)))
    settings = Settings(
        chain=bool(rng.integers(6)),
        cooperative=bool(rng.integers(2)),
        elimination=[None, "window", "rows"][int(rng.integers(3))],
        window_height=int(rng.choice([1, 3, 40])),
    )
    order = str(rng.choice(["spread", "given", "cuthill-mckee"]))
    if not rng.integers(3):
        kind, width, hidden = (
            str(rng.choice(list(MAKERS))),
            int(rng.integers(1, 20)),
            int(rng.integers(1, 20)),
        )
        network, rows = MAKERS[kind](rng, nodes, width, hidden, graph), dense(rng, nodes, width)
        return _compiled(network, config, rows, settings, order)
    operations, source, width = [], "x", features
    for layer in range(int(rng.integers(2, 4))):
        last, hidden = layer and not rng.integers(3), int(rng.choice([1, 4, 8, 13, 30]))
        sample = IntSample(count=int(rng.integers(1, 4)), seed=layer) if not rng.integers(4) else None
        combine = IntCombine(
            name=f"c{layer}",
            source=source,
            weight=weights(rng, width, hidden),
            epilogue=Epilogue(scale=scales(rng, nodes), shift=int(rng.integers(18, 24))),
        )
        aggregate = IntAggregate(
            name=f"a{layer}",
            source=combine.name,
            adjacency="graph",
            reduce=str(rng.choice(["sum", "sum", "max"])),
            sample=sample,
            epilogue=Epilogue(
                scale=scales(rng, nodes) if rng.integers(2) else 3,
                shift=int(rng.integers(2, 18)),
                relu=bool(rng.integers(2)),
                output="int8" if not last else str(rng.choice(["int8", "int16", "int32"])),
            ),
        )
        operations += [combine, aggregate]
        source, width = aggregate.name, hidden
        if last:
            break
    given = IntInput(features=features, values="binary", sparse=True)
    network = IntGraphNetwork(
        nodes=nodes, input=given, adjacencies={"graph": graph}, operations=tuple(operations)
    )
    rows = binary(rng, nodes, features, min(0.3, 6 / features))
    return _compiled(network, config, rows, settings, order)


def _compiled(network, config, rows, settings, order):
    try:
        return compile_network(network, config, features=rows, settings=settings, order=order), rows
    except UserError as error:
        fault = f"{error.what} {error.hint}"
    known = ("words of the row store", "of the Weight Buffer", "leave elimination out", "lines of a column")
    assert any(each in fault for each in known), fault
    return None
