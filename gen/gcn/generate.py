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
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from pyralis.gen.emit.fusesoc import core_description
from pyralis.gen.emit.litex import wrapper
from pyralis.gen.emit.registers import to_c_header, to_json, to_svd
from pyralis.gen.emit.verilog import emit
from pyralis.gen.files import json_text
from pyralis.gen.folder import write_folder
from pyralis.gen.gcn.compile import Compiled
from pyralis.gen.gcn.options import to_toml
from pyralis.gen.gcn.report import report
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Opcode
from pyralis.hw.gcn.registers import register_map
from pyralis.hw.gcn.top import GcnTop

__all__ = [
    "FORMAT",
    "NUMBERING",
    "TOP",
    "core_files",
    "generate",
    "network_facts",
    "network_files",
    "verilog",
]

FORMAT = "pyralis core 1"
TOP = "gcn_top"
NUMBERING = "numbering.bin"


@cache
def verilog(config: GcnConfig) -> str:
    """Verilog of a core of size *config*, module ``gcn_top``; it takes a while, so once per configuration."""
    return emit(GcnTop(config), TOP)


def core_files(config: GcnConfig) -> dict[str, bytes]:
    """Files of a core of size *config*, by name."""
    registers, top = register_map(config), GcnTop(config)
    files = {
        f"{TOP}.v": verilog(config),
        "config.toml": to_toml(config),
        "registers.json": to_json(registers),
        "registers.h": to_c_header(registers),
        "registers.svd": to_svd(registers),
        "litex_pyralis_gcn.py": wrapper(
            top, TOP, "gcn", sources=[f"{TOP}.v"], burst_beats=config.handler.dma.burst_beats
        ),
        "pyralis_gcn.core": core_description("gcn", "Graph core.", {TOP: f"{TOP}.v"}),
        "report.json": json_text(report(config, verilog(config))),
    }
    return {name: text.encode() for name, text in files.items()}


def network_files(compiled: Compiled) -> dict[str, bytes]:
    """Memory images of a compiled network, and the numbers of its nodes, by name."""
    return {
        "program.bin": compiled.program,
        "weights.bin": compiled.constants,
        NUMBERING: compiled.layout.numbering_bytes(),
    }


def generate(
    config: GcnConfig,
    folder: str | Path,
    *,
    name: str = "custom",
    compiled: Compiled | None = None,
    network_file: str | Path | None = None,
) -> dict[str, Any]:
    """Writes a core of size *config*, and *compiled* for it, into *folder*; returns the manifest.

    Parameters
    ----------
    config : GcnConfig
    folder : path
        Made if it is not there. Files of the same names are replaced, others are left alone.
    name : str
        Of the configuration, for the manifest.
    compiled : Compiled, optional
        A network compiled for *config*.
    network_file : path, optional
        The file that *compiled* comes from; copied beside it.

    Raises
    ------
    UserError
        The folder cannot be written; nothing is changed then.
    """
    files = core_files(config)
    if compiled is not None:
        files |= network_files(compiled)
        if network_file is not None:
            files["network.npz"] = Path(network_file).read_bytes()
    facts = {
        "format": FORMAT,
        "top": TOP,
        "core": {"name": name, **asdict(config)},
        "network": None if compiled is None else network_facts(compiled),
    }
    return write_folder(folder, files, facts)


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
