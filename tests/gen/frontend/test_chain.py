"""What forward calls, read from a run with placeholders."""

import torch
from torch import nn
from torch_geometric import nn as gnn

from pyralis.gen.frontend.chain import Source, evaluating, read_chain


def names(chain):
    return [(call.name, call.kind) for call in chain.calls]


def test_a_layer_of_a_library_is_one_call():
    chain = read_chain(nn.Linear(3, 2))
    assert names(chain) == [("", "Linear")]
    assert chain.features == Source("x")


def test_containers_are_looked_into():
    chain = read_chain(
        nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.ReLU(), gnn.MLP([3, 2, 1], norm=None)))
    )
    kinds = ["Linear", "ReLU", "Linear", "Identity", "ReLU", "dropout", "Linear", "dropout"]
    assert [call.kind for call in chain.calls] == kinds
    assert [call.name for call in chain.calls[:2]] == ["0", "1.0"]
    assert [call.name for call in chain.calls if call.kind == "Identity"] == ["1.1.norms.0"]
    assert chain.calls[-1].option("training", 2) is False


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = gnn.GCNConv(3, 3)
        self.other = gnn.GCNConv(3, 3)

    def forward(self, data, size, again=True, edge_attr=None, batch=None):
        dead = self.other(data.x, data["links"])
        rows = data.x.float().clone()
        if batch is not None:
            rows = rows + dead
        rows = self.conv(rows, data["links"], edge_attr)
        return self.conv(rows, data["links"], edge_weight=edge_attr) if again else rows


def test_sources_and_defaults():
    chain = read_chain(Branches())
    assert names(chain) == [("conv", "GCNConv")] * 2
    assert chain.features == Source("data", "x")
    assert chain.arguments == ("data", "size")
    for call in chain.calls:
        assert call.arguments == {"edge_index": Source("data", "links"), "edge_weight": Source("edge_attr")}


def test_a_sum_stands_with_its_first_row():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def forward(self, x):
            return self.linear(x) + x

    chain = read_chain(Residual())
    assert names(chain) == [("linear", "Linear"), ("add", "add")]
    assert chain.calls[1].arguments == {1: Source("x")}


def test_sequential_follows_its_description():
    described = [
        (gnn.GCNConv(3, 4), "rows, edges, w -> h"),
        nn.ReLU(),
        (gnn.GCNConv(4, 5), "h, edges, w -> out"),
    ]
    chain = read_chain(gnn.Sequential("edges, rows, w", described))
    assert names(chain) == [("module_0", "GCNConv"), ("module_1", "ReLU"), ("module_2", "GCNConv")]
    assert chain.features == Source("rows")
    assert chain.arguments == ("edges", "rows", "w")
    assert chain.calls[2].arguments == {"edge_index": Source("edges"), "edge_weight": Source("w")}


def test_modes_and_caches_come_back():
    module = gnn.GCN(3, 4, 2, 2, dropout=0.5, cached=True)
    module.norms.eval()
    edges = torch.tensor([[0, 1], [1, 0]])
    module(torch.ones(2, 3), edges)
    caches = [conv._cached_edge_index for conv in module.convs]
    assert caches[0] is not None
    with evaluating(module):
        assert not any(part.training for part in module.modules())
        assert [conv._cached_edge_index for conv in module.convs] == [None, None]
    assert module.training
    assert module.convs[0].training
    assert not module.norms[0].training
    assert all(conv._cached_edge_index is cache for conv, cache in zip(module.convs, caches, strict=True))
