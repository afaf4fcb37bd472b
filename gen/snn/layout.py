"""How tensors lie in the memory of the spiking core: input maps, weights, results.

The layouts themselves are defined in :mod:`pyralis.hw.snn.program`; this is their numpy side.
"""

import numpy as np

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.words import slot_bits

__all__ = ["map_words", "pack_map", "pack_planes", "pack_tile", "unpack_map", "word_bytes"]


def word_bytes(config: SnnConfig) -> int:
    """Bytes that one feature-map word takes in memory: a power of two."""
    return slot_bits(config) // 8


def map_words(config: SnnConfig, channels: int, steps: int) -> tuple[int, int]:
    """(channel tiles, step groups) of a map; their product is its words per pixel."""
    return -(-channels // config.in_lanes), -(-steps // config.step_lanes)


def pack_map(config: SnnConfig, spikes: np.ndarray) -> np.ndarray:
    """Packs 0/1 spikes (B, T, C, H, W) into uint8 bytes (B, H, W, channel tiles, step groups, word_bytes)."""
    batch, steps, channels, height, width = spikes.shape
    tiles, groups = map_words(config, channels, steps)
    s, v = config.step_lanes, config.in_lanes
    padded = np.zeros((batch, groups * s, tiles * v, height, width), dtype=np.uint8)
    padded[:, :steps, :channels] = spikes
    lanes = padded.reshape(batch, groups, s, tiles, v, height, width).transpose(0, 5, 6, 3, 1, 2, 4)
    bits = np.zeros((*lanes.shape[:5], word_bytes(config) * 8), dtype=np.uint8)
    bits[..., : s * v] = lanes.reshape(*lanes.shape[:5], s * v)
    return np.packbits(bits, axis=-1, bitorder="little")


def pack_planes(config: SnnConfig, pixels: np.ndarray) -> np.ndarray:
    """Packs int8 pixels (B, C, H, W) as bit planes in place of steps, most significant group first."""
    planes = (pixels.astype(np.uint8)[:, None] >> np.arange(8, dtype=np.uint8)[None, :, None, None, None]) & 1
    groups = planes.reshape(len(pixels), config.plane_groups, config.step_lanes, *pixels.shape[1:])
    return pack_map(config, groups[:, ::-1].reshape(len(pixels), 8, *pixels.shape[1:]))


def unpack_map(config: SnnConfig, words: np.ndarray, channels: int, steps: int) -> np.ndarray:
    """Inverse of :func:`pack_map`: uint8 (B, H, W, tiles, groups, word_bytes) to uint8 (B, T, C, H, W)."""
    s, v = config.step_lanes, config.in_lanes
    bits = np.unpackbits(words, axis=-1, bitorder="little")[..., : s * v]
    batch, height, width, tiles, groups, _ = bits.shape
    lanes = bits.reshape(batch, height, width, tiles, groups, s, v).transpose(0, 4, 5, 3, 6, 1, 2)
    spikes = lanes.reshape(batch, groups * s, tiles * v, height, width)
    return np.ascontiguousarray(spikes[:, :steps, :channels])


def pack_tile(config: SnnConfig, weight: np.ndarray, bias: np.ndarray, threshold: np.ndarray) -> bytes:
    """Bytes of one tile of the weight stream.

    *weight*: int8 (M, Kh, Kw, input tiles * V); *bias*, *threshold*: (M,) int32.
    """
    parameters = np.stack([bias, threshold], axis=1).astype("<i4")
    m, kernel_h, kernel_w, channels = weight.shape
    words = weight.reshape(m, kernel_h, kernel_w, channels // config.in_lanes, config.in_lanes)
    return parameters.tobytes() + np.ascontiguousarray(words.transpose(1, 2, 3, 4, 0)).tobytes()
