"""What a LOAD of the graph core brings from memory, on arrays in place of memories."""

from typing import Any

import numpy as np

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import WORD
from pyralis.hw.gcn.program import Content, line_bytes
from pyralis.sim.gcn.descriptors import eliminates, engines_of
from pyralis.sim.gcn.memories import Memories, Memory, index_bits, unpacked
from pyralis.sim.golden.gcn.windows import Window, beats, windows

__all__ = ["load", "windows_of"]


def load(d: dict[str, Any], config: GcnConfig, memories: Memories, image: bytes, found: list[Window]) -> int:
    """Does the load *d* from *image*, the memory of its origin; returns how many bytes it reads.

    *found* are its windows if it eliminates (:func:`windows_of`). Raises AssertionError if it reads or writes
    beyond an end.
    """
    c, m, content, start, count = config, memories, d["content"], d["start"], d["count"]
    size = d["beats"] * c.bus_bits // 8
    read = _beats_of(d, c, image, found) if eliminates(d) else image[d["source"] : d["source"] + size]
    assert len(read) == size, "a load reads beyond the image, or other beats than it says"
    if content in (Content.EDGES, Content.FEATURES):
        edges = content is Content.EDGES
        streams = c.columns * (1 if edges else c.clusters)
        target = m.edges if edges else m.features
        compact = content if d["compact"] else None
        used = count * streams * line_bytes(bool(d["valued"]), index_bits(compact))
        words = unpacked(read[:used], streams, bool(d["valued"]), compact)
        _write(target, start * streams, words)
    elif content is Content.WEIGHTS:
        used = count * c.lanes
        _write(m.weights, start, np.frombuffer(read, np.int8, used).reshape(count, -1))
    elif content is Content.BIASES:
        used = 4 * count * c.lanes
        biases = np.frombuffer(read, "<i4", count * c.lanes).reshape(count, -1).astype(np.int64)
        half = 1 << d["shift"] - 1 if d["shift"] else 0
        _write(m.biases[d["engine"]], start, (biases << d["bias_shift"]) + half)
    elif content is Content.SCALES:
        used = 2 * count * c.columns
        scales = np.frombuffer(read, "<u2", count * c.columns)
        for engine in engines_of(d):
            _write(m.scales[engine], start * c.columns, scales)
    elif content is Content.OCCUPANCY:
        used = count * WORD // 8
        bits = np.unpackbits(np.frombuffer(read, np.uint8, used), bitorder="little")
        _write(m.occupancy, start, bits.reshape(count, WORD).astype(bool))
    else:
        count = size // c.lanes if eliminates(d) else count
        used = count * c.lanes
        _write(m.store, start, np.frombuffer(read, np.uint8, used).reshape(count, c.lanes))
    assert 0 <= size - used < c.bus_bits // 8, "beats and count do not agree"
    return size


def windows_of(d: dict[str, Any], config: GcnConfig, memories: Memories) -> list[Window]:
    """Windows of a load that eliminates, from the bitmap that it names."""
    count, at = d["count"], d["occupancy"]
    assert d["content"] is Content.ROWS
    assert d["start"] % config.columns == 0
    occupied = memories.occupancy.read(slice(at, at - -count // WORD)).reshape(-1)[:count]
    return windows(occupied, d["height"], d["eliminate"])


def _beats_of(d: dict[str, Any], config: GcnConfig, image: bytes, found: list[Window]) -> bytes:
    """The beats of all windows of a load that eliminates."""
    rows = config.group_words
    size = rows * config.lanes
    starts = d["source"] + beats(found, 1 if d["grouped"] else rows) * size
    return b"".join(image[start : start + size] for start in starts.tolist())


def _write(memory: Memory, start: int, words: np.ndarray) -> None:
    assert start + len(words) <= len(memory), f"{memory.name}: a load goes beyond the end"
    memory.write(slice(start, start + len(words)), words)
