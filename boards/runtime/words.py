"""Feature-map words of the spiking core: spikes and bit planes as they lie in memory.

A word holds ``step_lanes`` time steps of ``in_lanes`` channels, bit ``step * in_lanes + channel``, in a slot
of a power of two of bytes. A map lies as [image][y][x][channel tile][step group].

Source: :mod:`pyralis.hw.snn.program` for the order, :mod:`pyralis.hw.snn.words` for the slot.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["PLANES", "WordLayout"]

PLANES = 8
"""Bit planes of a signed 8-bit pixel; they take the place of time steps."""


@dataclass(frozen=True)
class WordLayout:
    """What a feature-map word of one core holds.

    Attributes
    ----------
    in_lanes : int
        Channels.
    step_lanes : int
        Time steps, or bit planes.
    word_bytes : int
        Bytes of its slot.
    """

    in_lanes: int
    step_lanes: int
    word_bytes: int

    def tiles(self, channels: int, steps: int) -> tuple[int, int]:
        """(channel tiles, step groups) of a map; their product is its words per pixel."""
        return -(-channels // self.in_lanes), -(-steps // self.step_lanes)

    def pack(self, spikes: np.ndarray) -> np.ndarray:
        """0/1 spikes (B, T, C, H, W) to uint8 bytes (B, H, W, channel tiles, step groups, word_bytes)."""
        batch, steps, channels, height, width = spikes.shape
        tiles, groups = self.tiles(channels, steps)
        s, v = self.step_lanes, self.in_lanes
        padded = np.zeros((batch, groups * s, tiles * v, height, width), dtype=np.uint8)
        padded[:, :steps, :channels] = spikes
        lanes = padded.reshape(batch, groups, s, tiles, v, height, width).transpose(0, 5, 6, 3, 1, 2, 4)
        bits = np.zeros((*lanes.shape[:5], self.word_bytes * 8), dtype=np.uint8)
        bits[..., : s * v] = lanes.reshape(*lanes.shape[:5], s * v)
        return np.packbits(bits, axis=-1, bitorder="little")

    def pack_planes(self, pixels: np.ndarray) -> np.ndarray:
        """Packs int8 pixels (B, C, H, W) as bit planes, most significant group first."""
        shifts = np.arange(PLANES, dtype=np.uint8)[None, :, None, None, None]
        planes = (pixels.astype(np.uint8)[:, None] >> shifts) & 1
        groups = planes.reshape(len(pixels), PLANES // self.step_lanes, self.step_lanes, *pixels.shape[1:])
        return self.pack(groups[:, ::-1].reshape(len(pixels), PLANES, *pixels.shape[1:]))

    def unpack(self, words: np.ndarray, channels: int, steps: int) -> np.ndarray:
        """Inverse of :meth:`pack`: uint8 (B, H, W, tiles, groups, word_bytes) to uint8 (B, T, C, H, W)."""
        s, v = self.step_lanes, self.in_lanes
        bits = np.unpackbits(words, axis=-1, bitorder="little")[..., : s * v]
        batch, height, width, tiles, groups, _ = bits.shape
        lanes = bits.reshape(batch, height, width, tiles, groups, s, v).transpose(0, 4, 5, 3, 6, 1, 2)
        spikes = lanes.reshape(batch, groups * s, tiles * v, height, width)
        return np.ascontiguousarray(spikes[:, :steps, :channels])
