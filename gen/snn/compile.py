"""Integer network to program and memory image of the spiking core."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron, Shape
from pyralis.gen.snn.layout import map_words, pack_map, pack_planes, pack_tile, word_bytes
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import (
    DESCRIPTOR_BYTES,
    END,
    LAYER,
    LOAD,
    VERSION,
    Leak,
    Opcode,
    Output,
    Reset,
    Timing,
)

__all__ = ["Compiled", "LayerPlan", "compile_network"]


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """One layer as the core runs it.

    Attributes
    ----------
    name : str
    fields : dict
        Members of the LAYER descriptor.
    in_shape, out_shape : (C, H, W)
        Maps as stored: after folding kernel columns into channels, after pooling.
    steps_per_group : int
        Array cycles of one pixel group: step (or plane) groups x kernel positions x input tiles.
    groups : int
        Pixel groups per tile of output channels.
    weight_bytes : int
        Bytes of the weight stream, parameters and padding lanes included.
    current_bound, potential_bound : int
        Largest magnitude that any input can produce, computed from the weights.
    synaptic_operations : int
        Additions of one weight by a dense core without padding, all steps (bit planes count as steps), one image.
    """

    name: str
    fields: dict[str, Any]
    in_shape: Shape
    out_shape: Shape
    steps_per_group: int
    groups: int
    weight_bytes: int
    current_bound: int
    potential_bound: int
    synaptic_operations: int


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """Program, weights and the way in and out for one network on one configuration.

    Attributes
    ----------
    network : IntNetwork
    config : SnnConfig
    images : int
        Images that share one weight load (one run of the program).
    resident : bool
        All weights fit on chip: they are loaded in the first run only.
    layers : tuple of LayerPlan
    program, weights : bytes
        Contents at ``program_address`` and ``weights_address``.
    input_stride, output_stride : int
        Bytes per run.
    """

    network: IntNetwork
    config: SnnConfig
    images: int
    resident: bool
    layers: tuple[LayerPlan, ...]
    program: bytes
    weights: bytes
    input_stride: int
    output_stride: int
    raw_pixels: bool = field(default=False)

    def pack_inputs(self, inputs: np.ndarray) -> bytes:
        """Bytes at ``input_address`` for images (B, C, H, W) or event frames (B, T, C, H, W); pads B to whole runs."""
        inputs = self.check_inputs(inputs)
        short = -len(inputs) % self.images
        if short:
            inputs = np.concatenate([inputs, np.zeros((short, *inputs.shape[1:]), inputs.dtype)])
        if self.raw_pixels:
            packed = np.ascontiguousarray(inputs.astype(np.int8).transpose(0, 2, 3, 1))
        elif self.network.coding == "direct":
            packed = pack_planes(self.config, inputs)
        else:
            packed = pack_map(self.config, _events(self.network, inputs))
        runs = packed.reshape(len(inputs) // self.images, -1).view(np.uint8)
        padded = np.zeros((len(runs), self.input_stride), dtype=np.uint8)
        padded[:, : runs.shape[1]] = runs
        return padded.tobytes()

    def check_inputs(self, inputs: np.ndarray) -> np.ndarray:
        """Returns *inputs* if shape, dtype and values are what the network takes; raises UserError otherwise."""
        n = self.network
        shape = n.input_shape if n.coding == "direct" else (n.time_steps, *n.input_shape)
        inputs = np.asarray(inputs)
        if inputs.ndim != len(shape) + 1 or inputs.shape[1:] != shape:
            raise UserError(
                f"the network takes inputs of shape (images, {', '.join(map(str, shape))}), not {inputs.shape}",
                "input array",
                "add the image dimension, or export the network with this input shape",
            )
        if not np.issubdtype(inputs.dtype, np.integer) and inputs.dtype != np.bool_:
            raise UserError(
                f"the network takes integers, not {inputs.dtype}",
                "input array",
                f"divide by the input scale {n.input_scale:g}, round and convert to int8",
            )
        low, high = n.input_range(0)
        if len(inputs) and (inputs.min() < low or inputs.max() > high):
            raise UserError(
                f"{n.coding} inputs must lie in {low}..{high}, but these reach {inputs.min()}..{inputs.max()}",
                "input array",
                "scale and clip them as the export report says",
            )
        return inputs

    def unpack_results(self, memory: bytes, count: int) -> np.ndarray:
        """Scores (count, outputs) int64 from the bytes at ``output_address``; outputs in c, h, w order."""
        m = self.config.out_lanes
        last = self.layers[-1]
        channels, height, width = last.out_shape
        tiles, runs = last.fields["out_tiles"], -(-count // self.images)
        stored = np.frombuffer(memory, dtype="<i4", count=runs * self.output_stride // 4).reshape(runs, -1)
        used = stored[:, : tiles * self.images * height * width * m]
        values = used.reshape(runs, tiles, self.images, height, width, m).transpose(0, 2, 1, 5, 3, 4)
        values = values.reshape(runs * self.images, tiles * m, height, width)[:count, :channels]
        return values.reshape(count, -1).astype(np.int64)


def compile_network(network: IntNetwork, config: SnnConfig, *, images: int = 1) -> Compiled:
    """Compiles *network* for a core of size *config*; *images* share one weight load.

    Proves from the actual weights that no accumulator can wrap. Raises UserError naming the layer, the value and
    the bound when something does not fit.
    """
    network.validate()
    plans, stream, tiles, words = [], b"", 0, 0
    shape, layer, load = _first_layer(network, config, images)
    for index, original in enumerate(network.layers):
        layer = layer if index == 0 else original
        plan, packed = _plan(network, config, layer, shape, index, images, len(stream))
        plans.append(plan)
        stream += packed
        tiles += plan.fields["out_tiles"]
        words += plan.fields["out_tiles"] * plan.fields["tile_words"]
        shape = plan.out_shape
    descriptors = [(LOAD, load), *((LAYER, plan.fields) for plan in plans), (END, {"opcode": Opcode.END})]
    bus_bytes = config.bus_bits // 8
    return Compiled(
        network=network,
        config=config,
        images=images,
        resident=words <= config.weight_depth and tiles <= config.parameter_tiles,
        layers=tuple(plans),
        program=b"".join(
            _encode(layout, {**fields, "version": VERSION, "index": n})
            for n, (layout, fields) in enumerate(descriptors)
        ),
        weights=stream,
        input_stride=load["beats"] * bus_bytes,
        output_stride=plans[-1].fields["result_beats"] * bus_bytes,
        raw_pixels=bool(load["pixels"]),
    )


def _encode(layout, fields: dict[str, Any]) -> bytes:
    return layout.const(fields).as_value().value.to_bytes(DESCRIPTOR_BYTES, "little")


def _events(network: IntNetwork, inputs: np.ndarray) -> np.ndarray:
    """Event frames (B, T, C, H, W) as 0/1 channels; ternary ones as positive then negative channels."""
    if network.coding == "events":
        return inputs.astype(np.uint8)
    return np.concatenate([inputs > 0, inputs < 0], axis=2).astype(np.uint8)


def _first_layer(
    network: IntNetwork, config: SnnConfig, images: int
) -> tuple[Shape, IntLayer, dict[str, Any]]:
    """Input map as stored, the first layer on that map, and the LOAD descriptor that fills it."""
    first = network.layers[0]
    channels, height, width = network.input_shape
    fold, pads = 1, 0
    pixels = network.coding == "direct" and channels <= config.in_lanes
    if network.coding == "ternary":
        if (first.weight == -128).any():
            raise UserError(
                "ternary input negates the first layer's weights, and -128 has no negative in 8 bits",
                f"layer {first.name!r}",
                "quantise the first layer to -127..127",
            )
        first = _replace(first, weight=np.concatenate([first.weight, -first.weight], axis=1))
        channels *= 2
    kernel_w = first.weight.shape[3]
    if pixels and 1 < kernel_w <= 255 and channels * kernel_w <= config.in_lanes:
        # Kernel columns become input channels: lanes [column][channel].
        fold, pads = kernel_w, first.padding[1]
        out, _, kernel_h, _ = first.weight.shape
        folded = first.weight.transpose(0, 3, 1, 2).reshape(out, kernel_w * channels, kernel_h, 1)
        first = _replace(first, weight=folded, padding=(first.padding[0], 0))
        channels, width = channels * kernel_w, width + 2 * pads - kernel_w + 1
    steps = 8 if network.coding == "direct" else network.time_steps
    tiles, groups = map_words(config, channels, steps)
    words = images * height * width * tiles * groups
    raw_width = network.input_shape[2]
    if pixels:
        size = images * network.input_shape[0] * height * raw_width
    else:
        size = words * word_bytes(config)
    load = {
        "opcode": Opcode.LOAD,
        "pixels": int(pixels),
        "buffer": 0,
        "source": 0,
        "beats": -(-size * 8 // config.bus_bits),
        "words": words,
        "height": images * height,
        "width": raw_width,
        "channels": network.input_shape[0] if pixels else 0,
        "fold": fold if pixels else 0,
        "pad_left": pads,
        "pad_right": pads,
    }
    return (channels, height, width), first, load


def _replace(layer: IntLayer, **changes: Any) -> IntLayer:
    values = {name: getattr(layer, name) for name in layer.__dataclass_fields__}
    return IntLayer(**{**values, **changes})


def _plan(
    network: IntNetwork,
    config: SnnConfig,
    layer: IntLayer,
    shape: Shape,
    index: int,
    images: int,
    address: int,
) -> tuple[LayerPlan, bytes]:
    where = f"layer {layer.name!r}"
    c, steps = config, network.time_steps
    planes, last = index == 0 and network.coding == "direct", index == len(network.layers) - 1
    in_tiles, in_groups = map_words(c, shape[0], 8 if planes else steps)
    out_tiles, out_groups = -(-layer.out_channels // c.out_lanes), -(-steps // c.step_lanes)
    kernel_h, kernel_w = layer.weight.shape[2:]
    out_shape, full_shape = layer.pooled_shape(shape), layer.map_shape(shape)
    assert layer.pool_stride is not None
    pixels = images * out_shape[1] * out_shape[2] * layer.pool**2
    tile_words = kernel_h * kernel_w * in_tiles
    groups = -(-pixels // c.pixel_lanes)
    pixel_words = in_tiles * in_groups
    row_words = shape[2] * pixel_words
    pool_column = layer.pool_stride * layer.stride * pixel_words
    out_pixel_words = -(-layer.out_channels // c.in_lanes) * out_groups

    current, potential = _bounds(network, c, layer, index, where)
    _check_sizes(
        c,
        where,
        {
            "the input map": (images * shape[1] * row_words, c.map_words, "feature-map words"),
            "the output map": (
                0 if last else images * out_shape[1] * out_shape[2] * out_pixel_words,
                c.map_words,
                "feature-map words",
            ),
            "one tile of weights, read more than once,": (
                tile_words if groups * in_groups > 1 else 0,
                c.weight_depth,
                "weight words",
            ),
        },
    )
    packed = _pack_layer(c, layer, in_tiles, out_tiles)
    leak, leak_value = _leak(c, layer.neuron, where)
    result = Output.SPIKES
    if last:
        result = Output.COUNTS if network.output == "counts" else Output.POTENTIALS
    result_words = out_tiles * c.out_lanes * images * out_shape[1] * out_shape[2] if last else 0
    fields = {
        "opcode": Opcode.LAYER,
        "planes": int(planes),
        "in_buffer": index % 2,
        "output": result,
        "leak": leak,
        "leak_after": int(layer.neuron.leak_after),
        "reset": Reset[layer.neuron.reset.upper()],
        "timing": Timing[layer.neuron.timing.upper()],
        "inclusive": int(layer.neuron.inclusive),
        "pool": int(layer.pool > 1),
        "argmax": int(last and images == 1 and out_shape[1:] == (1, 1)),
        "leak_value": leak_value,
        "in_height": shape[1],
        "in_width": shape[2],
        "kernel_height": kernel_h,
        "kernel_width": kernel_w,
        "out_height": out_shape[1],
        "out_width": out_shape[2],
        "in_tiles": in_tiles,
        "out_tiles": out_tiles,
        "out_channels": layer.out_channels,
        "images": images,
        "in_groups": in_groups,
        "out_groups": out_groups,
        "time_steps": steps,
        "stride": layer.stride,
        "pool_size": layer.pool,
        "pool_stride": layer.pool_stride,
        "pad_top": layer.padding[0],
        "pad_left": layer.padding[1],
        "weight_address": address,
        "weight_beats": len(packed) * 8 // c.bus_bits,
        "tile_words": tile_words,
        "origin": -(layer.padding[0] * row_words + layer.padding[1] * pixel_words) % (1 << 16),
        "in_row_words": row_words,
        "in_image_words": shape[1] * row_words,
        "column_step": layer.stride * pixel_words % (1 << 16),
        "row_step": layer.stride * row_words % (1 << 16),
        "pool_column_step": pool_column % (1 << 16),
        "pool_row_step": layer.pool_stride * layer.stride * row_words % (1 << 16),
        "pool_step": layer.pool_stride * layer.stride,
        "out_pixel_words": out_pixel_words,
        "result_address": 0,
        "result_beats": result_words * 32 // c.bus_bits,
    }
    plan = LayerPlan(
        name=layer.name,
        fields=fields,
        in_shape=shape,
        out_shape=out_shape,
        steps_per_group=in_groups * tile_words,
        groups=groups,
        weight_bytes=len(packed),
        current_bound=current,
        potential_bound=potential,
        synaptic_operations=int(np.prod(full_shape))
        * int(np.prod(layer.weight.shape[1:]))
        * (8 if planes else steps),
    )
    return plan, packed


def _bounds(
    network: IntNetwork, config: SnnConfig, layer: IntLayer, index: int, where: str
) -> tuple[int, int]:
    """Largest current and potential that any input can cause; refuses what an accumulator could not hold."""
    ternary = index == 0 and network.coding == "ternary"  # already unfolded into 0/1 channels
    low, high = (0, 1) if ternary else network.input_range(index)
    least, greatest = layer.current_bounds(low, high)
    current = int(max(greatest.max(), -least.min(), 0))
    worst = int(np.argmax(np.maximum(greatest, -least)))
    limit = (1 << config.current_bits - 1) - 1
    if current > limit:
        raise UserError(
            f"the worst-case current of output channel {worst} is {current}, beyond the {config.current_bits}-bit "
            f"accumulator's {limit}",
            where,
            f"raise current_bits to {current.bit_length() + 1}, or quantise to smaller weights",
        )
    total = np.maximum(np.abs(greatest + layer.bias), np.abs(least + layer.bias))
    potential = int((network.time_steps * total + layer.threshold).max())
    if network.potential_bits != config.potential_bits and potential >= 1 << (
        min(network.potential_bits, config.potential_bits) - 1
    ):
        raise UserError(
            f"the network saturates potentials at {network.potential_bits} bits, the core at "
            f"{config.potential_bits}, and a potential can reach {potential}",
            where,
            f"generate the core with potential_bits={network.potential_bits}",
        )
    top = (1 << config.potential_bits - 1) - 1
    if (layer.threshold > top).any():
        raise UserError(f"threshold {int(layer.threshold.max())} is beyond the potential's {top}", where, "")
    return current, potential


def _check_sizes(config: SnnConfig, where: str, sizes: dict[str, tuple[int, int, str]]) -> None:
    for what, (need, have, unit) in sizes.items():
        if need > have:
            raise UserError(
                f"{what} needs {need} {unit}, and this core has {have}",
                where,
                "choose a larger preset, or a configuration with more of them",
            )


def _leak(config: SnnConfig, neuron: IntNeuron, where: str) -> tuple[Leak, int]:
    if neuron.leak == "none" or (neuron.leak == "shift" and neuron.leak_value == 0):
        # v - (v >> 0) is zero, not v: a shift of 0 forgets everything.
        if neuron.leak == "shift":
            raise UserError("a leak by a shift of 0 clears the potential", where, "use a shift of at least 1")
        return Leak.NONE, 0
    if neuron.leak == "shift":
        return Leak.SHIFT, neuron.leak_value
    if config.leak != "multiply":
        raise UserError(
            "the layer's leak is a multiplication, and this core has only shifts",
            where,
            "generate the core with leak='multiply', or train with beta = 1 - 2**-k and export it as a shift",
        )
    spare = config.leak_bits - neuron.leak_bits
    if spare < 0 and neuron.leak_value % (1 << -spare):
        raise UserError(
            f"the leak has {neuron.leak_bits} fraction bits, and this core has {config.leak_bits}",
            where,
            f"generate the core with leak_bits={neuron.leak_bits}",
        )
    return Leak.MULTIPLY, neuron.leak_value << spare if spare >= 0 else neuron.leak_value >> -spare


def _pack_layer(config: SnnConfig, layer: IntLayer, in_tiles: int, out_tiles: int) -> bytes:
    """Weight stream of a layer; padding channels have zero weights and a threshold that they never pass."""
    m, v = config.out_lanes, config.in_lanes
    out, channels, kernel_h, kernel_w = layer.weight.shape
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
