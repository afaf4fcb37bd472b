"""AMD ZCU104 with a Zynq UltraScale+ XCZU7EV."""

from pyralis.boards.base import Resources, ZynqBoard

__all__ = ["BOARD"]

BOARD = ZynqBoard(
    name="zcu104",
    title="AMD ZCU104",
    part="xczu7ev-ffvc1156-2-e",
    family="xcup",
    resources=Resources(
        luts=230_400, flip_flops=460_800, dsps=1_728, block_rams=312, block_ram_bits=36_864, ultra_rams=96
    ),
    clocks_mhz={"": 150.0},  # a tenth of the 1,500 MHz of the board's IO PLL
    presets={"snn": "zcu104", "gcn": "z8"},
    source="AMD DS891 (Zynq UltraScale+ overview), table of EV devices; UG1267 (ZCU104)",
    board_part="xilinx.com:zcu104:part0",
    processing_system="zynq_ultra_ps_e",
    control_port="M_AXI_HPM0_FPD",
    memory_ports=("S_AXI_HP0_FPD", "S_AXI_HP1_FPD", "S_AXI_HP2_FPD", "S_AXI_HP3_FPD"),
    memory_bytes=2 << 30,
    bus_bits=128,
    address_bits=40,
    control_base=0xA000_0000,
    led=True,
)
