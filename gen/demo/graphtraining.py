"""Trains the graph network of the demo and the bench: two layers of GCNConv that classify the nodes.

The recipe is that of Kipf and Welling, "Semi-supervised classification with graph convolutional networks"
(ICLR 2017, section 5.2), without early stopping: dropout before both layers, Adam, weight decay on the first
layer, all nodes in one batch.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.features import is_sparse
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.onethread import one_thread

__all__ = ["EPOCHS", "HIDDEN", "TrainedGraphNetwork", "build", "classify", "train"]

HIDDEN = 16
EPOCHS = 200
DROPOUT = 0.5
LEARNING_RATE = 0.01
WEIGHT_DECAY = 5e-4

Progress = Callable[[int, int, float], None]
"""Called after each epoch with (epochs done, epochs in all, training loss)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedGraphNetwork:
    """What :func:`train` returns.

    Attributes
    ----------
    module : nn.Module
        In evaluation mode; ``module(x, edge_index, edge_weight)`` makes the scores.
    scores : (N, classes) float32
    accuracies : dict
        Share of the nodes of each mask whose greatest score is that of their class, 0..1.
    """

    module: nn.Module
    scores: np.ndarray
    accuracies: dict[str, float]


def train(
    graph: Graph,
    *,
    hidden: int = HIDDEN,
    seed: int = 0,
    epochs: int = EPOCHS,
    dropout: float = DROPOUT,
    progress: Progress | None = None,
) -> TrainedGraphNetwork:
    """Trains on the nodes of the mask ``train``; about 2 s for Cora on one core.

    The same seed gives the same network on the same machine (PyTorch does not promise equal rounding across
    processors). PyTorch's own random state and thread count are left as they were.

    Parameters
    ----------
    graph : Graph
        With features as the network shall see them (Kipf and Welling divide each row by its sum), labels, and
        the mask ``train``.
    hidden : int
        Width of the first layer.
    seed : int
        Of the initial weights and of dropout.
    epochs : int
    dropout : float
    progress : callable, optional
        ``progress(done, epochs, loss)`` after every epoch.

    Raises
    ------
    UserError
        The graph has no labels, no mask ``train``, or the mask has a node without a label.
    """
    labels = graph.labels
    nodes = graph.masks.get("train")
    where = f"graph {graph.name!r}"
    if labels is None or nodes is None or not nodes.any():
        raise UserError("training needs labels and a mask train that is not empty", where)
    if (labels[nodes] < 0).any():
        node = int(np.flatnonzero(nodes & (labels < 0))[0])
        raise UserError(f"node {node} is in the mask train and has no label", where)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = _fit(graph, hidden, epochs, dropout, progress)
    scores = classify(module, graph)
    right = scores.argmax(axis=1) == labels
    accuracies = {name: float(right[mask].mean()) for name, mask in graph.masks.items() if mask.any()}
    return TrainedGraphNetwork(module=module, scores=scores, accuracies=accuracies)


def classify(module: nn.Module, graph: Graph) -> np.ndarray:
    """Scores (N, classes) float32 of all nodes, in PyTorch Geometric itself."""
    features = graph.features.toarray() if is_sparse(graph.features) else graph.features
    with torch.no_grad():
        return module(torch.as_tensor(features), *_edges(graph)).numpy()


def build(graph: Graph, hidden: int = HIDDEN, dropout: float = DROPOUT) -> nn.Module:
    """The untrained network for *graph*."""
    from torch_geometric.nn import GCNConv

    inputs, classes = graph.feature_width, graph.classes

    class GraphClassifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = GCNConv(inputs, hidden)
            self.dropout = nn.Dropout(dropout)
            self.conv2 = GCNConv(hidden, classes)

        def forward(self, x: Any, edge_index: Any, edge_weight: Any = None) -> Any:
            x = self.conv1(x, edge_index, edge_weight).relu()
            return self.conv2(self.dropout(x), edge_index, edge_weight)

    return GraphClassifier()


def _fit(graph: Graph, hidden: int, epochs: int, dropout: float, progress: Progress | None) -> nn.Module:
    assert graph.labels is not None
    edges = _edges(graph)
    nodes = torch.as_tensor(np.flatnonzero(graph.masks["train"]))
    labels = torch.as_tensor(graph.labels)[nodes]
    module: Any = build(graph, hidden, dropout)
    optimizer = torch.optim.Adam(
        [
            {"params": module.conv1.parameters(), "weight_decay": WEIGHT_DECAY},
            {"params": module.conv2.parameters()},
        ],
        lr=LEARNING_RATE,
    )
    module.train()
    for epoch in range(epochs):
        scores = module(_dropped(graph.features, dropout), *edges)
        loss = nn.functional.cross_entropy(scores[nodes], labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if progress is not None:
            progress(epoch + 1, epochs, loss.item())
    return module.eval()


def _dropped(features: Any, dropout: float) -> torch.Tensor:
    """The features, some of them dropped; of sparse ones only those that are there cost time."""
    if not is_sparse(features):
        return nn.functional.dropout(torch.as_tensor(features), dropout)
    values = nn.functional.dropout(torch.as_tensor(features.data), dropout)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        return torch.sparse_csr_tensor(
            features.indptr, features.indices, values, features.shape, check_invariants=False
        )


def _edges(graph: Graph) -> tuple[torch.Tensor, ...]:
    """Edges and, if there are any, their weights."""
    weights = () if graph.edge_weights is None else (torch.as_tensor(graph.edge_weights),)
    return (torch.as_tensor(graph.edge_index), *weights)
