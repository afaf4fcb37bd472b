"""The float reference equals PyTorch Geometric for every option, on graphs of all kinds."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch_geometric.nn import GCNConv, GINConv, SAGEConv

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.pyg import from_pyg
from pyralis.gen.gcn.arrays import from_arrays, gcn, gin, sage
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.hardgraphs import edgeless, path, random_graph, star
from pyralis.gen.gcn.reference import aggregate, propagation, run

WIDTHS = (1, 7, 16, 17)
TOLERANCE = 1e-5
"""Of the greatest score."""


class Chain(nn.Module):
    """Convolutions with ReLU between them."""

    def __init__(self, *convs):
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.weighted = isinstance(convs[0], GCNConv)

    def forward(self, x, edge_index, edge_weight=None):
        for place, conv in enumerate(self.convs):
            x = x.relu() if place else x
            x = conv(x, edge_index, edge_weight) if self.weighted else conv(x, edge_index)
        return x


def graph_of(width, seed, *, weighted=False, sparse=False):
    """Directed, with self loops, repeated edges, nodes without edges and nodes without features."""
    graph = random_graph(23, 70, seed=seed, isolated=3, hubs=2, width=width, sparse=sparse)
    assert graph.repeated_edges
    assert graph.is_self_loop.any()
    assert graph.isolated.sum() >= 3
    if not weighted:
        return graph
    weights = np.random.default_rng(seed).uniform(0, 2, graph.edges).astype(np.float32)
    return replace(graph, edge_weights=weights)


def assert_equal(module, graph, seed=0):
    """The network read from *module* makes the scores of *module* itself, run in float64."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        if name.endswith("bias"):
            parameter.data = torch.randn(parameter.shape, generator=generator)
    module = module.eval().double()
    sparse = not isinstance(graph.features, np.ndarray)
    features = torch.as_tensor(graph.features.toarray() if sparse else graph.features).double()
    weights = () if graph.edge_weights is None else (torch.as_tensor(graph.edge_weights).double(),)
    with torch.no_grad():
        expected = module(features, torch.as_tensor(graph.edge_index), *weights).numpy()
    network = from_pyg(module, graph)
    scores, traces = run(network, graph)
    assert scores.shape == expected.shape
    assert scores.dtype == np.float64
    assert np.abs(scores - expected).max(initial=0) <= TOLERANCE * np.abs(expected).max(initial=0)
    assert [trace.outputs.shape[1] for trace in traces] == network.widths()[1:]
    return expected


def widths_of(count, layers):
    """*layers* + 1 widths, others for every *count*."""
    return [WIDTHS[(count + place * place) % 4] for place in range(layers + 1)]


GCN_OPTIONS = [
    {"improved": improved, "normalize": normalize, "add_self_loops": loops, "bias": bias}
    for improved, (normalize, loops), bias in itertools.product(
        (False, True), ((True, True), (True, False), (False, False)), (False, True)
    )
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "options", GCN_OPTIONS, ids=lambda options: "".join("ft"[v] for v in options.values())
)
def test_gcn(options, weighted):
    for seed in range(3):
        torch.manual_seed(seed)
        widths = widths_of(seed, 3 + seed)
        module = Chain(*(GCNConv(*pair, **options) for pair in itertools.pairwise(widths)))
        graph = graph_of(widths[0], seed, weighted=weighted, sparse=seed == 1)
        assert np.abs(assert_equal(module, graph)).max() > 0


@pytest.mark.parametrize(
    ("aggr", "root_weight", "bias"), list(itertools.product(("mean", "max"), (False, True), (False, True)))
)
def test_sage(aggr, root_weight, bias):
    for seed in range(3):
        torch.manual_seed(seed)
        widths = widths_of(seed, 3 + seed)
        convs = [
            SAGEConv(*pair, aggr=aggr, root_weight=root_weight, bias=bias)
            for pair in itertools.pairwise(widths)
        ]
        graph = graph_of(widths[0], seed, sparse=seed == 1)
        assert np.abs(assert_equal(Chain(*convs), graph)).max() > 0


