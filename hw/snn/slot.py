"""A slot on its way through the output path, and the settings of the layer that it belongs to.

A *slot* is one transfer from the array: P channels x S time steps (or bit planes) of one pixel. The pieces of
the output path hand it on together with a *tag* that says all they need to know about it, so none of them
counts.
"""

from amaranth.lib import data

from pyralis.hw.snn.array import SlotLayout
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import LAYER, Leak, Output, Reset, Timing

__all__ = ["SETTINGS", "SlotTag", "TaggedSlot", "settings_of"]

SETTINGS = data.StructLayout({
    "planes": 1,
    "in_buffer": 1,
    "output": Output,
    "leak": Leak,
    "leak_after": 1,
    "reset": Reset,
    "timing": Timing,
    "inclusive": 1,
    "pool_currents": 1,
    "argmax": 1,
    "leak_value": 16,
    "out_tiles": 16,
    "out_channels": 16,
    "out_groups": 8,
    "time_steps": 8,
})
"""The fields of :data:`pyralis.hw.snn.program.LAYER` that the output path needs, under the same names.

They are held constant while slots of the layer are in the path.
"""


def settings_of(layer: data.View) -> dict:
    """Field name -> value of *layer* (a view of ``LAYER``) for every member of :data:`SETTINGS`."""
    assert layer.shape() == LAYER
    return {name: getattr(layer, name) for name, _ in SETTINGS}


class SlotTag(data.StructLayout):
    """What is known of a slot.

    Members
    -------
    index : number of the slot in its pass, pixel lane * M / P + block
    block : channel block j in the tile; ``word_end``: last block of a feature-map word, ``kept``: which holds
        channels that exist (others are not stored)
    planes, fresh, partial, replay : for :mod:`pyralis.hw.snn.planes`
        The layer has bit planes; first (negative) pass of planes; not the last pass of planes; no currents,
        the sums of before again.
    group : step group g; ``first``, ``last``: first and last step group
    active : S bits, the time steps that exist
    real : P bits, the channels that exist
    used, window_first, window_last, row : from :class:`pyralis.hw.snn.group.GroupLayout`
    address : feature-map word, 17 bits so that none wraps
    channel : number of the slot's first channel in the layer
    tile_end : last slot that needs the tile's parameters; ``tile_last``: last tile of the layer
    """

    def __init__(self, config: SnnConfig) -> None:
        super().__init__({
            "index": range(max(config.slots, 2)),
            "block": range(max(config.blocks, 2)),
            "word_end": 1,
            "kept": 1,
            "planes": 1,
            "fresh": 1,
            "partial": 1,
            "replay": 1,
            "group": 8,
            "first": 1,
            "last": 1,
            "active": config.step_lanes,
            "real": config.neuron_lanes,
            "used": 1,
            "window_first": 1,
            "window_last": 1,
            "row": 1,
            "address": 17,
            "channel": 16,
            "tile_end": 1,
            "tile_last": 1,
        })


class TaggedSlot(data.StructLayout):
    """``tag`` and ``currents[p][s]``."""

    def __init__(self, config: SnnConfig) -> None:
        super().__init__({"tag": SlotTag(config), "currents": SlotLayout(config)})
