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

import hashlib
import io
import json
import os
import struct
import tokenize
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
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

UNREADABLE = (
    *(OSError, EOFError, ValueError, TypeError, AttributeError, KeyError, RuntimeError),
    *(struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
"""What numpy raises for files that are damaged, or are something else."""

SETTINGS = ("name", "kind", "stride", "padding", "pool", "pool_stride", "pool_of")

OLDER = {"pool_of": "spikes"}
"""Settings that older files do not have, with what they stood for."""


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
    try:
        header = json.dumps(_header(network, arrays), indent=1, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise UserError(f"source holds what JSON cannot: {error}", where) from None
    file = io.BytesIO()
    np.savez_compressed(file, header=header, header_sha256=_digest(header.encode()), **arrays)
    return file.getvalue()


def save(network: IntNetwork, path: str | Path) -> None:
    """Writes *network* to *path*, whole or not at all.

    Raises UserError if the network is not valid or the file cannot be written.
    """
    path = Path(path)
    data = content(network, str(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        what = f"cannot write the network: {error.strerror or error}"
        raise UserError(what, str(path), "choose a folder that exists and is writable") from None


def load(path: str | Path) -> IntNetwork:
    """Reads a network; raises UserError for a hash, type, range or shape that is wrong."""
    where = str(path)
    try:
        with Path(path).open("rb") as content, np.load(content, allow_pickle=False) as file:
            entries: dict[str, np.ndarray] = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise UserError("there is no such network file", where, "pyralis export writes one") from None
    except UNREADABLE as error:
        raise _damaged(f"the network file cannot be read, it may be cut short: {error}", where) from None
    header = _read_header(entries, where)
    try:
        listed = header["arrays"]
        for name, facts in listed.items():
            _verify(name, facts, entries, where)
        layers = tuple(_layer(index, entry, entries) for index, entry in enumerate(header["layers"]))
        network = IntNetwork(
            input_shape=tuple(header["input_shape"]),
            layers=layers,
            **{name: header[name] for name in ("time_steps", "coding", "output", "potential_bits")},
            **{name: header[name] for name in ("input_scale", "source")},
        )
    except (KeyError, TypeError) as error:
        raise _damaged(f"the header of the network file lacks or misnames {error}", where) from None
    network.validate()
    return network


def _header(network: IntNetwork, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    layers = []
    for layer in network.layers:
        settings = {name: getattr(layer, name) for name in SETTINGS}
        layers.append({**settings, "neuron": asdict(layer.neuron)})
    facts = {
        name: {"dtype": array.dtype.str, "shape": array.shape, "sha256": _digest(array.tobytes())}
        for name, array in arrays.items()
    }
    fields = ("input_shape", "coding", "time_steps", "output", "potential_bits", "input_scale", "source")
    own = {name: getattr(network, name) for name in fields}
    return {"format": FORMAT, "version": VERSION, "layout": LAYOUT, **own, "layers": layers, "arrays": facts}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _damaged(what: str, where: str) -> UserError:
    return UserError(what, where, "export the network again, or copy the file again from its source")


def _read_header(entries: dict[str, np.ndarray], where: str) -> dict[str, Any]:
    if "header" not in entries or "header_sha256" not in entries:
        raise UserError("this .npz is no network file: it has no header", where, "pyralis export writes one")
    text = str(entries["header"])
    if _digest(text.encode()) != str(entries["header_sha256"]):
        raise _damaged("the header of the network file was altered: its SHA-256 does not match", where)
    header = json.loads(text)
    if header.get("format") != FORMAT or header.get("version") != VERSION:
        found = f"{header.get('format')!r} version {header.get('version')}"
        what = f"{found} cannot be read, only {FORMAT!r} version {VERSION}"
        raise UserError(what, where, "export the network with this version of Pyralis")
    return header


def _verify(name: str, facts: dict[str, Any], entries: dict[str, np.ndarray], where: str) -> None:
    if name not in entries:
        raise _damaged(f"array {name!r} is missing from the network file", where)
    array = entries[name]
    if array.dtype.str != facts["dtype"] or list(array.shape) != facts["shape"]:
        what = (
            f"array {name!r} is {array.dtype.str} {array.shape}, not {facts['dtype']} {tuple(facts['shape'])}"
        )
        raise _damaged(what, where)
    if _digest(np.ascontiguousarray(array).tobytes()) != facts["sha256"]:
        raise _damaged(f"array {name!r} of the network file was altered: its SHA-256 does not match", where)


def _layer(index: int, entry: dict[str, Any], entries: dict[str, np.ndarray]) -> IntLayer:
    entry = OLDER | entry
    settings = {name: entry[name] for name in SETTINGS}
    settings["padding"] = tuple(settings["padding"])
    arrays: dict[str, Any] = {name: entries[f"{index}.{name}"] for name in ARRAYS}
    return IntLayer(**settings, **arrays, neuron=IntNeuron(**entry["neuron"]))
