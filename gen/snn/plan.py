"""One layer as the core runs it: descriptors, weight stream, bounds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, Shape
from pyralis.gen.snn.layout import map_words, pack_tile
from pyralis.gen.snn.prove import bounds, leak_fields
from pyralis.gen.snn.strips import Strip, cut
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.peaks import PEAK_STEPS
from pyralis.hw.snn.program import Opcode, Output, Reset, Timing

__all__ = ["LayerPlan", "pack_layer", "plan_layer"]


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """One layer on the core.

    Attributes
    ----------
    name : str
    strips : tuple of Strip
        One if the maps fit into the buffers; else the layer runs strip by strip, its maps in memory.
    programs : tuple of dict
        Members of the LAYER descriptor of each strip.
    in_shape, out_shape : (C, H, W)
        Maps as stored: after folding kernel columns into channels, after pooling.
    in_row_words, out_row_words : int
        Feature-map words of a row; ``out_row_words`` is 0 for results.
    steps_per_group : int
        Array cycles of one pixel group: step (or plane) groups x kernel positions x input tiles.
    groups : int
        Pixel groups per tile of output channels, all strips.
    weight_bytes : int
        Bytes of the weight stream, parameters and padding lanes included; every strip reads it.
    current_bound, potential_bound : int
        Largest magnitude that any input can produce, computed from the weights.
    synaptic_operations : int
        Additions of one weight by a dense core, all steps (bit planes count as steps), one image.
    """

    name: str
    strips: tuple[Strip, ...]
    programs: tuple[dict[str, Any], ...]
    in_shape: Shape
    out_shape: Shape
    in_row_words: int
    out_row_words: int
    steps_per_group: int
    groups: int
    weight_bytes: int
    current_bound: int
    potential_bound: int
    synaptic_operations: int

    @property
    def fields(self) -> dict[str, Any]:
        """The first strip's descriptor; tiles, groups, kernel and neuron are the same in all."""
        return self.programs[0]


