"""Front end for live PyTorch Geometric modules.

Takes a chain of convolutions and what folds into them, as ``forward`` calls them::

    GCNConv | SAGEConv | GINConv, then Linear and BatchNorm, then ReLU; dropout anywhere; a softmax at the end

``torch_geometric.nn.Sequential``, the models of ``torch_geometric.nn`` (GCN, GraphSAGE, GIN) and classes of
the user's own are read alike: see :mod:`pyralis.gen.frontend.chain`. What has no exact twin is refused by
name. At last the module and the layers that were read are run on a small random graph, and must agree.
"""

from typing import Any

from torch import nn
from torch_geometric import nn as gnn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.chain import read_chain
from pyralis.gen.frontend.graphreader import GraphReader
from pyralis.gen.frontend.graphtrial import try_forward
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.network import GraphNetwork

__all__ = ["from_pyg"]


def from_pyg(module: nn.Module, graph: Graph | None = None) -> GraphNetwork:
    """Reads a live PyTorch Geometric module.

    Parameters
    ----------
    module : nn.Module
        With its trained weights; not changed. Its ``forward`` takes features and edges, or a Data object.
    graph : Graph, optional
        The graph that the network is for: the width of its features, and whether ``forward`` uses its edge
        weights, are checked.

    Returns
    -------
    GraphNetwork
        ``source["notes"]`` says what was left out because it does not change the result.

    Raises
    ------
    UserError
        A module, function or option that has no exact twin, NaN or infinite weights, shapes that do not
        chain, a graph that does not fit.
    """
    module = getattr(module, "_orig_mod", module)  # what torch.compile keeps of the module that it was given
    title = type(module).__name__
    if isinstance(module, gnn.MessagePassing):
        module = _Alone(module)
    chain = read_chain(module)
    reader = GraphReader(title)
    for call in chain.calls:
        reader.read(call)
    layers = reader.finish()
    source = {"framework": "torch_geometric", "module": title, "notes": reader.notes}
    network = GraphNetwork(layers=layers, source=source)
    network.validate(graph)
    if graph is not None and graph.edge_weights is not None and reader.weights is None and reader.is_gcn:
        what = f"graph {graph.name!r} has edge weights, and forward does not hand them to its GCNConv"
        hint = "take them out of the graph, or add an argument edge_weight to forward"
        raise UserError(what, f"forward of {title}", hint)
    try_forward(module, network, chain, reader.edges, reader.weights)
    return network


class _Alone(nn.Module):
    """A network of one convolution."""

    def __init__(self, conv: gnn.MessagePassing) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Any, edge_index: Any, edge_weight: Any = None) -> Any:
        weights = {"edge_weight": edge_weight} if isinstance(self.conv, gnn.GCNConv) else {}
        return self.conv(x, edge_index, **weights)
