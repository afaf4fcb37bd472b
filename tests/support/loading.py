"""What a load of the graph core is made of, and where each word of it must arrive."""

from dataclasses import dataclass

import numpy as np

from pyralis.boards.runtime.graphlines import gaps_of
from pyralis.gen.gcn import layout
from pyralis.hw.gcn.config import INDEX_BITS, LINE, NO_SOURCE
from pyralis.hw.gcn.program import COMPACT_BITS, Content

__all__ = ["Rows", "ascending_rows", "beats_of", "entries_of", "random_rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """A sparse matrix: the entries (index, value) of each row; values are None where lines have none."""

    rows: list[list[tuple[int, int | None]]]

    def packed(self, columns: int, clusters: int = 1, *, compact: Content | None = None) -> np.ndarray:
        """Lines as they lie in memory, or the compact ones of a content: (lines * streams, line_bytes)."""
        indptr = np.cumsum([0] + [len(row) for row in self.rows])
        flat = [entry for row in self.rows for entry in row]
        indices = np.array([index for index, _ in flat], dtype=np.int64)
        valued = bool(flat) and flat[0][1] is not None
        values = np.array([value for _, value in flat], dtype=np.int8) if valued else None
        bits = INDEX_BITS if compact is None else COMPACT_BITS[compact]
        if compact is Content.FEATURES:
            indptr, indices = gaps_of(indptr, indices)
        return layout.pack_lines(indptr, indices, values, columns=columns, clusters=clusters, index_bits=bits)

    def of_stream(self, number: int, columns: int, clusters: int = 1) -> list[list[tuple[int, int | None]]]:
        """Rows that line buffer *number* holds, in order; an empty one has an entry without a source."""
        own = self.rows[number // clusters :: columns][number % clusters :: clusters]
        return [row or [(NO_SOURCE, None)] for row in own]


def ascending_rows(rng: np.random.Generator, rows: int, most: int, *, below: int = NO_SOURCE) -> Rows:
    """The same without values, indices ascending and none twice; many gaps are as wide as escapes."""
    found = random_rows(rng, rows, most, valued=False, below=below).rows
    return Rows([[(index, None) for index in _spread(rng, len(row), below)] for row in found])


def _spread(rng: np.random.Generator, count: int, below: int) -> list[int]:
    gaps = rng.choice([0, 1, 7, 510, 511, 512, 1021, 1022, 1023], count)
    indices = np.cumsum(1 + gaps) - 1 + rng.choice([0, 0, 600, below // 2])
    return [int(index) for index in indices if index < below]


def random_rows(
    rng: np.random.Generator, rows: int, most: int, *, valued: bool, below: int = NO_SOURCE
) -> Rows:
    """Rows of 0..*most* entries with indices *below*, at least one of all with an entry."""
    counts = rng.integers(0, most + 1, rows)
    counts[0] = max(1, counts[0])
    return Rows([
        [(int(rng.integers(below)), int(rng.integers(-128, 128)) if valued else None) for _ in range(count)]
        for count in counts
    ])


def entries_of(lines: list[int], rows: int, *, valued: bool) -> list[list[tuple[int, int | None]]]:
    """The first *rows* rows in *lines*, which are integers: index and, if *valued*, value of each entry."""
    found: list[list[tuple[int, int | None]]] = [[]]
    for line in lines:
        for k in range(LINE):
            entry = line >> 16 * k & 0xFFFF
            byte = line >> 16 * LINE + 8 * k & 0xFF
            index, last = entry & (1 << INDEX_BITS) - 1, entry >> INDEX_BITS
            found[-1].append((index, (byte ^ 128) - 128 if valued else None))
            if last:
                found.append([])
    return found[:rows]


def beats_of(bus_bits: int, image: bytes, filling: int = 0) -> list[int]:
    """*image* as beats of *bus_bits* bits, filled up with bytes of value *filling*."""
    size = bus_bits // 8
    image += bytes([filling]) * (-len(image) % size)
    return [int.from_bytes(image[at : at + size], "little") for at in range(0, len(image), size)]
