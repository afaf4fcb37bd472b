"""What the report shows of a classified graph, as plain data that goes into result.json."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyralis.gen.demo.graphrun import GraphRun
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.features import non_zeros
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.intnetwork import IntCombine
from pyralis.gen.gcn.quantize import Quantized

__all__ = ["Trained", "accuracies", "of_graph", "of_network", "of_seed", "sample", "traffic"]

BARS = 24
"""Most degrees that have a bar of their own."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A network that was trained with one seed, and its integers.

    Attributes
    ----------
    seed : int
    scores : (nodes, classes) float32
        Of PyTorch Geometric.
    quantized : Quantized
    """

    seed: int
    scores: np.ndarray
    quantized: Quantized


def of_graph(graph: Graph) -> dict[str, Any]:
    """Size of the graph, and how many nodes have which degree."""
    degrees = graph.in_degrees
    low, high = (int(degrees.min()), int(degrees.max())) if graph.nodes else (0, 0)
    bounds = list(range(low, high + 2))
    if len(bounds) > BARS:  # powers of two
        powers = [1 << k for k in range(low.bit_length(), high.bit_length() + 1)]
        bounds = [1 << low.bit_length() - 1 if low else 0, *powers]
    counts = [int(((degrees >= one) & (degrees < two)).sum()) for one, two in itertools.pairwise(bounds)]
    stored = int(non_zeros(graph.features).sum())
    return {
        "name": graph.name,
        "nodes": graph.nodes,
        "edges": graph.edges,
        "isolated": int(graph.isolated.sum()),
        "features": graph.feature_width,
        "feature_density": stored / max(graph.nodes * graph.feature_width, 1),
        "classes": graph.classes,
        "masks": {name: int(mask.sum()) for name, mask in graph.masks.items()},
        "degree_range": [low, high],
        "degree_mean": graph.edges / max(graph.nodes, 1),
        "degree_bounds": bounds,
        "degree_counts": counts,
    }


def sample(graph: Graph, first: Trained, found: GraphRun) -> dict[str, Any]:
    """A test node that float and integers put into the same class, its neighbours and its logits.

    It is the one whose label the fewest of its neighbours share, among those that are classified rightly:
    what a graph network is for.
    """
    assert graph.labels is not None
    logits, labels = found.logits, graph.labels
    classes = logits.argmax(axis=1)
    same = labels[graph.indices] == labels[graph.targets]
    share = np.bincount(graph.targets, weights=same, minlength=graph.nodes) / np.maximum(graph.in_degrees, 1)
    test = graph.masks.get("test", labels >= 0)
    rank = share + 2 * (classes != labels) + 4 * (graph.in_degrees == 0) + 8 * ~test
    node = int(rank.argmin())
    neighbours = graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
    unit = first.quantized.network.operations[-1].unit
    return {
        "node": node,
        "label": int(labels[node]),
        "class": int(classes[node]),
        "logits": logits[node].tolist(),
        "float_logits": (first.scores[node] / unit).tolist(),
        "neighbours": [{"node": int(each), "label": int(labels[each])} for each in neighbours],
        "pictures": [_picture(graph, each) for each in (node, *neighbours)] if graph.name == "digits" else [],
    }


def _picture(graph: Graph, node: int) -> list[list[int]]:
    """The 8 x 8 pixels of a digit, -128..127."""
    pixels = np.asarray(graph.features)[node].reshape(8, 8)
    return np.clip(np.rint(pixels * 256) - 128, -128, 127).astype(int).tolist()


def accuracies(graph: Graph, networks: list[Trained], found: GraphRun) -> dict[str, Any]:
    """Of the test nodes: of the network that is simulated, and the mean of all of them."""
    rows = [of_seed(graph, each) for each in networks]
    classes = found.logits.argmax(axis=1)
    return {
        "accuracy_float": rows[0]["accuracy_float"],
        "accuracy_int": rows[0]["accuracy_int"],
        "accuracy_rtl": _accuracy(graph, found.logits),
        "agreement": float(np.mean(classes == networks[0].scores.argmax(axis=1))),
        "mean": {
            name: float(np.mean([row[name] for row in rows]))
            for name in ("accuracy_float", "accuracy_int", "agreement")
        },
    }


def of_seed(graph: Graph, each: Trained) -> dict[str, Any]:
    """Accuracies of one network, and the share of all nodes that integers put into the same class."""
    report = each.quantized.report
    return {
        "seed": each.seed,
        "accuracy_float": _accuracy(graph, each.scores),
        "accuracy_int": report.accuracy_int,
        "agreement": report.agreement,
    }


def _accuracy(graph: Graph, scores: np.ndarray) -> float:
    """Share of the test nodes whose greatest score is that of their class."""
    assert graph.labels is not None
    test = graph.masks["test"]
    return float(np.mean(scores[test].argmax(axis=1) == graph.labels[test]))


def of_network(first: Trained, compiled: Compiled) -> dict[str, Any]:
    """Layers and sizes of the network that is simulated."""
    network, config = first.quantized.network, compiled.config
    layers = [each.name for each in network.operations if "." not in each.name]  # their last operations
    weights = [each.weight for each in compiled.network.operations if isinstance(each, IntCombine)]
    return {
        "widths": [network.input.features, *(network.widths()[name] for name in layers)],
        "layers": layers,
        "orders": first.quantized.report.orders,
        "contract": first.quantized.report.contract,
        "input": network.input.values,
        "input_form": "lists" if compiled.plan.sparse_input else "rows",
        "weights": sum(each.size for each in weights),
        "program_bytes": len(compiled.program),
        "constant_bytes": len(compiled.constants),
        "input_bytes": compiled.input_stride,
        "output_bytes": compiled.output_stride,
        "accumulator_bits": config.accumulator_bits,
        "product_bits": config.product_bits,
    }


def traffic(found: GraphRun) -> dict[str, Any]:
    """Bytes by what they are: from the program, the least that any core must move, and counted on the bus."""
    traffic, beat = found.compiled.traffic, found.compiled.config.bus_bits // 8
    later = {name: found.two.totals[name] - count for name, count in found.one.totals.items()}
    counted = {
        run: {name.removesuffix("_beats"): totals[name] * beat for name in totals if name.endswith("_beats")}
        for run, totals in (("first", found.one.totals), ("later", later))
    }
    return {
        "first": traffic.first,
        "later": traffic.later,
        "compulsory": traffic.compulsory,
        "counted_first": counted["first"],
        "counted_later": counted["later"],
    }
