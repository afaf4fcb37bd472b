"""Register map of the graph core."""

from amaranth.utils import ceil_log2

from pyralis.hw.axi.identity import identification, side_by_side
from pyralis.hw.axi.registermap import Field, Register, RegisterMap
from pyralis.hw.common.jobregisters import job_registers
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.counters import PER_DESCRIPTOR, TOTALS
from pyralis.hw.gcn.program import VERSION as PROGRAM_VERSION
from pyralis.hw.gcn.program import ErrorCode, scale_depth

__all__ = ["IDENTIFICATION", "VERSION", "register_map"]

IDENTIFICATION = int.from_bytes(b"PyGC", "big")
"""First word of the map: the driver refuses anything else."""

VERSION = 3
"""Raised when a register changes its meaning."""


def register_map(config: GcnConfig) -> RegisterMap:
    """The registers of a core of size *config*; only the capability words differ between cores."""
    identity = identification(IDENTIFICATION, registers=VERSION, program=PROGRAM_VERSION)
    registers = (*identity, *_capabilities(config), *_job(), *_counters())
    return RegisterMap(name="gcn", registers=registers, address_bits=8, doc="Graph core.")


def _log2(value: int) -> int:
    return value.bit_length() - 1


def _capabilities(c: GcnConfig) -> tuple[Register, ...]:
    return (
        Register(
            "lanes",
            0x08,
            access="const",
            fields=side_by_side(
                ("columns", 8, c.columns),
                ("cores", 4, c.cores),
                ("splits", 4, c.splits),
                ("lanes", 8, c.lanes),
                ("pe_rows", 8, c.pe_rows),
            ),
            doc="Parallelism.",
        ),
        Register(
            "engines",
            0x0C,
            access="const",
            fields=side_by_side(
                ("gather_ports", 4, c.gather_ports),
                ("banks", 5, c.banks),
                ("rounds", 3, c.rounds),
                ("contexts", 5, c.contexts),
                ("accumulator_bits", 6, c.accumulator_bits),
                ("product_bits", 6, c.product_bits),
                ("edge_weights", 1, int(c.edge_weights)),
                ("feature_values", 1, int(c.feature_values)),
                ("sampler", 1, int(c.sampler)),
            ),
            doc="What the engines are made of.",
        ),
        Register(
            "depths",
            0x10,
            access="const",
            fields=side_by_side(
                ("store_rows_log2", 5, _log2(c.store_rows)),
                ("weight_rows_log2", 5, _log2(c.weight_rows)),
                ("edge_lines_log2", 5, _log2(c.edge_lines)),
                ("feature_lines_log2", 5, _log2(c.feature_lines)),
                ("group_bytes_log2", 4, _log2(c.group_bytes)),
                ("bus_log2", 4, _log2(c.bus_bits)),
                ("epilogue_lanes_log2", 4, _log2(c.epilogue_lanes)),
            ),
            doc="Words of the memories; width of the bus in bits; elements of an epilogue a cycle.",
        ),
        Register(
            "tables",
            0x14,
            access="const",
            fields=side_by_side(("hubs", 16, c.hubs), ("descriptor_counters", 16, PER_DESCRIPTOR)),
        ),
        Register(
            "memories",
            0x1C,
            access="const",
            fields=side_by_side(
                ("occupancy_words", 16, c.occupancy_words), ("scale_rows_log2", 5, _log2(scale_depth(c)))
            ),
            doc="Words of 64 rows for the bitmaps of the Sparsity Eliminator, 0: there is none; scales of a "
            "column.",
        ),
        Register(
            "handler",
            0x18,
            access="const",
            fields=side_by_side(
                ("burst_bit", 8, c.handler.burst_bit),
                ("bank_bit", 8, c.handler.bank_bit),
                ("bank_bits", 8, c.handler.bank_bits),
            ),
            doc="What `remap` permutes: number of a burst from `burst_bit` on, bank from `bank_bit` on.",
        ),
    )


def _job() -> tuple[Register, ...]:
    return (
        *job_registers(
            ErrorCode,
            saturated="The clamp of an epilogue has changed a value.",
            weights="Byte address of graph, weights, biases and scales.",
            resident="Loads that say so are carried out in the first run only.",
        ),
        Register(
            "memory",
            0x70,
            fields=(
                Field("priority", 0, reset=1, doc="The clients' bursts go by priority, not by arrival."),
                Field("batch", 1, doc="Batch by batch: none waits for longer than one."),
                Field("remap", 2, doc="Bursts that follow each other are in different banks."),
                Field("need", 3, reset=1, doc="Priority is what is needed first; else edges first."),
            ),
            doc="The Memory Handler; to be changed only while nothing runs.",
        ),
        Register(
            "sample_seed",
            0x74,
            fields=(Field("value", 0, width=16),),
            doc="Added without carry to the seeds of all samples; to be changed only while nothing runs.",
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
            "descriptor_select",
            0xE8,
            fields=(
                Field(
                    "index",
                    0,
                    width=ceil_log2(PER_DESCRIPTOR),
                    doc="Descriptor whose cycles the next one shows.",
                ),
            ),
        ),
        Register("descriptor_cycles", 0xF0, access="ro", width=64, fields=(Field("value", 0, width=40),)),
    )
