"""Integer network to program and memory image of the spiking core."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.snn.first import events, first_layer
from pyralis.gen.snn.layout import pack_map, pack_planes
from pyralis.gen.snn.plan import LayerPlan, pack_layer, plan_layer
from pyralis.gen.snn.schedule import Schedule
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import DESCRIPTOR_BYTES, END, LAYER, LOAD, STORE, Opcode

__all__ = ["Compiled", "LayerPlan", "compile_network"]

LAYOUTS = {Opcode.LOAD: LOAD, Opcode.LAYER: LAYER, Opcode.STORE: STORE, Opcode.END: END}


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
    descriptors : tuple of dict
        The program, member by member.
    program, weights : bytes
        Contents at ``program_address`` and ``weights_address``.
    input_stride, output_stride : int
        Bytes per run.
    raw_pixels : bool
        Inputs lie in memory as they are, [y][x][channel]; otherwise as feature-map words.
    """

    network: IntNetwork
    config: SnnConfig
    images: int
    resident: bool
    layers: tuple[LayerPlan, ...]
    descriptors: tuple[dict[str, Any], ...]
    program: bytes
    weights: bytes
    input_stride: int
    output_stride: int
    raw_pixels: bool

    def pack_inputs(self, inputs: np.ndarray) -> bytes:
        """Bytes at ``input_address`` of images (B, C, H, W) or frames (B, T, C, H, W), in whole runs."""
        inputs = self.check_inputs(inputs)
        short = -len(inputs) % self.images
        if short:
            inputs = np.concatenate([inputs, np.zeros((short, *inputs.shape[1:]), inputs.dtype)])
        if self.raw_pixels:
            packed = np.ascontiguousarray(inputs.astype(np.int8).transpose(0, 2, 3, 1))
        elif self.network.coding == "direct":
            packed = pack_planes(self.config, inputs)
        else:
            packed = pack_map(self.config, events(self.network, inputs))
        runs, unit = len(inputs) // self.images, self.config.bus_bits // 8
        rows = packed.view(np.uint8).reshape(runs, self.images, self.network.input_shape[1], -1)
        parts = []
        for strip in self.layers[0].strips:
            part = rows[:, :, slice(*strip.in_rows)].reshape(runs, -1)
            parts.append(np.pad(part, ((0, 0), (0, -part.shape[1] % unit))))
        return np.concatenate(parts, axis=1).tobytes()

    def check_inputs(self, inputs: np.ndarray) -> np.ndarray:
        """Returns *inputs* if shape, dtype and values are what the network takes, else raises UserError."""
        n = self.network
        shape = n.input_shape if n.coding == "direct" else (n.time_steps, *n.input_shape)
        inputs = np.asarray(inputs)
        if inputs.ndim != len(shape) + 1 or inputs.shape[1:] != shape:
            raise UserError(
                f"the network takes inputs of shape (images, {', '.join(map(str, shape))}), "
                f"not {inputs.shape}",
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
                f"{n.coding} inputs must lie in {low}..{high}, "
                f"but these reach {inputs.min()}..{inputs.max()}",
                "input array",
                "scale and clip them as the export report says",
            )
        return inputs

    def unpack_results(self, memory: bytes, count: int) -> np.ndarray:
        """Scores (count, outputs) int64 from the bytes at ``output_address``; outputs in c, h, w order."""
        m, last = self.config.out_lanes, self.layers[-1]
        channels, _, width = last.out_shape
        runs = -(-count // self.images)
        stored = np.frombuffer(memory, dtype="<i4", count=runs * self.output_stride // 4).reshape(runs, -1)
        maps = []
        for p in last.programs:
            shape = (runs, p["out_tiles"], self.images, p["out_height"], width, m)
            begin = p["result_address"] // 4
            values = stored[:, begin : begin + int(np.prod(shape[1:]))].reshape(shape)
            values = values.transpose(0, 2, 1, 5, 3, 4).reshape(
                runs * self.images, -1, p["out_height"], width
            )
            maps.append(values[:count, :channels])
        return np.concatenate(maps, axis=2).reshape(count, -1).astype(np.int64)


def compile_network(network: IntNetwork, config: SnnConfig, *, images: int = 1) -> Compiled:
    """Compiles *network* for a core of size *config*; *images* share one weight load.

    Proves from the actual weights that no accumulator can wrap. Raises UserError naming the layer, the value
    and the bound when something does not fit.
    """
    network.validate()
    shape, first, load = first_layer(network, config)
    plans: list[LayerPlan] = []
    weights = b""
    for index, original in enumerate(network.layers):
        layer = first if index == 0 else original
        packed = pack_layer(config, layer)
        stream = (len(weights), len(packed))
        plans.append(plan_layer(network, config, layer, shape, index, images=images, weights=stream))
        weights += packed
        shape = plans[-1].out_shape
    schedule = Schedule(config, plans, load)
    words = sum(p["out_tiles"] * p["tile_words"] for plan in plans for p in plan.programs)
    tiles = sum(p["out_tiles"] for plan in plans for p in plan.programs)
    return Compiled(
        network=network,
        config=config,
        images=images,
        resident=words <= config.weight_depth and tiles <= config.parameter_tiles,
        layers=tuple(plans),
        descriptors=tuple(schedule.descriptors),
        program=b"".join(
            LAYOUTS[fields["opcode"]].const(fields).as_value().value.to_bytes(DESCRIPTOR_BYTES, "little")
            for fields in schedule.descriptors
        ),
        weights=weights,
        input_stride=schedule.input_bytes,
        output_stride=schedule.output_bytes,
        raw_pixels=bool(load["pixels"]),
    )
