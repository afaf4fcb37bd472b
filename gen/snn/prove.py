"""What must hold for the integers of a layer on a core, computed from the actual weights."""

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import Leak

__all__ = ["bounds", "leak_fields"]


def bounds(
    network: IntNetwork, config: SnnConfig, layer: IntLayer, index: int, where: str
) -> tuple[int, int]:
    """Largest current and potential that any input of layer *index* can cause.

    Raises UserError for what an accumulator could not hold, and where network and core would saturate
    differently.
    """
    ternary = index == 0 and network.coding == "ternary"  # already unfolded into 0/1 channels
    low, high = (0, 1) if ternary else network.input_range(index)
    least, greatest = layer.current_bounds(low, high)
    current = int(max(greatest.max(), -least.min(), 0))
    worst = int(np.argmax(np.maximum(greatest, -least)))
    limit = (1 << config.current_bits - 1) - 1
    if current > limit:
        raise UserError(
            f"the worst-case current of output channel {worst} is {current}, "
            f"beyond the {config.current_bits}-bit accumulator's {limit}",
            where,
            f"raise current_bits to {current.bit_length() + 1}, or quantise to smaller weights",
        )
    total = np.maximum(np.abs(greatest + layer.bias), np.abs(least + layer.bias))
    potential = int((network.time_steps * total + layer.threshold).max())
    narrow = min(network.potential_bits, config.potential_bits)
    if network.potential_bits != config.potential_bits and potential >= 1 << narrow - 1:
        raise UserError(
            f"the network saturates potentials at {network.potential_bits} bits, the core at "
            f"{config.potential_bits}, and a potential can reach {potential}",
            where,
            f"generate the core with potential_bits={network.potential_bits}",
        )
    top = (1 << config.potential_bits - 1) - 1
    if (layer.threshold > top).any():
        raise UserError(
            f"threshold {int(layer.threshold.max())} is beyond "
            f"the {config.potential_bits}-bit potential's {top}",
            where,
            f"raise potential_bits to {int(layer.threshold.max()).bit_length() + 1}",
        )
    return current, potential


def leak_fields(config: SnnConfig, neuron: IntNeuron, where: str) -> tuple[Leak, int]:
    """Descriptor fields ``leak`` and ``leak_value`` of *neuron*, exact or refused."""
    if neuron.leak == "none":
        return Leak.NONE, 0
    if neuron.leak == "shift":
        if neuron.leak_value == 0:  # v - (v >> 0) is zero, not v
            raise UserError("a leak by a shift of 0 clears the potential", where, "use a shift of at least 1")
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
