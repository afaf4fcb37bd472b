"""Every option of the three convolutions is read, or refused by its name."""

import inspect

import numpy as np
import pytest
from torch import nn
from torch_geometric import nn as gnn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.convolutions import read_convolution, read_linear

WHERE = "layer 'a'"


def read(module):
    return read_convolution(module, "a", WHERE)


def test_the_options_that_there_are():
    """A version of PyTorch Geometric with a new option fails here first."""

    def options(kind):
        return set(inspect.signature(kind.__init__).parameters) - {"self", "kwargs"}

    assert options(gnn.MessagePassing) == {"aggr", "aggr_kwargs", "flow", "node_dim", "decomposed_layers"}
    gcn = {"in_channels", "out_channels", "improved", "cached", "add_self_loops", "normalize", "bias"}
    assert options(gnn.GCNConv) == gcn
    sage = {"in_channels", "out_channels", "aggr", "normalize", "root_weight", "project", "bias"}
    assert options(gnn.SAGEConv) == sage
    assert options(gnn.GINConv) == {"nn", "eps", "train_eps"}


def test_gcn():
    module = gnn.GCNConv(3, 2)
    layer = read(module)
    assert (layer.name, layer.kind, layer.relu) == ("a", "gcn", False)
    assert (layer.improved, layer.add_self_loops, layer.normalize) == (False, True, True)
    assert np.array_equal(layer.weight.T, module.lin.weight.detach().numpy())
    assert layer.weight.dtype == layer.bias.dtype == np.float64
    layer = read(gnn.GCNConv(3, 2, improved=True, normalize=False, bias=False))
    assert (layer.improved, layer.add_self_loops, layer.normalize) == (True, False, False)
    assert layer.bias is None
    assert not read(gnn.GCNConv(3, 2, add_self_loops=False)).add_self_loops


def test_sage():
    module = gnn.SAGEConv(3, 2)
    layer = read(module)
    assert (layer.kind, layer.aggr, layer.sample) == ("sage", "mean", None)
    assert np.array_equal(layer.weight.T, module.lin_l.weight.detach().numpy())
    assert np.array_equal(layer.root_weight.T, module.lin_r.weight.detach().numpy())
    assert np.array_equal(layer.bias, module.lin_l.bias.detach().double().numpy())
    layer = read(gnn.SAGEConv(3, 2, aggr="max", root_weight=False, bias=False))
    assert (layer.aggr, layer.root_weight, layer.bias) == ("max", None, None)


def test_gin_gets_its_linears_later():
    layer = read(gnn.GINConv(nn.Linear(3, 2), eps=0.25, train_eps=True))
    assert (layer.kind, layer.eps, layer.mlp) == ("gin", 0.25, ())


def test_decomposition_changes_nothing():
    """It only splits the features for the library's own loops."""
    assert read(gnn.GCNConv(4, 2, decomposed_layers=2)).kind == "gcn"


ADDS = "a GCNConv adds: aggr='add'"
SUMS = "a GINConv adds: aggr='add'"
MEANS = "only 'mean' and 'max' are"


@pytest.mark.parametrize(
    ("module", "what", "hint"),
    [
        (gnn.GCNConv(3, 2, aggr="mean"), "aggr='mean' is not supported", ADDS),
        (gnn.GINConv(nn.Linear(3, 2), aggr="max"), "aggr='max' is not supported", SUMS),
        (gnn.SAGEConv(3, 2, aggr="add"), "aggr='add' is not supported", MEANS),
        (gnn.SAGEConv(3, 2, aggr="lstm"), "aggr='lstm' is not supported", MEANS),
        (gnn.SAGEConv(3, 2, aggr=["mean", "max"]), "aggr=['mean', 'max'] is not supported", MEANS),
        (
            gnn.SAGEConv(3, 2, aggr=gnn.SoftmaxAggregation()),
            "aggr='SoftmaxAggregation(learn=False)' is not supported",
            MEANS,
        ),
        (
            gnn.SAGEConv(3, 2, normalize=True),
            "normalize=True is not supported",
            "only normalize=False is: division by the length of each row has no integer twin",
        ),
        (gnn.SAGEConv(3, 2, project=True), "project=True is not supported", "only project=False is"),
        (
            gnn.SAGEConv((3, 4), 2),
            "in_channels=(3, 4) is not supported",
            "only graphs of one kind of node are",
        ),
        (
            gnn.GCNConv(3, 2, flow="target_to_source"),
            "flow='target_to_source' is not supported",
            "swap the rows of edge_index instead",
        ),
        (
            gnn.SAGEConv(3, 2, node_dim=1),
            "node_dim=1 is not supported",
            "only -2 is, a row for each node",
        ),
        (
            gnn.GCNConv(-1, 2),
            "its in_channels=-1 is not known yet",
            "run the module once on a graph, or give its in_channels as a number",
        ),
    ],
)
def test_refusals(module, what, hint):
    with pytest.raises(UserError) as error:
        read(module)
    assert (error.value.what, error.value.where, error.value.hint) == (what, WHERE, hint)


@pytest.mark.parametrize("kind", [nn.Linear, gnn.Linear])
def test_linear(kind):
    module = kind(3, 2)
    weight, bias = read_linear(module, WHERE)
    assert np.array_equal(weight.T, module.weight.detach().numpy())
    assert np.array_equal(bias, module.bias.detach().numpy())
    assert read_linear(kind(3, 2, bias=False), WHERE).bias is None


@pytest.mark.parametrize("module", [nn.LazyLinear(2), gnn.Linear(-1, 2)])
def test_a_linear_of_unknown_size_is_refused(module):
    with pytest.raises(UserError) as error:
        read_linear(module, WHERE)
    assert error.value.what == "its number of inputs is not known yet"
    assert error.value.where == WHERE
    assert error.value.hint == "run the module once on a graph, or give its size as a number"
