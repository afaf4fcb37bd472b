"""Programs of graph networks, run by the interpreter and compared with the golden model."""

from typing import Any

import numpy as np

from pyralis.gen.gcn.compile import Compiled
from pyralis.sim.gcn.interpret import Outcome, run
from pyralis.sim.golden.gcn import network as golden

__all__ = ["assert_interpreted"]


def assert_interpreted(compiled: Compiled, features: Any) -> Outcome:
    """Rows are the golden model's, and bytes that are read the predicted ones."""
    outcome = run(
        compiled.program,
        compiled.constants,
        compiled.pack_input(features),
        compiled.config,
        output_bytes=compiled.output_stride,
    )
    expected = golden.run(compiled.network.renumbered(compiled.numbering.new), features)
    assert np.array_equal(compiled.unpack_results(outcome.outputs), expected.scores.numpy())
    moved = sum(size for kind, size in compiled.traffic.first.items() if kind != "outputs")
    assert sum(outcome.read.values()) == moved
    return outcome
