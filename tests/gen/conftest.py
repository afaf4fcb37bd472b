"""A small network, a small core and the command line, for tests of what stands above them."""

import numpy as np
import pytest

from pyralis.gen import cli
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron

SMALL_CORE = """\
out_lanes = 4
in_lanes = 4
pixel_lanes = 1
step_lanes = 4
neuron_lanes = 4
cell = "fabric"
map_words = 2048
"""


@pytest.fixture
def network() -> IntNetwork:
    """Two convolutions and a readout on 6 x 6 pixels, spikes in every layer."""
    random = np.random.default_rng(7)

    def layer(name, shape, threshold, **changes):
        return IntLayer(
            name=name,
            weight=random.integers(-20, 40, shape).astype(np.int8),
            bias=random.integers(-5, 5, shape[0]).astype(np.int64),
            threshold=np.full(shape[0], threshold, dtype=np.int64),
            **changes,
        )

    leaky = IntNeuron(leak="multiply", leak_value=3000, timing="delayed")
    return IntNetwork(
        input_shape=(1, 6, 6),
        time_steps=4,
        layers=(
            layer("first", (4, 1, 3, 3), 2000, padding=(1, 1), pool=2, neuron=leaky),
            layer("second", (8, 4, 3, 3), 150, padding=(1, 1), neuron=IntNeuron(reset="zero")),
            layer("third", (3, 8, 3, 3), 100, kind="linear", neuron=IntNeuron(reset="none")),
        ),
        output="potentials",
    )


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(3).integers(-128, 128, (3, 1, 6, 6)).astype(np.int8)


@pytest.fixture
def network_file(network, tmp_path):
    path = tmp_path / "net.npz"
    network.save(path)
    return path


@pytest.fixture
def core_file(tmp_path):
    path = tmp_path / "core.toml"
    path.write_text(SMALL_CORE)
    return path


@pytest.fixture
def command(capsys, monkeypatch):
    """Runs ``pyralis ...``: (exit code, standard output, standard error)."""
    monkeypatch.delenv("PYRALIS_DEBUG", raising=False)

    def run(*words) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run
