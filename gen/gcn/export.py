"""``export``: a trained module of PyTorch Geometric and its graph to an integer network file."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pyralis.gen.files import make_folder, write_file
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.build import Logits
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.order import Order
from pyralis.gen.gcn.quantize import Contract, Quantized, quantize

if TYPE_CHECKING:
    from torch import nn

__all__ = ["export", "features_file", "write"]


def features_file(path: str | Path) -> Path:
    """Where the features of the network in *path* go unless the user says so: ``net.features.npy``."""
    return Path(path).with_suffix(".features.npy")


def export(
    module: "nn.Module",
    graph: Graph,
    path: str | Path,
    features: str | Path | None = None,
    *,
    contract: Contract = "B",
    order: Order | None = None,
    logits: Logits = "int16",
    levels: int = 0,
) -> Quantized:
    """Quantises *module* for *graph* and writes the network to *path* and its features to *features*.

    Parameters
    ----------
    module : nn.Module
        With its trained weights.
    graph : Graph
    path : path
        Of the network, ``.npz``.
    features : path, optional
        Of the integer features, ``.npy``; see :func:`features_file`.
    contract, order, logits, levels
        See :func:`pyralis.gen.gcn.quantize.quantize`.

    Raises
    ------
    UserError
        A module without an exact twin, a graph that does not fit it, sums that could leave their width, or a
        path that cannot be written.
    """
    from pyralis.gen.frontend.pyg import from_pyg

    make_folder(Path(path).parent)
    network = from_pyg(module, graph)
    network.source.update({"data": graph.name})
    quantized = quantize(network, graph, contract=contract, order=order, logits=logits, levels=levels)
    write(quantized, path, features)
    return quantized


def write(quantized: Quantized, path: str | Path, features: str | Path | None = None) -> None:
    """Writes network and features, each whole or not at all; raises UserError if that is not possible."""
    made: Any = quantized.features
    buffer = io.BytesIO()
    np.save(buffer, made.toarray() if hasattr(made, "toarray") else made)
    intfile.save(quantized.network, path)
    write_file(features or features_file(path), buffer.getvalue())
