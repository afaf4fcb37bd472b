"""How matrices lie in the graph core's memory: sparse rows, weights, biases, scales, dense rows, results.

The layouts themselves are defined in :mod:`pyralis.hw.gcn.program`; this is their numpy side. What a driver
packs and unpacks as well is in :mod:`pyralis.boards.runtime.graphlines`.
"""

from typing import Any

import numpy as np

from pyralis.boards.runtime.graphlayout import entries_of
from pyralis.boards.runtime.graphlines import (
    SIZES,
    gap_counts,
    line_counts,
    pack_lines,
    pack_words,
    unpack_results,
)
from pyralis.gen.gcn.features import non_zeros
from pyralis.gen.gcn.intnetwork import IntInput
from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.program import COMPACT_BITS, SHORT_ROWS, Content, line_bytes, takes_compact

__all__ = [
    "SIZES",
    "beats",
    "edge_bits",
    "feature_bytes",
    "input_entries",
    "line_counts",
    "pack_biases",
    "pack_lines",
    "pack_rows",
    "pack_scales",
    "pack_weights",
    "slices",
    "unpack_results",
    "whole_rows",
]


MOST_ESCAPES = 4
"""Lists of features are compact while each escape among them stands for at least so many elements."""


def input_entries(config: GcnConfig, given: IntInput, features: Any) -> tuple[np.ndarray, bool]:
    """Entries of each row of int8 *features* as lists, (N,) int64, and whether these are compact.

    They are where the core takes it, entries have no values, and gaps are not so wide that escapes would take
    more time than their bytes save.
    """
    elements = non_zeros(features)
    if not takes_compact(config, Content.FEATURES) or given.values != "binary":
        return elements, False
    counts = gap_counts(*entries_of(features)[:2])
    escapes = int(counts.sum() - np.maximum(elements, 1).sum())
    return (counts, True) if MOST_ESCAPES * escapes <= elements.sum() else (elements, False)


def edge_bits(config: GcnConfig, largest: int) -> int:
    """Bits of an index in lists of edges without values that name rows up to *largest*."""
    fits = takes_compact(config, Content.EDGES) and largest < SHORT_ROWS
    return COMPACT_BITS[Content.EDGES] if fits else INDEX_BITS


def feature_bytes(config: GcnConfig, given: IntInput, compact: bool) -> int:
    """Bytes of a line of every gather cluster for the input *given* as lists."""
    bits = COMPACT_BITS[Content.FEATURES] if compact else INDEX_BITS
    return config.columns * config.clusters * line_bytes(given.values != "binary", bits)


def beats(config: GcnConfig, size: int) -> int:
    """Bus beats that hold *size* bytes."""
    return -(-size * 8 // config.bus_bits)


def whole_rows(config: GcnConfig, rows: int) -> int:
    """*rows*, filled up so that every column has as many."""
    return -(-rows // config.columns) * config.columns


def slices(config: GcnConfig, width: int) -> int:
    """Words of ``lanes`` elements that hold a row of *width*."""
    return -(-width // config.lanes)


def pack_weights(config: GcnConfig, weight: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
    """Weight rows of int8 *weight* (K, J): (slices of J * elements, lanes) int8, element after element.

    Behind the elements of the first source come those of a *second* one, (K', J), at the next multiple of
    ``lanes``: rows of the first one fill whole words of the Aggregation Buffer.
    """
    if second is not None:
        gap = np.zeros((-len(weight) % config.lanes, weight.shape[1]), dtype=np.int8)
        weight = np.concatenate([weight, gap, second])
    elements, width = weight.shape
    count = slices(config, width)
    padded = np.zeros((elements, count * config.lanes), dtype=np.int8)
    padded[:, :width] = weight
    return padded.reshape(elements, count, -1).transpose(1, 0, 2).reshape(count * elements, -1)


def pack_biases(config: GcnConfig, bias: np.ndarray | None, width: int) -> np.ndarray:
    """(slices * lanes,) int32; zeros where there is no bias."""
    packed = np.zeros(slices(config, width) * config.lanes, dtype="<i4")
    if bias is not None:
        packed[:width] = bias
    return packed


def pack_scales(config: GcnConfig, scale: np.ndarray) -> np.ndarray:
    """(rows,) uint16, filled up to whole rows of columns."""
    packed = np.zeros(whole_rows(config, len(scale)), dtype="<u2")
    packed[: len(scale)] = scale
    return packed


def pack_rows(config: GcnConfig, rows: np.ndarray, stride: int, splits: int = 0) -> np.ndarray:
    """Words of the row store for 8-bit *rows* (N, F): (slices * stride, lanes) uint8.

    *splits*: log2 of the parts of a word that each hold the whole row.
    """
    return pack_words(rows, config.lanes, stride, splits)
