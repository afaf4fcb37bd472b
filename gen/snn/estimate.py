"""Cycles and resources of a network on a configuration, without synthesis."""

from dataclasses import asdict, dataclass

from pyralis.gen.snn.compile import Compiled, LayerPlan
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.neuron import latency as neuron_latency
from pyralis.hw.snn.program import Opcode

__all__ = ["Estimate", "LayerEstimate", "Resources", "estimate", "memories", "resources"]

RAMB36_WIDTHS = ((512, 72), (1024, 36), (2048, 18), (4096, 9), (8192, 4), (16384, 2), (32768, 1))
"""(depth, width) shapes of a simple dual-port RAMB36E2. Source: AMD UG573."""

LUTRAM_BITS = 2048
"""Memories up to this size are expected in distributed RAM."""


@dataclass(frozen=True, kw_only=True)
class LayerEstimate:
    """Cycles of one layer.

    ``ideal_cycles``: steps of the array, nothing else. ``cycles``: with the neuron row's rate, the weight bus
    and the loads and stores of maps (``transfer_cycles``); the memory's latency is not in it.
    """

    name: str
    ideal_cycles: int
    cycles: int
    transfer_cycles: int
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
    """A network on a core: cycles of one run, layer by layer, and what the core takes of a device."""

    layers: tuple[LayerEstimate, ...]
    cycles: int
    resources: Resources

    def to_json(self) -> dict:
        data = asdict(self)
        for layer, entry in zip(self.layers, data["layers"], strict=True):
            entry["utilisation"] = layer.utilisation
        data["resources"]["dsp"] = self.resources.dsp
        return data


def memories(config: SnnConfig) -> dict[str, tuple[int, int, int]]:
    """(count, width in bits, depth) of the memories of a core of size *config*, by what they hold."""
    c = config
    return {
        "weights": (c.stages, c.stage_bits, c.weight_depth),
        "feature maps": (c.pixel_lanes, c.map_word_bits, 2 * c.map_words),
        "parameters": (1, 64 * c.neuron_lanes, c.parameter_tiles * c.blocks),
        "read buffers": (2, c.bus_bits + 1, c.dma.depth),
        "currents": (1, c.neuron_lanes * c.step_lanes * c.current_bits, 32),
    }


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
    sizes = memories(config).items()
    return Resources(
        array_dsp=c.cells if dsp else 0,
        neuron_dsp=c.neuron_lanes * c.step_lanes if c.leak == "multiply" and dsp else 0,
        fabric_crossbars=0 if dsp else c.cells,
        ramb36=sum(count * _ramb36(width, depth) for _, (count, width, depth) in sizes),
        uram=0,
        memory_bits={name: count * width * depth for name, (count, width, depth) in sizes},
    )


def _transfers(compiled: Compiled, number: int) -> int:
    """Cycles of the loads and stores around layer *number*: a word a cycle, or what the bus allows."""
    mine = {number + 1, 0} if number == 0 else {number + 1}
    cycles = 0
    for d in compiled.descriptors:
        if d["opcode"] in (Opcode.LOAD, Opcode.STORE) and d["index"] in mine:
            lead_in = d["height"] * (d["fold"] - 1) if d.get("pixels") else 0
            cycles += max(d["words"] + lead_in, d["beats"])
    return cycles


def _layer(compiled: Compiled, plan: LayerPlan, number: int) -> LayerEstimate:
    config, f = compiled.config, plan.fields
    tiles = f["out_tiles"]
    # From one step group to the next a slot waits for its own potential.
    again = max(config.slots, neuron_latency(config))
    if f["planes"]:
        busy = f["in_groups"] * config.slots + (f["out_groups"] - 1) * again
    else:
        busy = f["in_groups"] * max(f["tile_words"], again if f["out_groups"] > 1 else config.slots)
    interval = max(plan.steps_per_group, busy)
    ideal = tiles * plan.groups * plan.steps_per_group
    compute = tiles * plan.groups * interval
    weight = 0 if compiled.resident else len(plan.strips) * plan.weight_bytes * 8 // config.bus_bits
    bound = "array" if interval == plan.steps_per_group else "neurons"
    cycles = compute
    if weight > compute:
        bound, cycles = "weights", weight
    transfers = _transfers(compiled, number)
    return LayerEstimate(
        name=plan.name,
        ideal_cycles=ideal,
        cycles=cycles + transfers,
        transfer_cycles=transfers,
        weight_cycles=weight,
        weight_bytes=plan.weight_bytes,
        bound=bound,
    )


def estimate(compiled: Compiled) -> Estimate:
    """Estimate of one run of *compiled* (``compiled.images`` images), memory latency not counted."""
    layers = tuple(_layer(compiled, plan, number) for number, plan in enumerate(compiled.layers))
    return Estimate(
        layers=layers,
        cycles=sum(layer.cycles for layer in layers),
        resources=resources(compiled.config),
    )