def plan_layer(
    network: IntNetwork,
    config: SnnConfig,
    layer: IntLayer,
    shape: Shape,
    index: int,
    *,
    images: int,
    weights: tuple[int, int],
) -> LayerPlan:
    """Plans *layer* (number *index*, as stored) on an input map of *shape*.

    *weights*: where its stream begins and how long it is, in bytes. Buffers, results and transfers are the
    schedule's business (:mod:`pyralis.gen.snn.schedule`).
    """
    c, where = config, f"layer {layer.name!r}"
    planes, last = index == 0 and network.coding == "direct", index == len(network.layers) - 1
    in_tiles, in_groups = map_words(c, shape[0], 8 if planes else network.time_steps)
    stored_tiles, out_groups = map_words(c, layer.out_channels, network.time_steps)
    kernel_h, kernel_w = layer.weight.shape[2:]
    out_shape, full_shape = layer.pooled_shape(shape), layer.map_shape(shape)
    in_row = shape[2] * in_tiles * in_groups
    out_row = 0 if last else out_shape[2] * stored_tiles * out_groups
    current, potential = bounds(network, c, layer, index, where)
    if images == 1:
        strips = cut(c, layer, shape, (in_row, out_row), where)
    else:
        strips = _whole(c, layer, shape, (in_row * images, out_row * images), where)
    pools_currents = layer.pool > 1 and layer.pool_of == "currents"
    if pools_currents and network.time_steps > PEAK_STEPS:
        raise UserError(
            f"the core pools currents over at most {PEAK_STEPS} time steps, and the network has "
            f"{network.time_steps}",
            where,
            "pool after the neuron (MaxPool2d behind Leaky), or use fewer time steps",
        )
    tile_words = kernel_h * kernel_w * in_tiles
    weight_address, weight_bytes = weights
    leak, leak_value = leak_fields(c, layer.neuron, where)
    shared = {
        "opcode": Opcode.LAYER,
        "planes": int(planes),
        "output": _output(network, last),
        "leak": leak,
        "leak_after": int(layer.neuron.leak_after),
        "reset": Reset[layer.neuron.reset.upper()],
        "timing": Timing[layer.neuron.timing.upper()],
        "inclusive": int(layer.neuron.inclusive),
        "pool": int(layer.pool > 1),
        "pool_currents": int(pools_currents),
        "argmax": int(last and images == 1 and out_shape[1:] == (1, 1)),
        "leak_value": leak_value,
        "in_width": shape[2],
        "kernel_height": kernel_h,
        "kernel_width": kernel_w,
        "out_width": out_shape[2],
        "in_tiles": in_tiles,
        "out_tiles": -(-layer.out_channels // c.out_lanes),
        "out_channels": layer.out_channels,
        "images": images,
        "in_groups": in_groups,
        "out_groups": out_groups,
        "time_steps": network.time_steps,
        "stride": layer.stride,
        "pool_size": layer.pool,
        "pool_stride": layer.pool_stride,
        "pad_left": layer.padding[1],
        "weight_address": weight_address,
        "weight_beats": weight_bytes * 8 // c.bus_bits,
        "tile_words": tile_words,
        "in_row_words": in_row,
        "in_image_words": shape[1] * in_row % (1 << 16),
        "column_step": layer.stride * in_tiles * in_groups % (1 << 16),
        "row_step": layer.stride * in_row % (1 << 16),
        "pool_column_step": layer.pool_stride * layer.stride * in_tiles * in_groups % (1 << 16),
        "pool_row_step": layer.pool_stride * layer.stride * in_row % (1 << 16),
        "pool_step": layer.pool_stride * layer.stride,
        "out_pixel_words": stored_tiles * out_groups,
    }
    programs = tuple(_program(c, shared, strip, images, last) for strip in strips)
    groups = sum(
        -(-images * p["out_height"] * out_shape[2] * layer.pool**2 // c.pixel_lanes) for p in programs
    )
    if tile_words > c.weight_depth and groups * in_groups > len(strips):
        raise UserError(
            f"one tile of weights, read more than once, needs {tile_words} weight words, and this core has "
            f"{c.weight_depth}",
            where,
            "choose a larger preset, or a configuration with more weight_depth",
        )
    operations = int(np.prod(full_shape)) * int(np.prod(layer.weight.shape[1:]))
    return LayerPlan(
        name=layer.name,
        strips=strips,
        programs=programs,
        in_shape=shape,
        out_shape=out_shape,
        in_row_words=in_row,
        out_row_words=out_row,
        steps_per_group=in_groups * tile_words,
        groups=groups,
        weight_bytes=weight_bytes,
        current_bound=current,
        potential_bound=potential,
        synaptic_operations=operations * (8 if planes else network.time_steps),
    )


def _output(network: IntNetwork, last: bool) -> Output:
    if not last:
        return Output.SPIKES
    return Output.COUNTS if network.output == "counts" else Output.POTENTIALS


def _whole(
    config: SnnConfig, layer: IntLayer, shape: Shape, row_words: tuple[int, int], where: str
) -> tuple[Strip, ...]:
    """Several images share the buffers: nothing is cut."""
    out_height = layer.pooled_shape(shape)[1]
    need = max(shape[1] * row_words[0], out_height * row_words[1])
    if need > config.map_words:
        raise UserError(
            f"the maps of all images of a run need {need} feature-map words, "
            f"and this core has {config.map_words}",
            where,
            "let fewer images share a weight load",
        )
    return (Strip(out_rows=(0, out_height), in_rows=(0, shape[1]), pad_top=layer.padding[0]),)


def _program(
    config: SnnConfig, shared: dict[str, Any], strip: Strip, images: int, last: bool
) -> dict[str, Any]:
    """Descriptor of one strip whose input rows begin at word 0 of a buffer."""
    rows = strip.out_rows[1] - strip.out_rows[0]
    values = shared["out_tiles"] * config.out_lanes * images * rows * shared["out_width"] if last else 0
    pixel_words = shared["in_tiles"] * shared["in_groups"]
    return {
        **shared,
        "in_height": strip.in_rows[1] - strip.in_rows[0],
        "out_height": rows,
        "pad_top": strip.pad_top,
        "origin": -(strip.pad_top * shared["in_row_words"] + shared["pad_left"] * pixel_words) % (1 << 16),
        "result_beats": values * 32 // config.bus_bits,
    }


def pack_layer(config: SnnConfig, layer: IntLayer) -> bytes:
    """Weight stream of a layer; padding channels have zero weights and a threshold that they never pass."""
    m, v = config.out_lanes, config.in_lanes
    out, channels, kernel_h, kernel_w = layer.weight.shape
    in_tiles, out_tiles = -(-channels // v), -(-out // m)
    weight = np.zeros((out_tiles * m, kernel_h, kernel_w, in_tiles * v), dtype=np.int8)
    weight[:out, :, :, :channels] = layer.weight.transpose(0, 2, 3, 1)
    bias = np.zeros(out_tiles * m, dtype=np.int64)
    bias[:out] = layer.bias
    threshold = np.full(out_tiles * m, (1 << config.potential_bits - 1) - 1, dtype=np.int64)
    threshold[:out] = layer.threshold
    return b"".join(
        pack_tile(config, weight[t : t + m], bias[t : t + m], threshold[t : t + m])
        for t in range(0, out_tiles * m, m)
    )
