"""The first layer, reshaped to the input map that the core makes of its input."""

from dataclasses import replace
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, Shape
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import Opcode

__all__ = ["first_layer"]


def first_layer(network: IntNetwork, config: SnnConfig) -> tuple[Shape, IntLayer, dict[str, Any]]:
    """Input map as stored (C, H, W), the first layer on that map, and what every LOAD of the input shares.

    Ternary frames become twice as many 0/1 channels, positive then negative, with negated weights. Signed
    pixels whose kernel columns fit into the input lanes are loaded with ``fold`` columns side by side: lanes
    [column][channel].
    """
    first = network.layers[0]
    channels, height, width = network.input_shape
    pixels = network.coding == "direct" and channels <= config.in_lanes
    load = {"opcode": Opcode.LOAD, "pixels": int(pixels), "width": width}
    if pixels:
        load |= {"channels": channels, "fold": 1}
    if network.coding == "ternary":
        if (first.weight == -128).any():
            raise UserError(
                "ternary input negates the first layer's weights, and -128 has no negative in 8 bits",
                f"layer {first.name!r}",
                "quantise the first layer to -127..127",
            )
        first = replace(first, weight=np.concatenate([first.weight, -first.weight], axis=1))
        channels *= 2
    out, _, kernel_h, kernel_w = first.weight.shape
    if pixels and kernel_w > 1 and channels * kernel_w <= config.in_lanes:
        side = first.padding[1]
        load |= {"fold": kernel_w, "pad_left": side, "pad_right": side}
        folded = first.weight.transpose(0, 3, 1, 2).reshape(out, kernel_w * channels, kernel_h, 1)
        first = replace(first, weight=folded, padding=(first.padding[0], 0), kind="conv")
        channels, width = channels * kernel_w, width + 2 * side - kernel_w + 1
    return (channels, height, width), first, load
