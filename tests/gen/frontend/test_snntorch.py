"""The snnTorch front end: equal to snnTorch where it accepts, a sentence with the option where it refuses."""

import re

import numpy as np
import pytest
import snntorch as snn
import torch
from snntorch import surrogate
from torch import nn

from pyralis.gen import reference
from pyralis.gen.errors import UserError
from pyralis.gen.frontend.snntorch import from_snntorch

STEPS = 5


def snntorch_run(module: nn.Module, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Spike counts (in snnTorch's own units) and the last potentials of the last Leaky of a Sequential."""
    memory = {part: torch.zeros(0) for part in module.modules() if isinstance(part, snn.Leaky)}
    leaves = [part for part in module.modules() if not list(part.children())]
    counts, potential = torch.zeros(()), torch.zeros(())
    with torch.no_grad():
        for step in range(STEPS):
            values = inputs if inputs.dim() != 5 else inputs[:, step]
            for part in leaves:
                if part in memory:
                    values, memory[part] = part(values, memory[part])
                    potential = memory[part]
                else:
                    values = part(values)
            counts = counts + values
    return counts.flatten(1), potential.flatten(1)


def assert_equal(module: nn.Module, shape: tuple[int, ...], *, seed: int = 0) -> None:
    """The imported network computes what snnTorch does, up to float32 rounding, and both outcomes occur."""
    torch.manual_seed(seed)
    module.eval()
    inputs = torch.rand(16, *shape)
    counts, potentials = snntorch_run(module, inputs)
    inputs = inputs if len(shape) == 3 else inputs[:, :, None, None]
    network = from_snntorch(module, shape, STEPS)
    scores, traces = reference.run(network, inputs)
    near = torch.isclose(scores.float(), counts, rtol=1e-4, atol=1e-4)
    assert near.double().mean() > 0.99, "but for neurons that stand at their threshold"
    assert torch.isclose(traces[-1].potentials[-1].flatten(1).float(), potentials, atol=1e-4)[near].all()
    assert all(0.01 < float(trace.spikes.mean()) < 0.99 for trace in traces)


def leaky(**options):
    return snn.Leaky(**{"beta": 0.8, "threshold": 0.2} | options)


def batch_norm(channels: int, kind=nn.BatchNorm2d, **options) -> nn.Module:
    norm = kind(channels, **options)
    generator = torch.Generator().manual_seed(channels)
    norm.running_mean = torch.randn(channels, generator=generator) * 0.2
    norm.running_var = torch.rand(channels, generator=generator) + 0.5
    if norm.affine:
        norm.weight.data = torch.rand(channels, generator=generator) + 0.5
        norm.bias.data = torch.randn(channels, generator=generator) * 0.3
    return norm


def negative(channels: int) -> nn.Module:
    """A normalisation that turns largest values into smallest in half of its channels."""
    norm = batch_norm(channels)
    norm.weight.data[::2] *= -1
    return norm


def seeded(build):
    """Modules made with the same weights every time."""
    torch.manual_seed(11)
    return build()


ACCEPTED = {
    "plain": lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.Flatten(), nn.Linear(6 * 36, 5), leaky()),
    "no bias": lambda: (nn.Conv2d(2, 6, 3, bias=False), leaky()),
    "odd kernel, stride and padding": lambda: (nn.Conv2d(2, 6, (1, 4), stride=2, padding=(3, 1)), leaky()),
    "padding same": lambda: (nn.Conv2d(2, 6, (3, 5), padding="same"), leaky()),
    "padding valid": lambda: (nn.Conv2d(2, 6, 3, padding="valid"), leaky()),
    "batch norm": lambda: (
        nn.Conv2d(2, 6, 3),
        batch_norm(6),
        leaky(),
        nn.Conv2d(6, 4, 3),
        batch_norm(4),
        leaky(),
    ),
    "batch norm without affine": lambda: (nn.Conv2d(2, 6, 3), batch_norm(6, affine=False), leaky()),
    "batch norm after linear": lambda: (
        nn.Flatten(),
        nn.Linear(128, 6),
        batch_norm(6, nn.BatchNorm1d),
        leaky(),
    ),
    "two batch norms": lambda: (nn.Conv2d(2, 6, 3), batch_norm(6), batch_norm(6), leaky()),
    "average of currents": lambda: (nn.Conv2d(2, 6, 3, padding=1), nn.AvgPool2d(2), leaky(threshold=0.1)),
    "overlapping average of currents": lambda: (
        nn.Conv2d(2, 6, 3, stride=2, padding=1),
        nn.AvgPool2d(2, 1),
        leaky(threshold=0.1),
    ),
    "average, then batch norm": lambda: (
        nn.Conv2d(2, 6, 3),
        nn.AvgPool2d(3),
        batch_norm(6),
        leaky(threshold=0.1),
    ),
    "average with a divisor": lambda: (nn.Conv2d(2, 6, 3), nn.AvgPool2d(2, divisor_override=3), leaky()),
    "average of spikes, padded convolution": lambda: (
        nn.Conv2d(2, 6, 3, padding=1),
        leaky(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 5, 3, padding=1),
        leaky(threshold=0.05),
    ),
    "average of spikes that leaves a rest": lambda: (
        nn.Conv2d(2, 6, 2),
        leaky(),
        nn.AvgPool2d(3),
        nn.Conv2d(6, 5, 2),
        leaky(threshold=0.05),
    ),
    "overlapping average of spikes": lambda: (
        nn.Conv2d(2, 6, 2),
        leaky(),
        nn.AvgPool2d(3, 2),
        nn.Conv2d(6, 5, 2, stride=2),
        leaky(threshold=0.05),
    ),
    "average of spikes before linear": lambda: (
        nn.Conv2d(2, 6, 2),
        leaky(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(6 * 9, 5),
        leaky(threshold=0.05),
    ),
    "average of the input": lambda: (nn.AvgPool2d(2), nn.Conv2d(2, 6, 3, padding=1), leaky()),
    "maximum of spikes": lambda: (
        nn.Conv2d(2, 6, 3, padding=1),
        leaky(),
        nn.MaxPool2d(3, 2),
        nn.MaxPool2d(2, 1),
        nn.Conv2d(6, 4, 2),
        leaky(),
    ),
    "maximum of currents": lambda: (
        nn.Conv2d(2, 6, 3, padding=1),
        nn.MaxPool2d(2),
        leaky(threshold=0.6),
        nn.Conv2d(6, 4, 2),
        nn.MaxPool2d(3, 2),
        leaky(),
    ),
    "maximum of normalised currents": lambda: (
        nn.Conv2d(2, 6, 3),
        batch_norm(6),
        nn.MaxPool2d(2),
        leaky(threshold=torch.rand(6, 1, 1) * 0.5 + 0.4),
        nn.Flatten(),
        nn.Linear(54, 5),
        leaky(),
    ),
    "maximum of currents with negative factors": lambda: (
        nn.Conv2d(2, 6, 3),
        negative(6),
        nn.MaxPool2d(2),
        leaky(),
    ),
    "two maxima of currents, graded spikes": lambda: (
        nn.Conv2d(2, 6, 3, padding=1),
        nn.MaxPool2d(3, 2),
        nn.MaxPool2d(2, 1),
        leaky(threshold=0.8, graded_spikes_factor=torch.rand(6, 1, 1) + 0.5),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 5, 1),
        leaky(),
    ),
    "average of currents, then their maximum": lambda: (
        nn.Conv2d(2, 6, 3, padding=1),
        nn.AvgPool2d(2),
        batch_norm(6),
        nn.MaxPool2d(2),
        leaky(threshold=0.4),
    ),
    "maximum, then average": lambda: (
        nn.Conv2d(2, 6, 3, padding=1),
        leaky(),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 4, 2),
        leaky(threshold=0.1),
    ),
    "graded spikes": lambda: (
        nn.Conv2d(2, 6, 3),
        leaky(graded_spikes_factor=torch.rand(6, 1, 1) + 0.5),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(54, 5),
        leaky(graded_spikes_factor=2.5),
    ),
    "thresholds per channel": lambda: (
        nn.Conv2d(2, 6, 3),
        leaky(threshold=torch.rand(6, 1, 1) * 0.5 + 0.1),
        nn.Flatten(),
        nn.Linear(216, 5),
        leaky(threshold=torch.rand(5) * 0.5 + 0.1),
    ),
    "thresholds of a full map": lambda: (
        nn.Conv2d(2, 6, 3),
        leaky(threshold=(torch.rand(6, 1, 1) * 0.5 + 0.1).expand(6, 6, 6)),
    ),
    "equal betas": lambda: (nn.Conv2d(2, 6, 3), leaky(beta=torch.full((6, 1, 1), 0.7))),
    "learned parameters": lambda: (
        nn.Conv2d(2, 6, 3),
        leaky(learn_beta=True, learn_threshold=True, learn_graded_spikes_factor=True),
    ),
    "beta beyond its clamp": lambda: (
        nn.Conv2d(2, 6, 3),
        leaky(beta=1.2),
        nn.Conv2d(6, 4, 3),
        leaky(beta=-0.5),
    ),
    "surrogates": lambda: (
        nn.Conv2d(2, 6, 3),
        leaky(spike_grad=surrogate.fast_sigmoid()),
        nn.Conv2d(6, 6, 3),
        leaky(surrogate_disable=True),
    ),
    "nothing at inference": lambda: (
        nn.Sequential(nn.Dropout(), nn.Conv2d(2, 6, 3), nn.Identity()),
        nn.Sequential(nn.Dropout2d(), leaky(), nn.Sequential()),
    ),
}


