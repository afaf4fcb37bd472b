"""TUL PYNQ-Z2 with a Zynq-7000 XC7Z020."""

from pyralis.boards.base import Resources, ZynqBoard

__all__ = ["BOARD"]

BOARD = ZynqBoard(
    name="pynq_z2",
    title="TUL PYNQ-Z2",
    part="xc7z020clg400-1",
    family="xc7",
    resources=Resources(luts=53_200, flip_flops=106_400, dsps=220, block_rams=140, block_ram_bits=36_864),
    clocks_mhz={"": 100.0, "snn": 62.5},  # a tenth and a sixteenth of the 1,000 MHz of the IO PLL
    presets={"snn": "tiny", "gcn": "tiny"},
    source="AMD DS190 (Zynq-7000 overview), table 1; TUL, PYNQ-Z2 reference manual",
    board_part="tul.com.tw:pynq-z2:part0",
    processing_system="processing_system7",
    control_port="M_AXI_GP0",
    memory_ports=("S_AXI_HP0", "S_AXI_HP1", "S_AXI_HP2", "S_AXI_HP3"),
    memory_bytes=512 << 20,
    bus_bits=64,
    address_bits=32,
    control_base=0x4000_0000,
    fabric_cell=True,
    led=True,
    settings={  # one 4 Gbit DDR3 of 16 bits, 50 MHz oscillator: what the address map and the clocks depend on
        "PCW_CRYSTAL_PERIPHERAL_FREQMHZ": "50",
        "PCW_APU_PERIPHERAL_FREQMHZ": "650",
        "PCW_UIPARAM_DDR_PARTNO": "MT41J256M16 RE-125",
        "PCW_UIPARAM_DDR_BUS_WIDTH": "16 Bit",
        "PCW_UIPARAM_DDR_FREQ_MHZ": "525",
    },
)
