"""Memories of the graph core as arrays, which know what has been written."""

from dataclasses import dataclass

import numpy as np

from pyralis.hw.gcn.config import INDEX_BITS, LINE, NO_SOURCE, GcnConfig
from pyralis.hw.gcn.eliminator import WORD
from pyralis.hw.gcn.epilogue import BIAS_SLICES
from pyralis.hw.gcn.program import COMPACT_BITS, GAP_BITS, SHORT_ROWS, Content, line_bytes, scale_depth

__all__ = ["Entries", "Memories", "Memory", "UnwrittenError", "index_bits", "packed_results", "unpacked"]


class UnwrittenError(Exception):
    """Something is read that nothing has written."""


class Memory:
    """Words of any shape; reading one that has not been written is an error."""

    def __init__(self, name: str, words: int, shape: tuple[int, ...], dtype: str) -> None:
        self.name = name
        self._words = np.zeros((words, *shape), dtype=dtype)
        self._written = np.zeros(words, dtype=bool)

    def __len__(self) -> int:
        return len(self._words)

    def write(self, at: np.ndarray | slice, words: np.ndarray) -> None:
        self._words[at] = words
        self._written[at] = True

    def read(self, at: np.ndarray | slice) -> np.ndarray:
        if not np.all(self._written[at]):
            raise UnwrittenError(f"{self.name} is read where nothing has been written")
        return self._words[at]


@dataclass(frozen=True, eq=False)
class Entries:
    """Entries of the rows of one stream that name a source: row in the stream, index, value."""

    row: np.ndarray
    index: np.ndarray
    value: np.ndarray

    @staticmethod
    def of(
        lines: Memory, stream: int, streams: int, start: int, rows: int, *, every: bool = False
    ) -> "Entries":
        """The first *rows* rows of *stream* from line *start* on; *every* entry, or those that name a source.

        Lines are read as far as these rows go.
        """
        depth = len(lines) // streams
        row, index, value = [], [], []
        done = 0
        at = start
        while done < rows:
            if at >= depth:
                raise UnwrittenError(f"{lines.name} end before their rows do")
            count = min(64, depth - at)
            while True:  # as many lines at a time as have been written
                try:
                    words = lines.read(np.arange(at, at + count) * streams + stream)
                    break
                except UnwrittenError:
                    if count == 1:
                        raise
                    count //= 2
            at += count
            entries, values = words[..., 0].ravel(), words[..., 1].ravel()
            last = entries >> INDEX_BITS & 1
            number = done + np.cumsum(last) - last
            kept = number < rows
            row.append(number[kept])
            index.append((entries & (1 << INDEX_BITS) - 1)[kept])
            value.append(values[kept])
            done += int(last.sum())
        if not row:
            nothing = np.zeros(0, dtype=np.int64)
            return Entries(nothing, nothing, nothing)
        rows_, indices, values = (np.concatenate(part).astype(np.int64) for part in (row, index, value))
        real = np.full(len(indices), True) if every else indices != NO_SOURCE
        return Entries(rows_[real], indices[real], values[real])


class Memories:
    """All that is on chip."""

    def __init__(self, config: GcnConfig) -> None:
        c = config
        self.store = Memory("the row store", c.rows, (c.lanes,), "u1")
        self.hubs = Memory("the copies of hubs", c.hubs, (c.lanes,), "u1")
        self.edges = Memory("lines of edges", c.edge_lines * c.columns, (LINE, 2), "i8")
        self.features = Memory("lines of features", c.feature_lines * c.columns * c.clusters, (LINE, 2), "i8")
        self.weights = Memory("the Weight Buffer", c.weight_rows, (c.lanes,), "i8")
        self.occupancy = Memory("bitmaps", c.occupancy_words, (WORD,), "?")
        self.biases = [Memory("biases", BIAS_SLICES, (c.lanes,), "i8") for _ in range(2)]
        self.scales = [Memory("scales", scale_depth(c) * c.columns, (), "i8") for _ in range(2)]


def unpacked(data: bytes, streams: int, valued: bool, compact: Content | None = None) -> np.ndarray:
    """(lines, 8, 2) int64: entries and values of lines in memory; without values these are 1.

    Parameters
    ----------
    data : bytes
        Whole lines, those of all *streams* in turn.
    compact : Content, optional
        Lines are the compact ones of this content.
    """
    lines = np.frombuffer(data, np.uint8)
    found = np.ones((len(lines) // line_bytes(valued, index_bits(compact)), LINE, 2), dtype=np.int64)
    lines = lines.reshape(len(found), -1)
    if compact is None:
        found[..., 0] = np.ascontiguousarray(lines[:, : 2 * LINE]).view("<u2")
        if valued:
            found[..., 1] = np.ascontiguousarray(lines[:, 2 * LINE : 3 * LINE]).view(np.int8)
        return found
    size = index_bits(compact)
    bits = np.unpackbits(lines, axis=1, bitorder="little").reshape(len(lines), LINE, size + 1)
    index, last = bits[..., :size] @ (1 << np.arange(size)), bits[..., size].astype(np.int64)
    if compact is Content.EDGES:
        index[index >= SHORT_ROWS] |= NO_SOURCE & -1 << size
    else:
        nothing = index == (1 << size) - 1
        for stream in range(streams):
            gaps, ends = index[stream::streams].ravel(), last[stream::streams].ravel()
            index[stream::streams] = _indices(gaps, ends).reshape(-1, LINE)
        index[nothing] = NO_SOURCE
    found[..., 0] = index | last << INDEX_BITS
    return found


def index_bits(compact: Content | None) -> int:
    """Bits of an index in compact lines of a content, or in plain ones."""
    return INDEX_BITS if compact is None else COMPACT_BITS[compact]


def _indices(gaps: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Of a stream of entries: what they name, or the index after which an escape has moved on."""
    after = gaps + (gaps != (1 << GAP_BITS) - 1)
    passed = np.concatenate([[0], np.cumsum(after)])  # by all entries in front
    begins = np.concatenate([[0], np.flatnonzero(last) + 1])
    row = np.cumsum(last) - last
    return passed[:-1] - passed[begins][row] + gaps


def packed_results(words: np.ndarray, last: int, config: GcnConfig) -> list[bytes]:
    """What each column writes of results, whole beats.

    Parameters
    ----------
    words : (rows, slices, lanes) of the type of the elements
    last : int
        Bytes of the last slice of a row that are kept.
    """
    rows, slices, lanes = words.shape
    kept = words.reshape(rows, -1).view(np.uint8)[:, : (slices - 1) * lanes * words.itemsize + last]
    columns = [kept[column :: config.columns].tobytes() for column in range(config.columns)]
    return [each + bytes(-len(each) % (config.bus_bits // 8)) for each in columns]
