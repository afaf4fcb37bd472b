"""Sweeps over lengths of rows: the graph, the table, and two points through the RTL of a tiny core."""

from types import SimpleNamespace

import pytest

from pyralis.gen.bench.gcn import compiled_for
from pyralis.gen.bench.gcn_sweeps import DENSITY, NODES, _prepared, lengths, phase_table, sweep_graph
from pyralis.gen.gcn import phases
from pyralis.hw.gcn.config import PRESETS

TINY = PRESETS["tiny"]


def test_only_the_features_change_with_their_length():
    one, two = sweep_graph(64), sweep_graph(128)
    assert one.nodes == two.nodes == NODES and one.edges == two.edges
    assert one.in_degrees.max() == two.in_degrees.max()
    assert one.features.nnz == NODES * 64 // DENSITY
    assert two.features.nnz == NODES * 128 // DENSITY


def test_hits_on_chip():
    """Warm, an aggregation takes everything from chip, and a combination all but the features."""
    prepared = _prepared(64, 16)
    compiled = compiled_for(prepared, TINY)
    spent = [SimpleNamespace(index=each["index"], cycles=100) for each in compiled.descriptors]
    twice = [SimpleNamespace(index=each.index, cycles=180) for each in spent]
    combine, aggregate = phase_table(compiled, phases.table(compiled, spent, twice, (400, 300)))
    assert (combine["kind"], aggregate["kind"]) == ("combination", "aggregation")
    assert (combine["cold"]["cycles"], combine["warm"]["cycles"]) == (100, 80)
    assert aggregate["warm"]["on_chip"] == 1 and 0 < aggregate["cold"]["on_chip"] < 1
    features = compiled.input_stride
    elements = prepared.quantized.features.nnz
    slices = 16 // TINY.lanes
    # 16 bytes of weights for each element, and in each slice the element
    assert combine["warm"]["on_chip"] == pytest.approx(1 - features / (elements * (16 + slices)))


@pytest.mark.slow
def test_lengths_on_a_tiny_core():
    short, long, large = lengths("tiny", TINY, features=(64, 128), outputs=(1024,))
    assert short["bit_exact"] and long["bit_exact"] and "phases" not in large
    assert large["why"].endswith(".") and large["output"] == 1024
    cycles = [{each["kind"]: each["warm"]["cycles"] for each in row["phases"]} for row in (short, long)]
    assert cycles[1]["combination"] > 1.5 * cycles[0]["combination"]
    assert cycles[1]["aggregation"] == pytest.approx(cycles[0]["aggregation"], rel=0.05)
