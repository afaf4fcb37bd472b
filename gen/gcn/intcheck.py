"""Types, ranges and shapes of an integer graph network, with a sentence for each that is wrong."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intnetwork import (
    INPUT,
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntOperation,
    IntSample,
)
from pyralis.gen.geometry import Faults, check, integer

__all__ = ["check_network"]

MAX_NODES = 1 << 31
MAX_WIDTH = 1 << 16
ROWS = ("int8", "uint8", "binary")
"""Types of rows that an operation can read."""


def check_network(network: IntGraphNetwork) -> None:
    """Raises UserError naming what is wrong, its value and its bound."""
    check(_network_faults(network), "network")
    for name, adjacency in network.adjacencies.items():
        check(_adjacency_faults(adjacency, network.nodes), f"adjacency {name!r}")
    widths = {INPUT: network.input.features}
    types: dict[str, str] = {INPUT: network.input.values}
    for operation in network.operations:
        where = f"operation {operation.name!r}"
        if not operation.name or operation.name in widths:
            what = f"names must be unique, not empty and not {INPUT!r}; {operation.name!r} is not"
            raise UserError(what, where)
        check(_source_faults(operation.source, widths, types), where)
        if isinstance(operation, IntCombine):
            check(_combine_faults(operation, widths, types), where)
            width = operation.weight.shape[1]
        else:
            check(_aggregate_faults(operation, network), where)
            width = widths[operation.source]
        check(_epilogue_faults(operation.epilogue, network.nodes, width), where)
        check(_extra_faults(operation, network, width, widths, types), where)
        widths[operation.name], types[operation.name] = width, operation.epilogue.output


def _network_faults(n: IntGraphNetwork) -> Faults:
    yield not integer(n.nodes, 1, MAX_NODES), f"nodes must be in 1..{MAX_NODES}, not {n.nodes!r}", ""
    features = n.input.features
    yield not integer(features, 1, MAX_WIDTH), f"features must be in 1..{MAX_WIDTH}, not {features!r}", ""
    what = f"values of the input must be binary or int8, not {n.input.values!r}"
    yield n.input.values not in ("binary", "int8"), what, ""
    hint = "add an IntCombine or an IntAggregate"
    if n.numbers is not None:
        yield from _type_faults("numbers", n.numbers, np.int64)
        what = f"numbers must hold {n.nodes} values, one for each node, not {n.numbers.shape}"
        yield n.numbers.shape != (n.nodes,), what, ""
    yield not n.operations, "a network needs at least one operation, and this one has none", hint


def _adjacency_faults(a: IntAdjacency, nodes: int) -> Faults:
    for name, array, dtype in (("indptr", a.indptr, np.int64), ("indices", a.indices, np.int64)):
        yield from _type_faults(name, array, dtype)
    what = f"indptr must hold {nodes + 1} values, one more than there are nodes, not {a.indptr.shape}"
    yield a.indptr.shape != (nodes + 1,), what, ""
    steps = np.diff(a.indptr)
    yield a.indptr[0] != 0, f"indptr must begin with 0, not {a.indptr[0]}", ""
    if (steps < 0).any():
        v = int(np.argmax(steps < 0))
        yield True, f"indptr must not fall, but after {a.indptr[v]} comes {a.indptr[v + 1]} (row {v})", ""
    shape, entries = a.indices.shape, int(a.indptr[-1])
    yield shape != (entries,), f"indices must hold the {entries} entries that indptr says, not {shape}", ""
    bad = (a.indices < 0) | (a.indices >= nodes)
    if bad.any():
        first = int(a.indices[np.argmax(bad)])
        yield True, f"indices must be nodes in 0..{nodes - 1}, not {first}", ""
    if a.weight is not None:
        yield from _type_faults("weight", a.weight, np.int8)
        what = f"weight must hold {entries} values, one for each entry, not {a.weight.shape}"
        yield a.weight.shape != shape, what, ""


def _source_faults(name: str, widths: dict[str, int], types: dict[str, str]) -> Faults:
    what = f"{name!r} is no row matrix; before this operation there are {_listed(widths)}"
    yield name not in widths, what, "operations can use the input and what stands before them"
    what = f"rows that are read must be int8 or uint8, but {name!r} is {types[name]}"
    yield types[name] not in ROWS, what, ""


def _combine_faults(o: IntCombine, widths: dict[str, int], types: dict[str, str]) -> Faults:
    yield from _weight_faults("weight", o.weight, o.source, widths)
    if (o.second_source is None) != (o.second_weight is None):
        yield True, "second_source and second_weight must be given together", ""
    if o.second_source is not None:
        yield from _source_faults(o.second_source, widths, types)
        assert o.second_weight is not None
        yield from _weight_faults("second_weight", o.second_weight, o.second_source, widths)
        first, second = o.weight.shape[1], o.second_weight.shape[1]
        yield first != second, f"second_weight must have {first} columns as weight has, not {second}", ""


def _weight_faults(name: str, weight: np.ndarray, source: str, widths: dict[str, int]) -> Faults:
    yield from _type_faults(name, weight, np.int8)
    shape = weight.shape
    what = f"{name} must have two sizes (features, width) of at least 1, not {shape}"
    yield len(shape) != 2 or 0 in shape, what, ""
    yield shape[1] > MAX_WIDTH, f"{name} must have at most {MAX_WIDTH} columns, not {shape[1]}", ""
    what = f"{name} takes rows of {shape[0]} elements, but those of {source!r} have {widths[source]}"
    yield shape[0] != widths[source], what, "weights are (features, width): transpose those of PyTorch"


def _aggregate_faults(o: IntAggregate, network: IntGraphNetwork) -> Faults:
    names = network.adjacencies
    yield o.adjacency not in names, f"there is no adjacency {o.adjacency!r}, only {_listed(names)}", ""
    yield o.reduce not in ("sum", "max"), f"reduce must be sum or max, not {o.reduce!r}", ""
    weighted = names[o.adjacency].weight is not None
    what = f"a maximum takes no edge weights, but adjacency {o.adjacency!r} has them"
    yield o.reduce == "max" and weighted, what, "name an adjacency without weights"
    what = "an aggregation reads whole rows, but the input is stored as lists of its elements"
    yield o.source == INPUT and network.input.sparse, what, "combine first, or make the input not sparse"
    if o.sample is not None:
        yield from _sample_faults(o.sample)


def _sample_faults(s: IntSample) -> Faults:
    what = f"kind of a sample must be uniform or predefined, not {s.kind!r}"
    yield s.kind not in ("uniform", "predefined"), what, ""
    for name, low, high in (("count", 1, 255), ("seed", 0, 65535), ("start", 0, 65535), ("step", 1, 65535)):
        value = getattr(s, name)
        yield not integer(value, low, high), f"{name} of a sample must be in {low}..{high}, not {value!r}", ""


def _epilogue_faults(e: Epilogue, nodes: int, width: int) -> Faults:
    if isinstance(e.scale, np.ndarray):
        yield from _type_faults("scale", e.scale, np.uint16)
        what = f"scale must be one number or {nodes}, one for each node, not {e.scale.shape}"
        yield e.scale.shape != (nodes,), what, ""
    else:
        yield not integer(e.scale, 0, 65535), f"scale must be in 0..65535, not {e.scale!r}", ""
    for name, low, high in (
        ("extra_scale", -(1 << 15), (1 << 15) - 1),
        ("bias_shift", 0, 15),
        ("shift", 0, 47),
    ):
        value = getattr(e, name)
        yield not integer(value, low, high), f"{name} must be in {low}..{high}, not {value!r}", ""
    outputs = ("int8", "uint8", "int16", "int32")
    yield e.output not in outputs, f"output must be int8, uint8, int16 or int32, not {e.output!r}", ""
    if e.bias is not None:
        yield from _type_faults("bias", e.bias, np.int32)
        yield e.bias.shape != (width,), f"bias must hold {width} values, not {e.bias.shape}", ""


def _extra_faults(
    o: IntOperation, network: IntGraphNetwork, width: int, widths: dict[str, int], types: dict[str, str]
) -> Faults:
    name = o.epilogue.extra
    if name is None:
        return
    yield from _source_faults(name, widths, types)
    what = f"extra must have rows of {width} elements, but those of {name!r} have {widths[name]}"
    yield widths[name] != width, what, ""
    what = "an extra is read as whole rows, but the input is stored as lists of its elements"
    yield name == INPUT and network.input.sparse, what, "make the input not sparse"


def _type_faults(name: str, array: Any, dtype: type) -> Faults:
    got = getattr(array, "dtype", type(array).__name__)
    what = f"{name} must be a numpy array of {np.dtype(dtype)}, not of {got}"
    yield not isinstance(array, np.ndarray) or got != dtype, what, f"astype(np.{np.dtype(dtype)})"


def _listed(names: Iterable[str]) -> str:
    found = [repr(name) for name in names]
    if not found:
        return "none"
    return " and ".join(found) if len(found) < 3 else f"{', '.join(found[:-1])} and {found[-1]}"
