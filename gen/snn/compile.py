"""Integer network to program and memory image of the spiking core."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.layout import JobLayout, ResultPart
from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.snn.first import first_layer
from pyralis.gen.snn.layout import word_layout
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

    @cached_property
    def layout(self) -> JobLayout:
        """Where inputs and results lie: what a driver must know."""
        c, n, last = self.config, self.network, self.layers[-1]
        return JobLayout(
            input_shape=n.input_shape,
            coding=n.coding,
            time_steps=n.time_steps,
            input_scale=n.input_scale,
            input_range=n.input_range(0),
            images_per_run=self.images,
            input_stride=self.input_stride,
            output_stride=self.output_stride,
            raw_pixels=self.raw_pixels,
            beat_bytes=c.bus_bits // 8,
            words=word_layout(c),
            input_rows=tuple(strip.in_rows for strip in self.layers[0].strips),
            out_lanes=c.out_lanes,
            out_shape=last.out_shape,
            results=tuple(
                ResultPart(address=p["result_address"], tiles=p["out_tiles"], rows=p["out_height"])
                for p in last.programs
            ),
        )

    def pack_inputs(self, inputs: np.ndarray) -> bytes:
        """Bytes at ``input_address`` of images (B, C, H, W) or frames (B, T, C, H, W), in whole runs."""
        return self.layout.pack(self.check_inputs(inputs))

    def check_inputs(self, inputs: np.ndarray) -> np.ndarray:
        """Returns *inputs* if shape, dtype and values are what the network takes, else raises UserError."""
        try:
            return self.layout.check(inputs)
        except DriverError as error:
            raise UserError(error.what, "input array", error.hint) from None

    def unpack_results(self, memory: bytes, count: int) -> np.ndarray:
        """Scores (count, outputs) int64 from the bytes at ``output_address``; outputs in c, h, w order."""
        return self.layout.unpack(memory, count)


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
