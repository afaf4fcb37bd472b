"""Radiona ULX3S with a Lattice ECP5 LFE5U-85F."""

from pyralis.boards.base import Ecp5Board, Resources

__all__ = ["BOARD"]

BOARD = Ecp5Board(
    name="ulx3s",
    title="Radiona ULX3S 85F",
    part="LFE5U-85F-6BG381C",
    family="ecp5",
    resources=Resources(luts=83_640, flip_flops=83_640, dsps=156, block_rams=208, block_ram_bits=18_432),
    clocks_mhz={"": 62.5, "snn": 60.0, "gcn": 25.0, "gf": 100.0},
    presets={"snn": "tiny", "gcn": "tiny"},
    source="Lattice FPGA-DS-02012 (ECP5 family data sheet), table 1.1; amaranth-boards",
    platform="amaranth_boards.ulx3s:ULX3S_85F_Platform",
    package="CABGA381",
    speed="6",
    oscillator_mhz=25.0,
    baud=1_000_000,
    memory_bytes=1 << 16,
    core_memory_bytes={"gcn": 220 << 10},
)
