"""PyTorch Geometric's convolutions as layers: every option is read exactly or refused by its name."""

from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch_geometric import nn as gnn

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.network import GraphLayer, Linear

__all__ = ["CONVOLUTIONS", "read_convolution", "read_linear"]

CONVOLUTIONS = (gnn.GCNConv, gnn.SAGEConv, gnn.GINConv)

REDUCTIONS: dict[type, Literal["sum", "mean", "max"]] = {
    gnn.SumAggregation: "sum",
    gnn.MeanAggregation: "mean",
    gnn.MaxAggregation: "max",
}


def read_convolution(module: nn.Module, name: str, where: str) -> GraphLayer:
    """The convolution *module* as the layer *name*, without what follows it.

    The layer of a GINConv has no linears yet: those of its ``nn`` follow as modules of their own.
    """
    assert isinstance(module, gnn.MessagePassing)
    if module.flow != "source_to_target":
        raise UserError(
            f"flow={module.flow!r} is not supported", where, "swap the rows of edge_index instead"
        )
    if module.node_dim not in (-2, 0):
        raise UserError(
            f"node_dim={module.node_dim} is not supported", where, "only -2 is, a row for each node"
        )
    for part in module.modules():
        for parameter in part.parameters(recurse=False):
            if isinstance(parameter, nn.parameter.UninitializedParameter):
                hint = "run the module once on a graph, or give its in_channels as a number"
                raise UserError("its in_channels=-1 is not known yet", where, hint)
    if isinstance(module, gnn.GCNConv):
        return _gcn(module, name, where)
    if isinstance(module, gnn.SAGEConv):
        return _sage(module, name, where)
    assert isinstance(module, gnn.GINConv)
    _reduction(module, ("sum",), "a GINConv adds: aggr='add'", where)
    return GraphLayer(name=name, kind="gin", eps=float(module.eps.detach()))


def read_linear(module: Any, where: str) -> Linear:
    """A Linear of PyTorch, or of PyTorch Geometric."""
    if isinstance(module.weight, nn.parameter.UninitializedParameter):
        hint = "run the module once on a graph, or give its size as a number"
        raise UserError("its number of inputs is not known yet", where, hint)
    return Linear(_array(module.weight).T, None if module.bias is None else _array(module.bias))


def _gcn(module: gnn.GCNConv, name: str, where: str) -> GraphLayer:
    _reduction(module, ("sum",), "a GCNConv adds: aggr='add'", where)
    return GraphLayer(
        name=name,
        kind="gcn",
        weight=_array(module.lin.weight).T,
        bias=None if module.bias is None else _array(module.bias),
        improved=bool(module.improved),
        add_self_loops=bool(module.add_self_loops),
        normalize=bool(module.normalize),
    )


def _sage(module: gnn.SAGEConv, name: str, where: str) -> GraphLayer:
    reduction = _reduction(module, ("mean", "max"), "only 'mean' and 'max' are", where)
    if module.normalize:
        hint = "only normalize=False is: division by the length of each row has no integer twin"
        raise UserError("normalize=True is not supported", where, hint)
    if module.project:
        hint = "only project=False is"
        raise UserError("project=True is not supported", where, hint)
    channels = module.in_channels
    if not isinstance(channels, int) and channels[0] != channels[1]:
        hint = "only graphs of one kind of node are"
        raise UserError(f"in_channels={tuple(channels)} is not supported", where, hint)
    return GraphLayer(
        name=name,
        kind="sage",
        weight=_array(module.lin_l.weight).T,
        bias=None if module.lin_l.bias is None else _array(module.lin_l.bias),
        aggr="max" if reduction == "max" else "mean",
        root_weight=_array(module.lin_r.weight).T if module.root_weight else None,
    )


def _reduction(module: gnn.MessagePassing, supported: tuple[str, ...], hint: str, where: str) -> str:
    """How the convolution reduces the rows of the neighbours."""
    found = REDUCTIONS.get(type(module.aggr_module), "")
    if found not in supported:
        aggr = module.aggr if module.aggr is not None else type(module.aggr_module).__name__
        raise UserError(f"aggr={aggr!r} is not supported", where, hint)
    return found


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().to(torch.float64).numpy()
