"""Float graph network to integer graph network, calibrated on the graph that it is for.

Weights become int8 with one scale for a matrix, rows int8 (uint8 after ReLU), scores int16, unless others are
asked for. Two contracts say where the normalisation of a GCN goes:

* **B**, the default: edges have no weights, and ``D^-1/2 A D^-1/2`` is two scales of each node, one where
  rows are combined and one where they have been added. Features keep a factor of each row (1/nnz of a bag of
  words), which goes into the first of these scales, so that X stays binary.
* **A**: edges have int8 weights, scales are constant. It is the one for graphs with edge weights.

GraphSAGE and GIN are the same in both: their mean is a scale of each node, their ``1 + eps`` the factor of
the epilogue's extra row. Each layer is computed as A(XW) or as (AX)W: see :mod:`pyralis.gen.gcn.order`. Under
contract B a later GCN layer that aggregates first needs its source multiplied by ``D^-1/2``, which is an
aggregation over self loops alone.

What epilogues compute is chosen in :mod:`pyralis.gen.gcn.requantize`, and what it costs in accuracy is in the
report of :mod:`pyralis.gen.gcn.quantization`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import order as orders_of
from pyralis.gen.gcn import reference
from pyralis.gen.gcn.build import LOGITS, Builder, Ending, Logits
from pyralis.gen.gcn.features import is_sparse
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.intnetwork import INPUT, IntAdjacency, IntGraphNetwork, IntSample
from pyralis.gen.gcn.network import GraphLayer, GraphNetwork
from pyralis.gen.gcn.order import Order
from pyralis.gen.gcn.quantization import QuantizationReport, report
from pyralis.gen.gcn.requantize import Requantisation

__all__ = ["Contract", "Quantized", "quantize"]

Contract = Literal["A", "B"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantized:
    """A network, its input, and what became of the accuracy.

    Attributes
    ----------
    network : IntGraphNetwork
    features : (nodes, features) int8, ndarray or csr_array
        What the network takes.
    report : QuantizationReport
    """

    network: IntGraphNetwork
    features: Any
    report: QuantizationReport


def quantize(
    network: GraphNetwork,
    graph: Graph,
    *,
    contract: Contract = "B",
    order: Order | Sequence[Order] | None = None,
    requantisation: Requantisation = "power-of-two",
    logits: Logits = "int16",
    levels: int = 0,
    seed: int = 0,
    accumulator_bits: int = 24,
    product_bits: int = 32,
) -> Quantized:
    """Makes *network* integer for *graph*.

    Parameters
    ----------
    network : GraphNetwork
    graph : Graph
        With the features as the network is to see them, normalised where it was trained so.
    contract : {"B", "A"}
    order : {"A(XW)", "(AX)W"}, or one for each layer, optional
        The cheaper one of each layer without it.
    requantisation : {"power-of-two", "full"}
    logits : {"int16", "int8", "int32"}
        Type of the scores. Those of one byte are half as long to write; their shift is the one with which
        most nodes of *graph* keep the class of the float network, and may clamp the largest scores. On Cora,
        over five networks, 99.17 % keep it (99.27 % with two bytes) and 0.04 points of accuracy are lost
        (0.02).
    levels : int
        If not 0, values of features are rounded to so many levels, and the network's input is binary with as
        many columns for each feature: half of the bytes, or less. Only where the first layer combines first,
        under contract B.
    seed : int
        Of the samples of layers that sample.
    accumulator_bits, product_bits : int
        Of the core that the network is for.

    Raises
    ------
    UserError
        The network does not fit the graph; a layer cannot be computed in its order or under the contract; or
        a sum can leave its width.
    """
    if contract not in ("A", "B"):
        raise UserError(f"contract must be A or B, not {contract!r}", "quantize")
    if requantisation not in ("power-of-two", "full"):
        what = f"requantisation must be power-of-two or full, not {requantisation!r}"
        raise UserError(what, "quantize")
    if logits not in LOGITS:
        raise UserError(f"logits must be int16, int8 or int32, not {logits!r}", "quantize")
    if levels < 0 or levels == 1:
        raise UserError(f"levels must be 0, or 2 and more, not {levels}", "quantize")
    network.validate(graph)
    if not graph.nodes:
        raise UserError("the graph has no nodes", f"graph {graph.name!r}")
    chosen = _orders(network, graph, order)
    if levels and (contract != "B" or chosen[0] != "A(XW)"):
        what = "features can have levels only where the first layer combines first, under contract B"
        can = "A(XW)" in orders_of.possible(network.layers[0])
        hint = "choose contract B and order A(XW)" if can else "leave levels away: a maximum comes first"
        raise UserError(what, f"layer {network.layers[0].name!r}", hint)
    maker = _Maker(graph, contract, requantisation, logits, levels, seed, network.layers[0], chosen[0])
    for index, (layer, each) in enumerate(zip(network.layers, chosen, strict=True)):
        maker.layer(layer, each, last=index == len(network.layers) - 1)
    result = maker.builder.network(dict(network.source))
    result.validate(accumulator_bits=accumulator_bits, product_bits=product_bits)
    scores, _ = reference.run(network, graph, samples=maker.sampled)
    found = report(maker.builder, scores, graph, contract, chosen, maker.exact)
    return Quantized(network=result, features=maker.features, report=found)


def _orders(network: GraphNetwork, graph: Graph, wanted: Any) -> tuple[Order, ...]:
    if wanted is None or isinstance(wanted, str):
        return orders_of.choose(network, graph, wanted)  # type: ignore[arg-type]
    chosen = tuple(wanted)
    if len(chosen) != len(network.layers):
        what = f"there are {len(network.layers)} layers, and {len(chosen)} orders"
        raise UserError(what, "quantize", "give one order, or one for each layer")
    for layer, each in zip(network.layers, chosen, strict=True):
        allowed = orders_of.possible(layer)
        if each not in allowed:
            what = f"order must be {' or '.join(allowed)}, not {each!r}"
            raise UserError(what, f"layer {layer.name!r}", "a maximum does not go past a product")
    return chosen


class _Maker:
    """Appends the operations of each layer to a :class:`Builder`."""

    def __init__(
        self,
        graph: Graph,
        contract: Contract,
        requantisation: Requantisation,
        logits: Logits,
        levels: int,
        seed: int,
        first: GraphLayer,
        order: Order,
    ) -> None:
        self.graph, self.contract, self.seed = graph, contract, seed
        self.sampled: dict[str, Graph] = {}
        self.ready = False  # the source is multiplied by 1/sqrt(degree) already
        features = graph.features
        early = order == "(AX)W"
        if early and contract == "B" and first.kind == "gcn" and first.normalize:
            self._refuse_weights(first)
            roots = _roots(first, graph)
            features = (
                features.multiply(roots[:, None]).tocsr()
                if is_sparse(features)
                else features * roots[:, None]
            )
            self.ready = True
        if early and is_sparse(features):
            features = features.toarray()
        per_row = not early and contract == "B"
        self.builder = Builder(features, requantisation, per_row=per_row, logits=logits, levels=levels)
        self.features, self.exact = self.builder.encoded.rows, self.builder.encoded.exact
        self.source = INPUT

    def layer(self, layer: GraphLayer, order: Order, *, last: bool) -> None:
        """Appends *layer*; its result has the layer's name and is the next one's source."""
        {"gcn": self._gcn, "sage": self._sage, "gin": self._gin}[layer.kind](layer, order, last)
        self.source, self.ready = layer.name, False

    def _gcn(self, layer: GraphLayer, order: Order, last: bool) -> None:
        assert layer.weight is not None
        weight, name = np.asarray(layer.weight, dtype=np.float64), layer.name
        roots: np.ndarray | None = None
        edges: np.ndarray | None = None
        if self.contract == "A":
            adjacency, edges = self._weighted(layer)
        else:
            self._refuse_weights(layer)
            graph = self.graph.with_self_loops() if layer.add_self_loops else self.graph
            adjacency = self._adjacency("looped" if layer.add_self_loops else "edges", graph)
            roots = _roots(layer, self.graph) if layer.normalize else None
        scaled, ending = Ending(factor=roots), Ending(bias=layer.bias, relu=layer.relu, last=last)
        if order == "A(XW)":
            self.builder.combine(f"{name}.xw", self.source, weight, scaled)
            ending = replace(ending, factor=roots)
            self.builder.aggregate(name, f"{name}.xw", adjacency, ending, edges=edges)
            return
        source = self.source
        if roots is not None and not self.ready:
            source = f"{name}.scaled"
            own = np.arange(self.graph.nodes, dtype=np.int64)
            self.builder.adjacencies["self"] = IntAdjacency(indptr=np.arange(len(own) + 1), indices=own)
            self.builder.aggregate(source, self.source, "self", scaled)
        self.builder.aggregate(f"{name}.ax", source, adjacency, scaled, edges=edges)
        self.builder.combine(name, f"{name}.ax", weight, ending)

    def _sage(self, layer: GraphLayer, order: Order, last: bool) -> None:
        assert layer.weight is not None
        name, adjacency = layer.name, self._adjacency("edges", self.graph)
        sample = None if layer.sample is None else IntSample(count=layer.sample, seed=self.seed)
        if sample is not None:
            self.sampled[name] = self.builder.sampled(self.graph, sample)
        sizes = self.graph.in_degrees if sample is None else sample.sizes(self.graph.in_degrees)
        mean = 1.0 / np.maximum(sizes, 1) if layer.aggr == "mean" else None
        ending = Ending(bias=layer.bias, relu=layer.relu, last=last)
        if order == "A(XW)":
            self.builder.combine(f"{name}.xw", self.source, layer.weight)
            root = None
            if layer.root_weight is not None:
                root = f"{name}.root"
                self.builder.combine(root, self.source, layer.root_weight)
            ending = replace(ending, factor=mean, extra=root)
            self.builder.aggregate(name, f"{name}.xw", adjacency, ending, sample=sample)
            return
        reduce: Literal["sum", "max"] = "max" if layer.aggr == "max" else "sum"
        gathered = f"{name}.ax"
        scaled = Ending(factor=mean)
        self.builder.aggregate(gathered, self.source, adjacency, scaled, reduce=reduce, sample=sample)
        second = None if layer.root_weight is None else (self.source, layer.root_weight)
        self.builder.combine(name, gathered, layer.weight, ending, second=second)

    def _gin(self, layer: GraphLayer, order: Order, last: bool) -> None:
        adjacency = self._adjacency("edges", self.graph)
        own, linears = 1.0 + layer.eps, layer.linears
        ends = len(linears) - 1
        made = f"{layer.name}.ax"
        for index, linear in enumerate(linears):
            end = index == ends
            name = layer.name if end else f"{layer.name}.mlp{index}"
            ending = Ending(bias=linear.bias, relu=layer.relu if end else True, last=last and end)
            if index == 0 and order == "A(XW)":
                product = f"{layer.name}.xw"
                self.builder.combine(product, self.source, linear.weight)
                self.builder.aggregate(
                    name, product, adjacency, replace(ending, extra=product, extra_factor=own)
                )
            else:
                if index == 0:
                    summed = Ending(extra=self.source, extra_factor=own)
                    self.builder.aggregate(made, self.source, adjacency, summed)
                self.builder.combine(name, made, linear.weight, ending)
            made = name

    def _adjacency(self, name: str, graph: Graph) -> str:
        self.builder.adjacencies[name] = IntAdjacency(indptr=graph.indptr, indices=graph.indices)
        return name

    def _weighted(self, layer: GraphLayer) -> tuple[str, np.ndarray]:
        """Adjacency of contract A, the whole propagation matrix entry by entry, and its real weights.

        Without normalisation and edge weights all entries are equal, and need no weights.
        """
        matrix = reference.propagation(layer, self.graph)
        edges = np.asarray(matrix.data, dtype=np.float64)
        largest = float(np.abs(edges).max(initial=0.0)) or 1.0
        equal = bool(np.all(edges == largest))
        unit = largest if equal else largest / 127
        name = "looped" if layer.add_self_loops else "edges"
        name += "-normal" if layer.normalize else "-weighted"
        name += "-improved" if layer.improved else ""
        self.builder.adjacencies[name] = IntAdjacency(
            indptr=np.asarray(matrix.indptr, dtype=np.int64),
            indices=np.asarray(matrix.indices, dtype=np.int64),
            weight=None if equal else np.rint(edges / unit).astype(np.int8),
        )
        self.builder.edge_units[name] = unit
        return name, edges

    def _refuse_weights(self, layer: GraphLayer) -> None:
        if self.graph.edge_weights is not None:
            what = "contract B has no edge weights, but the graph has them"
            raise UserError(what, f"layer {layer.name!r}", "choose contract A")


def _roots(layer: GraphLayer, graph: Graph) -> np.ndarray:
    """1/sqrt of the degree of each node in the sums of *layer*, 0 for a degree of 0."""
    degrees = (graph.with_self_loops() if layer.add_self_loops else graph).in_degrees.astype(np.float64)
    return np.divide(1.0, np.sqrt(degrees), out=np.zeros_like(degrees), where=degrees > 0)
