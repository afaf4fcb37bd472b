"""A graph network in real numbers: what front ends produce and the quantiser takes.

Layers are those of PyTorch Geometric, with weights (in, out) so that a layer is ``x @ weight``:

* ``gcn``: ``D^-1/2 A D^-1/2 X W + b`` (Kipf and Welling), A with self loops.
* ``sage``: ``aggregate(X) W + X W_root + b`` (GraphSAGE), mean or max, of all sources or of a sample.
* ``gin``: ``mlp((1 + eps) x_v + sum of x_u)`` (graph isomorphism network).
"""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.geometry import Faults, check, integer

__all__ = ["GraphLayer", "GraphNetwork", "Linear"]


class Linear(NamedTuple):
    """``x @ weight + bias``: weight (in, out), bias (out,) or none."""

    weight: np.ndarray
    bias: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphLayer:
    """One layer; options of the other kinds are not looked at.

    Attributes
    ----------
    name : str
    kind : {"gcn", "sage", "gin"}
    weight : (in, out) float, or none for gin
        What the gathered rows are multiplied by.
    bias : (out,) float, optional
        For gcn and sage; gin has its biases in ``mlp``.
    relu : bool
        After the layer.
    improved, add_self_loops, normalize : bool
        gcn: self loops of weight 2 (on graphs with edge weights only, as in PyTorch Geometric), self loops at
        all, and division by the square roots of both degrees.
    aggr : {"mean", "max"}
        sage.
    root_weight : (in, out) float, optional
        sage: what a node's own row is multiplied by.
    sample : int, optional
        sage: sources that a node gathers at most, 1..255. A core with a Sampler draws them in every run; for
        others :func:`pyralis.gen.gcn.sampling.sampled` does once, with the same result.
    eps : float
        gin.
    mlp : tuple of Linear
        gin: with ReLU between them, and ``relu`` after the last.
    """

    name: str
    kind: Literal["gcn", "sage", "gin"]
    weight: np.ndarray | None = None
    bias: np.ndarray | None = None
    relu: bool = False
    improved: bool = False
    add_self_loops: bool = True
    normalize: bool = True
    aggr: Literal["mean", "max"] = "mean"
    root_weight: np.ndarray | None = None
    sample: int | None = None
    eps: float = 0.0
    mlp: tuple[Linear, ...] = ()

    @property
    def linears(self) -> tuple[Linear, ...]:
        """The chain of products: ``mlp`` of gin; of the others ``weight`` and ``bias``."""
        if self.kind == "gin":
            return self.mlp
        return () if self.weight is None else (Linear(self.weight, self.bias),)

    @property
    def in_width(self) -> int:
        """Features that a node has before the layer."""
        return int(self.linears[0].weight.shape[0])

    @property
    def out_width(self) -> int:
        """Features that a node has after the layer."""
        return int(self.linears[-1].weight.shape[1])

    def validate(self) -> None:
        """Checks options, values and shapes; raises UserError that names the layer."""
        where = f"layer {self.name!r}"
        check(self._option_faults(), where)
        for index, linear in enumerate(self.linears):
            name = f"mlp[{index}]." if self.kind == "gin" else ""
            check(_value_faults(linear.weight, f"{name}weight", 2), where)
            if linear.bias is not None:
                check(_value_faults(linear.bias, f"{name}bias", 1), where)
            check(self._width_faults(index), where)
        if self.kind == "sage" and self.root_weight is not None:
            check(_value_faults(self.root_weight, "root_weight", 2), where)
            root, shape = self.root_weight.shape, (self.in_width, self.out_width)
            what = f"weight has the shape {shape}, and root_weight {root}"
            check([(root != shape, what, "both make the same output from the same input")], where)

    def _option_faults(self) -> Faults:
        what = f"kind must be gcn, sage or gin, not {self.kind!r}"
        yield self.kind not in ("gcn", "sage", "gin"), what, ""
        if self.kind == "gin":
            yield not self.mlp, "a gin layer needs an mlp of at least one linear, and this one has none", ""
            yield not np.isfinite(self.eps), f"eps must be a finite number, not {self.eps!r}", ""
            what = "a gin layer has its weights and biases in mlp"
            yield self.weight is not None or self.bias is not None, what, ""
        else:
            yield self.weight is None, f"a {self.kind} layer needs a weight, and this one has none", ""
        if self.kind == "sage":
            what = f"aggr must be mean or max, not {self.aggr!r}"
            yield self.aggr not in ("mean", "max"), what, ""
            wrong = self.sample is not None and not integer(self.sample, 1, 255)
            yield wrong, f"sample must be in 1..255, or None for all sources, not {self.sample!r}", ""

    def _width_faults(self, index: int) -> Faults:
        """Whether a linear follows the one before it, and its bias its weight."""
        linear = self.linears[index]
        out = linear.weight.shape[1]
        if linear.bias is not None:
            what = f"bias must hold {out} values, one for each output feature, not {linear.bias.shape[0]}"
            yield linear.bias.shape[0] != out, what, ""
        if index:
            before, after = self.linears[index - 1].weight.shape[1], linear.weight.shape[0]
            what = f"mlp[{index - 1}] makes {before} features, and mlp[{index}] takes {after}"
            yield before != after, what, ""


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphNetwork:
    """A chain of layers.

    Attributes
    ----------
    layers : tuple of GraphLayer
    source : dict
        Where the network comes from.
    """

    layers: tuple[GraphLayer, ...]
    source: dict[str, Any] = field(default_factory=dict)

    def widths(self) -> list[int]:
        """Features of a node: of the input, then after each layer."""
        return [self.layers[0].in_width, *(layer.out_width for layer in self.layers)]

    def validate(self, graph: Graph | None = None) -> None:
        """Checks every layer, that they fit each other, and that the first one fits the features of *graph*.

        Raises UserError that names the layer, the value and the bound.
        """
        if not self.layers:
            raise UserError("a network needs at least one layer, and this one has none", "network")
        for layer in self.layers:
            layer.validate()
        width, of = (None, "") if graph is None else (graph.feature_width, f"graph {graph.name!r} has")
        for layer in self.layers:
            if width is not None and layer.in_width != width:
                what = f"{of} {width} features a node, and the layer takes {layer.in_width}"
                raise UserError(what, f"layer {layer.name!r}", "")
            width, of = layer.out_width, f"layer {layer.name!r} makes"


def _value_faults(values: np.ndarray, name: str, dimensions: int) -> Faults:
    shape = np.shape(values)
    form = "(in, out)" if dimensions == 2 else "(out,)"
    yield len(shape) != dimensions, f"{name} must have the shape {form}, not {shape}", ""
    yield 0 in shape, f"{name} is empty: its shape is {shape}", ""
    floats = np.issubdtype(np.asarray(values).dtype, np.floating)
    yield not floats, f"{name} must hold real numbers, not {np.asarray(values).dtype}", ""
    bad = int(np.size(values) - np.isfinite(values).sum())
    hint = "the training diverged; load an earlier checkpoint"
    yield bad > 0, f"{bad} of {np.size(values)} values of {name} are NaN or infinite", hint
