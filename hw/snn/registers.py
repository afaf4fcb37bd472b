"""Register map of the spiking core."""

from amaranth.utils import ceil_log2

from pyralis.hw.axi.identity import identification, side_by_side
from pyralis.hw.axi.registermap import Field, Register, RegisterMap
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.counters import LAYERS, TOTALS
from pyralis.hw.snn.program import VERSION as PROGRAM_VERSION
from pyralis.hw.snn.program import ErrorCode

__all__ = ["IDENTIFICATION", "VERSION", "register_map"]

IDENTIFICATION = int.from_bytes(b"PySN", "big")
"""First word of the map: the driver refuses anything else."""

VERSION = 1
"""Raised when a register changes its meaning."""

DEFAULT_TIMEOUT = 1 << 20


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
        Register(
            "control",
            0x20,
            access="pulse",
            fields=(
                Field("start", 0, doc="Run the program `runs` times. Ignored while busy."),
                Field("abort", 1, doc="Stop and reset the datapath."),
            ),
        ),
        Register(
            "status",
            0x24,
            access="ro",
            fields=(
                Field("busy", 0, doc="A job is running."),
                Field("done", 1, doc="The last job ended well."),
                Field("failed", 2, doc="The last job ended with an error."),
                Field(
                    "draining", 3, doc="The bus still owes answers to the last job; a start waits for them."
                ),
            ),
        ),
        Register(
            "error",
            0x28,
            access="ro",
            fields=(
                Field("code", 0, width=8, values=ErrorCode, doc="Why the job ended."),
                Field("index", 16, width=16, doc="Descriptor at fault."),
            ),
        ),
        Register(
            "flags",
            0x2C,
            access="w1c",
            fields=(Field("saturated", 0, doc="A potential, bias or threshold was clamped to its width."),),
        ),
        Register(
            "interrupt",
            0x30,
            access="w1c",
            fields=(Field("finished", 0, doc="A job has ended, well or not."),),
        ),
        Register("interrupt_enable", 0x34, fields=(Field("finished", 0),)),
        Register(
            "timeout",
            0x38,
            reset=DEFAULT_TIMEOUT,
            doc="Cycles without activity until a job is given up; 0: never.",
        ),
        Register("runs", 0x3C, reset=1, doc="Times that the program runs."),
        Register("program_address", 0x40, width=64, doc="Byte address of the descriptors."),
        Register("weights_address", 0x48, width=64, doc="Byte address of the weight stream."),
        Register("input_address", 0x50, width=64, doc="Byte address of the first run's input."),
        Register("output_address", 0x58, width=64, doc="Byte address of the first run's results."),
        Register("input_stride", 0x60, doc="Bytes between the inputs of two runs."),
        Register("output_stride", 0x64, doc="Bytes between the results of two runs."),
        Register(
            "resident", 0x68, fields=(Field("value", 0, doc="All weights fit on chip: load them once."),)
        ),
        Register("runs_done", 0x6C, access="ro", doc="Runs that have ended."),
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
