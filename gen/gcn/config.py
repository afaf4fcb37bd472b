"""Configurations of the graph core by name."""

from pyralis.gen.configfile import named
from pyralis.hw.gcn.config import PRESETS, GcnConfig

__all__ = ["SIZES", "preset"]

SIZES: dict[str, GcnConfig] = {
    "tiny": PRESETS["tiny"],
    "small": GcnConfig(
        store_rows=8192, hubs=64, weight_rows=4096, edge_lines=4096, feature_lines=4096, feature_values=True
    ),
    **PRESETS,
}
"""The presets, smallest first, and between them ``small``: the engines and the bus of ``tiny`` with memories
for graphs of some thousand nodes, so that its simulator is as quickly built as that of ``tiny``."""


def preset(name: str) -> GcnConfig:
    """The configuration called *name*; UserError naming the nearest one if there is none."""
    return named(name, SIZES, "leave --preset away for the smallest that fits")
