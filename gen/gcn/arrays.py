"""Front end for plain arrays: a graph network from weights that come from anywhere.

With a scipy CSR matrix for the graph::

    graph = Graph.from_csr(adjacency, features)
    network = from_arrays([gcn(weight_1, bias_1, relu=True), gcn(weight_2, bias_2)], graph)

Weights are (in, out), so that a layer is ``x @ weight``: those of PyTorch's Linear are to be transposed.
Options are those of :class:`pyralis.gen.gcn.network.GraphLayer`, which says what each kind of layer computes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import GraphLayer, GraphNetwork, Linear

__all__ = ["from_arrays", "gcn", "gin", "sage"]


def from_arrays(layers: Sequence[GraphLayer], graph: Graph | None = None) -> GraphNetwork:
    """The network of *layers*, from :func:`gcn`, :func:`sage` and :func:`gin`.

    Layers without a name are called after their kind and place, ``gcn0``. Raises UserError for values that
    are not finite, and for shapes that do not chain or do not fit *graph*.
    """
    named = tuple(
        layer if layer.name else replace(layer, name=f"{layer.kind}{place}")
        for place, layer in enumerate(layers)
    )
    for place, layer in enumerate(named):
        if layer.name in [other.name for other in named[:place]]:
            raise UserError(f"two layers have the name {layer.name!r}", "network", "give each its own")
    network = GraphNetwork(layers=named, source={"framework": "arrays", "notes": []})
    network.validate(graph)
    return network


def gcn(
    weight: Any,
    bias: Any = None,
    *,
    relu: bool = False,
    improved: bool = False,
    add_self_loops: bool = True,
    normalize: bool = True,
    name: str = "",
) -> GraphLayer:
    """A layer of Kipf and Welling: ``D^-1/2 A D^-1/2 X W + b``."""
    return GraphLayer(
        name=name,
        kind="gcn",
        weight=_reals(weight, "weight", name),
        bias=None if bias is None else _reals(bias, "bias", name),
        relu=relu,
        improved=improved,
        add_self_loops=add_self_loops,
        normalize=normalize,
    )


def sage(
    weight: Any,
    root_weight: Any = None,
    bias: Any = None,
    *,
    relu: bool = False,
    aggr: Literal["mean", "max"] = "mean",
    sample: int | None = None,
    name: str = "",
) -> GraphLayer:
    """A layer of GraphSAGE: ``aggregate(X) W + X W_root + b``, over at most *sample* neighbours of a node."""
    return GraphLayer(
        name=name,
        kind="sage",
        weight=_reals(weight, "weight", name),
        root_weight=None if root_weight is None else _reals(root_weight, "root_weight", name),
        bias=None if bias is None else _reals(bias, "bias", name),
        relu=relu,
        aggr=aggr,
        sample=sample,
    )


def gin(mlp: Sequence[Any], *, eps: float = 0.0, relu: bool = False, name: str = "") -> GraphLayer:
    """A layer of a graph isomorphism network: ``mlp((1 + eps) x_v + sum of x_u)``.

    *mlp* is a sequence of weights, or of tuples (weight, bias); ReLU stands between them.
    """
    linears = []
    for place, given in enumerate(mlp):
        weight, bias = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
        linears.append(
            Linear(
                _reals(weight, f"mlp[{place}].weight", name),
                None if bias is None else _reals(bias, f"mlp[{place}].bias", name),
            )
        )
    return GraphLayer(name=name, kind="gin", mlp=tuple(linears), eps=float(eps), relu=relu)


def _reals(values: Any, what: str, name: str) -> np.ndarray:
    """*values* as float64; integers and nested lists are welcome."""
    where = f"layer {name!r}" if name else "layer"
    try:
        array = np.asarray(values)
    except ValueError as error:  # nested lists of unequal lengths
        raise UserError(f"{what} is not an array", where, "its rows must be equally long") from error
    if not np.issubdtype(array.dtype, np.integer) and not np.issubdtype(array.dtype, np.floating):
        raise UserError(f"{what} must hold real numbers, not {array.dtype}", where)
    return array.astype(np.float64)
