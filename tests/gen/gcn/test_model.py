"""Graphs of models: what stands beside them, and what is no graph."""

import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.model import graph_of, load_graph_model

EDGES = torch.tensor([[0, 1, 2, 2], [1, 2, 0, 1]])


def refusal(call) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        call()
    return caught.value.what, caught.value.where, caught.value.hint


def test_a_data_becomes_a_graph():
    masks = {"train_mask": torch.tensor([True, False, False]), "test_mask": torch.tensor([False, True, True])}
    data = Data(x=torch.eye(3), edge_index=EDGES, y=torch.tensor([0, 1, 1]), **masks)
    graph = graph_of(data)
    assert (graph.nodes, graph.edges, graph.feature_width, graph.classes) == (3, 4, 3, 2)
    assert list(graph.indptr) == [0, 1, 3, 4] and list(graph.indices) == [2, 0, 2, 1]
    assert set(graph.masks) == {"train", "test"} and graph.masks["test"].sum() == 2
    assert graph.edge_weights is None and graph_of(graph) is graph


@pytest.mark.parametrize("key", ["edge_weight", "edge_attr"])
def test_edge_weights_of_a_data(key):
    weights = torch.tensor([0.5, 2.0, 3.0, 4.0])
    given = weights[:, None] if key == "edge_attr" else weights
    graph = graph_of(Data(x=torch.eye(3), edge_index=EDGES, **{key: given}))
    assert np.array_equal(graph.edge_weights, [3.0, 0.5, 4.0, 2.0])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"

    def write(graph: str):
        path.write_text(f"import torch\nmodel = torch.nn.Linear(3, 2)\n{graph}\n")
        return str(path)

    return write


DATA = (
    "from torch_geometric.data import Data\nmade = Data(x=torch.eye(2), edge_index=torch.zeros(2, 1).long())"
)


def test_the_graph_stands_beside_the_model(file):
    for graph in ("graph = made", "data = made", "def GRAPH():\n    return made"):
        source = load_graph_model(file(f"{DATA}\n{graph}"))
        assert (source.graph.nodes, source.graph.edges, source.module.out_features) == (2, 1, 2)


def test_what_is_no_graph(file):
    path = file("")
    assert refusal(lambda: load_graph_model(path)) == (
        f"The graph of the network is not known: {path} has none of graph, GRAPH, data, DATA beside it.",
        path,
        "define graph there, a Graph or a Data; or name planetoid files: --data DIR",
    )
    file("graph = 3")
    assert refusal(lambda: load_graph_model(path)) == (
        f"graph of {path} is int, neither a Graph nor a Data with x and edge_index.",
        f"graph of {path}",
        "pyralis.gen.gcn.graph.Graph.from_edge_index makes one",
    )
    file("def graph():\n    raise RuntimeError('no data')")
    assert refusal(lambda: load_graph_model(path))[:2] == (
        f"graph of {path} failed with RuntimeError: no data",
        f"{path}:4",
    )
