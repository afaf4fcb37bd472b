"""RTL of pyralis.hw.gcn.load against the arrays that the compiler packs (pytest side)."""

from dataclasses import replace

import pytest

from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.load import LoadUnit
from pyralis.sim.bench.build import run_cocotb

SMALL = GcnConfig()
CONFIGS = {
    "tiny": PRESETS["tiny"],
    # Four lines a beat for eight columns, two clusters in each; a beat holds rows of half of the columns.
    "wide": replace(
        SMALL, columns=8, lanes=16, pe_rows=8, gather_ports=8, bus_bits=512, edge_weights=True, splits=1
    ),
    # Rows of which some are left out: one a beat, and four.
    "windows": replace(SMALL, occupancy_words=16),
    "wide windows": replace(
        SMALL, columns=8, lanes=16, store_rows=256, bus_bits=512, splits=1, occupancy_words=16
    ),
    # Lines without values only, two of them a beat.
    "plain": replace(SMALL, columns=4, lanes=4, bus_bits=256, feature_values=False),
}


@pytest.mark.parametrize(
    "name",
    [
        "tiny",
        "windows",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("wide windows", "wide", "plain")),
    ],
)
def test_everything_arrives_where_it_belongs(name):
    run_cocotb(LoadUnit(CONFIGS[name]), "cocotb_load")
