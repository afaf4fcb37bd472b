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
from typing import Any

from pyralis.gen.config import to_toml
from pyralis.gen.corefolder import CoreFolder, system_files
from pyralis.gen.emit.verilog import emit
from pyralis.gen.snn.compile import Compiled
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.registers import register_map
from pyralis.hw.snn.top import SnnTop

__all__ = ["TOP", "core_files", "generate", "network_facts", "network_files"]

TOP = "snn_top"


def core_files(config: SnnConfig) -> dict[str, bytes]:
    """Files of a core of size *config*, by name."""
    top, models = SnnTop(config), ["DSP48E2.v"] if config.cell == "dsp48e2" else []
    files = {
        f"{TOP}.v": emit(top, TOP),
        "config.toml": to_toml(config),
        **system_files(
            top,
            TOP,
            "snn",
            "Spiking core.",
            register_map(config),
            burst_beats=config.dma.burst_beats,
            models=models,
        ),
    }
    for model in models:
        files[model] = (importlib.resources.files("pyralis.sim.bench") / "models" / model).read_text()
    return {name: text.encode() for name, text in files.items()}


def network_files(compiled: Compiled) -> dict[str, bytes]:
    """Memory images of a compiled network, by name."""
    return {"program.bin": compiled.program, "weights.bin": compiled.weights}


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


generate = CoreFolder(
    top=TOP, core_files=core_files, network_files=network_files, network_facts=network_facts
).generate
