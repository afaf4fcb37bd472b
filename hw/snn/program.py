"""The program of the spiking core: a list of 128-byte descriptors in memory.

The core fetches descriptors in order from ``program_address`` until ``END``. Every descriptor begins with the
same header (opcode, version, index); the index is the compiler's number of the descriptor, reported with
errors and used to file the counters. Multi-byte fields are little endian; addresses are byte offsets from a
base register.

Feature-map words
-----------------
A buffer holds words of S time steps x V channels (bit ``s * V + v``). A map of H x W pixels with C channels
and T steps occupies ``[image][y][x][channel tile][step group]`` words, step group fastest:
``in_tiles = ceil(C / V)``, ``in_groups = ceil(T / S)``. A first layer of signed 8-bit pixels uses the same
layout with bit planes in place of steps: group 0 holds the most significant planes and bit s of a group is
plane ``(plane_groups - 1 - g) * S + s``.

Weight stream
-------------
For each tile of M output channels: M (bias int32, threshold int32) pairs, channel 0 first; then one word per
(kernel row, kernel column, input tile). A word is V x M int8, cascade stage by stage: bytes
``[(v * M) + m]``.

Source: FireFly v1 needs 17 register writes and three commands per layer; one start per network is the aim
here.
"""

from functools import partial

from amaranth.lib import enum

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES, descriptor

__all__ = [
    "DESCRIPTOR_BYTES",
    "END",
    "LAYER",
    "LOAD",
    "STORE",
    "VERSION",
    "ErrorCode",
    "Leak",
    "Opcode",
    "Output",
    "Reset",
    "Timing",
]

VERSION = 1


class Opcode(enum.Enum, shape=8):
    """What a descriptor asks for."""

    END = 0
    LOAD = 1
    LAYER = 2
    STORE = 3


class Output(enum.Enum, shape=2):
    """Where a layer's result goes."""

    SPIKES = 0
    """Into the other feature-map buffer."""
    COUNTS = 1
    """Spikes of each output over all steps, int32, to memory."""
    POTENTIALS = 2
    """Membrane potential of each output after the last step, int32, to memory."""


class Leak(enum.Enum, shape=2):
    """What is left of a potential v from one step to the next."""

    NONE = 0
    SHIFT = 1
    """``v - (v >> leak_value)``, arithmetic shift."""
    MULTIPLY = 2
    """``(v * leak_value) >> leak_bits``, arithmetic shift."""


class Reset(enum.Enum, shape=2):
    """What a spike does to the potential."""

    NONE = 0
    SUBTRACT = 1
    ZERO = 2


class Timing(enum.Enum, shape=2):
    """When the reset acts. ``fire(v)`` is the comparison with the threshold."""

    IMMEDIATE = 0
    """The stored potential is already reset (SpikingJelly, FireFly, NIR)."""
    DELAYED = 1
    """The reset is applied in the next step, subtraction after the leak (snnTorch, ``reset_delay=True``)."""
    COMPENSATED = 2
    """Immediate, but a potential that is still above the threshold delays one subtraction by a step
    (snnTorch, ``reset_delay=False``)."""


class ErrorCode(enum.Enum, shape=8):
    """Why the core stopped; ``error_index`` is the index of the descriptor at fault."""

    NONE = 0
    OPCODE = 1
    VERSION = 2
    FIELD = 3
    """A field of the descriptor is out of this core's range."""
    MAP_ADDRESS = 4
    """A feature-map access fell outside the buffer."""
    PROGRAM_BUS = 5
    """Bus error while fetching the program."""
    DATA_BUS = 6
    """Bus error while loading input."""
    WEIGHT_BUS = 7
    """Bus error while loading weights or parameters."""
    WRITE_BUS = 8
    """Bus error while writing results."""
    TIMEOUT = 9
    """Nothing moved for ``timeout`` cycles."""


_descriptor = partial(descriptor, Opcode)

END = _descriptor({})

LOAD = _descriptor({
    # 1: signed 8-bit pixels, cut into bit planes here. 0: feature-map words as they are, each in a slot of
    # the next power of two of bits, at least 8 (pyralis.hw.snn.words; STORE writes the same), little endian
    # within a beat.
    "pixels": 1,
    "buffer": 1,
    "spilled": 1,  # 1: source counts from output_address, where STORE puts maps; 0: from input_address
    "pad": 29,
    # Byte offset; input_address advances by input_stride each run, output_address by output_stride.
    "source": 32,
    "beats": 32,  # bus beats to read
    "words": 32,  # feature-map words that result
    # Pixels only: bytes [image][y][x][channel]; `fold` neighbouring columns share one word, lanes
    # [column][channel].
    "height": 16,  # rows, all images together
    "width": 16,
    "channels": 8,
    "fold": 8,
    "pad_left": 8,  # zero columns before the first pixel of a row
    "pad_right": 8,  # zero columns after the last
})

LAYER = _descriptor({
    # Flags.
    "planes": 1,  # the input is bit planes of signed pixels
    "in_buffer": 1,  # spikes go to the other one
    "output": Output,
    "leak": Leak,
    "leak_after": 1,  # leak after adding the current
    "reset": Reset,
    "timing": Timing,
    "inclusive": 1,  # fire at potential >= threshold
    "pool": 1,  # over each pooling window
    "pool_currents": 1,  # the largest current, before the neuron; otherwise the OR of the spikes
    "argmax": 1,  # keep the index of the largest value (output COUNTS or POTENTIALS, one pixel, one image)
    "pad": 1,
    "leak_value": 16,
    # Shape of the work, every one at least 1. Output sizes are after pooling.
    "in_height": 16,
    "in_width": 16,
    "kernel_height": 16,
    "kernel_width": 16,
    "out_height": 16,
    "out_width": 16,
    "in_tiles": 16,  # ceil(input channels / V)
    "out_tiles": 16,  # ceil(output channels / M)
    "out_channels": 16,
    "images": 16,
    "in_groups": 8,  # step groups (or plane groups) of the input map
    "out_groups": 8,  # step groups of the output: ceil(time_steps / S)
    "time_steps": 8,
    "stride": 8,
    "pool_size": 8,  # 1 without pooling
    "pool_stride": 8,  # in unpooled pixels
    "pad_top": 8,
    "pad_left": 8,
    # Weights.
    "weight_address": 32,  # byte offset from weights_address
    "weight_beats": 32,  # bus beats, all tiles, parameters included
    "tile_words": 32,  # weight words per tile: kernel_height * kernel_width * in_tiles
    # Feature-map strides, in words, modulo 2**16.
    "origin": 16,  # word of pixel (-pad_top, -pad_left)
    "in_row_words": 16,
    "in_image_words": 16,
    "column_step": 16,  # between unpooled output columns: stride * words of an input pixel
    "row_step": 16,  # between unpooled output rows: stride * in_row_words
    "pool_column_step": 16,  # between pooled columns: pool_stride * column_step
    "pool_row_step": 16,
    "pool_step": 16,  # pool_stride * stride, in input pixels
    "out_pixel_words": 16,  # ceil(out_channels / V) * out_groups
    "unused": 16,
    # Results.
    "result_address": 32,  # byte offset from output_address (advances by output_stride each run)
    "result_beats": 32,
})

STORE = _descriptor({
    "buffer": 1,
    "pad": 31,
    "target": 32,  # byte offset from output_address
    "words": 32,
    "beats": 32,
})
