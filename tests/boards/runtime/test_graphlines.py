"""Lines and words of the graph core: the numbers are those of the hardware, packing is in test_layout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyralis.boards.runtime import graphlines
from pyralis.hw.gcn import config, program
from pyralis.sim.gcn import memories


def test_the_constants_are_those_of_the_hardware():
    for name in ("LINE", "INDEX_BITS", "NO_SOURCE"):
        assert getattr(graphlines, name) == getattr(config, name)
    short = {program.Content.EDGES: graphlines.SHORT_BITS, program.Content.FEATURES: graphlines.GAP_BITS}
    assert (short, graphlines.SHORT_ROWS) == (program.COMPACT_BITS, program.SHORT_ROWS)
    for form in ((False,), (True,), (False, 12), (False, 9)):
        assert graphlines.line_bytes(*form) == program.line_bytes(*form)


def test_a_line_written_out():
    """Rows 0 and 2 in column 0, row 1 (empty) in column 1."""
    indptr, indices, values = np.array([0, 2, 2, 3]), np.array([5, 1, 7]), np.array([-1, 2, 3], np.int8)
    last = 1 << 15
    lines = graphlines.pack_lines(indptr, indices, values, columns=2, lines=1)
    entries = lines[:, :16].copy().view("<u2")
    assert entries.tolist() == [[5, 1 | last, 7 | last, 0, 0, 0, 0, 0], [0x7FFF | last, 0, 0, 0, 0, 0, 0, 0]]
    assert lines[0, 16:].tolist() == [255, 2, 3, *[0] * 13]
    assert graphlines.line_counts(indptr, 2).tolist() == [1, 1]
    with pytest.raises(ValueError, match="a stream has 1 lines, more than 0"):
        graphlines.pack_lines(indptr, indices, columns=2, lines=0)


def test_short_lines_written_out():
    indptr, indices, last = np.array([0, 2, 2, 3]), np.array([5, 0x123, 3583]), 0x1000
    lines = graphlines.pack_lines(indptr, indices, columns=2, index_bits=graphlines.SHORT_BITS)
    entries = [int.from_bytes(line.tobytes(), "little") for line in lines]
    assert lines.shape == (2, 13)
    assert entries == [5 | (0x123 | last) << 13 | (3583 | last) << 26, 0xFFF | last]
    for bad in ({"indices": indices + 1}, {"values": np.ones(3, np.int8)}):
        arrays = {"indptr": indptr, "indices": indices, **bad}
        with pytest.raises(ValueError, match=r"^entries of 13 bits have indices below 3584 and no values$"):
            graphlines.pack_lines(**arrays, columns=2, index_bits=graphlines.SHORT_BITS)


def test_gaps_written_out():
    """Indices in any order; gaps of 510, 511 and 1,022 are none, one and two escapes and what is left."""
    indptr = np.array([0, 3, 3, 4, 5, 6, 8])
    indices = np.array([7, 0, 5, 510, 511, 1022, 2 * 511 + 4, 3])
    coded = graphlines.gaps_of(indptr, indices)
    assert coded[0].tolist() == [0, 3, 3, 4, 6, 9, 13]
    assert coded[1].tolist() == [0, 4, 1, 510, 511, 0, 511, 511, 0, 3, 511, 511, 0]
    assert graphlines.gap_counts(indptr, indices).tolist() == [3, 1, 1, 2, 3, 4]
    lines = graphlines.pack_lines(*coded, columns=1, index_bits=graphlines.GAP_BITS)
    assert lines.shape == (2, 10)
    bits = int.from_bytes(lines.tobytes(), "little")
    found = [bits >> 10 * k & 0x3FF for k in range(16)]
    last = 0x200
    assert found[:6] == [0, 4, 1 | last, 511 | last, 510 | last, 511]
    with pytest.raises(ValueError, match=r"^a row has an index twice$"):
        graphlines.gaps_of(np.array([0, 2]), np.array([3, 3]))


@given(
    st.lists(st.sets(st.one_of(st.integers(0, 40), st.integers(0, 32766)), max_size=30), min_size=1),
    st.sampled_from([(1, 1), (4, 1), (2, 2)]),
)
def test_gaps_say_what_the_indices_are(rows, streams):
    """Against the interpreter's memories, which read them another way."""
    columns, clusters = streams
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.array([index for row in rows for index in row], dtype=np.int64)
    indptr, gaps = graphlines.gaps_of(indptr, indices)
    lines = graphlines.pack_lines(indptr, gaps, columns=columns, clusters=clusters, index_bits=9)
    count = columns * clusters
    words = memories.unpacked(lines.tobytes(), count, False, program.Content.FEATURES)
    store = memories.Memory("lines", len(words), (8, 2), "i8")
    store.write(slice(0, len(words)), words)
    for s in range(count):
        own = [
            rows[v] for v in range(len(rows)) if (v % columns, v // columns % clusters) == divmod(s, clusters)
        ]
        found = memories.Entries.of(store, s, count, 0, len(own))
        assert [set(found.index[found.row == r].tolist()) for r in range(len(own))] == own
        assert len(found.row) == sum(map(len, own))


def test_results_of_two_columns():
    memory = np.arange(16, dtype="<i2").tobytes()
    rows = graphlines.unpack_results(memory, 3, 2, "int16", columns=2, stride=16)
    assert rows.tolist() == [[0, 1], [8, 9], [2, 3]]
