"""Rows of weights that are gathered from memory, on the RTL: results of every node, bytes, entries."""

from dataclasses import replace

import numpy as np
from coreruns import assert_same
from densegraphs import near
from intgraphs import gcn
from scipy.sparse import random_array

from pyralis.hw.gcn.config import GcnConfig

SMALL = GcnConfig(
    store_rows=128, hubs=8, weight_rows=128, edge_lines=128, bus_bits=128, occupancy_words=256, scale_rows=64
)
"""512 rows, 128 rows of weights, bitmaps for 16,384 beats."""


def test_more_features_than_the_weight_buffer_has_rows():
    """And more nodes than the row store holds, so that their products go through memory."""
    rng = np.random.default_rng(8)
    network = replace(gcn(rng, 700, 3000, 13), adjacencies={"graph": near(rng, 700, 4)})
    features = random_array((700, 3000), density=0.001, rng=rng, format="csr")
    features.data[:] = 1
    features = features.astype(np.int8)
    compiled, outcome = assert_same(network, [features] * 2, SMALL)
    assert list(compiled.plan.memory) == ["x", "xw1", "xw2"]
    beat, traffic = compiled.config.bus_bits // 8, compiled.traffic
    assert outcome.totals["write_beats"] * beat == traffic.first["outputs"] + traffic.later["outputs"]
    read = sum(outcome.totals[f"{name}_beats"] for name in ("edges", "features", "weights")) * beat
    assert read == sum(sum(each.values()) - each["outputs"] for each in (traffic.first, traffic.later))
