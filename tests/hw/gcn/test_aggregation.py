"""RTL of pyralis.hw.gcn.aggregation against pyralis.sim.golden.gcn.sums (pytest side)."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pyralis.hw.gcn.aggregation import Aggregation
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.sim.bench.build import run_cocotb

# Rows of 4 bytes, because half of what a build costs is the width of rows.
SMALL = GcnConfig(lanes=4, accumulator_bits=20, store_rows=512)


def test_small():
    run_cocotb(Aggregation(SMALL), "cocotb_aggregation")


def test_other_sizes():
    """Weights of entries, four splits, three cores in one column, one round, no copies of hubs."""
    config = replace(
        SMALL, columns=1, cores=3, splits=4, rounds=1, hubs=0, edge_weights=True, accumulator_bits=32
    )
    run_cocotb(Aggregation(config), "cocotb_aggregation")


# The adjacency of Cora on 32 cores. Rows of 4 bytes, because the width of rows changes nothing about cycles.
Z32 = replace(
    PRESETS["z32"], lanes=4, epilogue_lanes=2, accumulator_bits=20, store_rows=128, edge_lines=256, contexts=8
)
CORA = Path(__file__).resolve().parents[4] / "shared" / "data" / "cora"


@pytest.mark.slow
@pytest.mark.skipif(not CORA.is_dir(), reason="needs the planetoid files of Cora in ../shared/data/cora")
def test_cora(tmp_path):
    figures = tmp_path / "figures.json"
    run_cocotb(Aggregation(Z32), "cocotb_cora", env={"CORA": str(CORA), "FIGURES": str(figures)})
    measured = json.loads(figures.read_text())
    for kind in ("whole rows", "maximum"):
        assert measured[kind]["cycles"] <= 471
        assert measured[kind]["utilisation"] >= 0.88
        assert measured[kind]["imbalance"] <= 1.05
    # What the mechanisms are for.
    assert measured["whole rows, no copies of hubs"]["cycles"] > measured["whole rows"]["cycles"]
    # 586 cycles instead of 453: the numbering deals heavy rows out to the columns, not to the cores of one.
    assert measured["whole rows, by row number"]["cycles"] > 1.25 * measured["whole rows"]["cycles"]
    assert measured["whole rows, by row number"]["imbalance"] > 1.15
