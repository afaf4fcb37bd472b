"""A ``forward`` that does not follow the order of its children is noticed where it can be tried."""

import pytest
import snntorch as snn
import torch
from torch import nn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.snntorch import from_snntorch

STEPS = 4


class Net(nn.Module):
    """Layers in order; ``forward`` runs them for STEPS time steps, as snnTorch's tutorials do."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 6, 3)
        self.lif1 = snn.Leaky(beta=0.8)
        self.pool1 = nn.MaxPool2d(2)
        self.flat = nn.Flatten()
        self.fc1 = nn.Linear(54, 5)
        self.lif2 = snn.Leaky(beta=0.9)

    def step(self, x, mem1, mem2):
        spk1, mem1 = self.lif1(self.conv1(x), mem1)
        spk2, mem2 = self.lif2(self.fc1(self.flat(self.pool1(spk1))), mem2)
        return spk2, mem1, mem2

    def forward(self, x):
        mem1, mem2, total = self.lif1.reset_mem(), self.lif2.reset_mem(), 0
        for _ in range(STEPS):
            spk2, mem1, mem2 = self.step(x, mem1, mem2)
            total = total + spk2
        return total


class TimeFirst(Net):
    """Takes (T, B, ...)."""

    def forward(self, x):
        mem1, mem2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        for frame in x:
            _, mem1, mem2 = self.step(frame, mem1, mem2)
        return mem2


class OtherArguments(Net):
    def forward(self, x, mem1, mem2):
        return self.step(x, mem1, mem2)


class View(Net):
    """Flattens with a function, which changes nothing."""

    def step(self, x, mem1, mem2):
        spk1, mem1 = self.lif1(self.conv1(x), mem1)
        spk2, mem2 = self.lif2(self.fc1(self.pool1(spk1).view(len(x), -1)), mem2)
        return spk2, mem1, mem2


class Swapped(Net):
    def step(self, x, mem1, mem2):
        spk1, mem1 = self.lif2(self.conv1(x), mem1)
        spk2, mem2 = self.lif1(self.fc1(self.flat(self.pool1(spk1))), mem2)
        return spk2, mem1, mem2


class Unused(Net):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(6)
        self.fc1, self.lif2 = nn.Linear(54, 5), snn.Leaky(beta=0.9)
        for name in ("norm", "lif1", "pool1", "flat", "fc1", "lif2"):
            self._modules[name] = self._modules.pop(name)


class PoolsByFunction(Net):
    """The commonest form in tutorials: currents are pooled by a function."""

    def __init__(self):
        super().__init__()
        del self.pool1

    def step(self, x, mem1, mem2):
        spk1, mem1 = self.lif1(nn.functional.max_pool2d(self.conv1(x), 2), mem1)
        spk2, mem2 = self.lif2(self.fc1(self.flat(spk1)), mem2)
        return spk2, mem1, mem2


class OneNeuronTwice(Net):
    def step(self, x, mem1, mem2):
        spk1, _ = self.lif1(self.conv1(x), torch.zeros(0))
        spk2, mem2 = self.lif2(self.fc1(self.flat(self.pool1(spk1))), mem2)
        self.lif1(spk2, torch.zeros(0))
        return spk2, mem1, mem2


@pytest.mark.parametrize("kind", [Net, TimeFirst, OtherArguments, View])
def test_accepted(kind):
    network = from_snntorch(kind(), (2, 8, 8), STEPS)
    assert [layer.name for layer in network.layers] == ["conv1", "fc1"]


@pytest.mark.parametrize(
    ("kind", "what", "where"),
    [
        (Swapped, "forward calls 'lif2' before it, although it was registered first", "layer 'lif1' (Leaky)"),
        (Unused, "forward does not call it", "layer 'norm' (BatchNorm2d)"),
        (
            PoolsByFunction,
            "forward gives it 54 values, but the modules before it make 216",
            "layer 'lif1' (Leaky)",
        ),
        (
            OneNeuronTwice,
            "forward gives it 5 values, but the modules before it make 216",
            "layer 'lif1' (Leaky)",
        ),
    ],
)
def test_refused(kind, what, where):
    with pytest.raises(UserError) as caught:
        from_snntorch(kind(), (2, 8, 8), STEPS)
    assert (caught.value.what, caught.value.where) == (what, where)


def test_the_trial_leaves_no_trace():
    module = Net()
    module.train()
    module.lif2.eval()
    module(torch.rand(2, 2, 8, 8)).sum().backward()
    state = module.lif1.mem
    from_snntorch(module, (2, 8, 8), STEPS)
    assert module.lif1.mem is state
    assert module.training
    assert module.conv1.training
    assert not module.lif2.training
    assert not any(part._forward_pre_hooks for part in module.modules())


def test_sequence_and_channels_of_equal_size_are_told_apart():
    """With T = C = 3, a (T, B, ...) network could take (B, C, H, W) for unbatched frames."""
    module = TimeFirst()
    module.conv1 = nn.Conv2d(3, 6, 3)
    module._modules = {"conv1": module._modules.pop("conv1"), **module._modules}
    assert len(from_snntorch(module, (3, 8, 8), 3).layers) == 2
