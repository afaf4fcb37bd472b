"""The digits job: data, training, and accuracy through front end, quantiser and golden model."""

import numpy as np
import pytest
import torch

from pyralis.gen.demo import digits
from pyralis.gen.frontend.snntorch import from_snntorch
from pyralis.gen.quantize import quantize
from pyralis.sim.golden.snn.network import run


def test_split_is_stratified_disjoint_and_fixed():
    data, again = digits.load(), digits.load()
    assert data.train_images.shape == (1437, 1, 8, 8)
    assert data.test_images.shape == (360, 1, 8, 8)
    assert np.array_equal(data.test_images, again.test_images)
    assert np.array_equal(data.train_labels, again.train_labels)
    assert np.bincount(data.test_labels).min() >= 35
    assert np.bincount(data.train_labels).min() >= 139
    train = {image.tobytes() for image in data.train_images}
    assert not any(image.tobytes() in train for image in data.test_images)


def test_pixels_are_scaled_exactly():
    from sklearn.datasets import load_digits

    data = digits.load()
    assert data.test_images.dtype == np.int8
    both = np.concatenate([data.train_images, data.test_images])
    assert sorted(np.unique(both)) == list(range(-120, 121, 15))
    raw = sorted(image.astype(np.int64).tobytes() for image in load_digits().images)
    assert sorted(((image[0].astype(np.int64) + 120) // 15).tobytes() for image in both) == raw
    assert np.array_equal(np.rint(data.test_reals / digits.INPUT_SCALE).astype(np.int8), data.test_images)
    assert (data.train_reals.min(), data.train_reals.max()) == (-1, 1)


def test_training_is_repeatable_and_leaves_torch_alone():
    seen = []
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    first = digits.train(3, 1, lambda *step: seen.append(step))
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads
    second = digits.train(3, 1)
    other = digits.train(4, 1)
    state = first.state_dict()
    assert all(
        torch.equal(state[name], value) for name, value in second.state_dict().items() if "mem" not in name
    )
    assert not torch.equal(state["0.weight"], other.state_dict()["0.weight"])
    assert [step[:2] for step in seen] == [(1, 1)]
    assert 0 < seen[0][2] < 3
    assert not first.training


@pytest.fixture(scope="module")
def trained():
    return digits.train(0)


def test_accuracy_of_float_and_integer_network(trained):
    """97 % float and integers within half a point: the figures that the demonstration promises."""
    data = digits.load()
    with torch.no_grad():
        scores = digits.classify(trained, data.test_reals)
    in_float = np.mean(scores.argmax(dim=1).numpy() == data.test_labels)
    network = from_snntorch(trained, digits.INPUT_SHAPE, digits.TIME_STEPS, output=digits.OUTPUT)
    integers, report = quantize(network, data.train_reals[:256], input_scale=digits.INPUT_SCALE)
    assert np.array_equal(integers.encode(data.test_reals), data.test_images)
    result = run(integers, data.test_images)
    in_integers = np.mean(result.classes.numpy() == data.test_labels)
    assert in_float >= 0.97
    assert abs(in_integers - in_float) <= 0.005
    assert result.saturated == [0, 0, 0]
    assert report.inputs_clipped == 0
    assert min(layer.spike_agreement for layer in report.layers) > 0.98
    assert [layer.neuron.leak for layer in integers.layers] == ["multiply"] * 3
    assert len({layer.neuron.leak_value for layer in integers.layers}) == 3
    assert [layer.neuron.timing for layer in integers.layers] == ["delayed"] * 3
