"""The file of an integer network: one ``.npz`` with a JSON header.

Three lines of numpy read it::

    file = np.load("digits.npz")
    header = json.loads(file["header"].item())
    weight = file["0.weight"]  # layer 0: int8 (O, I, Kh, Kw); "0.bias", "0.threshold": int64 (O,)

``header`` names the format and its version, the input, the output and every layer's settings in the words of
:mod:`pyralis.gen.intnetwork`, the layout of the arrays in prose, and for each array its type, shape and the
SHA-256 of its bytes (C order, little endian). ``header_sha256`` is the digest of the header's own UTF-8 text.
The same network gives the same bytes on every machine.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.arrayfile import ArrayFile
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron

__all__ = ["FORMAT", "VERSION", "content", "load", "save"]

FORMAT = "pyralis integer network"
VERSION = 1

LAYOUT = (
    "<i>.weight int8 (out channel, in channel, kernel row, kernel column); <i>.bias, <i>.threshold int64 "
    "(out channel) in units of the current; <i>.weight_scale float64 (out channel): real value of one unit. "
    "A linear layer is a kernel that covers its whole input map (C, H, W)."
)

ARRAYS = {"weight": "|i1", "bias": "<i8", "threshold": "<i8", "weight_scale": "<f8"}
"""Arrays of a layer, each with its type in the file."""

FIELDS = ("input_shape", "coding", "time_steps", "output", "potential_bits", "input_scale", "source")

SETTINGS = ("name", "kind", "stride", "padding", "pool", "pool_stride", "pool_of")

OLDER = {"pool_of": "spikes"}
"""Settings that older files do not have, with what they stood for."""

FILE = ArrayFile(format=FORMAT, version=VERSION, thing="network", writer="pyralis export writes one")


def content(network: IntNetwork, where: str = "network") -> bytes:
    """The file of *network* as bytes; *where* names it in errors.

    Raises UserError if the network is not valid.
    """
    network.validate()
    arrays: dict[str, Any] = {}
    for index, layer in enumerate(network.layers):
        scale = np.broadcast_to(np.asarray(layer.weight_scale, dtype=np.float64), (layer.out_channels,))
        values = {
            "weight": layer.weight,
            "bias": layer.bias,
            "threshold": layer.threshold,
            "weight_scale": scale,
        }
        for name, dtype in ARRAYS.items():
            arrays[f"{index}.{name}"] = np.ascontiguousarray(values[name], dtype=dtype)
    return FILE.content(_fields(network), arrays, where)


def save(network: IntNetwork, path: str | Path) -> None:
    """Writes *network* to *path*, whole or not at all.

    Raises UserError if the network is not valid or the file cannot be written.
    """
    FILE.write(content(network, str(path)), Path(path))


def load(path: str | Path) -> IntNetwork:
    """Reads a network; raises UserError for a hash, type, range or shape that is wrong."""
    header, arrays = FILE.read(path)
    try:
        layers = tuple(_layer(index, entry, arrays) for index, entry in enumerate(header["layers"]))
        fields = {name: header[name] for name in FIELDS if name != "input_shape"}
        network = IntNetwork(input_shape=tuple(header["input_shape"]), layers=layers, **fields)
    except (KeyError, TypeError) as error:
        raise FILE.misnamed(error, str(path)) from None
    network.validate()
    return network


def _fields(network: IntNetwork) -> dict[str, Any]:
    layers = []
    for layer in network.layers:
        settings = {name: getattr(layer, name) for name in SETTINGS}
        layers.append({**settings, "neuron": asdict(layer.neuron)})
    own = {name: getattr(network, name) for name in FIELDS}
    return {"layout": LAYOUT, **own, "layers": layers}


def _layer(index: int, entry: dict[str, Any], entries: dict[str, np.ndarray]) -> IntLayer:
    entry = OLDER | entry
    settings = {name: entry[name] for name in SETTINGS}
    settings["padding"] = tuple(settings["padding"])
    arrays: dict[str, Any] = {name: entries[f"{index}.{name}"] for name in ARRAYS}
    return IntLayer(**settings, **arrays, neuron=IntNeuron(**entry["neuron"]))
