"""AMD Kria KV260: the K26 module with a Zynq UltraScale+ that is like a ZU5EV."""

from pyralis.boards.base import Resources, ZynqBoard

__all__ = ["BOARD"]

BOARD = ZynqBoard(
    name="kv260",
    title="AMD Kria KV260",
    part="xck26-sfvc784-2LV-c",
    family="xcup",
    resources=Resources(
        luts=117_120, flip_flops=234_240, dsps=1_248, block_rams=144, block_ram_bits=36_864, ultra_rams=64
    ),
    clocks_mhz={"": 100.0},
    presets={"snn": "zu3eg", "gcn": "tiny"},
    source="AMD DS987 (Kria K26 data sheet), table of the programmable logic",
    board_part="xilinx.com:kv260_som:part0",
    processing_system="zynq_ultra_ps_e",
    control_port="M_AXI_HPM0_FPD",
    memory_ports=("S_AXI_HP0_FPD", "S_AXI_HP1_FPD", "S_AXI_HP2_FPD", "S_AXI_HP3_FPD"),
    memory_bytes=2 << 30,  # and as much again above 32 GB, which the ports reach too
    bus_bits=128,
    address_bits=40,
    control_base=0xA000_0000,
)
