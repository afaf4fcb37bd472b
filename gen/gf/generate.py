"""A finite-field core as a folder of files that stands on its own.

=========================  ==========================================================================
``gf_mul.v``               the core between two streams; no foreign modules
``gf_axis.v``              the same between two AXI4-Streams, with registers on AXI4-Lite
``gf_lite.v``              the same behind AXI4-Lite alone, operands and product in registers
``gf_mul_tb.v``            testbench in Verilog-2001
``gf_mul_vectors.hex``     its vectors; ``gf_mul_vectors.txt`` shows them
``gf_mul_sva.sv``          assertions, bound to the core
``gf_mul.xdc``             what Vivado must keep; ``gf_mul.tcl`` what Design Compiler must
``litex_pyralis_gf.py``    ``gf_lite`` as a module for LiteX
``pyralis_gf.core``        the folder as a core for FuseSoC
``registers.json``         the register map, also as ``registers.h`` (C) and ``registers.svd`` (CMSIS)
``config.toml``            the configuration, every field
``README.txt``             ports, how to simulate, how to synthesise
``manifest.json``          versions, and the SHA-256 of every file
=========================  ==========================================================================

The same inputs give the same bytes on every machine: there are no times and no paths in them.
"""

import gc
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from amaranth.hdl import UnusedElaboratable

from pyralis.gen import configfile
from pyralis.gen.corefolder import core_facts, register_files
from pyralis.gen.emit.fusesoc import Testbench, core_description
from pyralis.gen.emit.litex import wrapper
from pyralis.gen.emit.verilog import emit
from pyralis.gen.errors import UserError
from pyralis.gen.folder import write_folder
from pyralis.gen.gf import texts
from pyralis.gen.gf.config import name_of, to_toml
from pyralis.gen.gf.vectors import make_vectors
from pyralis.hw.gf.axis import GfAxis
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.lite import GfLite
from pyralis.hw.gf.registers import register_map

__all__ = ["TOP", "core_files", "generate"]

TOP = "gf_mul"

LARGEST_MAP = 1024
"""Most bits of an element in the register map; larger cores come without the two tops that have one."""

MAP_NOTES = {
    "registers.json": "registers; gf_axis.v has no operand and product windows",
    "registers.h": "the same for C",
    "registers.svd": "the same as CMSIS-SVD",
}
"""What the files of the register map are, for README.txt."""


def core_files(config: GfConfig, name: str | None = None) -> dict[str, bytes]:
    """Files of the core *config*, by name; *name* is its title.

    Raises UserError for a configuration that cannot be built, such as too few levels for a block.
    """
    core = _core(config)
    vectors = make_vectors(config)
    files = {
        f"{TOP}.v": (emit(core, TOP, keep_hierarchy=True), "the core, between two streams"),
        **(_tops(config) if config.m <= LARGEST_MAP else {}),
        f"{TOP}_tb.v": (texts.testbench(core, TOP, vectors), "testbench"),
        f"{TOP}_vectors.hex": (texts.vector_lines(config, vectors), "what it reads"),
        f"{TOP}_vectors.txt": (texts.vector_table(config, vectors), "the same for people"),
        f"{TOP}_sva.sv": (texts.assertions(core, TOP), "assertions, bound to the core"),
        **{file: (text, "blocks to keep") for file, text in texts.constraints(core, TOP).items()},
        "config.toml": (to_toml(config), "the configuration: pyralis generate gf --config config.toml"),
    }
    files["pyralis_gf.core"] = _fusesoc(config, files), "the folder as a core for FuseSoC"
    contents = {file: text for file, (text, _) in files.items()}
    notes = {file: note for file, (_, note) in files.items()}
    contents["README.txt"] = texts.how_to(core, TOP, name or name_of(config), notes)
    return {file: text.encode() for file, text in contents.items()}


def _core(config: GfConfig) -> GfMultiplier:
    with warnings.catch_warnings():  # of the blocks of a core that could not be finished
        warnings.simplefilter("ignore", UnusedElaboratable)
        try:
            return GfMultiplier(config)
        except ValueError as error:
            what = configfile.sentence(error)
        gc.collect()
    raise UserError(what, name_of(config), "pyralis generate gf --help")


def _tops(config: GfConfig) -> dict[str, tuple[str, str]]:
    """The tops with registers, and their map: (text, note) by file name."""
    registers = register_map(config, operands=True)
    lite = GfLite(config)
    return {
        "gf_axis.v": (emit(GfAxis(config), "gf_axis", keep_hierarchy=True), "the core between AXI4-Streams"),
        "gf_lite.v": (emit(lite, "gf_lite", keep_hierarchy=True), "the core behind AXI4-Lite"),
        "litex_pyralis_gf.py": (
            wrapper(lite, "gf_lite", "gf", sources=["gf_lite.v"]),
            "gf_lite.v as a module for LiteX",
        ),
        **{file: (text, MAP_NOTES[file]) for file, text in register_files(registers).items()},
    }


def _fusesoc(config: GfConfig, files: Iterable[str]) -> str:
    return core_description(
        "gf",
        f"Multiplier of GF(2^{config.m}). {texts.describe(config)}",
        {top: f"{top}.v" for top in (TOP, "gf_axis", "gf_lite") if f"{top}.v" in files},
        testbench=Testbench(
            top=f"{TOP}_tb", files=[f"{TOP}_tb.v", f"{TOP}_sva.sv"], data=[f"{TOP}_vectors.hex"]
        ),
        constraints=[f"{TOP}.xdc"],
    )


def generate(config: GfConfig, folder: str | Path, *, name: str | None = None) -> dict[str, Any]:
    """Writes the core *config* into *folder*; returns the manifest.

    Parameters
    ----------
    config : GfConfig
    folder : path
        Made if it is not there. Files of the same names are replaced, others are left alone.
    name : str, optional
        Title of the configuration.

    Raises
    ------
    UserError
        The configuration cannot be built, or the folder cannot be written; nothing is changed then.
    """
    name = name or name_of(config)
    return write_folder(folder, core_files(config, name), core_facts(TOP, name, config))
