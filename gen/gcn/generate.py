"""A graph core, and a network for it, as a folder of files that stands on its own.

========================  =================================================================
``gcn_top.v``             the core, without foreign modules
``config.toml``           the configuration, every field
``registers.json``        the register map, also as ``registers.h`` (C) and ``registers.svd`` (CMSIS)
``litex_pyralis_gcn.py``  the core as a module for LiteX
``pyralis_gcn.core``      the folder as a core for FuseSoC
``report.json``           what the core does in a cycle, and the bits of its memories
``program.bin``           with a network: contents of memory at ``program_address``
``weights.bin``           with a network: contents of memory at ``weights_address``: graph, weights, biases,
                          scales
``numbering.bin``         with a network: the core's number of each node, int32
``network.npz``           with a network: what these were compiled from
``manifest.json``         what everything was made from, versions, and the SHA-256 of every file
========================  =================================================================

The same inputs give the same bytes on every machine: there are no times and no paths in them.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pyralis.gen.corefolder import CoreFolder, system_files
from pyralis.gen.emit.kept import kept_verilog
from pyralis.gen.files import json_text
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.config import to_toml
from pyralis.gen.gcn.report import report
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Opcode
from pyralis.hw.gcn.registers import register_map
from pyralis.hw.gcn.top import GcnTop

__all__ = [
    "NUMBERING",
    "TOP",
    "core_files",
    "generate",
    "network_facts",
    "network_files",
    "verilog",
]

TOP = "gcn_top"
NUMBERING = "numbering.bin"


@cache
def verilog(config: GcnConfig) -> str:
    """Verilog of a core of size *config*, module ``gcn_top``."""
    return kept_verilog(GcnTop, TOP, config)


def core_files(config: GcnConfig) -> dict[str, bytes]:
    """Files of a core of size *config*, by name."""
    top, beats = GcnTop(config), config.handler.dma.burst_beats
    files = {
        f"{TOP}.v": verilog(config),
        "config.toml": to_toml(config),
        "report.json": json_text(report(config, verilog(config))),
        **system_files(top, TOP, "gcn", "Graph core.", register_map(config), burst_beats=beats),
    }
    return {name: text.encode() for name, text in files.items()}


def network_files(compiled: Compiled) -> dict[str, bytes]:
    """Memory images of a compiled network, and the numbers of its nodes, by name."""
    return {
        "program.bin": compiled.program,
        "weights.bin": compiled.constants,
        NUMBERING: compiled.layout.numbering_bytes(),
    }


def network_facts(compiled: Compiled) -> dict[str, Any]:
    """What a driver must know to run the program."""
    return {
        **compiled.layout.to_json(),
        "numbering": NUMBERING,
        "descriptors": list(_descriptors(compiled)),
    }


def _descriptors(compiled: Compiled) -> Iterator[dict[str, str]]:
    """Kind and name of each descriptor: what it loads, or the operation that it computes."""
    steps = iter(compiled.plan.steps)
    for fields in compiled.descriptors:
        opcode, name = fields["opcode"], ""
        if opcode is Opcode.LOAD:
            name = fields["content"].name.lower()
        elif opcode in (Opcode.AGGREGATE, Opcode.COMBINE):
            name = next(steps).operation.name
        yield {"kind": opcode.name.lower(), "name": name}


generate = CoreFolder(
    top=TOP, core_files=core_files, network_files=network_files, network_facts=network_facts
).generate
