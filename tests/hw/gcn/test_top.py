"""RTL of pyralis.hw.gcn.top: ports, registers over the bus, programs that load and end (pytest side).

Whole networks run in tests/sim/gcn.
"""

import re

import pytest

from pyralis.gen.emit.verilog import ports_of
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.top import GcnTop
from pyralis.sim.bench.build import run_cocotb

SMALL = GcnConfig(
    columns=2,
    cores=1,
    lanes=4,
    splits=1,
    pe_rows=2,
    gather_ports=1,
    banks=1,
    store_rows=16,
    hubs=0,
    rounds=1,
    contexts=2,
    weight_rows=16,
    edge_lines=16,
    feature_lines=16,
    group_bytes=8,
)
"""The smallest core that makes sense, for what does not depend on the size."""

BUSES = {"s_axi_ctrl": ("aw", "w", "b", "ar", "r"), "m_axi_data": ("aw", "w", "b", "ar", "r")}


@pytest.mark.slow
def test_registers_and_short_programs():
    run_cocotb(GcnTop(SMALL), "cocotb_top")


@pytest.mark.parametrize("preset", PRESETS)
def test_ports(preset):
    config = PRESETS[preset]
    found = {port.name: port.width for port in ports_of(GcnTop(config))}
    assert {name.rpartition("_")[0] for name in found if "_axi_" in name} == set(BUSES)
    for bus, channels in BUSES.items():
        handshakes = {name for name in found if re.fullmatch(rf"{bus}_\w+(valid|ready)", name)}
        assert handshakes == {f"{bus}_{channel}{end}" for channel in channels for end in ("valid", "ready")}
    assert {name for name in found if "_axi_" not in name} == {"irq"}
    assert found["m_axi_data_rdata"] == found["m_axi_data_wdata"] == config.bus_bits
    assert found["m_axi_data_awaddr"] == found["m_axi_data_araddr"] == config.address_bits
    assert found["s_axi_ctrl_araddr"] == 8 and found["s_axi_ctrl_rdata"] == 32
