"""The SNN-7 workload: its shapes, its ranges, its spike rates, and a small one through the RTL."""

import json

import numpy as np
import pytest

from pyralis.gen.bench import snn7
from pyralis.gen.bench.snn import bench
from pyralis.gen.config import from_toml
from pyralis.gen.errors import UserError
from pyralis.gen.snn.compile import compile_network
from pyralis.hw.snn.config import PRESETS
from pyralis.sim.golden.snn import network as golden_model


@pytest.fixture(scope="module")
def workload():
    return snn7.build(seed=2)


def test_shapes_and_ranges_are_the_published_ones(workload):
    network, pixels = workload
    assert network.shapes() == [
        *((3, 32, 32), (16, 32, 32), (64, 16, 16), (128, 16, 16), (128, 8, 8)),
        *((256, 8, 8), (256, 4, 4), (512, 4, 4), (10, 1, 1)),
    ]
    for layer, fact in zip(network.layers, snn7.SNN7, strict=True):
        assert fact.weights[0] <= layer.weight.min() < 0 < layer.weight.max() <= fact.weights[1]
        assert fact.biases[0] <= layer.bias.min() <= layer.bias.max() <= fact.biases[1]
        assert set(layer.threshold) == {fact.threshold}
    assert -59 <= pixels.min() < -50 < 60 < pixels.max() <= 67
    # 2,426,288 bytes are published for 16 outputs of the last layer, of which ten are real.
    assert sum(layer.weight.size for layer in network.layers) == 2_426_288 - 6 * 8192


def test_dense_operations_are_the_published_ones(workload):
    network, _ = workload
    compiled = compile_network(network, PRESETS["zu3eg"])
    later = sum(plan.synaptic_operations for plan in compiled.layers[1:])
    assert later == pytest.approx(566.6e6, rel=1e-3)


def test_spike_rates_are_near_the_published_ones(workload):
    network, pixels = workload
    result = golden_model.run(network, pixels, observe=True)
    for fact, spikes in zip(snn7.SNN7, result.spikes, strict=True):
        if fact.rate is not None:
            assert float(spikes.double().mean()) == pytest.approx(fact.rate, rel=0.05), fact.name
    assert not any(result.saturated)


def test_the_same_seed_gives_the_same_network(workload):
    small = snn7.shrink(snn7.SNN7, 16)
    (one, pixels), (two, again), (other, _) = (snn7.build(small, seed=seed) for seed in (1, 1, 3))
    assert (pixels == again).all()
    assert all((a.weight == b.weight).all() for a, b in zip(one.layers, two.layers, strict=True))
    assert any((a.weight != b.weight).any() for a, b in zip(one.layers, other.layers, strict=True))


def test_a_small_one_is_bit_exact_in_rtl(core_file, tmp_path):
    path = tmp_path / "deep" / "snn.json"
    config = from_toml(core_file.read_text())
    result = bench(config, path, name="small", facts=snn7.shrink(snn7.SNN7, 16))
    assert result["bit_exact"], result["verdict"]
    stored = json.loads(path.read_text())
    assert [layer["name"] for layer in stored["layers"]] == [fact.name for fact in snn7.SNN7]
    assert stored["dsp_cycles_array"] == config.cells * stored["cycles_per_image"]
    assert 0 < stored["operations_per_dsp_cycle"] < 16
    assert stored["memory"]["latency"] == 20
    assert [entry["dsp_cycles"] for entry in stored["published"]] == [89.4e6, 108.4e6, 109.3e6]
    for layer in stored["layers"]:
        assert layer["ideal_cycles_per_image"] <= layer["cycles_per_image"]
        assert np.isclose(layer["utilisation"], layer["active_per_image"] / layer["cycles_per_image"])


def test_published_figures_agree_with_themselves():
    for entry in snn7.PUBLISHED:
        assert entry.dsp * entry.cycles == pytest.approx(entry.dsp_cycles, rel=2e-3), entry.name


def test_what_the_bench_refuses(command, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = command("bench", "snn", "-o", tmp_path / "file" / "snn.json")
    assert code == 1
    assert f"The output folder {tmp_path / 'file'} cannot be written: " in err
    config = from_toml("map_words = 64")
    with pytest.raises(UserError, match="layer needs 129 feature-map words, and this core has 64"):
        bench(config, tmp_path / "snn.json", facts=snn7.shrink(snn7.SNN7, 16))
    assert not (tmp_path / "snn.json").exists()
