"""Sizes of the spiking core: presets, and TOML files (:mod:`pyralis.gen.sizes`)."""

from pyralis.gen.sizes import Sizes, to_toml
from pyralis.hw.snn.config import PRESETS, SnnConfig

__all__ = ["SPIKING", "add_core", "choose", "from_toml", "preset", "to_toml"]

SPIKING = Sizes(presets=PRESETS, usual=SnnConfig())

add_core, choose, from_toml, preset = SPIKING.add_core, SPIKING.choose, SPIKING.from_toml, SPIKING.preset
