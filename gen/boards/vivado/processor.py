"""The two processors that boards have, as the block design sees them: pins, parameters, addresses.

A core meets the processor at four places: a clock and a reset, a manager port that reaches the registers,
subordinate ports that reach the memory, and an interrupt. Names are those of the IPs
``zynq_ultra_ps_e`` (AMD PG201) and ``processing_system7`` (PG082); addresses are those of UG1085, "PL AXI
interfaces" and "System addresses", and UG585, table 4-1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["PROCESSORS", "ControlPort", "MemoryPort", "Processor"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlPort:
    """A manager port of the processor.

    Attributes
    ----------
    clock : str
        Pin that takes the clock of the port.
    enable : str
        Parameter that makes it.
    base, size : int
        Addresses that go out of it.
    """

    clock: str
    enable: str
    base: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryPort:
    """A subordinate port of the processor.

    Attributes
    ----------
    clock : str
        Pin that takes the clock of the port.
    enable, width : str
        Parameters that make it, and that set its data width in bits.
    segments : str
        Path of the address segments behind it, below the cell, up to the name of each:
        ``SAXIGP2/HP0_`` for ``SAXIGP2/HP0_DDR_LOW``.
    """

    clock: str
    enable: str
    width: str
    segments: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Processor:
    """An IP with a processor.

    Attributes
    ----------
    ip : str
        Vendor, library, name and version, with a pattern for the minor version.
    rule : str
        Automation that applies the preset of a board.
    automation : tuple of str
        Names and values that it takes beside ``apply_board_preset``.
    external : tuple of str
        Interfaces that the automation leads out of the design.
    clock, reset, interrupt : str
        Pins: the clock that it makes, a reset (active low), the interrupt that it takes.
    clock_in_reports : str
        What Vivado calls that clock.
    frequency : str
        Parameter: the clock in MHz.
    always, never : tuple of str
        Parameters that are 1 (clock, reset and interrupt are there) and 0 (ports that nothing here uses).
    control_ports, memory_ports : dict
        By interface pin.
    """

    ip: str
    rule: str
    automation: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    clock: str
    reset: str
    interrupt: str
    clock_in_reports: str
    frequency: str
    always: tuple[str, ...]
    never: tuple[str, ...]
    control_ports: dict[str, ControlPort]
    memory_ports: dict[str, MemoryPort]

    def settings(
        self, clock_mhz: float, control: str, memory: Sequence[str], data_bits: int
    ) -> dict[str, str]:
        """Parameters for a core behind the port *control* with managers at the ports *memory*.

        Every port is named: presets of boards enable some, and a port without a clock stops the design.
        """
        values = dict.fromkeys(self.always, "1") | dict.fromkeys(self.never, "0")
        values[self.frequency] = f"{clock_mhz:g}"
        values |= {port.enable: str(int(name == control)) for name, port in self.control_ports.items()}
        values |= {port.enable: str(int(name in memory)) for name, port in self.memory_ports.items()}
        values |= {self.memory_ports[name].width: str(data_bits) for name in memory}
        return values


def _fpd_port(index: int, name: str) -> MemoryPort:
    return MemoryPort(
        clock=f"saxi{name.lower()}_fpd_aclk",
        enable=f"PSU__USE__S_AXI_GP{index}",
        width=f"PSU__SAXIGP{index}__DATA_WIDTH",
        segments=f"SAXIGP{index}/{name}_",
    )


ULTRASCALE = Processor(
    ip="xilinx.com:ip:zynq_ultra_ps_e:3.*",
    rule="xilinx.com:bd_rule:zynq_ultra_ps_e",
    clock="pl_clk0",
    reset="pl_resetn0",
    interrupt="pl_ps_irq0",
    clock_in_reports="clk_pl_0",
    frequency="PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ",
    always=("PSU__FPGA_PL0_ENABLE", "PSU__USE__FABRIC__RST", "PSU__USE__IRQ0"),
    never=("PSU__USE__S_AXI_GP6", "PSU__USE__S_AXI_ACP", "PSU__USE__S_AXI_ACE"),
    control_ports={
        "M_AXI_HPM0_FPD": ControlPort(
            clock="maxihpm0_fpd_aclk", enable="PSU__USE__M_AXI_GP0", base=0xA000_0000, size=256 << 20
        ),
        "M_AXI_HPM1_FPD": ControlPort(
            clock="maxihpm1_fpd_aclk", enable="PSU__USE__M_AXI_GP1", base=0xB000_0000, size=256 << 20
        ),
        "M_AXI_HPM0_LPD": ControlPort(
            clock="maxihpm0_lpd_aclk", enable="PSU__USE__M_AXI_GP2", base=0x8000_0000, size=512 << 20
        ),
    },
    memory_ports={
        f"S_AXI_{name}_FPD": _fpd_port(index, name)
        for index, name in enumerate(("HPC0", "HPC1", "HP0", "HP1", "HP2", "HP3"))
    },
)

SERIES7 = Processor(
    ip="xilinx.com:ip:processing_system7:5.*",
    rule="xilinx.com:bd_rule:processing_system7",
    automation=("make_external", "FIXED_IO, DDR", "Master", "Disable", "Slave", "Disable"),
    external=("FIXED_IO", "DDR"),
    clock="FCLK_CLK0",
    reset="FCLK_RESET0_N",
    interrupt="IRQ_F2P",
    clock_in_reports="clk_fpga_0",
    frequency="PCW_FPGA0_PERIPHERAL_FREQMHZ",
    always=(
        "PCW_FPGA_FCLK0_ENABLE",
        "PCW_EN_CLK0_PORT",
        "PCW_EN_RST0_PORT",
        "PCW_USE_FABRIC_INTERRUPT",
        "PCW_IRQ_F2P_INTR",
    ),
    never=("PCW_USE_S_AXI_GP0", "PCW_USE_S_AXI_GP1", "PCW_USE_S_AXI_ACP"),
    control_ports={
        f"M_AXI_GP{index}": ControlPort(
            clock=f"M_AXI_GP{index}_ACLK",
            enable=f"PCW_USE_M_AXI_GP{index}",
            base=0x4000_0000 * (1 + index),
            size=1 << 30,
        )
        for index in range(2)
    },
    memory_ports={
        f"S_AXI_HP{index}": MemoryPort(
            clock=f"S_AXI_HP{index}_ACLK",
            enable=f"PCW_USE_S_AXI_HP{index}",
            width=f"PCW_S_AXI_HP{index}_DATA_WIDTH",
            segments=f"S_AXI_HP{index}/HP{index}_",
        )
        for index in range(4)
    },
)

PROCESSORS = {"zynq_ultra_ps_e": ULTRASCALE, "processing_system7": SERIES7}
"""By the name that a board gives."""
