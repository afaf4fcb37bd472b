"""Where features and results of a compiled graph network lie in memory: plain numbers, from the manifest.

The compiler (:mod:`pyralis.gen.gcn.compile`) makes a :class:`GraphLayout`. ``manifest.json`` has it under
``network``, but for the numbers of the nodes, which are in a file of their own; a driver reads both. Both
sides pack and unpack with the code below.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.graphlines import (
    GAP_BITS,
    INDEX_BITS,
    gaps_of,
    line_counts,
    pack_lines,
    pack_words,
    unpack_results,
)

__all__ = ["GraphLayout", "check_features", "digest_of", "entries_of", "is_listed"]

GENERATE_AGAIN = "generate the core again with the version of Pyralis that this driver comes from"


def is_listed(features: Any) -> bool:
    """Whether *features* are a sparse matrix, of scipy or what looks like one."""
    return hasattr(features, "tocsr")


def check_features(features: Any, shape: tuple[int, int], bounds: tuple[int, int]) -> Any:
    """*features* as int8, an array or a CSR matrix without repeated entries.

    Parameters
    ----------
    features : (nodes, features) array, or sparse matrix
    shape : (int, int)
    bounds : (int, int)
        Least and greatest value.

    Raises
    ------
    DriverError
        Shape, type or range is another one.
    """
    if is_listed(features):
        features = features.tocsr(copy=True)
        features.sum_duplicates()
        values = features.data
    else:
        features = values = np.asarray(features)
    if tuple(features.shape) != shape:
        raise DriverError(f"features must be of shape {shape}, not {tuple(features.shape)}")
    if not (np.issubdtype(values.dtype, np.integer) or values.dtype == bool):
        raise DriverError(
            f"features must be integers, not {values.dtype}", "quantise them with the network's unit"
        )
    low, high = bounds
    if values.size and (values.min() < low or values.max() > high):
        raise DriverError(f"values must be in {low}..{high}, not {values.min()}..{values.max()}")
    return features.astype(np.int8)


def entries_of(rows: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Elements of int8 *rows* that are not zero: indptr and indices (int64), values (int8)."""
    if not is_listed(rows):
        at = np.nonzero(rows)
        counts = np.bincount(at[0], minlength=len(rows))
        indices, values = at[1], rows[at]
    else:
        stored = rows.data != 0
        counts = np.bincount(
            np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))[stored], minlength=rows.shape[0]
        )
        indices, values = rows.indices[stored], rows.data[stored]
    indptr = np.zeros(rows.shape[0] + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    return indptr, indices.astype(np.int64), values.astype(np.int8)


def digest_of(features: Any) -> str:
    """The same for the same elements: of int8 rows in the caller's numbers."""
    found = hashlib.sha256()
    for each, kind in zip(entries_of(features), ("<i8", "<i8", "i1"), strict=True):
        found.update(each.astype(kind).tobytes())
    return found.hexdigest()


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphLayout:
    """The way in and out of one graph network on one core.

    Attributes
    ----------
    nodes, features : int
        Rows of the input, and elements of each.
    values : {"binary", "int8"}
    input_unit : float
        Real value of 1 at the input.
    columns, clusters, lanes : int
        Of the core: columns, gather clusters in each, elements of a word.
    beat_bytes : int
        Bytes of a bus beat.
    intervals : tuple of (int, int)
        If the input is lists of elements: intervals of rows, the lists of which follow each other in whole
        beats. Of each the row behind its last one, and the lines of each gather cluster. Empty: words of the
        row store.
    compact : bool
        Such lists have gaps in place of indices.
    splits : int
        log2 of the parts of such a word that each hold a whole row.
    input_stride, output_stride : int
        Bytes of one run.
    result_stride : int
        Bytes from the results of a column to those of the next one.
    width : int
        Elements of a row of results.
    output : {"int8", "uint8", "int16", "int32"}
        Their type.
    digest : str
        Of the only features that the program takes, if their lists are a part of it; else empty.
    numbering : (nodes,) int64
        The core's number of each node, by the caller's.
    """

    nodes: int
    features: int
    values: str
    input_unit: float
    columns: int
    clusters: int
    lanes: int
    beat_bytes: int
    intervals: tuple[tuple[int, int], ...]
    compact: bool
    splits: int
    input_stride: int
    output_stride: int
    result_stride: int
    width: int
    output: str
    digest: str
    numbering: np.ndarray

    @property
    def input_range(self) -> tuple[int, int]:
        """Least and greatest value that a feature may have."""
        return (0, 1) if self.values == "binary" else (-128, 127)

    @cached_property
    def _old(self) -> np.ndarray:
        """(nodes,) int64: the caller's number of each node, by the core's."""
        return np.argsort(self.numbering, kind="stable")

    def check(self, features: Any) -> Any:
        """*features* as :func:`check_features` makes them for this network, else DriverError."""
        return check_features(features, (self.nodes, self.features), self.input_range)

    def pack(self, features: Any) -> bytes:
        """Bytes of one run's input: *features* (nodes, features), an array or a sparse matrix.

        Raises DriverError if shape, type or values are not what the network takes, or if they have more lines
        than the program loads, or are others than those that are a part of it.
        """
        checked = self.check(features)
        if self.digest:
            if digest_of(checked) != self.digest:
                raise DriverError(
                    "the lists of the features are a part of the program, and these are others",
                    "compile the network with these features",
                )
            return bytes(self.input_stride)
        rows = checked[self._old]
        packed = self._lists(rows) if self.intervals else self._words(rows).tobytes()
        return packed + bytes(self.input_stride - len(packed))

    def _lists(self, rows: Any) -> bytes:
        indptr, indices, values = entries_of(rows)
        packed, low = b"", 0
        for high, lines in self.intervals:
            part = slice(indptr[low], indptr[high])
            own = indptr[low : high + 1] - indptr[low]
            packed += self._lines(own, indices[part], values[part], lines).tobytes()
            packed += bytes(-len(packed) % self.beat_bytes)
            low = high
        return packed

    def _lines(self, indptr: np.ndarray, indices: np.ndarray, values: np.ndarray, lines: int) -> np.ndarray:
        if self.compact:
            indptr, indices = gaps_of(indptr, indices)
        need = int(line_counts(indptr, self.columns, self.clusters).max())
        if need > lines:
            raise DriverError(
                f"the features take {need} lines of a cluster, and the program loads {lines}",
                "compile the network with these features",
            )
        return pack_lines(
            indptr,
            indices,
            values if self.values != "binary" else None,
            columns=self.columns,
            clusters=self.clusters,
            lines=lines,
            index_bits=GAP_BITS if self.compact else INDEX_BITS,
        )

    def _words(self, rows: Any) -> np.ndarray:
        stride = -(-self.nodes // self.columns) * self.columns
        return pack_words(rows.toarray() if is_listed(rows) else rows, self.lanes, stride, self.splits)

    def unpack(self, memory: bytes) -> np.ndarray:
        """Rows (nodes, width) int64, in the caller's numbers, from the bytes of one run's results."""
        rows = unpack_results(
            memory, self.nodes, self.width, self.output, columns=self.columns, stride=self.result_stride
        )
        return rows[self.numbering]

    def to_json(self) -> dict[str, Any]:
        """All but the numbering, as numbers and names."""
        return {name: getattr(self, name) for name in _plain_fields()}

    def numbering_bytes(self) -> bytes:
        """The numbering as a file: int32, low byte first."""
        return self.numbering.astype("<i4").tobytes()

    @classmethod
    def from_json(cls, facts: Mapping[str, Any], numbering: bytes) -> "GraphLayout":
        """Inverse of :meth:`to_json` and :meth:`numbering_bytes`; other keys of *facts* are left alone.

        Raises DriverError naming what is missing, and for numbers that are not those of the nodes.
        """
        names = _plain_fields()
        missing = [name for name in names if name not in facts]
        if missing:
            raise DriverError(f"the network's facts in manifest.json have no {missing[0]!r}", GENERATE_AGAIN)
        nodes = facts["nodes"]
        whole = len(numbering) == 4 * nodes
        new = np.frombuffer(numbering if whole else b"", dtype="<i4").astype(np.int64)
        if not whole or not np.array_equal(np.sort(new), np.arange(nodes)):
            raise DriverError(
                f"the numbering is not that of a graph with {nodes} nodes", "copy the whole folder again"
            )
        given = {name: facts[name] for name in names}
        given["intervals"] = tuple((row, lines) for row, lines in given["intervals"])
        return cls(**given, numbering=new)


def _plain_fields() -> list[str]:
    return [field.name for field in fields(GraphLayout) if field.name != "numbering"]
