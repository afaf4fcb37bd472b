"""How tensors lie in the memory of the spiking core: input maps, weights, results.

The layouts themselves are defined in :mod:`pyralis.hw.snn.program`; this is their numpy side, for one
configuration. Feature-map words are packed by :mod:`pyralis.boards.runtime.words`, as on a board.
"""

import numpy as np

from pyralis.boards.runtime.words import WordLayout
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.words import slot_bits

__all__ = ["map_words", "pack_map", "pack_planes", "pack_tile", "unpack_map", "word_bytes", "word_layout"]


def word_layout(config: SnnConfig) -> WordLayout:
    """What a feature-map word of *config* holds."""
    return WordLayout(config.in_lanes, config.step_lanes, word_bytes(config))


def word_bytes(config: SnnConfig) -> int:
    """Bytes that one feature-map word takes in memory: a power of two."""
    return slot_bits(config) // 8


def map_words(config: SnnConfig, channels: int, steps: int) -> tuple[int, int]:
    """(channel tiles, step groups) of a map; their product is its words per pixel."""
    return word_layout(config).tiles(channels, steps)


def pack_map(config: SnnConfig, spikes: np.ndarray) -> np.ndarray:
    """Packs 0/1 spikes (B, T, C, H, W) into uint8 bytes (B, H, W, channel tiles, step groups, word_bytes)."""
    return word_layout(config).pack(spikes)


def pack_planes(config: SnnConfig, pixels: np.ndarray) -> np.ndarray:
    """Packs int8 pixels (B, C, H, W) as bit planes in place of steps, most significant group first."""
    return word_layout(config).pack_planes(pixels)


def unpack_map(config: SnnConfig, words: np.ndarray, channels: int, steps: int) -> np.ndarray:
    """Inverse of :func:`pack_map`: uint8 (B, H, W, tiles, groups, word_bytes) to uint8 (B, T, C, H, W)."""
    return word_layout(config).unpack(words, channels, steps)


def pack_tile(config: SnnConfig, weight: np.ndarray, bias: np.ndarray, threshold: np.ndarray) -> bytes:
    """Bytes of one tile of the weight stream.

    *weight*: int8 (M, Kh, Kw, input tiles * V); *bias*, *threshold*: (M,) int32.
    """
    parameters = np.stack([bias, threshold], axis=1).astype("<i4")
    m, kernel_h, kernel_w, channels = weight.shape
    words = weight.reshape(m, kernel_h, kernel_w, channels // config.in_lanes, config.in_lanes)
    return parameters.tobytes() + np.ascontiguousarray(words.transpose(1, 2, 3, 4, 0)).tobytes()