@pytest.mark.parametrize("build", ACCEPTED.values(), ids=ACCEPTED)
def test_equals_snntorch(build):
    assert_equal(nn.Sequential(*seeded(build)), (2, 8, 8))


@pytest.mark.parametrize("delay", [True, False])
@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_every_reset_equals_snntorch(reset, delay):
    options = {"reset_mechanism": reset, "reset_delay": delay}
    parts = seeded(lambda: (nn.Conv2d(2, 6, 3), leaky(**options), nn.Conv2d(6, 4, 3), leaky(**options)))
    assert_equal(nn.Sequential(*parts), (2, 8, 8))


def test_features_without_a_map():
    assert_equal(
        nn.Sequential(*seeded(lambda: (nn.Linear(30, 20), leaky(), nn.Linear(20, 5), leaky()))), (30,)
    )


class Tutorial(nn.Module):
    """The shape of a network in snnTorch's tutorials."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 6, 3)
        self.lif1 = leaky()
        self.fc1 = nn.Linear(216, 5)
        self.lif2 = leaky(beta=0.9)


def test_a_module_of_ones_own_needs_its_flatten_and_gives_names():
    module = Tutorial()
    with pytest.raises(UserError, match=r"Linear follows a map of \(6, 6, 6\) without Flatten"):
        from_snntorch(module, (2, 8, 8), STEPS)
    module.lif1 = nn.Sequential(leaky(), nn.Flatten())
    network = from_snntorch(module, (2, 8, 8), STEPS, coding="events", output="potentials")
    assert [layer.name for layer in network.layers] == ["conv1", "fc1"]
    assert [layer.neuron.beta for layer in network.layers] == pytest.approx([0.8, 0.9])
    assert (network.coding, network.output, network.time_steps) == ("events", "potentials", STEPS)
    assert network.source == {"framework": "snntorch", "module": "Tutorial"}


def test_names_of_a_sequential():
    module = nn.Sequential(nn.Conv2d(2, 6, 3), leaky(), nn.Flatten(), nn.Linear(216, 5), leaky())
    assert [layer.name for layer in from_snntorch(module, (2, 8, 8), 1).layers] == ["conv0", "linear3"]


def test_the_module_is_not_changed():
    module = nn.Sequential(nn.Conv2d(2, 6, 3), batch_norm(6), leaky(threshold=torch.rand(6, 1, 1) + 0.1))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    network = from_snntorch(module, (2, 8, 8), 1)
    network.layers[0].weight[:] = 9
    network.layers[0].threshold[:] = 9
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_inclusive_neurons_are_found_out():
    module = nn.Sequential(nn.Conv2d(2, 6, 3), leaky(spike_grad=lambda x: (x >= 0).float()))
    assert from_snntorch(module, (2, 8, 8), 1).layers[0].neuron.inclusive
    module = nn.Sequential(nn.Conv2d(2, 6, 3), leaky())
    assert not from_snntorch(module, (2, 8, 8), 1).layers[0].neuron.inclusive


def diverged(value: float) -> nn.Module:
    conv = nn.Conv2d(2, 6, 3)
    conv.weight.data[0, 0, 0, 0] = value
    return conv


def renamed_reset() -> nn.Module:
    part = leaky(reset_mechanism="subtract")
    part.reset_mechanism = "zero"
    return part


def shared() -> tuple[nn.Module, ...]:
    part = leaky()
    return nn.Conv2d(2, 6, 3), part, nn.Conv2d(6, 6, 3), part


ANYTHING_ELSE = "MaxPool2d of anything but a Conv2d's currents or a Leaky's spikes is not supported"
CONV = "layer '0' (Conv2d)"
LEAKY = "layer '1' (Leaky)"
REFUSED = [
    (lambda: (nn.ReLU(),), "ReLU is not supported", "layer '0'"),
    (lambda: (nn.Conv1d(2, 6, 3), leaky()), "Conv1d is not supported", "layer '0'"),
    (lambda: (nn.Conv2d(2, 6, 3), snn.Synaptic(0.5, 0.5)), "Synaptic is not supported", "layer '1'"),
    (lambda: (nn.Conv2d(2, 6, 3), snn.RLeaky(0.5, all_to_all=False)), "RLeaky is not supported", "layer '1'"),
    (lambda: (nn.Conv2d(2, 6, 3, groups=2), leaky()), "groups=2 is not supported", CONV),
    (lambda: (nn.Conv2d(2, 6, 3, dilation=2), leaky()), "dilation=(2, 2) is not supported", CONV),
    (
        lambda: (nn.Conv2d(2, 6, 3, padding_mode="reflect"), leaky()),
        "padding_mode='reflect' is not supported",
        CONV,
    ),
    (lambda: (nn.Conv2d(2, 6, 3, stride=(1, 2)), leaky()), "stride=(1, 2) is not supported", CONV),
    (
        lambda: (nn.Conv2d(2, 6, 4, padding="same"), leaky()),
        "padding='same' with an even kernel is not symmetric",
        CONV,
    ),
    (lambda: (nn.Conv2d(3, 6, 3), leaky()), "it takes 3 channels, but the map before it has 2", CONV),
    (
        lambda: (nn.Conv2d(2, 6, 9), leaky()),
        "a 9 x 9 kernel does not fit into its map of (2, 8, 8) padded by (0, 0)",
        "layer 'conv0'",
    ),
    (lambda: (diverged(np.nan), leaky()), "1 of 108 values of weight are NaN or infinite", CONV),
    (lambda: (diverged(np.inf), leaky()), "1 of 108 values of weight are NaN or infinite", CONV),
    (
        lambda: (nn.Flatten(), nn.Linear(100, 6), leaky()),
        "in_features is 100, but 128 values (2, 8, 8) come before it",
        "layer '1' (Linear)",
    ),
    (
        lambda: (nn.Flatten(), nn.Linear(128, 6), leaky(), nn.Conv2d(6, 6, 1), leaky()),
        "Conv2d cannot follow Flatten or Linear",
        "layer '3' (Conv2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.Conv2d(6, 6, 3), leaky()),
        "it follows 'conv0' without a Leaky between them",
        "layer '1' (Conv2d)",
    ),
    (lambda: (nn.Conv2d(2, 6, 3),), "the network must end with a Leaky", "layer 'conv0'"),
    (lambda: (nn.Flatten(),), "the network must end with a Leaky", "layer 'network'"),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.AvgPool2d(2)),
        "the network must end with a Leaky",
        "layer '2'",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.MaxPool2d(2)),
        "the last layer cannot pool its spikes, but its window is 2 with stride 2",
        "layer 'conv0'",
    ),
    (lambda: (nn.MaxPool2d(2), nn.Conv2d(2, 6, 3), leaky()), ANYTHING_ELSE, "layer '0' (MaxPool2d)"),
    (
        lambda: (nn.AvgPool2d(2), nn.MaxPool2d(2), nn.Conv2d(2, 6, 1), leaky()),
        ANYTHING_ELSE,
        "layer '1' (MaxPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.AvgPool2d(2), nn.MaxPool2d(2), nn.Conv2d(6, 6, 1), leaky()),
        ANYTHING_ELSE,
        "layer '3' (MaxPool2d)",
    ),
    (
        lambda: (nn.Flatten(), nn.Linear(128, 6), nn.MaxPool2d(1), leaky()),
        ANYTHING_ELSE,
        "layer '2' (MaxPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2), leaky(), nn.MaxPool2d(2), nn.Conv2d(6, 6, 1), leaky()),
        "MaxPool2d stands before and after the same Leaky",
        "layer '3' (MaxPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2), batch_norm(6), leaky()),
        "BatchNorm2d after MaxPool2d is not supported",
        "layer '2' (BatchNorm2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2), nn.AvgPool2d(2), leaky()),
        "AvgPool2d of a MaxPool2d's currents is not supported",
        "layer '2' (AvgPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2), nn.Conv2d(6, 6, 1), leaky()),
        "it follows 'conv0' without a Leaky between them",
        "layer '2' (Conv2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2, padding=1), leaky()),
        "padding=1 with ceil_mode=False is not supported",
        "layer '1' (MaxPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.MaxPool2d(7), leaky()),
        "a 7 x 7 window does not fit into a map of (6, 6, 6)",
        "layer '1' (MaxPool2d)",
    ),
    (lambda: (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2)), "the network must end with a Leaky", "layer 'conv0'"),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.MaxPool2d(2, ceil_mode=True)),
        "padding=0 with ceil_mode=True is not supported",
        "layer '2' (MaxPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.MaxPool2d((2, 3))),
        "kernel_size=(2, 3) is not supported",
        "layer '2' (MaxPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.MaxPool2d(2, dilation=2)),
        "dilation=2 with return_indices=False is not supported",
        "layer '2' (MaxPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.MaxPool2d(7)),
        "a 7 x 7 window does not fit into a map of (6, 6, 6)",
        "layer '2' (MaxPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.AvgPool2d(2, padding=1), leaky()),
        "padding=1 with ceil_mode=False is not supported",
        "layer '1' (AvgPool2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(), nn.AvgPool2d(4), nn.Conv2d(6, 6, 3, padding=1), leaky()),
        (
            "an average over 4 x 4 with stride 4 on a 6 x 6 map cannot be folded into a convolution "
            "with padding (1, 1)"
        ),
        "layer '2'",
    ),
    (
        lambda: (nn.AvgPool2d(2), nn.AvgPool2d(2), nn.Conv2d(2, 6, 1), leaky()),
        "AvgPool2d follows another AvgPool2d",
        "layer '1' (AvgPool2d)",
    ),
    (
        lambda: (nn.AvgPool2d(9), nn.Conv2d(2, 6, 1), leaky()),
        "an average over 9 x 9 does not fit into a 8 x 8 map",
        "layer '0'",
    ),
    (
        lambda: (nn.BatchNorm2d(2), nn.Conv2d(2, 6, 3), leaky()),
        "a BatchNorm that does not stand between Conv2d or Linear and Leaky is not supported",
        "layer '0' (BatchNorm2d)",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6, track_running_stats=False), leaky()),
        "track_running_stats=False is not supported",
        "layer '1' (BatchNorm2d)",
    ),
    (
        lambda: (nn.Flatten(2), nn.Linear(64, 6), leaky()),
        "Flatten(2, -1) is not supported",
        "layer '0' (Flatten)",
    ),
    (lambda: (leaky(),), "Leaky does not follow a Conv2d or Linear", "layer '0' (Leaky)"),
    (shared, "the same Leaky stands in two places", "layer '3' (Leaky)"),
    (lambda: (nn.Conv2d(2, 6, 3), leaky(inhibition=True)), "inhibition=True is not supported", LEAKY),
    (lambda: (nn.Conv2d(2, 6, 3), leaky(state_quant=lambda x: x)), "state_quant is not supported", LEAKY),
    (lambda: (nn.Conv2d(2, 6, 3), leaky(threshold=0.0)), "threshold must be positive, not 0", LEAKY),
    (lambda: (nn.Conv2d(2, 6, 3), leaky(threshold=np.nan)), "threshold is NaN or infinite", LEAKY),
    (lambda: (nn.Conv2d(2, 6, 3), leaky(beta=np.inf)), "beta is NaN or infinite", LEAKY),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(threshold=torch.rand(6))),
        "threshold differs between the pixels of a channel",
        LEAKY,
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(threshold=torch.rand(5, 1, 1))),
        "threshold has shape (5, 1, 1), which does not fit a map of (6, 6, 6)",
        LEAKY,
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(beta=torch.tensor([0.5, 0.75, 0.5]))),
        "beta takes 2 values from 0.5 to 0.75",
        LEAKY,
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(graded_spikes_factor=-1.0)),
        "graded_spikes_factor must be positive, not -1",
        LEAKY,
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(graded_spikes_factor=torch.rand(6, 1, 1) + 0.1)),
        "the last Leaky's graded_spikes_factor differs between channels",
        "layer 'conv0'",
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), leaky(spike_grad=torch.sigmoid)),
        "spike_grad must give 0 below the threshold and 1 above it in the forward pass",
        LEAKY,
    ),
    (
        lambda: (nn.Conv2d(2, 6, 3), renamed_reset()),
        "reset_mechanism was changed to 'zero' after the neuron was made",
        LEAKY,
    ),
]


@pytest.mark.filterwarnings("ignore:Inhibition is an unstable feature")
@pytest.mark.parametrize(("build", "sentence", "where"), REFUSED, ids=[case[1][:40] for case in REFUSED])
def test_refusals_name_layer_and_option(build, sentence, where):
    with pytest.raises(UserError) as caught:
        from_snntorch(nn.Sequential(*build()), (2, 8, 8), STEPS)
    assert caught.value.what == sentence
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("parts", "hint"),
    [
        (
            (nn.MaxPool2d(2), nn.Conv2d(2, 6, 3), leaky()),
            "put it directly before or after the Leaky of a Conv2d",
        ),
        (
            (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2), batch_norm(6), leaky()),
            "put it before the MaxPool2d: a negative factor turns the largest value into the smallest",
        ),
        (
            (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2), leaky(), nn.MaxPool2d(2)),
            "keep one of the two: a layer pools its currents or its spikes",
        ),
        (
            (nn.Conv2d(2, 6, 3), nn.MaxPool2d(2), nn.AvgPool2d(2), leaky()),
            "put it before the MaxPool2d, or keep one of the two",
        ),
        (
            (nn.Conv2d(2, 6, 3), leaky(), nn.MaxPool2d(2)),
            "counts and potentials are read before spikes are pooled: do not pool, or pool the currents",
        ),
    ],
    ids=["input", "batch norm", "both", "average", "last"],
)
def test_the_hints_for_pooling(parts, hint):
    with pytest.raises(UserError) as caught:
        from_snntorch(nn.Sequential(*parts), (2, 8, 8), STEPS)
    assert caught.value.hint == hint


def test_what_is_pooled_follows_from_the_order():
    before = nn.Sequential(nn.Conv2d(2, 6, 3), nn.MaxPool2d(3, 2), nn.MaxPool2d(2, 1), leaky())
    layer = from_snntorch(before, (2, 8, 8), STEPS).layers[0]
    assert (layer.pool, layer.pool_stride, layer.pool_of) == (5, 2, "currents")
    after = nn.Sequential(nn.Conv2d(2, 6, 3), leaky(), nn.MaxPool2d(3, 2), nn.Conv2d(6, 6, 1), leaky())
    layers = from_snntorch(after, (2, 8, 8), STEPS).layers
    assert [(layer.pool, layer.pool_stride, layer.pool_of) for layer in layers] == [
        (3, 2, "spikes"),
        (1, 1, "spikes"),
    ]


@pytest.mark.parametrize(
    ("shape", "steps", "sentence"),
    [
        ((8, 8), 4, "input_shape must be (C, H, W) or (features,), not (8, 8)"),
        ((2, 8, 8), 0, "time_steps must be in 1..255, not 0"),
        ((2, 8, 8), 256, "time_steps must be in 1..255, not 256"),
    ],
)
def test_other_arguments_are_checked(shape, steps, sentence):
    with pytest.raises(UserError, match=re.escape(sentence)):
        from_snntorch(nn.Sequential(nn.Conv2d(2, 6, 3), leaky()), shape, steps)
