"""The PyTorch Geometric front end: equal to the module where it accepts, a sentence where it refuses."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch_geometric import nn as gnn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.pyg import from_pyg
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.hardgraphs import random_graph
from pyralis.gen.gcn.reference import run

EDGES = "x, edge_index -> x"
SUPPORTED = "GCNConv, SAGEConv, GINConv, Linear, BatchNorm, ReLU and dropout"


@pytest.fixture(autouse=True)
def _same_weights():
    torch.manual_seed(0)


def graph_of(width, weighted=False):
    graph = random_graph(19, 60, seed=width, isolated=2, width=width, sparse=False)
    if not weighted:
        return graph
    weights = np.random.default_rng(width).uniform(0, 2, graph.edges)
    return Graph.from_edge_index(graph.edge_index, graph.features, edge_weights=weights)


def sequential(*modules):
    """The modules, each with the rows, convolutions with edges too."""
    described = [
        (module, EDGES if isinstance(module, gnn.MessagePassing) else "x -> x") for module in modules
    ]
    return gnn.Sequential("x, edge_index", described)


def lively(module):
    """*module* with statistics, biases and factors that are not those of the start."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
            part.weight.data.uniform_(-1, 2)
            part.bias.data.normal_()
        elif isinstance(getattr(part, "bias", None), nn.Parameter):
            part.bias.data.normal_()
    return module


def assert_equal(module, width, *, call=None, notes=(), weighted=False):
    """The network that is read computes what *module* does in evaluation mode; returns its layers."""
    lively(module)
    module.train()
    before = copy.deepcopy(module.state_dict())
    graph = graph_of(width, weighted)
    network = from_pyg(module, graph)
    assert all(part.training for part in module.modules())
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    features, edges = torch.as_tensor(graph.features), torch.as_tensor(graph.edge_index)
    weights = (torch.as_tensor(graph.edge_weights),) if weighted else ()
    with torch.no_grad():
        made = (call or module.eval())(features, edges, *weights).double().numpy()
    scores = run(network, graph)[0]
    if notes:
        scores = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    assert np.abs(scores - made).max() <= 2e-5 * np.abs(made).max()
    assert network.source["framework"] == "torch_geometric"
    assert network.source["notes"] == list(notes)
    return network.layers


def assert_refused(module, what, where, hint, graph=None):
    with pytest.raises(UserError) as error:
        from_pyg(module, graph)
    assert (error.value.what, error.value.where, error.value.hint) == (what, where, hint)


@pytest.mark.parametrize("norm", [None, "batch_norm"])
@pytest.mark.parametrize("model", [gnn.GCN, gnn.GraphSAGE, gnn.GIN])
def test_models_of_the_library(model, norm):
    layers = assert_equal(model(6, 16, 3, 4, dropout=0.5, norm=norm), 6)
    kind = {gnn.GCN: "gcn", gnn.GraphSAGE: "sage", gnn.GIN: "gin"}[model]
    assert [(layer.name, layer.kind) for layer in layers] == [(f"convs.{place}", kind) for place in range(3)]
    assert [layer.relu for layer in layers] == [True, True, False]
    assert [layer.out_width for layer in layers] == [16, 16, 4]


def test_options_of_the_models_reach_their_convolutions():
    layers = assert_equal(gnn.GCN(6, 7, 2, 4, improved=True, bias=False), 6, weighted=True)
    assert [(layer.improved, layer.bias) for layer in layers] == [(True, None)] * 2
    layers = assert_equal(gnn.GraphSAGE(6, 7, 2, 4, aggr="max", root_weight=False), 6)
    assert [(layer.aggr, layer.root_weight) for layer in layers] == [("max", None)] * 2
    layers = assert_equal(gnn.GIN(6, 7, 2, 4, eps=0.25, train_eps=True), 6)
    assert [layer.eps for layer in layers] == [0.25, 0.25]
    layers = assert_equal(gnn.GIN(6, 7, 2, 4, jk="last"), 6)
    assert [len(layer.mlp) for layer in layers] == [2, 3]
    assert [layer.relu for layer in assert_equal(gnn.GCN(6, 7, 2, 4, act=None), 6)] == [False, False]


