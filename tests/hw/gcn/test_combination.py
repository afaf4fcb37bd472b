"""RTL of pyralis.hw.gcn.combination against its golden models (pytest side)."""

from dataclasses import replace
from pathlib import Path

import pytest

from pyralis.hw.gcn.combination import Combination
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.sim.bench.build import run_cocotb

CONFIGS = {
    "tiny": GcnConfig(),
    # Two clusters a column, one port each with a memory of its own and one that shares its writes.
    "clusters": GcnConfig(columns=4, lanes=4, pe_rows=8, gather_ports=8, product_bits=28),
    # Readers of two columns share a copy of the weights; no values.
    "single": GcnConfig(columns=2, lanes=4, pe_rows=2, gather_ports=1, feature_values=False),
}


@pytest.mark.parametrize(
    "name",
    [
        "tiny",
        pytest.param("clusters", marks=pytest.mark.slow),
        pytest.param("single", marks=pytest.mark.slow),
    ],
)
def test_against_golden(name):
    run_cocotb(Combination(CONFIGS[name]), "cocotb_combination")


CORA = Path(__file__).resolve().parents[4] / "shared/data/cora"


@pytest.mark.slow
def test_throughput_of_a_column():
    """One column of z32, in both modes; the features of Cora where they are."""
    config = replace(PRESETS["z32"], columns=1, bus_bits=128)
    env = {"PARTS": str(PRESETS["z32"].columns)} | ({"CORA": str(CORA)} if CORA.exists() else {})
    run_cocotb(Combination(config), "cocotb_throughput", env=env)
