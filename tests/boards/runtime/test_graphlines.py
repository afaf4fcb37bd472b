"""Lines and words of the graph core: the numbers are those of the hardware, packing is in test_layout."""

import numpy as np
import pytest

from pyralis.boards.runtime import graphlines
from pyralis.hw.gcn import config, program


def test_the_constants_are_those_of_the_hardware():
    for name in ("LINE", "INDEX_BITS", "NO_SOURCE"):
        assert getattr(graphlines, name) == getattr(config, name)
    assert graphlines.COMPACT_BITS == program.COMPACT_BITS
    for form in ((False,), (True,), (False, True)):
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


def test_a_compact_line_written_out():
    indptr, indices, last = np.array([0, 2, 2, 3]), np.array([5, 0x123, 2046]), 0x800
    lines = graphlines.pack_lines(indptr, indices, columns=2, compact=True)
    entries = [int.from_bytes(line.tobytes(), "little") for line in lines]
    assert lines.shape == (2, 12)
    assert entries == [5 | (0x123 | last) << 12 | (2046 | last) << 24, 0x7FF | last]
    for bad in ({"indices": indices + 1}, {"values": np.ones(3, np.int8)}):
        given = {"indptr": indptr, "indices": indices, **bad}
        with pytest.raises(ValueError, match=r"^compact lines have indices below 2047 and no values$"):
            graphlines.pack_lines(**given, columns=2, compact=True)


def test_results_of_two_columns():
    memory = np.arange(16, dtype="<i2").tobytes()
    rows = graphlines.unpack_results(memory, 3, 2, "int16", columns=2, stride=16)
    assert rows.tolist() == [[0, 1], [8, 9], [2, 3]]
