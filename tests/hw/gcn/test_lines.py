"""RTL of pyralis.hw.gcn.lines against pyralis.sim.golden.gcn.lines (pytest side)."""

import numpy as np
import pytest

from pyralis.hw.gcn.config import NO_SOURCE
from pyralis.hw.gcn.lines import LineBuffer
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.golden.gcn.lines import LineJob, pack_rows, spans


def test_against_golden():
    run_cocotb(LineBuffer(64, values=True), "cocotb_lines")


@pytest.mark.parametrize("depth", [8, 100, 1 << 17])
def test_depth_is_refused(depth):
    with pytest.raises(ValueError, match=f"depth must be a power of two in 16..65536, not {depth}"):
        LineBuffer(depth)


def test_packed_rows():
    entries, values = pack_rows([[3, 1], [], [2] * 7], [[5, -6], [], [7] * 7])
    last = 1 << 15
    assert entries.tolist() == [
        [3, 1 | last, NO_SOURCE | last, 2, 2, 2, 2, 2],
        [2, 2 | last, 0, 0, 0, 0, 0, 0],
    ]
    assert values.tolist() == [[5, -6, 0, 7, 7, 7, 7, 7], [7, 7, 0, 0, 0, 0, 0, 0]]


def test_spans_cover_each_group_once_a_replay():
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 20, 30)
    edges = np.cumsum([0, *lengths])
    got = spans(lengths.tolist(), LineJob(start=7, rows=25, group_rows=4, replays=3, base=9, step=11))
    for group in range(0, 25, 4):
        for replay in range(3):
            entries = [
                8 * (span.line - 7) + k
                for span in got
                if (span.row, span.slice) == (group, replay)
                for k in range(span.begin, span.end)
            ]
            assert entries == list(range(edges[group], edges[min(group + 4, 25)]))
    assert all(span.base == 9 + 11 * span.slice for span in got)
    assert sum(span.group_end for span in got) == 7 * 3
