"""RTL of pyralis.hw.gcn.load against the arrays that the compiler packs (pytest side)."""

from dataclasses import replace

import pytest

from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.load import LoadUnit
from pyralis.sim.bench.build import run_cocotb

TINY = PRESETS["tiny"]
CONFIGS = {
    "tiny": TINY,
    # Four lines a beat for eight columns, two clusters in each; a beat holds rows of half of the columns.
    "wide": replace(
        TINY, columns=8, lanes=16, pe_rows=8, gather_ports=8, bus_bits=512, edge_weights=True, splits=1
    ),
    # Lines without values only, two of them a beat.
    "plain": replace(TINY, columns=4, lanes=4, bus_bits=256, feature_values=False),
}


@pytest.mark.parametrize(
    "name",
    ["tiny", pytest.param("wide", marks=pytest.mark.slow), pytest.param("plain", marks=pytest.mark.slow)],
)
def test_everything_arrives_where_it_belongs(name):
    run_cocotb(LoadUnit(CONFIGS[name]), "cocotb_load")
