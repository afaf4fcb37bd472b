"""The graphs of ``bench gcn``, each with the two-layer GCN that runs on it.

Digits and Cora have labels: their networks are trained, and their accuracy counts. The others are seeded
graphs like published ones (:mod:`pyralis.gen.gcn.synthetic`) with random weights: what a core does depends
on sizes, degrees and densities, and hardly on values.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.demo import digitgraph, graphtraining
from pyralis.gen.errors import UserError
from pyralis.gen.gcn.arrays import from_arrays, gcn
from pyralis.gen.gcn.build import Logits
from pyralis.gen.gcn.features import non_zeros, row_normalised
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import GraphNetwork
from pyralis.gen.gcn.order import Order
from pyralis.gen.gcn.planetoid import read_planetoid
from pyralis.gen.gcn.quantize import Quantized, quantize
from pyralis.gen.gcn.synthetic import PROFILES, Profile, synthetic

__all__ = ["DATA", "SEEDS", "WORKLOADS", "Prepared", "Workload", "part_of", "prepare", "random_gcn", "select"]

DATA = Path("../shared/data/cora")
"""Folder of Cora's planetoid files, unless another one is given."""

SEEDS = 5
"""Networks that are trained on a graph with labels: accuracies are means, the first one is simulated."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A graph and the width of its hidden layer.

    Attributes
    ----------
    name, title : str
    graph : callable
        Makes the graph; takes the folder of planetoid files.
    hidden : int
    dataset : str
        Name under which published figures stand; empty if there are none.
    levels : int
        To which values of features are rounded, if not 0: see :func:`pyralis.gen.gcn.quantize.quantize`.
    needs_data : bool
        Whether *graph* reads planetoid files.
    trained : bool
        Whether it has labels to train with.
    """

    name: str
    title: str
    graph: Callable[[Path], Graph] = field(repr=False)
    hidden: int = 16
    dataset: str = ""
    levels: int = 0
    needs_data: bool = False
    trained: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A workload ready to be compiled.

    Attributes
    ----------
    workload : Workload
    graph : Graph
    float_network : GraphNetwork
    quantized : Quantized
    accuracy : dict or None
        Of the labels: means over the seeds, and the seeds themselves; None without labels.
    """

    workload: Workload
    graph: Graph
    float_network: GraphNetwork
    quantized: Quantized
    accuracy: dict[str, Any] | None

    def facts(self) -> dict[str, Any]:
        """Plain data for the JSON file."""
        graph, name = self.graph, self.workload.name
        stored = int(non_zeros(graph.features).sum())
        return {
            "name": name,
            "title": self.workload.title,
            "dataset": self.workload.dataset,
            "hidden": self.workload.hidden,
            "levels": self.workload.levels,
            "nodes": graph.nodes,
            "edges": graph.edges,
            "features": graph.feature_width,
            "non_zeros": stored,
            "feature_density": stored / max(graph.nodes * graph.feature_width, 1),
            "widths": self.float_network.widths(),
            "max_degree": int(graph.in_degrees.max(initial=0)),
            "orders": list(self.quantized.report.orders),
            "contract": self.quantized.report.contract,
            "agreement": self.quantized.report.agreement,
            "accuracy": self.accuracy,
        }


def part_of(name: str, share: int) -> Profile:
    """The profile *name* with a *share*-th of its nodes, edges and non-zeros, and all else the same."""
    whole = PROFILES[name]
    return replace(
        whole,
        nodes=whole.nodes // share,
        edges=whole.edges // share // 2 * 2,
        non_zeros=whole.non_zeros // share,
        isolated=whole.isolated // share,
        empty=whole.empty // share,
        one_hot=whole.one_hot // share,
    )


def _cora(data: Path) -> Graph:
    graph = read_planetoid(data, "cora")
    return replace(graph, features=row_normalised(graph.features))


def _like(name: str, share: int = 1) -> Callable[[Path], Graph]:
    def make(_data: Path) -> Graph:
        if share == 1:
            return synthetic(name)
        return replace(synthetic(part_of(name, share)), name=f"{name}-like/{share}")

    return make


WORKLOADS: tuple[Workload, ...] = (
    Workload(
        name="digits-h16",
        title="digits, 1,797 nodes",
        graph=lambda _data: digitgraph.load(),
        trained=True,
    ),
    Workload(
        name="cora-h16", title="Cora, hidden 16", graph=_cora, dataset="cora", needs_data=True, trained=True
    ),
    Workload(
        name="cora-h128",
        title="Cora, hidden 128",
        graph=_cora,
        hidden=128,
        dataset="cora",
        needs_data=True,
        trained=True,
    ),
    Workload(
        name="citeseer-h16", title="Citeseer-like, hidden 16", graph=_like("citeseer"), dataset="citeseer"
    ),
    Workload(
        name="citeseer-h128",
        title="Citeseer-like, hidden 128",
        graph=_like("citeseer"),
        hidden=128,
        dataset="citeseer",
    ),
    Workload(
        name="pubmed-h16",
        title="Pubmed-like, hidden 16, features of four levels",
        graph=_like("pubmed"),
        dataset="pubmed",
        levels=4,
    ),
    Workload(
        name="pubmed-h128",
        title="Pubmed-like, hidden 128",
        graph=_like("pubmed"),
        hidden=128,
        dataset="pubmed",
        levels=4,
    ),
    Workload(name="pubmed4-h16", title="a quarter of the Pubmed-like, hidden 16", graph=_like("pubmed", 4)),
    Workload(
        name="pubmed16-h16", title="a sixteenth of the Pubmed-like, hidden 16", graph=_like("pubmed", 16)
    ),
    Workload(name="nell-h64", title="NELL-like, hidden 64", graph=_like("nell"), hidden=64, dataset="nell"),
)
"""What is measured; published figures are of the widths 16 and 128, of NELL of 64. Parts of the Pubmed-like
graph, with its degrees and its density, stand for it in ablations on cores whose row store does not hold it;
their features are int8, those of the whole graph are rounded to four levels, of which compact entries are the
names."""


def select(names: list[str] | None, workloads: tuple[Workload, ...] = WORKLOADS) -> tuple[Workload, ...]:
    """The workloads called *names*, all of them without; UserError for a name that there is not."""
    known = {each.name: each for each in workloads}
    for name in names or ():
        if name not in known:
            what = f"There is no workload {name!r}; there are {', '.join(known)}."
            raise UserError(what, "--only", f"--only {next(iter(known))}")
    return workloads if not names else tuple(known[name] for name in names)


def random_gcn(widths: list[int], graph: Graph, seed: int = 0) -> GraphNetwork:
    """Layers of *widths* with random weights (Glorot), which float and integers classify alike."""
    random = np.random.default_rng(seed)
    layers = []
    for index, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        bound = np.sqrt(6 / (inputs + outputs))
        weight = random.uniform(-bound, bound, (inputs, outputs)).astype(np.float32)
        relu = index < len(widths) - 2
        layers.append(gcn(weight, np.zeros(outputs, np.float32), relu=relu, name=f"conv{index + 1}"))
    return from_arrays(layers, graph)


def prepare(
    workload: Workload,
    data: Path = DATA,
    *,
    seeds: int = SEEDS,
    order: Order | None = None,
    logits: Logits = "int16",
) -> Prepared:
    """Makes the graph and its integer network.

    Raises UserError if the planetoid files cannot be read.
    """
    graph = workload.graph(data)
    if workload.trained:
        return _trained(workload, graph, seeds, order, logits)
    classes = PROFILES[workload.name.partition("-")[0].rstrip("0123456789")].classes
    network = random_gcn([graph.feature_width, workload.hidden, classes], graph)
    quantized = quantize(network, graph, order=order, logits=logits, levels=workload.levels)
    return Prepared(workload=workload, graph=graph, float_network=network, quantized=quantized, accuracy=None)


def _trained(workload: Workload, graph: Graph, seeds: int, order: Order | None, logits: Logits) -> Prepared:
    from pyralis.gen.frontend.pyg import from_pyg

    found, rows = None, []
    for seed in range(seeds):
        module = graphtraining.train(graph, hidden=workload.hidden, seed=seed).module
        network = from_pyg(module, graph)
        quantized = quantize(network, graph, order=order, logits=logits, levels=workload.levels)
        report = quantized.report
        rows.append({
            "seed": seed,
            "float": report.accuracy_float,
            "int": report.accuracy_int,
            "agreement": report.agreement,
        })
        found = found or Prepared(
            workload=workload, graph=graph, float_network=network, quantized=quantized, accuracy=None
        )
    assert found is not None
    means = {name: float(np.mean([row[name] for row in rows])) for name in ("float", "int", "agreement")}
    return replace(found, accuracy={**means, "seeds": rows})
