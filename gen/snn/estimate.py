"""Cycles and resources of a network on a configuration, without synthesis."""

from dataclasses import asdict, dataclass

from pyralis.gen.snn.compile import Compiled, LayerPlan
from pyralis.hw.snn.config import SnnConfig

__all__ = ["Estimate", "LayerEstimate", "Resources", "estimate", "resources"]

RAMB36_WIDTHS = ((512, 72), (1024, 36), (2048, 18), (4096, 9), (8192, 4), (16384, 2), (32768, 1))
"""(depth, width) shapes of a simple dual-port RAMB36E2. Source: AMD UG573."""

LUTRAM_BITS = 2048
"""Memories up to this size are expected in distributed RAM."""

NEURON_STEP_CYCLES = 3
"""Pipeline stages per time step of the neuron row: what T > S waits for when groups are short."""


@dataclass(frozen=True, kw_only=True)
class LayerEstimate:
    """``ideal_cycles``: steps of the array, nothing else. ``cycles``: with the neuron row's rate and the weight bus."""

    name: str
    ideal_cycles: int
    cycles: int
    weight_cycles: int
    weight_bytes: int
    bound: str

    @property
    def utilisation(self) -> float:
        return self.ideal_cycles / self.cycles


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Memories as they will be mapped on UltraScale+; LUTs and flip-flops need ``synth_xilinx`` or Vivado."""

    array_dsp: int
    neuron_dsp: int
    fabric_crossbars: int
    ramb36: float
    uram: int
    memory_bits: dict[str, int]

    @property
    def dsp(self) -> int:
        return self.array_dsp + self.neuron_dsp


@dataclass(frozen=True, kw_only=True)
class Estimate:
    layers: tuple[LayerEstimate, ...]
    load_cycles: int
    cycles: int
    resources: Resources

    def to_json(self) -> dict:
        data = asdict(self)
        for layer, entry in zip(self.layers, data["layers"], strict=True):
            entry["utilisation"] = layer.utilisation
        data["resources"]["dsp"] = self.resources.dsp
        return data


def _ramb36(width: int, depth: int) -> float:
    """RAMB36 that a memory takes, in halves (a half is a RAMB18); 0 where it fits distributed RAM."""
    if width * depth <= LUTRAM_BITS:
        return 0.0
    best = min(-(-depth // d) * -(-width // w) for d, w in RAMB36_WIDTHS)
    half = min(-(-depth // d) * -(-2 * width // w) for d, w in RAMB36_WIDTHS)
    return min(best, half / 2)


def resources(config: SnnConfig) -> Resources:
    """DSPs and memories of a core of size *config*."""
    c = config
    dsp = c.cell == "dsp48e2"
    memories = {
        "weights": (c.stages, c.stage_bits, c.weight_depth),
        "feature maps": (c.pixel_lanes, c.map_word_bits, 2 * c.map_words),
        "parameters": (1, 64 * c.neuron_lanes, c.parameter_tiles * c.blocks),
        "read buffers": (2, c.bus_bits + 1, c.dma.depth),
        "currents": (1, c.neuron_lanes * c.step_lanes * c.current_bits, 32),
    }
    return Resources(
        array_dsp=c.cells if dsp else 0,
        neuron_dsp=c.neuron_lanes * c.step_lanes if c.leak == "multiply" and dsp else 0,
        fabric_crossbars=0 if dsp else c.cells,
        ramb36=sum(count * _ramb36(width, depth) for count, width, depth in memories.values()),
        uram=0,
        memory_bits={name: count * width * depth for name, (count, width, depth) in memories.items()},
    )


def _layer(config: SnnConfig, plan: LayerPlan, images: int) -> LayerEstimate:
    f = plan.fields
    tiles = f["out_tiles"]
    passes = max(f["in_groups"], f["out_groups"] if f["planes"] else 0)
    pass_steps = f["tile_words"]
    interval = max(plan.steps_per_group, passes * config.slots)
    if f["out_groups"] > 1:
        # The next step group of a slot waits for the potential of the one before.
        latency = NEURON_STEP_CYCLES * config.step_lanes + 4
        interval = max(interval, f["out_groups"] * max(min(pass_steps, latency), latency, config.slots))
    ideal = tiles * plan.groups * plan.steps_per_group
    compute = tiles * plan.groups * interval
    weight = -(-plan.weight_bytes * 8 // config.bus_bits)
    bound = "array" if interval == plan.steps_per_group else "neurons"
    cycles = compute
    if weight > compute:
        bound, cycles = "weights", weight
    return LayerEstimate(
        name=plan.name,
        ideal_cycles=ideal,
        cycles=cycles,
        weight_cycles=weight,
        weight_bytes=plan.weight_bytes,
        bound=bound,
    )


def estimate(compiled: Compiled) -> Estimate:
    """Estimate of one run of *compiled* (``compiled.images`` images), memory latency not counted."""
    layers = tuple(_layer(compiled.config, plan, compiled.images) for plan in compiled.layers)
    first = compiled.layers[0].fields
    load = max(first["in_height"] * first["in_row_words"] // max(1, compiled.images), 1) * compiled.images
    return Estimate(
        layers=layers,
        load_cycles=load,
        cycles=load + sum(layer.cycles for layer in layers),
        resources=resources(compiled.config),
    )
