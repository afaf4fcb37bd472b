"""``pyralis check``: a verdict per module and per layer."""

import json
import re

import numpy as np
import pytest

from pyralis.gen.check import kind_text
from pyralis.gen.intnetwork import IntLayer, IntNetwork

MODEL = """
import snntorch as snn
from torch import nn
INPUT_SHAPE = (1, 8, 8)
TIME_STEPS = 4
def build():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), {neuron}, nn.MaxPool2d(2), {extra}
        nn.Flatten(), nn.Linear(16 * 16, 10), snn.Leaky(0.9))
"""


@pytest.fixture
def model(tmp_path):
    def write(neuron="snn.Leaky(0.5)", extra=""):
        path = tmp_path / "model.py"
        path.write_text(MODEL.format(neuron=neuron, extra=extra))
        return path

    return write


def test_a_good_model_fits(command, model):
    code, out, _ = command("check", model(), "--preset", "tiny")
    assert code == 0
    assert "conv" in out
    assert "LIF 0.5000, reset subtract (delayed), v > th" in out
    assert out.splitlines()[-1] == "It fits tiny; its 4,736 bytes of weights stay on chip."


def test_every_refused_option_is_named_at_once(command, model):
    neuron = "snn.Leaky(0.5, state_quant=lambda x: x)"
    code, out, _ = command("check", model(neuron, "nn.ReLU(),"), "--json")
    result = json.loads(out)
    assert code == 1
    assert not result["ok"]
    assert [(m["kind"], m["verdict"]) for m in result["modules"]] == [
        ("Conv2d", "ok"),
        ("Leaky", "refused"),
        ("MaxPool2d", "ok"),
        ("ReLU", "refused"),
        ("Flatten", "ok"),
        ("Linear", "ok"),
        ("Leaky", "ok"),
    ]
    assert "state_quant is not supported" in result["modules"][1]["what"]
    assert "ReLU is not supported" in result["modules"][3]["what"]
    assert result["modules"][3]["hint"].startswith("build the network from Conv2d")


def test_the_kind_says_what_is_pooled(command, model):
    code, out, _ = command("check", model())
    assert code == 0
    assert re.search(r"(?m)^conv0 +conv, pool 2 +16x1x3x3 ", out)
    assert re.search(r"(?m)^linear4 +linear +10x16x4x4 ", out)
    path = model("nn.MaxPool2d(2), snn.Leaky(0.5)")
    path.write_text(path.read_text().replace("snn.Leaky(0.5), nn.MaxPool2d(2),", "snn.Leaky(0.5),"))
    code, out, _ = command("check", path)
    assert code == 0
    assert re.search(r"(?m)^conv0 +conv, max pool 2 of currents +16x1x3x3 ", out)
    assert re.search(r"(?m)^ +1  MaxPool2d +16x4x4 +ok$", out)
    assert "It fits tiny" in out
    _, out, _ = command("check", path, "--json")
    row = json.loads(out)["layers"][0]
    assert (row["kind"], row["pool"], row["pool_stride"], row["pool_of"]) == ("conv", 2, 2, "currents")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "conv"),
        ({"pool": 3}, "conv, pool 3"),
        ({"pool": 3, "pool_stride": 2}, "conv, pool 3/2"),
        ({"pool": 3, "pool_stride": 2, "pool_of": "currents"}, "conv, max pool 3/2 of currents"),
        ({"pool_of": "currents"}, "conv"),
    ],
)
def test_words_for_a_pooling(settings, text):
    one = np.ones(1, np.int64)
    layer = IntLayer(name="a", weight=np.ones((1, 1, 1, 1), np.int8), bias=one, threshold=one, **settings)
    assert kind_text(layer) == text


def test_what_follows_a_misplaced_pooling_is_unknown(command, model):
    code, out, _ = command("check", model("nn.MaxPool2d(2), snn.Leaky(0.5)"))
    assert code == 1
    assert "MaxPool2d stands before and after the same Leaky" in out
    assert "keep one of the two: a layer pools its currents or its spikes" in out
    assert "unknown" in out
    assert "It cannot run on tiny as it is" in out


def test_nan_weights_are_found(command, model, tmp_path):
    path = model()
    path.write_text(
        path.read_text()
        + "\nold = build\ndef model():\n    m = old()\n    m[0].weight.data[0] = float('nan')\n    return m\n"
    )
    code, out, _ = command("check", path)
    assert code == 1
    assert "NaN or infinite" in out


def one_layer(path, width):
    """A network of one convolution over 64 rows of *width* pixels, in a file."""
    layer = IntLayer(
        name="wide",
        weight=np.ones((8, 1, 3, 3), np.int8),
        bias=np.zeros(8, np.int64),
        threshold=np.ones(8, np.int64),
        padding=(1, 1),
    )
    IntNetwork(input_shape=(1, 64, width), time_steps=4, layers=(layer,)).save(path)
    return path


def test_a_network_that_is_too_large_says_where_and_by_how_much(command, tmp_path):
    code, out, _ = command("check", one_layer(tmp_path / "big.npz", 300), "--preset", "tiny")
    assert code == 1
    assert "even 1 output row of this layer needs 1201 feature-map words, and this core has 512" in out
    assert "where: layer 'wide'" in out
    assert "does not fit" in out


def test_maps_larger_than_the_buffers_run_in_strips(command, tmp_path):
    path = one_layer(tmp_path / "tall.npz", 64)
    code, out, _ = command("check", path, "--preset", "tiny", "--json")
    row = json.loads(out)["layers"][0]
    assert code == 0
    assert (row["input_words"], row["map_words"]) == (64 * 64 * 2, 512)
    assert row["strips"] >= 64 * 64 * 2 / 512
    code, out, _ = command("check", path, "--preset", "tiny")
    assert f"8,192 in {row['strips']} strips  ok" in out


def test_a_network_file_is_checked_layer_by_layer(command, network_file, core_file):
    code, out, _ = command("check", network_file, "--config", core_file, "--json")
    result = json.loads(out)
    assert code == 0
    assert [row["name"] for row in result["layers"]] == ["first", "second", "third"]
    assert [row["verdict"] for row in result["layers"]] == ["ok", "ok", "ok"]
    assert result["core"] == "core"
    assert result["layers"][0]["input_words"] == 36 * 2


def test_a_missing_or_altered_network_file(command, network_file, tmp_path):
    code, _, err = command("check", tmp_path / "no.npz")
    assert code == 1
    assert "there is no such network file" in err
    content = bytearray(network_file.read_bytes())
    network_file.write_bytes(content[: len(content) // 2])
    code, _, err = command("check", network_file)
    assert code == 1
    assert "cannot be read, it may be cut short" in err
    assert len(err.splitlines()) == 3


def test_an_input_shape_of_two_sizes(command, model):
    code, _, err = command("check", model(), "--input-shape", "8,8")
    assert code == 1
    assert "input_shape must be (C, H, W) or (features,), not (8, 8)" in err
