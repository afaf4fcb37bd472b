"""A spiking core, and a network for it, as a folder of files that stands on its own.

========================  =================================================================
``snn_top.v``             the core; its only foreign module is the primitive DSP48E2
``DSP48E2.v``             simulation model of that primitive, for cores that use it
``config.toml``           the configuration, every field
``registers.json``        the register map, also as ``registers.h`` (C) and ``registers.svd`` (CMSIS)
``litex_pyralis_snn.py``  the core as a module for LiteX
``pyralis_snn.core``      the folder as a core for FuseSoC
``program.bin``           with a network: contents of memory at ``program_address``
``weights.bin``           with a network: contents of memory at ``weights_address``
``network.npz``           with a network: what the two above were compiled from
``manifest.json``         what everything was made from, versions, and the SHA-256 of every file
========================  =================================================================

The same inputs give the same bytes on every machine: there are no times and no paths in them.
"""

import importlib.resources
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyralis.gen.config import to_toml
from pyralis.gen.emit.fusesoc import core_description
from pyralis.gen.emit.litex import wrapper
from pyralis.gen.emit.registers import to_c_header, to_json, to_svd
from pyralis.gen.emit.verilog import emit
from pyralis.gen.folder import write_folder
from pyralis.gen.snn.compile import Compiled
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.registers import register_map
from pyralis.hw.snn.top import SnnTop

__all__ = ["FORMAT", "TOP", "core_files", "generate", "network_facts", "network_files"]

FORMAT = "pyralis core 1"
TOP = "snn_top"


def core_files(config: SnnConfig) -> dict[str, bytes]:
    """Files of a core of size *config*, by name."""
    registers, top = register_map(config), SnnTop(config)
    tops, models = {TOP: f"{TOP}.v"}, ["DSP48E2.v"] if config.cell == "dsp48e2" else []
    beats = config.dma.burst_beats
    files = {
        f"{TOP}.v": emit(top, TOP),
        "config.toml": to_toml(config),
        "registers.json": to_json(registers),
        "registers.h": to_c_header(registers),
        "registers.svd": to_svd(registers),
        "litex_pyralis_snn.py": wrapper(
            top, TOP, "snn", sources=[f"{TOP}.v"], models=models, burst_beats=beats
        ),
        "pyralis_snn.core": core_description("snn", "Spiking core.", tops, models=models),
    }
    for model in models:
        files[model] = (importlib.resources.files("pyralis.sim.bench") / "models" / model).read_text()
    return {name: text.encode() for name, text in files.items()}


def network_files(compiled: Compiled) -> dict[str, bytes]:
    """Memory images of a compiled network, by name."""
    return {"program.bin": compiled.program, "weights.bin": compiled.weights}


def generate(
    config: SnnConfig,
    folder: str | Path,
    *,
    name: str = "custom",
    compiled: Compiled | None = None,
    network_file: str | Path | None = None,
) -> dict[str, Any]:
    """Writes a core of size *config*, and *compiled* for it, into *folder*; returns the manifest.

    Parameters
    ----------
    config : SnnConfig
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
        "output": compiled.network.output,
        "resident": compiled.resident,
        "layers": [
            {
                "name": plan.name,
                "out_shape": list(plan.out_shape),
                "weight_bytes": plan.weight_bytes,
                "strips": len(plan.strips),
            }
            for plan in compiled.layers
        ],
    }
