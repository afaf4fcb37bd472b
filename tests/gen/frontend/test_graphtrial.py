"""What the trace of forward cannot see shows when the module is run."""

import re

import pytest
import torch
from torch import nn
from torch_geometric import nn as gnn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.pyg import from_pyg

HINT = "take hooks away, and functions that change a tensor in place"


def assert_differs(module):
    with pytest.raises(UserError) as error:
        from_pyg(module)
    pattern = r"its output is not what its layers make: it differs by \d\S*, of \d\S*"
    assert re.fullmatch(pattern, error.value.what)
    assert error.value.where == f"forward of {type(module).__name__}"
    assert error.value.hint == HINT


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv1 = gnn.GCNConv(4, 8)
        self.conv2 = gnn.GCNConv(8, 3)

    def forward(self, x, edge_index, edge_weight=None):
        x = self.conv1(x, edge_index, edge_weight).relu()
        return self.conv2(x, edge_index, edge_weight)


def test_a_module_that_does_what_it_shows():
    assert len(from_pyg(Net()).layers) == 2


@pytest.mark.parametrize(
    "register",
    [
        lambda net: net.conv1.register_forward_hook(lambda module, inputs, output: output + 1),
        lambda net: net.conv2.register_message_forward_hook(lambda module, inputs, output: 2 * output),
    ],
)
def test_hooks(register):
    net = Net()
    handle = register(net)
    assert_differs(net)
    handle.remove()
    assert len(from_pyg(net).layers) == 2


def test_a_hook_that_changes_nothing():
    net = Net()
    net.conv1.register_forward_hook(lambda module, inputs, output: None)
    assert len(from_pyg(net).layers) == 2


def test_a_function_in_place_whose_result_is_thrown_away():
    class InPlace(Net):
        def forward(self, x, edge_index):
            x = self.conv1(x, edge_index)
            x.relu_()
            return self.conv2(x, edge_index)

    assert_differs(InPlace())


def test_other_code_for_edge_weights():
    """Placeholders take the branch with weights; the trial takes both."""

    class Weighted(Net):
        def forward(self, x, edge_index, edge_weight=None):
            x = self.conv1(x, edge_index, edge_weight).relu()
            x = self.conv2(x, edge_index, edge_weight)
            return 2 * x if edge_weight is None else x

    assert_differs(Weighted())


def test_changed_aggregation():
    net = Net()
    net.conv1.message = lambda x_j, edge_weight: x_j
    net.conv1.fuse = False
    assert_differs(net)


def test_a_module_that_cannot_be_called_alone_is_taken_as_it_reads():
    class Checks(Net):
        def forward(self, x, edge_index, batch):
            if isinstance(x, torch.Tensor):
                batch.max()
            return super().forward(x, edge_index)

    assert len(from_pyg(Checks()).layers) == 2


def test_caches_of_another_graph_do_not_count():
    net = Net()
    net.conv1.cached = True
    net(torch.randn(13, 4), torch.tensor([[0, 1], [1, 0]]))
    assert len(from_pyg(net).layers) == 2


def test_scores_that_are_all_zero():
    net = Net()
    for parameter in net.parameters():
        parameter.data.zero_()
    assert len(from_pyg(net).layers) == 2
