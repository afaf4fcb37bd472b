"""Sizes of the graph core: presets, and TOML files (:mod:`pyralis.gen.sizes`)."""

from pyralis.gen.sizes import Sizes, to_toml
from pyralis.hw.gcn.config import PRESETS, GcnConfig

__all__ = ["GRAPH", "SIZES", "add_core", "choose", "from_toml", "preset", "to_toml"]

SIZES: dict[str, GcnConfig] = {
    "tiny": PRESETS["tiny"],
    "small": GcnConfig(
        store_rows=8192,
        hubs=64,
        weight_rows=4096,
        edge_lines=4096,
        feature_lines=4096,
        feature_values=True,
        occupancy_words=1024,
    ),
    **PRESETS,
}
"""The presets, smallest first, and between them ``small``: the bus of ``tiny``, columns with two of each and
twice the lanes, and memories for graphs of some thousand nodes, so that its simulator is quickly built."""

GRAPH = Sizes(presets=SIZES, usual=GcnConfig(), follows={"epilogue_lanes": ("lanes", 0)})

add_core, choose, from_toml, preset = GRAPH.add_core, GRAPH.choose, GRAPH.from_toml, GRAPH.preset
