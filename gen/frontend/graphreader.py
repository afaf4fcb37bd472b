"""From the calls that a module's ``forward`` makes to the layers of a graph network.

A Linear or a BatchNorm after a convolution folds into its weights, in float64; a Linear after the ReLU of a
GINConv joins its multi-layer perceptron.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn
from torch_geometric import nn as gnn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.chain import Call, Source, read_chain
from pyralis.gen.frontend.convolutions import CONVOLUTIONS, read_convolution, read_linear
from pyralis.gen.frontend.modules import layer_name, read_batch_norm
from pyralis.gen.gcn.network import GraphLayer, Linear

__all__ = ["GraphReader"]

SUPPORTED = "GCNConv, SAGEConv, GINConv, Linear, BatchNorm, ReLU and dropout"

LINEARS = (nn.Linear, gnn.Linear)
NORMS = (nn.BatchNorm1d, gnn.BatchNorm)
IGNORED = (nn.Identity, nn.Dropout)
"""Modules that do nothing at inference."""

RELUS = ("relu", "relu_")
DROPOUTS = ("dropout", "dropout_")
SOFTMAXES = ("softmax", "log_softmax")

LAST = "a softmax must be the last that forward calls"


class GraphReader:
    """Takes calls in order and collects layers; the last layer grows while what follows folds into it.

    Parameters
    ----------
    title : str
        Class of the module, for errors.

    Attributes
    ----------
    layers : list of GraphLayer
    notes : list of str
        What was left out because it does not change the result.
    edges, weights : Source, optional
        Arguments of ``forward`` that the convolutions get as edge_index and edge_weight.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.layers: list[GraphLayer] = []
        self.notes: list[str] = []
        self.edges: Source | None = None
        self.weights: Source | None = None
        self.ending = ""

    @property
    def is_gcn(self) -> bool:
        return any(layer.kind == "gcn" for layer in self.layers)

    def read(self, call: Call) -> None:
        """Takes the next call."""
        where = self._where(call)
        if call.module is None:
            self._function(call, where)
        elif isinstance(call.module, IGNORED):
            pass
        elif self.ending:
            raise UserError(f"it follows {self.ending}", where, LAST)
        elif type(call.module) in CONVOLUTIONS:
            self._convolution(call, where)
        elif isinstance(call.module, LINEARS):
            self._linear(read_linear(call.module, where), where)
        elif isinstance(call.module, NORMS):
            self._batch_norm(call.module, where)
        elif isinstance(call.module, nn.ReLU):
            self._relu(where)
        elif isinstance(call.module, nn.Softmax | nn.LogSoftmax):
            self._softmax(call.kind, call.module.dim, where)
        else:
            self._refuse(call, where)

    def finish(self) -> tuple[GraphLayer, ...]:
        """The layers."""
        if not self.layers:
            hint = f"build the network from {SUPPORTED}"
            raise UserError("it calls no convolution", f"forward of {self.title}", hint)
        self._complete()
        return tuple(self.layers)

    def _where(self, call: Call) -> str:
        if call.module is None:
            return f"forward of {self.title}"
        return f"layer {call.name!r} ({call.kind})" if call.name else f"module {call.kind}"

    def _refuse(self, call: Call, where: str) -> None:
        if isinstance(call.module, gnn.JumpingKnowledge):
            what = f"jk={call.module.mode!r} is not supported"
            raise UserError(what, where, "a layer gets what the one before it made, and nothing else")
        if isinstance(call.module, CONVOLUTIONS):
            base = next(kind for kind in CONVOLUTIONS if isinstance(call.module, kind)).__name__
            what = f"{call.kind} may compute something else than {base}, which it is derived from"
            raise UserError(what, where, f"use {base} itself")
        kind = call.kind if call.module is not None else f"{call.kind}()"
        raise UserError(f"{kind} is not supported", where, f"build the network from {SUPPORTED}")

    def _function(self, call: Call, where: str) -> None:
        if call.name in DROPOUTS:
            if call.option("training", 2, call.name != "dropout_"):
                hint = "call it with training=self.training"
                raise UserError("F.dropout drops features in evaluation mode, too", where, hint)
        elif self.ending:
            raise UserError(f"{call.name}() follows {self.ending}", where, LAST)
        elif call.name in RELUS:
            self._relu(where)
        elif call.name in SOFTMAXES:
            self._softmax(call.name, call.option("dim", 1), where)
        else:
            self._refuse(call, where)

    def _convolution(self, call: Call, where: str) -> None:
        assert call.module is not None
        self._complete()
        edges = call.arguments.get("edge_index")
        if "x" in call.arguments:
            hint = "only graphs of one kind of node are"
            raise UserError("a pair of feature matrices is not supported", where, hint)
        if not isinstance(edges, Source):
            hint = "change the graph before, and hand it to forward"
            raise UserError("forward computes the edge_index that it gets", where, hint)
        if self.edges not in (None, edges):
            hint = "every layer gathers along the same edges"
            raise UserError("it gets other edges than the convolutions before it", where, hint)
        self.edges = edges
        if call.arguments.get("size") is not None:
            raise UserError("size is not supported", where, "only graphs of one kind of node are")
        name = self._free_name(layer_name(call.name, type(call.module).__name__.removesuffix("Conv").lower()))
        if isinstance(call.module, gnn.GCNConv):
            self._edge_weights(call, where)
            if call.module.cached and call.module.normalize:
                self.notes.append(
                    f"{name} has cached=True: here it is normalised for the graph that it is run on"
                )
        self.layers.append(read_convolution(call.module, name, where))
        if isinstance(call.module, gnn.GINConv):
            self._mlp(call, where)

    def _edge_weights(self, call: Call, where: str) -> None:
        weights = call.arguments.get("edge_weight")
        if weights is not None and not isinstance(weights, Source):
            hint = "change the graph before, and hand it to forward"
            raise UserError("forward computes the edge_weight that it gets", where, hint)
        if self.is_gcn and weights != self.weights:
            hint = "every GCNConv must get the same edge_weight, or none"
            raise UserError("it gets other edge weights than the GCNConv before it", where, hint)
        self.weights = weights

    def _mlp(self, call: Call, where: str) -> None:
        """The modules inside a GINConv's ``nn`` follow it like any others."""
        inner: Any = call.module.nn  # type: ignore[union-attr] # of a GINConv
        if not isinstance(inner, nn.Module):
            raise UserError("its nn is not a module", where, "use Sequential(Linear, ReLU, Linear)")
        for part in read_chain(inner).calls:
            path = f"{call.name}.nn.{part.name}".rstrip(".") if part.module is not None else part.name
            self.read(replace(part, name=path))

    def _linear(self, linear: Linear, where: str) -> None:
        if not self.layers:
            hint = "begin with a convolution, or multiply the features before"
            raise UserError("Linear before the first convolution is not supported", where, hint)
        last = self.layers[-1]
        if last.kind == "gin" and (last.relu or not last.mlp):
            self.layers[-1] = replace(last, mlp=(*last.mlp, linear), relu=False)
        elif last.relu:
            hint = "take the ReLU or the Linear out, or use a GINConv, whose nn may hold both"
            raise UserError(f"Linear after the ReLU of {last.name!r} is not supported", where, hint)
        else:
            self._fold(linear, where)

    def _batch_norm(self, module: Any, where: str) -> None:
        inner = module.module if isinstance(module, gnn.BatchNorm) else module
        last = self.layers[-1] if self.layers else None
        if last is None or last.relu or not last.linears:
            what = f"{type(module).__name__} is supported directly after a convolution or a Linear only"
            raise UserError(what, where, "there it folds exactly; ReLU must come after it")
        scale, shift = read_batch_norm(inner, where)
        self._fold(Linear(np.diag(scale), shift), where)

    def _fold(self, linear: Linear, where: str) -> None:
        """Multiplies the last layer by *linear*: ``(x W + b) V + c`` is ``x (W V) + (b V + c)``."""
        last = self.layers[-1]
        if last.out_width != linear.weight.shape[0]:
            what = f"it takes {linear.weight.shape[0]} features, and {last.name!r} makes {last.out_width}"
            raise UserError(what, where, "the layers must chain")
        *before, end = last.linears
        bias = None if end.bias is None else end.bias @ linear.weight
        if linear.bias is not None:
            bias = linear.bias if bias is None else bias + linear.bias
        product = Linear(end.weight @ linear.weight, bias)
        if last.kind == "gin":
            self.layers[-1] = replace(last, mlp=(*before, product))
        else:
            root = None if last.root_weight is None else last.root_weight @ linear.weight
            self.layers[-1] = replace(last, weight=product.weight, bias=product.bias, root_weight=root)

    def _relu(self, where: str) -> None:
        if not self.layers:
            raise UserError("ReLU of the features is not supported", where, "change the features before")
        if not self.layers[-1].linears:
            what = "ReLU before the first Linear of a GINConv is not supported"
            raise UserError(what, where, "begin its nn with a Linear")
        self.layers[-1] = replace(self.layers[-1], relu=True)

    def _softmax(self, name: str, dim: Any, where: str) -> None:
        if dim not in (1, -1):
            raise UserError(
                f"{name} over dim={dim} is not supported", where, "use dim=-1, the classes of a node"
            )
        self.ending = name
        self.notes.append(f"{name} at the end is left out: it does not change which class is the largest")

    def _complete(self) -> None:
        """Refuses a GINConv that has no Linear, once what follows it is known."""
        if self.layers and not self.layers[-1].linears:
            what = "its nn holds no Linear"
            raise UserError(what, f"layer {self.layers[-1].name!r} (GINConv)", "give it at least one")

    def _free_name(self, name: str) -> str:
        """*name*, with a number where a layer has it already."""
        taken = {layer.name for layer in self.layers}
        count = 2
        found = name
        while found in taken:
            found, count = f"{name}_{count}", count + 1
        return found
