"""RTL of pyralis.hw.gcn.systolic against pyralis.sim.golden.gcn.systolic (pytest side)."""

from dataclasses import replace

import pytest
import torch

from pyralis.gen.boards.vivado.primitives import count_cells, resources
from pyralis.gen.emit.verilog import emit
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.systolic import SystolicModule
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.golden.gcn.systolic import leaving

CONFIGS = {
    "tiny": GcnConfig(),
    "clusters": GcnConfig(lanes=4, pe_rows=8, gather_ports=8, product_bits=24),
    "single": GcnConfig(lanes=4, pe_rows=4, gather_ports=1, product_bits=26),
    "z64": PRESETS["z64"],
}


@pytest.mark.parametrize(
    "name", [name if name != "z64" else pytest.param(name, marks=pytest.mark.slow) for name in CONFIGS]
)
def test_against_golden(name):
    run_cocotb(SystolicModule(CONFIGS[name]), "cocotb_systolic")


def test_the_order_of_the_golden_model():
    source, weight = torch.arange(6).reshape(3, 2), torch.arange(10).reshape(2, 5) - 4
    got = list(leaving(source, weight, 2, 4))
    assert [place[:2] for place in got] == [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (2, 1)]
    whole = (source[:, :, None] * weight[None]).sum(1)
    for row, index, sums in got:
        expected = whole[row, 4 * index : 4 * index + 4].tolist()
        assert sums.tolist() == expected + [0] * (4 - len(expected))


@pytest.mark.slow
def test_two_products_take_one_block():
    """Of UltraScale+: the sums are adders of look-up tables, a digit each."""
    config = replace(PRESETS["z64"], pe_rows=4, gather_ports=4)
    cells = count_cells(emit(SystolicModule(config), "systolicmodule"), "systolicmodule", "xcup")
    multipliers = config.pe_rows * config.lanes
    assert cells["DSP48E2"] == multipliers // 2
    assert resources(cells)["LUT"] < multipliers * (config.product_bits + 16)
