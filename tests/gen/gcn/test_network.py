"""Graph networks in real numbers: widths, and a sentence for every mistake that names its layer."""

from dataclasses import replace

import numpy as np
import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import GraphLayer, GraphNetwork, Linear

GCN = GraphLayer(name="first", kind="gcn", weight=np.ones((5, 16)), bias=np.zeros(16), relu=True)
SAGE = GraphLayer(
    name="second", kind="sage", weight=np.ones((16, 7)), root_weight=np.ones((16, 7)), sample=25
)
MLP = (Linear(np.ones((7, 4)), np.zeros(4)), Linear(np.ones((4, 3), dtype=np.float32)))
GIN = GraphLayer(name="third", kind="gin", mlp=MLP, eps=0.5)


def test_widths_follow_the_chain():
    network = GraphNetwork(layers=(GCN, SAGE, GIN))
    network.validate()
    assert network.widths() == [5, 16, 7, 3]
    assert GCN.linears == (Linear(GCN.weight, GCN.bias),)
    assert SAGE.linears == (Linear(SAGE.weight, None),)
    assert GIN.linears == MLP


WRONG = {
    "kind must be gcn, sage or gin, not 'gat'": (GCN, {"kind": "gat"}),
    "a gcn layer needs a weight, and this one has none": (GCN, {"weight": None}),
    "a sage layer needs a weight, and this one has none": (SAGE, {"weight": None}),
    "weight must have the shape (in, out), not (5,)": (GCN, {"weight": np.ones(5)}),
    "weight is empty: its shape is (5, 0)": (GCN, {"weight": np.ones((5, 0))}),
    "weight must hold real numbers, not int64": (GCN, {"weight": np.ones((5, 16), dtype=np.int64)}),
    "2 of 80 values of weight are NaN or infinite": (
        GCN,
        {"weight": np.where(np.arange(80) < 2, np.inf, 1).reshape(5, 16)},
    ),
    "bias must have the shape (out,), not (1, 16)": (GCN, {"bias": np.zeros((1, 16))}),
    "bias must hold 16 values, one for each output feature, not 5": (GCN, {"bias": np.zeros(5)}),
    "1 of 16 values of bias are NaN or infinite": (GCN, {"bias": np.where(np.arange(16) < 1, np.nan, 0)}),
    "weight has the shape (16, 7), and root_weight (7, 16)": (SAGE, {"root_weight": np.ones((7, 16))}),
    "112 of 112 values of root_weight are NaN or infinite": (SAGE, {"root_weight": np.full((16, 7), np.nan)}),
    "aggr must be mean or max, not 'sum'": (SAGE, {"aggr": "sum"}),
    "sample must be in 1..255, or None for all sources, not 0": (SAGE, {"sample": 0}),
    "sample must be in 1..255, or None for all sources, not True": (SAGE, {"sample": True}),
    "sample must be in 1..255, or None for all sources, not 256": (SAGE, {"sample": 256}),
    "a gin layer needs an mlp of at least one linear, and this one has none": (GIN, {"mlp": ()}),
    "a gin layer has its weights and biases in mlp": (GIN, {"bias": np.zeros(3)}),
    "eps must be a finite number, not nan": (GIN, {"eps": float("nan")}),
    "mlp[0] makes 4 features, and mlp[1] takes 5": (GIN, {"mlp": (MLP[0], Linear(np.ones((5, 3))))}),
    "mlp[1].bias must have the shape (out,), not ()": (
        GIN,
        {"mlp": (MLP[0], MLP[1]._replace(bias=np.zeros(())))},
    ),
    "bias must hold 3 values, one for each output feature, not 4": (
        GIN,
        {"mlp": (MLP[0], MLP[1]._replace(bias=np.zeros(4)))},
    ),
}


@pytest.mark.parametrize(("what", "case"), WRONG.items(), ids=WRONG)
def test_a_wrong_layer_is_named(what, case):
    layer, changes = case
    layer.validate()
    with pytest.raises(UserError) as error:
        replace(layer, **changes).validate()
    assert (error.value.what, error.value.where) == (what, f"layer {layer.name!r}")


def test_options_of_other_kinds_are_not_looked_at():
    replace(GCN, sample=-1, aggr="sum", eps=float("inf"), root_weight=np.ones(3)).validate()


def test_layers_must_fit_each_other_and_the_graph():
    with pytest.raises(UserError) as error:
        GraphNetwork(layers=()).validate()
    assert error.value.what == "a network needs at least one layer, and this one has none"
    with pytest.raises(UserError) as error:
        GraphNetwork(layers=(GCN, GIN)).validate()
    assert error.value.what == "layer 'first' makes 16 features a node, and the layer takes 7"
    assert error.value.where == "layer 'third'"
    network = GraphNetwork(layers=(GCN, SAGE))
    fitting, narrow = (
        Graph.from_edge_index([[0], [1]], np.ones((2, width)), name="pair") for width in (5, 4)
    )
    network.validate(fitting)
    with pytest.raises(UserError) as error:
        network.validate(narrow)
    assert error.value.what == "graph 'pair' has 4 features a node, and the layer takes 5"
    assert error.value.where == "layer 'first'"
