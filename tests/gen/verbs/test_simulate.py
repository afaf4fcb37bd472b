"""``pyralis simulate``: the verdict, the first difference, and what cannot be simulated."""

import dataclasses
import json

import numpy as np
import pytest

from pyralis.gen import simulate as simulating
from pyralis.gen.config import from_toml
from pyralis.gen.errors import UserError
from pyralis.gen.simulate import compare, simulate
from pyralis.gen.snn.compile import compile_network
from pyralis.sim.golden.snn import network as golden_model
from pyralis.sim.snn.run import LayerCounts, SimulationResult


@pytest.fixture
def compiled(network, core_file):
    return compile_network(network, from_toml(core_file.read_text()))


@pytest.fixture
def golden(network, images):
    result = golden_model.run(network, images, observe=True)
    rates = [spikes.double().mean() for spikes in result.spikes]
    assert all(0.02 < rate < 0.98 for rate in rates), "the spikes of this network prove nothing"
    return result


@pytest.fixture
def rtl(compiled, golden, tmp_path):
    """What a core without faults would give."""
    layers = tuple(
        LayerCounts(name=plan.name, cycles=100, active=80, weight_stalls=5, spikes=9)
        for plan in compiled.layers
    )
    return SimulationResult(
        scores=golden.scores.numpy().copy(),
        spikes=[spikes.numpy().copy() for spikes in golden.spikes[:-1]],
        cycles=330,
        layers=layers,
        totals={"cycles": 330},
        saturated=False,
        hardware_class=1,
        error="NONE",
        error_index=0,
        seconds=0.5,
        folder=tmp_path,
        bursts=[],
        registers={},
    )


def test_a_core_without_faults_is_bit_exact(compiled, rtl, golden):
    found = compare(compiled, rtl, golden)
    assert found.bit_exact
    assert found.sentence == (
        "Bit exact: all 3 images, the spikes of 2 hidden layers and every class score equal the golden "
        "model's."
    )
    summary = found.summary()
    assert summary["cycles_per_image"] == 110
    assert summary["utilisation"] == 240 / 330
    assert summary["simulated_cycles_per_second"] == 660
    assert [row["differences"] for row in summary["layers"]] == [0, 0, 0]
    assert summary["layers"][0]["spikes_per_image"] == golden.spike_counts[0] / 3


def test_one_wrong_spike_is_found_and_placed(compiled, rtl, golden):
    rtl.spikes[1][2, 3, 7, 1, 0] ^= 1
    found = compare(compiled, rtl, golden)
    assert not found.bit_exact
    wrong, right = rtl.spikes[1][2, 3, 7, 1, 0], golden.spikes[1][2, 3, 7, 1, 0]
    assert found.sentence == (
        "NOT bit exact: 1 of 864 spikes of layer 'second' differ, first in image 2 at step 3, channel 7, "
        f"row 1, column 0: {wrong} instead of {right}."
    )
    assert [row["differences"] for row in found.summary()["layers"]] == [0, 1, 0]


def test_one_wrong_score_is_found(compiled, rtl, golden):
    rtl.scores[1, 2] += 1
    found = compare(compiled, rtl, golden)
    assert not found.bit_exact
    right = int(golden.scores[1, 2])
    assert found.first == f"1 of 9 scores differ, first in image 1, class 2: {right + 1} instead of {right}."


def test_an_error_of_the_core_is_no_success(compiled, rtl, golden):
    found = compare(compiled, dataclasses.replace(rtl, error="TIMEOUT", error_index=2, spikes=[]), golden)
    assert not found.bit_exact
    assert found.sentence == "NOT bit exact: the core stopped with error TIMEOUT at descriptor 2."
    found = compare(compiled, dataclasses.replace(rtl, spikes=rtl.spikes[:1]), golden)
    assert found.sentence == "NOT bit exact: the core's trace has the spikes of 1 layers, not of 2."


def test_the_rtl_equals_the_golden_model(command, network_file, core_file, images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    arguments = ["simulate", network_file, tmp_path / "images.npy", "--config", core_file, "--json"]
    code, out, err = command(*arguments, "--latency", "7", "--stall-percent", "20", "--seed", "5")
    result = json.loads(out)
    assert code == 0, err
    assert result["ok"]
    assert result["bit_exact"]
    assert result["images"] == 3
    assert np.array(result["scores"]).shape == (3, 3)
    assert all(layer["cycles_per_image"] >= layer["ideal_cycles_per_image"] for layer in result["layers"])
    assert "simulate the RTL" in err


def test_a_difference_makes_the_exit_code_1(command, network_file, core_file, images, tmp_path, monkeypatch):
    np.save(tmp_path / "images.npy", images)

    def wrong(compiled, rtl, golden):
        rtl.scores[0, 0] += 1
        return compare(compiled, rtl, golden)

    monkeypatch.setattr(simulating, "compare", wrong)
    code, out, _ = command("simulate", network_file, tmp_path / "images.npy", "--config", core_file)
    assert code == 1
    assert "NOT bit exact: 1 of 9 scores differ, first in image 0, class 0: " in out


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (np.zeros((2, 1, 6, 7), np.int8), "takes inputs of shape (images, 1, 6, 6), not (2, 1, 6, 7)"),
        (np.zeros((2, 1, 6, 6)), "the network takes integers, not float64"),
        (np.full((2, 1, 6, 6), 200), "direct inputs must lie in -128..127, but these reach 200..200"),
        (np.zeros((0, 1, 6, 6), np.int8), "There are no inputs to simulate: the array is empty."),
    ],
)
def test_inputs_that_do_not_fit(command, network_file, core_file, tmp_path, inputs, sentence):
    np.save(tmp_path / "images.npy", inputs)
    code, out, err = command("simulate", network_file, tmp_path / "images.npy", "--config", core_file)
    assert (code, out) == (1, "")
    assert sentence in err
    assert len(err.splitlines()) == 3


def test_a_missing_simulator_is_said_in_a_sentence(compiled, images, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as error:
        simulate(compiled, images)
    assert error.value.what == (
        "g++ is not installed; 'simulate' needs it (generated hardware under Verilator, golden models)."
    )
    assert error.value.hint == "on Debian and Ubuntu: apt install g++ make perl"


def test_a_bad_setting_of_the_memory(command, network_file):
    code, _, err = command("simulate", network_file, "x.npy", "--latency", "-3")
    assert code == 1
    assert "--latency" in err


def test_headers_that_waves_need_are_said_before_the_build(compiled, images, monkeypatch):
    monkeypatch.setattr(simulating, "WAVE_HEADERS", ("stddef.h", "no_such_header.h"))
    with pytest.raises(UserError) as error:
        simulate(compiled, images, waves=True)
    assert error.value.what == "Waves (FST) need the header no_such_header.h, and g++ does not find it."
    assert "apt install liblz4-dev zlib1g-dev" in error.value.hint
