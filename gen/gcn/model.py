"""Where the graph network of a verb comes from: a Python file that builds it, and the graph that it is for.

``train.py``, ``train.py:NAME``, ``package.module:NAME``
    A module of PyTorch Geometric, found as :mod:`pyralis.gen.model` says.

Its graph is in planetoid files, or beside it under one of the names ``graph``, ``GRAPH``, ``data`` and
``DATA``: a :class:`pyralis.gen.gcn.graph.Graph`, a ``Data`` of PyTorch Geometric, or a function without
arguments that returns one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.dataset import DATASET, planetoid
from pyralis.gen.gcn.graph import MASKS, Graph
from pyralis.gen.model import guarded, load_module

if TYPE_CHECKING:
    from torch import nn

__all__ = ["GraphSource", "graph_of", "load_graph_model"]

NAMES = ("graph", "GRAPH", "data", "DATA")
"""What is looked for beside the model, in this order."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphSource:
    """A module of PyTorch Geometric and the graph that it is for; ``text`` is what the user called it."""

    text: str
    module: "nn.Module"
    graph: Graph


def load_graph_model(
    text: str, data: str | Path | None = None, dataset: str | None = None, *, raw: bool = False
) -> GraphSource:
    """Builds the module that *text* names, with the graph in the folder *data*, else with the one beside it.

    Raises UserError for a module or a graph that is missing, that fails or that is something else.
    """
    module, source = load_module(text)
    if data is not None:
        return GraphSource(text=text, module=module, graph=planetoid(data, dataset or DATASET, raw=raw))
    found = next((name for name in NAMES if hasattr(source, name)), None)
    if found is None:
        what = f"The graph of the network is not known: {text} has none of {', '.join(NAMES)} beside it."
        raise UserError(
            what, text, "define graph there, a Graph or a Data; or name planetoid files: --data DIR"
        )
    thing = getattr(source, found)
    if callable(thing) and not hasattr(thing, "edge_index"):
        thing = guarded(thing, f"{found} of {text}", text)
    return GraphSource(text=text, module=module, graph=graph_of(thing, f"{found} of {text}"))


def graph_of(thing: Any, where: str = "graph") -> Graph:
    """A Graph as it is, or one made of a ``Data`` of PyTorch Geometric.

    Of a Data it takes ``x``, ``edge_index``, ``edge_weight`` (or ``edge_attr`` of one value an edge), ``y``
    and the masks. Raises UserError for anything else.
    """
    if isinstance(thing, Graph):
        return thing
    if getattr(thing, "edge_index", None) is None or getattr(thing, "x", None) is None:
        what = f"{where} is {type(thing).__name__}, neither a Graph nor a Data with x and edge_index."
        raise UserError(what, where, "pyralis.gen.gcn.graph.Graph.from_edge_index makes one")
    weights = getattr(thing, "edge_weight", None)
    if weights is None:
        weights = getattr(thing, "edge_attr", None)
    if weights is not None:
        weights = _array(weights)
        weights = weights[:, 0] if weights.ndim == 2 and weights.shape[1] == 1 else weights
    labels = getattr(thing, "y", None)
    masks = {name: getattr(thing, f"{name}_mask", None) for name in MASKS}
    return Graph.from_edge_index(
        _array(thing.edge_index),
        _array(thing.x),
        edge_weights=weights,
        labels=None if labels is None else _array(labels),
        masks={name: _array(mask) for name, mask in masks.items() if mask is not None},
        name=str(getattr(thing, "name", None) or "graph"),
    )


def _array(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)
