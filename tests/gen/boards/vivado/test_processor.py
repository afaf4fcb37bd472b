"""Names and addresses of the processors, written out a second time from the product guides."""

import pytest

from pyralis.gen.boards.vivado.processor import PROCESSORS


def test_the_ultrascale_processor_has_the_pins_of_its_product_guide():
    ps = PROCESSORS["zynq_ultra_ps_e"]
    ports = {name: (port.clock, port.enable, port.segments) for name, port in ps.memory_ports.items()}
    assert ports["S_AXI_HP0_FPD"] == ("saxihp0_fpd_aclk", "PSU__USE__S_AXI_GP2", "SAXIGP2/HP0_")
    assert ports["S_AXI_HP1_FPD"] == ("saxihp1_fpd_aclk", "PSU__USE__S_AXI_GP3", "SAXIGP3/HP1_")
    assert ports["S_AXI_HP3_FPD"] == ("saxihp3_fpd_aclk", "PSU__USE__S_AXI_GP5", "SAXIGP5/HP3_")
    assert ports["S_AXI_HPC0_FPD"] == ("saxihpc0_fpd_aclk", "PSU__USE__S_AXI_GP0", "SAXIGP0/HPC0_")
    control = ps.control_ports["M_AXI_HPM0_FPD"]
    assert (control.clock, control.enable) == ("maxihpm0_fpd_aclk", "PSU__USE__M_AXI_GP0")
    assert (control.base, control.base + control.size - 1) == (0xA000_0000, 0xAFFF_FFFF)
    assert (ps.clock, ps.reset, ps.interrupt) == ("pl_clk0", "pl_resetn0", "pl_ps_irq0")


def test_the_processor_of_7_series_has_the_pins_of_its_product_guide():
    ps = PROCESSORS["processing_system7"]
    port = ps.memory_ports["S_AXI_HP2"]
    assert (port.clock, port.enable) == ("S_AXI_HP2_ACLK", "PCW_USE_S_AXI_HP2")
    assert (port.width, port.segments) == ("PCW_S_AXI_HP2_DATA_WIDTH", "S_AXI_HP2/HP2_")
    windows = [(port.base, port.base + port.size - 1) for port in ps.control_ports.values()]
    assert windows == [(0x4000_0000, 0x7FFF_FFFF), (0x8000_0000, 0xBFFF_FFFF)]
    assert (ps.clock, ps.reset, ps.interrupt) == ("FCLK_CLK0", "FCLK_RESET0_N", "IRQ_F2P")
    assert ps.external == ("FIXED_IO", "DDR")


@pytest.mark.parametrize("name", PROCESSORS)
def test_every_port_is_switched_on_or_off(name):
    ps = PROCESSORS[name]
    control, memory = next(iter(ps.control_ports)), list(ps.memory_ports)[:2]
    values = ps.settings(62.5, control, memory, 64)
    for port, facts in {**ps.control_ports, **ps.memory_ports}.items():
        assert values[facts.enable] == ("1" if port in (control, *memory) else "0")
    assert values[ps.frequency] == "62.5"
    assert [values[ps.memory_ports[port].width] for port in memory] == ["64", "64"]
    assert {values[switch] for switch in ps.always} == {"1"}
    assert {values[switch] for switch in ps.never} == {"0"}
