"""What the sequencer tells the output path about a group of pixels."""

from amaranth.lib import data

from pyralis.hw.snn.config import SnnConfig

__all__ = ["GroupLayout"]


class GroupLayout(data.StructLayout):
    """One group of N unpooled output pixels, sent once for every tile of output channels, in issue order.

    Members
    -------
    lanes : ArrayLayout of N
        ``used``: the lane holds a pixel. Slots of an unused lane still leave the array; they have no effect.
        ``first``, ``last``: first and last pixel of its pooling window (both 1 without pooling).
        ``row``: its window is the last of an output row (looked at with ``last``).
        ``address``: feature-map word of the output pixel at tile 0, step group 0 (looked at with ``last``).
    tile_end : 1
        Last group of this tile of output channels.

    Parameters
    ----------
    config : SnnConfig
        Gives the number of pixel lanes N.
    """

    def __init__(self, config: SnnConfig) -> None:
        lane = data.StructLayout({"used": 1, "first": 1, "last": 1, "row": 1, "address": 16})
        super().__init__({"lanes": data.ArrayLayout(lane, config.pixel_lanes), "tile_end": 1})
