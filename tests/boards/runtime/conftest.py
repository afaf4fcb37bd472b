"""A compiled network small enough to read, on a core that is a few lines of Python."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from fakecores import FakeSnn

from pyralis.boards.runtime.layout import JobLayout
from pyralis.gen.emit.registers import to_json
from pyralis.gen.intnetwork import IntLayer, IntNetwork
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.snn.generate import network_facts
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.registers import register_map


@pytest.fixture
def small():
    """``registers``, ``network`` (facts), ``program``, ``weights``, ``images``, ``scores``, ``board()``."""
    config = PRESETS["tiny"]
    weight = np.ones((10, 1, 4, 4), np.int8)
    layer = IntLayer(
        name="fc", kind="linear", weight=weight, bias=np.zeros(10, np.int64), threshold=np.ones(10, np.int64)
    )
    compiled = compile_network(IntNetwork(input_shape=(1, 4, 4), time_steps=2, layers=(layer,)), config)
    facts = json.loads(json.dumps(network_facts(compiled)))
    images = np.random.default_rng(1).integers(-128, 128, (7, 1, 4, 4)).astype(np.int8)
    scores = images.sum(axis=(1, 2, 3), dtype=np.int64)[:, None] * np.arange(1, 11)
    registers = register_map(config)

    def board(memory_bytes=1 << 16):
        return FakeSnn(registers, JobLayout.from_json(facts), memory_bytes)

    return SimpleNamespace(
        map=json.loads(to_json(registers)),
        network=facts,
        program=compiled.program,
        weights=compiled.weights,
        images=images,
        scores=scores,
        compiled=compiled,
        config=config,
        board=board,
    )
