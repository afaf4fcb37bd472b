"""What the benches of the output path share: random neurons, settings as bits, slots as payloads."""

import random

from pyralis.gen.intnetwork import IntNeuron
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import Leak, Output, Reset, Timing
from pyralis.hw.snn.slot import SETTINGS, SlotTag, TaggedSlot

LEAKS, RESETS, TIMINGS = (
    ("none", "shift", "multiply"),
    ("zero", "subtract", "none"),
    ("immediate", "delayed", "compensated"),
)


def all_neurons(config: SnnConfig, rng: random.Random) -> list[IntNeuron]:
    """Every combination of switches that a core has, at random leaks."""
    leaks = LEAKS if config.leak == "multiply" else LEAKS[:2]
    ranges = {"none": (0, 1), "shift": (1, 16), "multiply": (0, (1 << config.leak_bits) + 1)}
    return [
        IntNeuron(
            leak=leak,
            leak_value=rng.randrange(*ranges[leak]),
            leak_bits=config.leak_bits,
            leak_after=after,
            reset=reset,
            timing=timing,
            inclusive=inclusive,
        )
        for leak in leaks
        for after in (False, True)
        for reset in RESETS
        for timing in TIMINGS
        for inclusive in (False, True)
    ]


def neuron_fields(neuron: IntNeuron) -> dict:
    """The neuron's part of a layer descriptor."""
    return {
        "leak": Leak[neuron.leak.upper()],
        "leak_value": neuron.leak_value,
        "leak_after": neuron.leak_after,
        "reset": Reset[neuron.reset.upper()],
        "timing": Timing[neuron.timing.upper()],
        "inclusive": neuron.inclusive,
    }


def settings_bits(neuron: IntNeuron = IntNeuron(), **fields) -> int:  # noqa: B008 (frozen)
    fields = {"output": Output.SPIKES, **neuron_fields(neuron), **fields}
    return SETTINGS.const(fields).as_bits()


def active_mask(config: SnnConfig, group: int, time_steps: int) -> int:
    return sum(
        group * config.step_lanes + s < time_steps for s in range(config.step_lanes) for _ in range(1 << s)
    )


class SlotPacker:
    """Slots and tags as integers; the layouts are made once."""

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        self.tag_layout, self.layout = SlotTag(config), TaggedSlot(config)
        self.shift = self.layout["currents"].offset

    def tag(self, index: int, **fields) -> int:
        """A used lane, all channels and steps real, a window of its own, unless *fields* say otherwise."""
        c = self.config
        ones = dict.fromkeys(("kept", "first", "last", "used", "window_first", "window_last"), 1)
        block = index % c.blocks
        parts = c.in_lanes // c.neuron_lanes
        fields = {
            **ones,
            "index": index,
            "block": block,
            "word_end": block % parts == parts - 1,
            "active": (1 << c.step_lanes) - 1,
            "real": (1 << c.neuron_lanes) - 1,
            **fields,
        }
        return self.tag_layout.const(fields).as_bits()

    def slot(self, tag: int, currents) -> int:
        """*currents*: integers [p][s]."""
        bits = self.config.current_bits
        flat = [int(value) & (1 << bits) - 1 for channel in currents for value in channel]
        return tag | sum(value << n * bits for n, value in enumerate(flat)) << self.shift
