"""What a program moves and computes: a formula, to hold the core's counters against."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyralis.gen.gcn.intnetwork import INPUT, RANGES, IntCombine, IntGraphNetwork
from pyralis.hw.gcn.program import COMPACT_BITS, Content, Opcode, Origin

__all__ = ["KINDS", "KIND_OF", "Traffic", "bytes_of", "compulsory", "kind_of", "operations"]

KINDS = ("edges", "features", "weights", "scales", "biases", "outputs")

KIND_OF = {
    Content.EDGES: "edges",
    Content.OCCUPANCY: "edges",
    Content.FEATURES: "features",
    Content.ROWS: "features",
    Content.WEIGHTS: "weights",
    Content.SCALES: "scales",
    Content.BIASES: "biases",
}


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Of one run.

    Attributes
    ----------
    first, later : dict of int
        Bytes of each of :data:`KINDS` on the bus, in the first run and in one that finds on chip what stays.
    compulsory : dict of int
        Bytes that any core must move once: no padding, no word twice.
    operations : dict of int
        Products or additions of each operation, one for each entry (or element) and element of the result.
    """

    first: dict[str, int]
    later: dict[str, int]
    compulsory: dict[str, int]
    operations: dict[str, int]

    def __str__(self) -> str:
        lines = [f"{'':10}{'first run':>12}{'later runs':>12}{'compulsory':>12}  bytes"]
        for kind in KINDS:
            numbers = (table[kind] for table in (self.first, self.later, self.compulsory))
            lines.append(f"{kind:10}" + "".join(f"{number:12,}" for number in numbers))
        sums = (sum(table.values()) for table in (self.first, self.later, self.compulsory))
        lines.append(f"{'all':10}" + "".join(f"{number:12,}" for number in sums))
        lines += [f"{name}: {count:,} operations" for name, count in self.operations.items()]
        return "\n".join(lines)


def kind_of(load: Mapping[str, Any]) -> str:
    """Which of :data:`KINDS` a load brings; rows that do not change are weights."""
    table = load["content"] is Content.ROWS and load["origin"] is Origin.WEIGHTS
    return "weights" if table else KIND_OF[load["content"]]


def bytes_of(
    descriptors: Iterable[Mapping[str, Any]], beat_bytes: int, results: int, *, later: bool
) -> dict[str, int]:
    """Bytes that the descriptors read, and *results* bytes written; *later*: without what stays on chip."""
    found = dict.fromkeys(KINDS, 0)
    for each in descriptors:
        if each["opcode"] is Opcode.LOAD and not (later and each.get("resident", 0)):
            found[kind_of(each)] += each["beats"] * beat_bytes
    found["outputs"] = results
    return found


def compulsory(
    network: IntGraphNetwork, stored: int | None, *, compact: Container[Content] = ()
) -> dict[str, int]:
    """Bytes of everything once; *stored*: elements of a sparse input, *compact*: what has short entries."""
    n, widths, found = network, network.widths(), Counter(dict.fromkeys(KINDS, 0))
    scales = set()
    for operation in n.operations:
        epilogue = operation.epilogue
        if isinstance(operation, IntCombine):
            found["weights"] += operation.weight.size
            if operation.second_weight is not None:
                found["weights"] += operation.second_weight.size
        if epilogue.bias is not None:
            found["biases"] += 4 * len(epilogue.bias)
        if isinstance(epilogue.scale, np.ndarray):
            scales.add(epilogue.scale.tobytes())
    found["scales"] = 2 * n.nodes * len(scales)
    for name in {each.adjacency for each in n.operations if not isinstance(each, IntCombine)}:
        weighted = n.adjacencies[name].weight is not None
        size = _entry_bits(Content.EDGES, Content.EDGES in compact and not weighted, weighted)
        found["edges"] += -(-len(n.adjacencies[name].indices) * size // 8)
    binary = n.input.values == "binary"
    if stored is None:
        found["features"] = n.nodes * n.input.features
    else:
        size = _entry_bits(Content.FEATURES, Content.FEATURES in compact, not binary)
        found["features"] = -(-stored * size // 8)
    last = n.operations[-1]
    low, high = RANGES[last.epilogue.output]
    found["outputs"] = n.nodes * widths[last.name] * ((high - low).bit_length() // 8)
    return dict(found)


def _entry_bits(content: Content, compact: bool, valued: bool) -> int:
    """Of an entry in memory, and its value."""
    return COMPACT_BITS[content] + 1 if compact else 24 if valued else 16


def operations(network: IntGraphNetwork, stored: int | None) -> dict[str, int]:
    """Products or additions of each operation; *stored*: elements of a sparse input."""
    n, widths, found = network, network.widths(), {}
    for operation in n.operations:
        width = widths[operation.name]
        if isinstance(operation, IntCombine):
            sources = [operation.source, operation.second_source]
            elements = [
                stored if name == INPUT and stored is not None else n.nodes * widths[name]
                for name in sources
                if name is not None
            ]
            found[operation.name] = sum(elements) * width
        else:
            adjacency, sample = n.adjacencies[operation.adjacency], operation.sample
            entries = len(adjacency.indices) if sample is None else int(sample.sizes(adjacency.degrees).sum())
            found[operation.name] = entries * width
    return found