def test_sequential_with_what_folds():
    layers = assert_equal(
        sequential(
            nn.Dropout(0.5),
            gnn.GCNConv(5, 7),
            gnn.BatchNorm(7),
            nn.ReLU(),
            gnn.SAGEConv(7, 6),
            nn.Linear(6, 8),
            nn.BatchNorm1d(8),
            nn.ReLU(inplace=True),
            nn.Identity(),
            gnn.GCNConv(8, 4, bias=False),
            gnn.Linear(4, 3),
        ),
        5,
    )
    assert [layer.name for layer in layers] == ["module_1", "module_4", "module_9"]
    assert [(layer.in_width, layer.out_width, layer.relu) for layer in layers] == [
        (5, 7, True),
        (7, 8, True),
        (8, 3, False),
    ]


def test_each_sequential_has_a_forward_of_its_own():
    """The library leaves the forward of the last one in the class."""
    first = sequential(gnn.GCNConv(5, 4), nn.ReLU(), gnn.GCNConv(4, 3))
    sequential(gnn.SAGEConv(5, 2))
    assert [layer.kind for layer in assert_equal(first, 5)] == ["gcn", "gcn"]


def test_weights_of_edges_through_a_sequential():
    described = [(gnn.GCNConv(5, 4), "x, e, w -> x"), nn.ReLU(), (gnn.GCNConv(4, 3), "x, e, w -> x")]
    assert_equal(gnn.Sequential("x, e, w", described), 5, weighted=True)


def test_a_perceptron_of_any_form():
    deep = nn.Sequential(
        nn.Linear(5, 8),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Sequential(nn.Linear(8, 6), nn.Linear(6, 7, bias=False), nn.ReLU()),
        nn.Linear(7, 4),
        nn.ReLU(),
    )
    (layer,) = assert_equal(gnn.GINConv(deep, eps=-0.5), 5)
    assert [linear.weight.shape for linear in layer.mlp] == [(5, 8), (8, 7), (7, 4)]
    assert (layer.relu, layer.eps, layer.name) == (True, -0.5, "conv")
    (layer,) = assert_equal(gnn.GINConv(gnn.MLP([5, 6, 6, 3], norm="batch_norm", dropout=0.5)), 5)
    assert [linear.weight.shape for linear in layer.mlp] == [(5, 6), (6, 6), (6, 3)]
    (layer,) = assert_equal(gnn.GINConv(nn.Linear(5, 2)), 5)
    assert len(layer.mlp) == 1


class Kipf(nn.Module):
    """As PyTorch Geometric's own examples write it: Data goes in, log_softmax comes out."""

    def __init__(self):
        super().__init__()
        self.conv1 = gnn.GCNConv(6, 16, cached=True)
        self.conv2 = gnn.GCNConv(16, 3)

    def forward(self, data):
        x, edge_index = data.x, data.edge_index
        x = functional.dropout(x, training=self.training)
        x = functional.relu(self.conv1(x, edge_index))
        x = functional.dropout(x, p=0.5, training=self.training)
        return functional.log_softmax(self.conv2(x, edge_index), dim=1)


def test_a_class_with_functions_between_its_layers():
    from torch_geometric.data import Data

    module = Kipf()
    module.conv1._cached_edge_index = cache = (torch.tensor([[0], [1]]), torch.ones(1))

    def call(x, edges):
        module.eval().conv1._cached_edge_index = None
        return module(Data(x=x, edge_index=edges))

    notes = [
        "conv1 has cached=True: here it is normalised for the graph that it is run on",
        "log_softmax at the end is left out: it does not change which class is the largest",
    ]
    layers = assert_equal(module, 6, call=call, notes=notes)
    assert [(layer.name, layer.relu) for layer in layers] == [("conv1", True), ("conv2", False)]
    module.conv1._cached_edge_index = cache
    from_pyg(module)
    assert module.conv1._cached_edge_index is cache