@pytest.mark.parametrize(
    ("eps", "train_eps", "linears"), list(itertools.product((0.0, 0.25, -1.5), (False, True), (1, 2, 3)))
)
def test_gin(eps, train_eps, linears):
    for seed in range(2):
        torch.manual_seed(seed)
        widths = widths_of(seed, 3 + seed)
        convs = []
        for before, after in itertools.pairwise(widths):
            parts = [nn.Linear(before, after)]
            for _ in range(linears - 1):
                parts += [nn.ReLU(), nn.Linear(after, after)]
            convs.append(GINConv(nn.Sequential(*parts), eps=eps, train_eps=train_eps))
            if train_eps:
                convs[-1].eps.data += 0.125 * len(convs)
        graph = graph_of(widths[0], seed, sparse=seed == 1)
        assert np.abs(assert_equal(Chain(*convs), graph)).max() > 0


@pytest.mark.parametrize(
    "graph",
    [edgeless(0), edgeless(1), edgeless(5), star(50), star(50, both_ways=False), path(6)],
    ids=lambda graph: graph.name,
)
def test_hard_graphs(graph):
    torch.manual_seed(1)
    mlp = nn.Sequential(nn.Linear(8, 7), nn.ReLU(), nn.Linear(7, 3))
    for conv in (GCNConv(8, 3), SAGEConv(8, 3), SAGEConv(8, 3, aggr="max"), GINConv(mlp, eps=0.5)):
        assert_equal(Chain(conv), graph)


def test_repeated_edges_count_as_often_as_they_stand():
    graph = Graph.from_edge_index([[0, 0, 1], [2, 2, 2]], np.array([[3.0], [6.0], [0.0]]))
    one = [[1.0]]
    assert run(from_arrays([sage(one)]), graph)[0][2, 0] == 4
    assert run(from_arrays([sage(one, aggr="max")]), graph)[0][2, 0] == 6
    assert run(from_arrays([gin([one])]), graph)[0][2, 0] == 12


def test_traces_hold_what_each_layer_got_and_made():
    graph = graph_of(7, 0)
    random = np.random.default_rng(0)
    layers = [
        gcn(random.normal(size=(7, 5)), random.normal(size=5), relu=True),
        gin([random.normal(size=(5, 4)), (random.normal(size=(4, 3)), random.normal(size=3))], eps=0.5),
    ]
    network = from_arrays(layers, graph)
    scores, (first, second) = run(network, graph)
    assert np.array_equal(first.inputs, graph.features)
    assert np.allclose(first.aggregated, propagation(network.layers[0], graph).toarray() @ graph.features)
    assert np.allclose(first.outputs, np.maximum(first.aggregated @ layers[0].weight + layers[0].bias, 0))
    assert first.hidden == []
    assert second.inputs is first.outputs
    assert np.allclose(second.aggregated, graph.adjacency() @ first.outputs + 1.5 * first.outputs)
    assert np.allclose(second.hidden[0], np.maximum(second.aggregated @ layers[1].mlp[0].weight, 0))
    assert np.allclose(scores, second.hidden[0] @ layers[1].mlp[1].weight + layers[1].mlp[1].bias)
    assert (second.outputs < 0).any()


def test_sampled_layers_gather_from_the_sample_that_is_given():
    graph = Graph.from_edge_index([[0, 1, 2], [3, 3, 3]], np.arange(4.0)[:, None] + 1)
    drawn = Graph.from_edge_index([[0, 2], [3, 3]], graph.features)
    network = from_arrays([sage([[1.0]], sample=2, name="first")], graph)
    assert run(network, graph)[0][3, 0] == 2
    assert run(network, graph, samples={"first": drawn})[0][3, 0] == 2
    drawn = Graph.from_edge_index([[1, 2], [3, 3]], graph.features)
    assert run(network, graph, samples={"first": drawn})[0][3, 0] == 2.5
    assert aggregate(network.layers[0], drawn, graph.features)[3, 0] == 2.5


def test_negative_sums_of_edge_weights_have_no_root():
    graph = Graph.from_edge_index([[0, 1], [1, 0]], np.ones((2, 3)), edge_weights=[-2.5, 1.0])
    with pytest.raises(UserError) as error:
        run(from_arrays([gcn(np.ones((3, 1)))]), graph)
    assert error.value.what == "the edge weights that node 1 gathers sum to -1.5"
    assert error.value.where == "layer 'gcn0'"
    assert error.value.hint == "normalisation divides by the square root of this sum; use normalize=False"
    assert run(from_arrays([gcn(np.ones((3, 1)), normalize=False)]), graph)[0].tolist() == [[6.0], [-4.5]]


def test_the_network_must_fit_the_graph():
    with pytest.raises(UserError, match="graph 'path of 6' has 8 features a node, and the layer takes 3"):
        run(from_arrays([gcn(np.ones((3, 1)))]), path(6))
