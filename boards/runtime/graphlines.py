"""Rows of graph matrices as they lie in the graph core's memory: sparse ones, dense ones, results.

Source: :mod:`pyralis.hw.gcn.program`, section "Memory".
"""

import numpy as np

__all__ = [
    "GAP_BITS",
    "INDEX_BITS",
    "LINE",
    "NO_SOURCE",
    "SHORT_BITS",
    "SHORT_ROWS",
    "SIZES",
    "gap_counts",
    "gaps_of",
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

SHORT_BITS = 12
"""The same in compact lines of edges."""

SHORT_ROWS = 7 << 9
"""What these can name: where the three highest bits are set, the others are too."""

GAP_BITS = 9
"""Bits of a gap, in place of an index, in compact lines of features."""

ESCAPE = (1 << GAP_BITS) - 1
"""An entry that adds nothing, and stands for so many indices that its row does not have."""

NO_SOURCE = (1 << INDEX_BITS) - 1
"""Index of an entry that adds nothing: a row without entries is one such entry."""

SIZES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4}
"""Bytes of an element of each type."""


def line_bytes(valued: bool, index_bits: int = INDEX_BITS) -> int:
    """Bytes of a line, with or without values behind its entries; with short indices if it has none."""
    return 4 * LINE if valued else (index_bits + 1) * LINE // 8


def gap_counts(indptr: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Entries of each row as gaps, escapes and the entry of an empty row with it: (N,) int64."""
    return np.maximum(np.diff(gaps_of(indptr, indices)[0]), 1)


def gaps_of(indptr: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows as gaps between their indices, which may be in any order: indptr and gaps, with escapes.

    Raises ValueError if a row has an index twice.
    """
    gaps = _gaps(indptr, indices)
    escapes = gaps // ESCAPE
    ends = np.cumsum(1 + escapes)  # of the entries that an index becomes; the last of them names it
    coded = np.full(ends[-1] if len(ends) else 0, ESCAPE, dtype=np.int64)
    coded[ends - 1] = gaps % ESCAPE
    return np.concatenate([[0], ends])[indptr], coded


def _gaps(indptr: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """From each index to the next one of its row, both left out; in front of the first one from 0 on."""
    gaps = _between(indptr, indices)
    if gaps.min(initial=0) < 0:
        rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        gaps = _between(indptr, indices[np.lexsort((indices, rows))])
    if gaps.min(initial=0) < 0:
        raise ValueError("a row has an index twice")
    return gaps


def _between(indptr: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """What is left out between indices, of rows that ascend; less than 0 where one does not."""
    before = np.concatenate([[-1], indices[:-1]])[: len(indices)]
    before[indptr[:-1][np.diff(indptr) > 0]] = -1
    return indices - before - 1


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
    index_bits: int = INDEX_BITS,
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
    index_bits : int, optional
        Of an entry, beside the mark; less than 15 only without values. With ``GAP_BITS``, rows are those of
        :func:`gaps_of`.

    Returns
    -------
    (lines * columns * clusters, line_bytes) uint8
        Of a padding entry, of an empty row, and behind the values, all bytes that say nothing are 0.

    Raises
    ------
    ValueError
        A stream has more than *lines* lines, or short entries have values or an index that is too large.
    """
    streams = columns * clusters
    short, nothing = index_bits != INDEX_BITS, (1 << index_bits) - 1
    below = SHORT_ROWS if index_bits == SHORT_BITS else 1 << index_bits
    if short and (values is not None or indices.max(initial=0) >= below):
        raise ValueError(f"entries of {index_bits + 1} bits have indices below {below} and no values")
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
    entries[stream[~full], starts[~full]] = nothing
    row = np.repeat(rows, np.diff(indptr))
    place = stream[row], starts[row] + np.arange(len(indices)) - indptr[row]
    entries[place] = indices
    entries[stream, starts + counts - 1] |= 1 << index_bits
    if short:
        return _in_turn(_shortened(entries, index_bits + 1), count).reshape(count * streams, -1)
    packed = np.zeros((count, streams, line_bytes(values is not None)), dtype=np.uint8)
    packed[:, :, : 2 * LINE] = _in_turn(entries.view(np.uint8), count)
    if values is not None:
        bytes_ = np.zeros((streams, count * LINE), dtype=np.int8)
        bytes_[place] = values
        packed[:, :, 2 * LINE : 3 * LINE] = _in_turn(bytes_.view(np.uint8), count)
    return packed.reshape(count * streams, -1)


def _shortened(entries: np.ndarray, size: int) -> np.ndarray:
    """Entries (S, n) of 16 bits as (S, n * size / 8) uint8: the lowest *size* bits of each."""
    bits = np.unpackbits(entries[..., None].view(np.uint8), axis=2, bitorder="little")[..., :size]
    return np.packbits(bits.reshape(len(entries), -1), axis=1, bitorder="little")


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
