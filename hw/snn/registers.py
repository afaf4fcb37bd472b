"""Register map of the spiking core."""

from amaranth.utils import ceil_log2

from pyralis.hw.axi.identity import identification, side_by_side
from pyralis.hw.axi.registermap import Field, Register, RegisterMap
from pyralis.hw.common.jobregisters import job_registers
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.counters import LAYERS, TOTALS
from pyralis.hw.snn.program import VERSION as PROGRAM_VERSION
from pyralis.hw.snn.program import ErrorCode

__all__ = ["IDENTIFICATION", "VERSION", "register_map"]

IDENTIFICATION = int.from_bytes(b"PySN", "big")
"""First word of the map: the driver refuses anything else."""

VERSION = 1
"""Raised when a register changes its meaning."""


def register_map(config: SnnConfig) -> RegisterMap:
    """The registers of a core of size *config*; only the capability words differ between cores."""
    identity = identification(IDENTIFICATION, registers=VERSION, program=PROGRAM_VERSION)
    registers = (*identity, *_capabilities(config), *_job(), *_counters())
    return RegisterMap(name="snn", registers=registers, address_bits=8, doc="Spiking core.")


def _capabilities(c: SnnConfig) -> tuple[Register, ...]:
    return (
        Register(
            "lanes",
            0x08,
            access="const",
            fields=side_by_side(
                ("out_lanes", 8, c.out_lanes),
                ("in_lanes", 8, c.in_lanes),
                ("pixel_lanes", 8, c.pixel_lanes),
                ("step_lanes", 8, c.step_lanes),
            ),
            doc="Parallelism.",
        ),
        Register(
            "widths",
            0x0C,
            access="const",
            fields=side_by_side(
                ("neuron_lanes", 8, c.neuron_lanes),
                ("current_bits", 6, c.current_bits),
                ("potential_bits", 6, c.potential_bits),
                ("leak_bits", 4, c.leak_bits),
                ("leak_multiplies", 1, int(c.leak == "multiply")),
                ("bus_log2", 4, c.bus_bits.bit_length() - 1),
            ),
            doc="Widths in bits.",
        ),
        Register(
            "depths",
            0x10,
            access="const",
            fields=side_by_side(("weight_words", 16, c.weight_depth), ("map_words", 16, c.map_words)),
            doc="Words of weights and of each feature map.",
        ),
        Register(
            "tiles",
            0x14,
            access="const",
            fields=side_by_side(("parameter_tiles", 16, c.parameter_tiles), ("layer_counters", 16, LAYERS)),
        ),
    )


def _job() -> tuple[Register, ...]:
    return (
        *job_registers(
            ErrorCode,
            saturated="A potential, bias or threshold was clamped to its width.",
            weights="Byte address of the weight stream.",
            resident="All weights fit on chip: load them once.",
        ),
        Register(
            "top_class",
            0x70,
            access="ro",
            fields=(
                Field("index", 0, width=16, doc="Largest output of the last run, lowest index on ties."),
            ),
        ),
    )


def _counters() -> tuple[Register, ...]:
    return (
        *(
            Register(
                f"total_{name}", 0x80 + 8 * n, access="ro", width=64, fields=(Field("value", 0, width=48),)
            )
            for n, name in enumerate(TOTALS)
        ),
        Register(
            "layer_select",
            0xC0,
            fields=(
                Field(
                    "index", 0, width=ceil_log2(LAYERS), doc="Descriptor whose counters the next four show."
                ),
            ),
        ),
        *(
            Register(
                f"layer_{name}", 0xC8 + 8 * n, access="ro", width=64, fields=(Field("value", 0, width=40),)
            )
            for n, name in enumerate(("cycles", "active", "stalls", "spikes"))
        ),
    )
