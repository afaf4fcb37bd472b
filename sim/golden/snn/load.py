"""Golden model of :mod:`pyralis.hw.snn.load`, and of feature-map words in memory."""

import numpy as np
import torch

from pyralis.hw.snn.config import PLANES, SnnConfig
from pyralis.hw.snn.words import slot_bits

__all__ = ["load", "pack_words", "unpack_words", "word_ints"]


def load(
    config: SnnConfig, pixels: torch.Tensor, *, fold: int = 1, pad_left: int = 0, pad_right: int = 0
) -> torch.Tensor:
    """Bit planes of signed pixels, with *fold* neighbouring columns in one word.

    Parameters
    ----------
    pixels : (rows, width, channels) int8
        ``channels * fold`` at most V.
    pad_left, pad_right : int
        Zero columns before and after each row.

    Returns
    -------
    (rows, pad_left + width + pad_right - fold + 1, plane_groups, S, V) uint8
        Bits, most significant planes in group 0; element [.., g, s, column * channels + channel] is bit
        ``(plane_groups - 1 - g) * S + s`` of the pixel's byte.
    """
    rows, _, channels = pixels.shape
    padded = torch.nn.functional.pad(pixels.to(torch.int64), (0, 0, pad_left, pad_right))
    windows = padded.unfold(1, fold, 1)  # (rows, positions, channels, fold)
    lanes = windows.transpose(2, 3).reshape(rows, windows.shape[1], fold * channels)
    lanes = torch.nn.functional.pad(lanes, (0, config.in_lanes - fold * channels))
    shifts = torch.arange(PLANES).reshape(config.plane_groups, config.step_lanes, 1).flip(0)
    return (lanes[:, :, None, None, :] >> shifts & 1).to(torch.uint8)


def word_ints(bits: torch.Tensor) -> list[int]:
    """Words of (..., S, V) bits as integers: bit ``s * V + v``."""
    return [int.from_bytes(row.tobytes(), "little") for row in _packed(bits)]


def pack_words(config: SnnConfig, bits: torch.Tensor) -> bytes:
    """Memory image of (..., S, V) bits, without the padding of the last bus beat."""
    packed = _packed(bits)
    image = np.zeros((len(packed), slot_bits(config) // 8), np.uint8)
    image[:, : packed.shape[1]] = packed
    return image.tobytes()


def unpack_words(config: SnnConfig, image: bytes) -> torch.Tensor:
    """Inverse of :func:`pack_words`: (words, S, V) uint8."""
    slots = np.frombuffer(image, np.uint8).reshape(-1, slot_bits(config) // 8)
    bits = np.unpackbits(slots, axis=1, bitorder="little")[:, : config.map_word_bits]
    return torch.from_numpy(bits.reshape(-1, config.step_lanes, config.in_lanes))


def _packed(bits: torch.Tensor) -> np.ndarray:
    flat = bits.cpu().numpy().reshape(-1, bits.shape[-2] * bits.shape[-1])
    return np.packbits(flat, axis=1, bitorder="little")
