"""The file of an integer graph network: one ``.npz`` with a JSON header.

Three lines of numpy read it::

    file = np.load("cora.npz")
    header = json.loads(file["header"].item())
    weight = file["0.weight"]  # operation 0: int8 (features, width)

``header`` names the format and its version, the input, the adjacencies and every operation's settings in the
words of :mod:`pyralis.gen.gcn.intnetwork`, the layout of the arrays in prose, and for each array its type,
shape and SHA-256: see :mod:`pyralis.gen.arrayfile`. The same network gives the same bytes on every machine.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.arrayfile import ArrayFile
from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
    IntOperation,
    IntSample,
)

__all__ = ["FORMAT", "VERSION", "content", "load", "save"]

FORMAT = "pyralis integer graph network"
VERSION = 1

LAYOUT = (
    "adjacency.<i>.indptr int64 (nodes + 1), .indices int64 (entries), .weight int8 (entries): row v lists "
    "the sources of node v. <i>.weight, <i>.second_weight int8 (features, width); <i>.bias int32 (width); "
    "<i>.scale uint16 (nodes). Arrays that a network does not have are left out. unit: real value of one."
)

GRAPH = {"indptr": "<i8", "indices": "<i8", "weight": "|i1"}
WEIGHTS = {"weight": "|i1", "second_weight": "|i1"}
EPILOGUE = {"bias": "<i4", "scale": "<u2"}
"""Arrays of an adjacency, of a combination and of an epilogue, each with its type in the file."""

COMBINE = ("name", "source", "second_source", "unit")
AGGREGATE = ("name", "source", "adjacency", "reduce", "unit")
NUMBERS = ("extra", "extra_scale", "bias_shift", "shift", "relu", "output")
"""Settings in the header: of a combination, of an aggregation, of an epilogue."""

FILE = ArrayFile(format=FORMAT, version=VERSION, thing="network", writer="pyralis export writes one")


def content(network: IntGraphNetwork, where: str = "network") -> bytes:
    """The file of *network* as bytes; *where* names it in errors.

    Raises UserError if the network is not valid.
    """
    network.validate(accumulator_bits=32)
    arrays: dict[str, np.ndarray] = {}

    def keep(prefix: str, holder: Any, types: dict[str, str]) -> None:
        for name, dtype in types.items():
            if isinstance(getattr(holder, name), np.ndarray):
                arrays[f"{prefix}.{name}"] = np.ascontiguousarray(getattr(holder, name), dtype=dtype)

    for index, adjacency in enumerate(network.adjacencies.values()):
        keep(f"adjacency.{index}", adjacency, GRAPH)
    for index, operation in enumerate(network.operations):
        if isinstance(operation, IntCombine):
            keep(str(index), operation, WEIGHTS)
        keep(str(index), operation.epilogue, EPILOGUE)
    if network.numbers is not None:
        arrays["numbers"] = np.ascontiguousarray(network.numbers, dtype=np.int64)
    fields = {
        "layout": LAYOUT,
        "nodes": int(network.nodes),
        "input": _plain(asdict(network.input)),
        "adjacencies": list(network.adjacencies),
        "operations": [_settings(operation) for operation in network.operations],
        "source": network.source,
    }
    return FILE.content(fields, arrays, where)


def save(network: IntGraphNetwork, path: str | Path) -> None:
    """Writes *network* to *path*, whole or not at all.

    Raises UserError if the network is not valid or the file cannot be written.
    """
    FILE.write(content(network, str(path)), Path(path))


def load(path: str | Path) -> IntGraphNetwork:
    """Reads a network; raises UserError for a hash, type, range or shape that is wrong."""
    header, arrays = FILE.read(path)
    try:
        network = IntGraphNetwork(
            nodes=header["nodes"],
            input=IntInput(**header["input"]),
            adjacencies={
                name: IntAdjacency(
                    indptr=arrays[f"adjacency.{index}.indptr"],
                    indices=arrays[f"adjacency.{index}.indices"],
                    weight=arrays.get(f"adjacency.{index}.weight"),
                )
                for index, name in enumerate(header["adjacencies"])
            },
            operations=tuple(_operation(i, entry, arrays) for i, entry in enumerate(header["operations"])),
            numbers=arrays.get("numbers"),
            source=header["source"],
        )
    except (KeyError, TypeError) as error:
        raise FILE.misnamed(error, str(path)) from None
    network.validate(accumulator_bits=32)
    return network


def _settings(operation: IntOperation) -> dict[str, Any]:
    combines = isinstance(operation, IntCombine)
    entry = {name: getattr(operation, name) for name in (COMBINE if combines else AGGREGATE)}
    entry["kind"] = "combine" if combines else "aggregate"
    if isinstance(operation, IntAggregate):
        entry["sample"] = None if operation.sample is None else _plain(asdict(operation.sample))
    epilogue = {name: getattr(operation.epilogue, name) for name in NUMBERS}
    scale = operation.epilogue.scale
    epilogue["scale"] = None if isinstance(scale, np.ndarray) else scale
    return _plain(entry | {"epilogue": _plain(epilogue)})


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """Numbers of numpy as those of Python, which JSON knows."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in entry.items()}


def _operation(index: int, entry: dict[str, Any], arrays: dict[str, np.ndarray]) -> IntOperation:
    settings = dict(entry["epilogue"])
    if settings["scale"] is None:
        settings["scale"] = arrays[f"{index}.scale"]
    epilogue = Epilogue(
        **{name: settings[name] for name in (*NUMBERS, "scale")}, bias=arrays.get(f"{index}.bias")
    )
    if entry["kind"] == "combine":
        return IntCombine(
            **{name: entry[name] for name in COMBINE},
            weight=arrays[f"{index}.weight"],
            second_weight=arrays.get(f"{index}.second_weight"),
            epilogue=epilogue,
        )
    sample = None if entry["sample"] is None else IntSample(**entry["sample"])
    return IntAggregate(**{name: entry[name] for name in AGGREGATE}, sample=sample, epilogue=epilogue)