def test_weights_of_edges_in_data():
    from torch_geometric.data import Data

    def forward(self, data):
        x = self.conv(data.x, data.edge_index, data.edge_attr).relu()
        return self.second(x, data["edge_index"], data.edge_attr)

    module = of_class(forward, conv=gnn.GCNConv(5, 4), second=gnn.GCNConv(4, 3))

    def call(x, edges, weights):
        return module.eval()(Data(x=x, edge_index=edges, edge_attr=weights))

    assert_equal(module, 5, call=call, weighted=True)


class Written(nn.Module):
    """Layers registered in the wrong order, in lists and twice; other names, defaults, a branch not taken."""

    def __init__(self):
        super().__init__()
        self.last = gnn.SAGEConv(8, 3)
        self.many = nn.ModuleList([gnn.SAGEConv(8, 8, aggr="max") for _ in range(2)])
        self.first = gnn.SAGEConv(5, 8)
        self.unused = gnn.GATConv(5, 8)
        self.act = nn.ReLU()

    def forward(self, edges, h, residual=False, scale=None):
        h = self.act(self.first(h.float(), edges.long()))
        for conv in [*self.many, self.many[0]]:
            h = torch.relu(conv(h, edge_index=edges))
        if residual or scale is not None:
            h = h + self.unused(h, edges)
        return self.last(x=h, edge_index=edges).contiguous()


def test_forward_decides_not_the_order_of_registration():
    module = Written()
    layers = assert_equal(module, 5, call=lambda x, edges: module.eval()(edges, x))
    assert [layer.name for layer in layers] == ["first", "many.0", "many.1", "many.0_2", "last"]
    assert [layer.aggr for layer in layers] == ["mean", "max", "max", "max", "mean"]


def test_one_convolution_is_a_network():
    assert_equal(gnn.GCNConv(5, 3, improved=True), 5, weighted=True)
    assert_equal(gnn.SAGEConv((5, 5), 3), 5)
    assert_equal(gnn.SAGEConv(5, 4, aggr=gnn.MaxAggregation()), 5)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision(kind):
    module = lively(gnn.GCN(5, 4, 2, 3)).to(kind)
    layers = from_pyg(module).layers
    assert np.array_equal(layers[0].weight, module.convs[0].lin.weight.detach().double().numpy().T)
    assert np.array_equal(layers[1].bias, module.convs[1].bias.detach().double().numpy())


def of_class(forward, **modules):
    """A module with *forward*."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            for name, module in modules.items():
                setattr(self, name, module)

    Net.forward = forward
    return Net()


class Weighing(gnn.GCNConv):
    """A convolution of the user's own."""

    def message(self, x_j, edge_weight):
        return 2 * x_j


CONV = {"conv": gnn.GCNConv(4, 4), "second": gnn.GCNConv(4, 4)}
PARTS = f"build the network from {SUPPORTED}"


