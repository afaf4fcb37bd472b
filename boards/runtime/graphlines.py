"""Rows of graph matrices as they lie in the graph core's memory: sparse ones, dense ones, results.

Source: :mod:`pyralis.hw.gcn.program`, section "Memory".
"""

import numpy as np

__all__ = [
    "COMPACT_BITS",
    "INDEX_BITS",
    "LINE",
    "NO_SOURCE",
    "SIZES",
    "line_bytes",
    "line_counts",
    "pack_lines",
    "pack_words",
    "unpack_results",
]

LINE = 8
"""Entries of a line."""

INDEX_BITS = 15
"""An entry is an index of this many bits and, above it, the mark of a row's last one."""

COMPACT_BITS = 11
"""The same in compact lines, which have no values."""

NO_SOURCE = (1 << INDEX_BITS) - 1
"""Index of an entry that adds nothing: a row without entries is one such entry."""

SIZES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4}
"""Bytes of an element of each type."""


def line_bytes(valued: bool, compact: bool = False) -> int:
    """Bytes of a line, with or without values behind its entries, or compact."""
    return (COMPACT_BITS + 1) * LINE // 8 if compact else 4 * LINE if valued else 2 * LINE


def line_counts(indptr: np.ndarray, columns: int, clusters: int = 1) -> np.ndarray:
    """Lines of each of the ``columns * clusters`` streams: (streams,) int64. An empty row is one entry."""
    counts = np.maximum(np.diff(indptr), 1)
    streams = np.bincount(
        _stream_of(np.arange(counts.size), columns, clusters),
        weights=counts,
        minlength=columns * clusters,
    )
    return -(-streams.astype(np.int64) // LINE)


def pack_lines(
    indptr: np.ndarray,
    indices: np.ndarray,
    values: np.ndarray | None = None,
    *,
    columns: int,
    clusters: int = 1,
    lines: int | None = None,
    compact: bool = False,
) -> np.ndarray:
    """Lines of a sparse matrix, the streams of all columns (or gather clusters) in turn.

    Row v belongs to column ``v mod columns``; its r-th row to the column's cluster ``r mod clusters``. Rows
    follow each other in a stream without gaps.

    Parameters
    ----------
    indptr, indices : (N + 1,), (E,) int64
    values : (E,) int8, optional
    columns, clusters : int
    lines : int, optional
        Lines of every stream, at least those of the longest one.
    compact : bool, optional
        Entries have 12 bits; without values, and with indices below 2,047 only.

    Returns
    -------
    (lines * columns * clusters, 12, 16 or 32) uint8
        Of a padding entry, of an empty row, and behind the values, all bytes that say nothing are 0.

    Raises
    ------
    ValueError
        A stream has more than *lines* lines, or compact lines have values or an index that is too large.
    """
    streams = columns * clusters
    if compact and (values is not None or indices.max(initial=0) >= (1 << COMPACT_BITS) - 1):
        raise ValueError(f"compact lines have indices below {(1 << COMPACT_BITS) - 1} and no values")
    need = int(line_counts(indptr, columns, clusters).max())
    count = need if lines is None else lines
    if count < need:
        raise ValueError(f"a stream has {need} lines, more than {count}")
    counts = np.maximum(np.diff(indptr), 1)
    rows = np.arange(counts.size)
    stream = _stream_of(rows, columns, clusters)
    order = np.argsort(stream, kind="stable")
    ends = np.cumsum(counts[order])
    starts = np.empty_like(ends)
    starts[order] = ends - counts[order]  # of each row, in all streams one after the other
    first = np.zeros(streams, dtype=np.int64)
    np.cumsum(np.bincount(stream, weights=counts, minlength=streams).astype(np.int64)[:-1], out=first[1:])
    starts -= first[stream]
    entries = np.zeros((streams, count * LINE), dtype="<u2")
    full = np.diff(indptr) > 0
    entries[stream[~full], starts[~full]] = NO_SOURCE
    row = np.repeat(rows, np.diff(indptr))
    place = stream[row], starts[row] + np.arange(len(indices)) - indptr[row]
    entries[place] = indices
    entries[stream, starts + counts - 1] |= 1 << INDEX_BITS
    if compact:
        return _in_turn(_compact(entries), count).reshape(count * streams, -1)
    packed = np.zeros((count, streams, line_bytes(values is not None)), dtype=np.uint8)
    packed[:, :, : 2 * LINE] = _in_turn(entries.view(np.uint8), count)
    if values is not None:
        bytes_ = np.zeros((streams, count * LINE), dtype=np.int8)
        bytes_[place] = values
        packed[:, :, 2 * LINE : 3 * LINE] = _in_turn(bytes_.view(np.uint8), count)
    return packed.reshape(count * streams, -1)


def _compact(entries: np.ndarray) -> np.ndarray:
    """Entries (S, n) of 16 bits as (S, 3 * n / 2) uint8: 12 bits each, two of them in three bytes."""
    short = entries & (1 << COMPACT_BITS) - 1 | entries >> INDEX_BITS << COMPACT_BITS
    pairs = short[:, ::2].astype("<u4") | short[:, 1::2].astype("<u4") << COMPACT_BITS + 1
    return np.ascontiguousarray(pairs[..., None].view(np.uint8)[..., :3]).reshape(len(entries), -1)


def pack_words(rows: np.ndarray, lanes: int, stride: int, splits: int = 0) -> np.ndarray:
    """Words of the row store for 8-bit *rows* (N, F): (slices * stride, lanes) uint8.

    *splits*: log2 of the parts of a word that each hold the whole row.
    """
    nodes, width = rows.shape
    part = lanes >> splits
    if splits and width > part:
        raise ValueError(f"rows of {width} elements do not fit into parts of {part}")
    count = -(-width // lanes)
    padded = np.zeros((stride, count * lanes), dtype=np.uint8)
    padded[:nodes, :width] = rows.astype(np.int64).astype(np.uint8)
    for copy in range(1, 1 << splits):
        padded[:, copy * part : (copy + 1) * part] = padded[:, :part]
    return padded.reshape(stride, count, -1).transpose(1, 0, 2).reshape(count * stride, -1)


def unpack_results(
    memory: bytes, nodes: int, width: int, kind: str, *, columns: int, stride: int
) -> np.ndarray:
    """Rows of type *kind* (``int8``, ``uint8``, ``int16``, ``int32``) from memory: (nodes, width) int64.

    Those of a column follow each other without gaps, *stride* bytes from column to column.
    """
    longest, row_bytes = -(-nodes // columns), width * SIZES[kind]
    parts = np.frombuffer(memory, dtype=np.uint8, count=columns * stride).reshape(columns, stride)
    rows = parts[:, : longest * row_bytes].reshape(columns, longest, row_bytes).transpose(1, 0, 2)
    elements = np.ascontiguousarray(rows).view(np.dtype(kind).newbyteorder("<"))
    return elements.reshape(-1, width)[:nodes].astype(np.int64)


def _stream_of(rows: np.ndarray, columns: int, clusters: int) -> np.ndarray:
    return rows % columns * clusters + rows // columns % clusters


def _in_turn(streams: np.ndarray, lines: int) -> np.ndarray:
    """Streams (S, bytes) to (lines, S, bytes of a line)."""
    return streams.reshape(len(streams), lines, -1).transpose(1, 0, 2)
