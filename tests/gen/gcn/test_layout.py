"""Layouts of the graph core's memory, against loops and the golden model of the lines."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import adjacency
from scipy.sparse import csr_array

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.intnetwork import IntInput
from pyralis.hw.gcn.config import GcnConfig
from pyralis.sim.golden.gcn.lines import pack_rows

CONFIG = GcnConfig()


@pytest.mark.parametrize("valued", [False, True])
@pytest.mark.parametrize(("columns", "clusters"), [(1, 1), (2, 1), (4, 2)])
def test_streams_are_those_of_the_line_buffers_in_turn(columns, clusters, valued):
    made = adjacency(np.random.default_rng(columns), 37, 4.0, weights=valued)
    streams: dict[int, list[int]] = {number: [] for number in range(columns * clusters)}
    for v in range(37):
        streams[v % columns * clusters + v // columns % clusters].append(v)
    counts = layout.line_counts(made.indptr, columns, clusters)
    got = layout.pack_lines(
        made.indptr, made.indices, made.weight, columns=columns, clusters=clusters, lines=counts.max() + 2
    )
    got = got.reshape(counts.max() + 2, columns * clusters, -1)
    for number, rows in streams.items():
        spans = [slice(made.indptr[v], made.indptr[v + 1]) for v in rows]
        values = [made.weight[span].tolist() for span in spans] if valued else None
        entries, weights = pack_rows([made.indices[span].tolist() for span in spans], values)
        assert len(entries) == counts[number]
        own = np.ascontiguousarray(got[:, number])
        assert own.shape[1] == (32 if valued else 16)
        assert np.array_equal(own[: len(entries), :16].copy().view("<u2"), entries)
        assert not own[len(entries) :].any()
        if valued:
            assert np.array_equal(own[: len(entries), 16:24].view(np.int8), weights)
            assert not own[:, 24:].any()


def test_lists_of_edges_are_short_where_all_rows_can_be_named():
    wide = GcnConfig(columns=4, bus_bits=256)
    assert [layout.edge_bits(wide, largest) for largest in (0, 3583, 3584, 32766)] == [12, 12, 15, 15]
    assert layout.edge_bits(CONFIG, 0) == 15


def test_lists_of_features_are_short_where_escapes_are_few():
    """An escape for four elements in each row is allowed, and two for one element more are too many."""
    wide = GcnConfig(columns=4, bus_bits=256)
    given = IntInput(features=2000, values="binary", sparse=True)
    rows = np.zeros((6, 2000), dtype=np.int8)
    rows[:, [0, 1, 2, 3 + 511]] = 1
    found, compact = layout.input_entries(wide, given, csr_array(rows))
    assert (found.tolist(), compact) == ([5] * 6, True)
    assert layout.feature_bytes(wide, given, compact) == 4 * 10
    for config, other in ((CONFIG, given), (wide, replace(given, values="int8"))):
        found, compact = layout.input_entries(config, other, rows)
        assert (found.tolist(), compact) == ([4] * 6, False)
    rows[0, 1999] = 1
    found, compact = layout.input_entries(wide, given, rows)
    assert (found.tolist(), compact) == ([5, *[4] * 5], False)
    assert layout.feature_bytes(wide, given, compact) == 4 * 16


def test_a_stream_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match=r"^a stream has 2 lines, more than 1$"):
        layout.pack_lines(np.array([0, 9]), np.zeros(9, dtype=np.int64), columns=1, lines=1)


def test_weight_rows():
    rng = np.random.default_rng(3)
    first, second = (rng.integers(-128, 128, (k, 11), dtype=np.int8) for k in (5, 3))
    got = layout.pack_weights(CONFIG, first, second)
    assert got.shape == (2 * 11, 8)  # 5 elements, 3 between the sources, 3 elements; for two slices
    for j in range(16):
        for k in range(11):
            value = 0
            if j < 11 and (k < 5 or k >= 8):
                value = first[k, j] if k < 5 else second[k - 8, j]
            assert got[j // 8 * 11 + k, j % 8] == value
    assert np.array_equal(layout.pack_weights(CONFIG, first)[5:, :3], first[:, 8:])


def test_biases_and_scales_are_filled_up():
    assert layout.pack_biases(CONFIG, np.array([1, -2], dtype=np.int32), 2).tolist() == [1, -2] + [0] * 6
    assert layout.pack_biases(CONFIG, None, 9).tolist() == [0] * 16
    assert layout.pack_scales(CONFIG, np.array([7, 8, 9], dtype=np.uint16)).tolist() == [7, 8, 9, 0]


def test_rows_of_slices():
    rows = np.random.default_rng(4).integers(-128, 128, (5, 11))
    got = layout.pack_rows(CONFIG, rows, stride=6).view(np.int8)
    assert got.shape == (12, 8)
    for v in range(6):
        for j in range(16):
            assert got[j // 8 * 6 + v, j % 8] == (rows[v, j] if v < 5 and j < 11 else 0)


def test_narrow_rows_stand_in_every_part():
    got = layout.pack_rows(CONFIG, np.array([[1, 2, 255]]), stride=2, splits=1)
    assert got.tolist() == [[1, 2, 255, 0, 1, 2, 255, 0], [0] * 8]
    with pytest.raises(ValueError, match=r"^rows of 5 elements do not fit into parts of 4$"):
        layout.pack_rows(CONFIG, np.zeros((1, 5)), stride=2, splits=1)


@pytest.mark.parametrize("nodes", [1, 4, 6])
def test_results_lie_column_by_column(nodes):
    rows = np.random.default_rng(nodes).integers(-(1 << 15), 1 << 15, (nodes, 3), dtype="<i2")
    memory = bytearray(b"?" * 4 * 24)
    for v, row in enumerate(rows):
        at = v % 4 * 24 + v // 4 * 6
        memory[at : at + 6] = row.tobytes()
    got = layout.unpack_results(bytes(memory), nodes, 3, "int16", columns=4, stride=24)
    assert got.dtype == np.int64
    assert np.array_equal(got, rows)


def test_beats():
    assert [layout.beats(CONFIG, size) for size in (1, 8, 9)] == [1, 1, 2]