@pytest.mark.parametrize(
    ("forward", "what", "hint"),
    [
        (lambda self, x, e: x + self.conv(x, e), "add() is not supported", PARTS),
        (lambda self, x, e: self.conv(x, e).sigmoid(), "sigmoid() is not supported", PARTS),
        (lambda self, x, e: self.conv(x, e).mean(dim=0), "mean() is not supported", PARTS),
        (
            lambda self, x, e: functional.dropout(self.conv(x, e), 0.5),
            "F.dropout drops features in evaluation mode, too",
            "call it with training=self.training",
        ),
        (
            lambda self, x, e: self.conv(x.relu(), e),
            "ReLU of the features is not supported",
            "change the features before",
        ),
        (
            lambda self, x, e: self.conv(x, e).softmax(dim=-1).relu(),
            "relu() follows softmax",
            "a softmax must be the last that forward calls",
        ),
        (
            lambda self, x, e: functional.log_softmax(self.conv(x, e), dim=0),
            "log_softmax over dim=0 is not supported",
            "use dim=-1, the classes of a node",
        ),
        (
            lambda self, x, e: (self.conv(x, e), x),
            "it returns 2 values",
            "return the class scores of the nodes alone",
        ),
        (
            lambda self, x, e: None,
            "it returns no tensor",
            "return the class scores of the nodes alone",
        ),
        (lambda self, x, e: x, "it calls no convolution", PARTS),
        (
            lambda self, x, e: self.conv.bias,
            "it returns something that the features of the nodes have no part in",
            "hand the features in as an argument",
        ),
        (
            lambda self, x, e: self.conv(x, e) if x.sum() > 0 else x,
            "it cannot be followed: symbolically traced variables cannot be used as inputs to control flow",
            "forward may call layers, ReLU and dropout, and must not depend on the values in tensors",
        ),
    ],
)
def test_functions_that_are_refused(forward, what, hint):
    assert_refused(of_class(forward, **CONV), what, "forward of Net", hint)


@pytest.mark.parametrize(
    ("forward", "what", "hint"),
    [
        (
            lambda self, x, e: self.conv((x, x), e),
            "a pair of feature matrices is not supported",
            "only graphs of one kind of node are",
        ),
        (
            lambda self, x, e: self.conv(x, e[:, 1:]),
            "forward computes the edge_index that it gets",
            "change the graph before, and hand it to forward",
        ),
        (
            lambda self, x, e: self.conv(x, e, e[0] + 1),
            "forward computes the edge_weight that it gets",
            "change the graph before, and hand it to forward",
        ),
    ],
)
def test_arguments_of_a_convolution_that_are_refused(forward, what, hint):
    assert_refused(of_class(forward, **CONV), what, "layer 'conv' (GCNConv)", hint)


def test_all_convolutions_get_the_same_edges_and_weights():
    module = of_class(lambda self, x, e, other: self.second(self.conv(x, e), other), **CONV)
    what = "it gets other edges than the convolutions before it"
    where = "layer 'second' (GCNConv)"
    assert_refused(module, what, where, "every layer gathers along the same edges")
    module = of_class(lambda self, x, e, w: self.second(self.conv(x, e, w), e), **CONV)
    hint = "every GCNConv must get the same edge_weight, or none"
    assert_refused(module, "it gets other edge weights than the GCNConv before it", where, hint)


