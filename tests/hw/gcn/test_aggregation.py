"""RTL of pyralis.hw.gcn.aggregation against pyralis.sim.golden.gcn.sums (pytest side)."""

from dataclasses import replace

from pyralis.hw.gcn.aggregation import Aggregation
from pyralis.hw.gcn.config import PRESETS
from pyralis.sim.bench.build import run_cocotb

# Rows of 4 bytes, because half of what a build costs is the width of rows.
SMALL = replace(PRESETS["tiny"], lanes=4, accumulator_bits=20, store_rows=512)


def test_small():
    run_cocotb(Aggregation(SMALL), "cocotb_aggregation")


def test_other_sizes():
    """Weights of entries, four splits, three cores in one column, one round, no copies of hubs."""
    config = replace(
        SMALL, columns=1, cores=3, splits=4, rounds=1, hubs=0, edge_weights=True, accumulator_bits=32
    )
    run_cocotb(Aggregation(config), "cocotb_aggregation")
