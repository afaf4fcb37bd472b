"""A network through the RTL and through the golden model."""

import numpy as np

from pyralis.gen.snn.compile import compile_network
from pyralis.sim.golden.snn.network import run as golden
from pyralis.sim.snn.run import MemorySettings, simulate


def agree(network, config, inputs, *, images=1, memory=MemorySettings()):
    """Runs *inputs* both ways; asserts equal spikes in every layer and equal scores; returns both results."""
    compiled = compile_network(network, config, images=images)
    result = simulate(compiled, inputs, memory=memory)
    expected = golden(network, inputs, observe=True)
    assert result.error == "NONE"
    for layer, spikes, reference in zip(network.layers, result.spikes, expected.spikes, strict=False):
        wrong = np.argwhere(spikes != np.asarray(reference))
        assert not len(wrong), (
            f"layer {layer.name} differs at (image, step, c, y, x) {wrong[0]}, {len(wrong)} in all"
        )
    assert (result.scores == np.asarray(expected.scores).reshape(result.scores.shape)).all()
    return result, expected