@pytest.mark.parametrize(
    ("module", "what", "where", "hint"),
    [
        (
            gnn.GCN(4, 5, 2, 3, jk="cat"),
            "jk='cat' is not supported",
            "layer 'jk' (JumpingKnowledge)",
            "a layer gets what the one before it made, and nothing else",
        ),
        (
            gnn.GCN(4, 5, 2, 3, jk="last"),
            "Linear after the ReLU of 'convs.1' is not supported",
            "layer 'lin' (Linear)",
            "take the ReLU or the Linear out, or use a GINConv, whose nn may hold both",
        ),
        (gnn.GCN(4, 5, 2, 3, act="elu"), "ELU is not supported", "layer 'act' (ELU)", PARTS),
        (
            gnn.GCN(4, 5, 2, 3, norm="layer_norm"),
            "LayerNorm is not supported",
            "layer 'norms.0' (LayerNorm)",
            PARTS,
        ),
        (
            gnn.GraphSAGE(4, 5, 2, 3, norm="batch_norm", act_first=True),
            "BatchNorm is supported directly after a convolution or a Linear only",
            "layer 'norms.0' (BatchNorm)",
            "there it folds exactly; ReLU must come after it",
        ),
        (gnn.GAT(4, 6, 2, 3, heads=2), "GATConv is not supported", "layer 'convs.0' (GATConv)", PARTS),
        (
            sequential(nn.Linear(4, 4), gnn.GCNConv(4, 3)),
            "Linear before the first convolution is not supported",
            "layer 'module_0' (Linear)",
            "begin with a convolution, or multiply the features before",
        ),
        (
            sequential(gnn.GCNConv(4, 3), nn.LogSoftmax(dim=-1), nn.Linear(3, 3)),
            "it follows LogSoftmax",
            "layer 'module_2' (Linear)",
            "a softmax must be the last that forward calls",
        ),
        (
            sequential(gnn.GCNConv(4, 3), nn.Linear(4, 2)),
            "it takes 4 features, and 'module_0' makes 3",
            "layer 'module_1' (Linear)",
            "the layers must chain",
        ),
        (
            sequential(gnn.GCNConv(4, 3), gnn.GCNConv(4, 2)),
            "layer 'module_0' makes 3 features a node, and the layer takes 4",
            "layer 'module_1'",
            "",
        ),
        (
            Weighing(4, 3),
            "Weighing may compute something else than GCNConv, which it is derived from",
            "layer 'conv' (Weighing)",
            "use GCNConv itself",
        ),
        (
            nn.Linear(4, 3),
            "Linear before the first convolution is not supported",
            "module Linear",
            "begin with a convolution, or multiply the features before",
        ),
        (
            sequential(gnn.GCNConv(4, 3), nn.LogSoftmax(dim=0)),
            "LogSoftmax over dim=0 is not supported",
            "layer 'module_1' (LogSoftmax)",
            "use dim=-1, the classes of a node",
        ),
        (
            gnn.GINConv(nn.Identity()),
            "its nn holds no Linear",
            "layer 'conv' (GINConv)",
            "give it at least one",
        ),
        (
            gnn.GINConv(nn.Sequential(nn.ReLU(), nn.Linear(3, 3))),
            "ReLU before the first Linear of a GINConv is not supported",
            "layer 'conv.nn.0' (ReLU)",
            "begin its nn with a Linear",
        ),
        (
            gnn.GINConv(torch.sigmoid),
            "its nn is not a module",
            "layer 'conv' (GINConv)",
            "use Sequential(Linear, ReLU, Linear)",
        ),
        (
            gnn.GINConv(nn.Sequential(nn.Linear(3, 3), nn.Tanh())),
            "Tanh is not supported",
            "layer 'conv.nn.1' (Tanh)",
            PARTS,
        ),
    ],
)
def test_modules_that_are_refused(module, what, where, hint):
    assert_refused(module, what, where, hint)


def test_a_graph_that_does_not_fit_is_refused():
    module = gnn.GCN(5, 4, 2, 3)
    what = "graph 'random graph 6' has 6 features a node, and the layer takes 5"
    assert_refused(module, what, "layer 'convs.0'", "", graph_of(6))
    module = sequential(gnn.GCNConv(5, 3))
    what = "graph 'graph' has edge weights, and forward does not hand them to its GCNConv"
    hint = "take them out of the graph, or add an argument edge_weight to forward"
    assert_refused(module, what, "forward of Sequential", hint, graph_of(5, weighted=True))
    from_pyg(gnn.GraphSAGE(5, 4, 2, 3), graph_of(5, weighted=True))  # SAGEConv has no edge weights


def test_diverged_weights_are_refused():
    module = gnn.GCN(5, 4, 2, 3)
    module.convs[1].lin.weight.data[0, :2] = torch.nan
    what = "2 of 12 values of weight are NaN or infinite"
    hint = "the training diverged; load an earlier checkpoint"
    assert_refused(module, what, "layer 'convs.1'", hint)


def test_torch_compile_is_looked_through():
    module = torch.compile(gnn.GCN(5, 4, 2, 3))
    assert [layer.name for layer in from_pyg(module).layers] == ["convs.0", "convs.1"]
