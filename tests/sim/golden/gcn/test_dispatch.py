"""Tasks and dispatch: every entry once, rules of cutting, balance on a graph, and times counted by hand."""

from pathlib import Path

import numpy as np
import pytest

from pyralis.gen.gcn.planetoid import read_planetoid
from pyralis.gen.gcn.reorder import renumber
from pyralis.sim.golden.gcn.dispatch import cut, dispatch

CORA = Path(__file__).resolve().parents[5] / "shared" / "data" / "cora"


def rows(seed: int, count: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    degrees = rng.poisson(3 * rng.exponential(1.0, count))
    degrees[rng.integers(count, size=4)] = 8, 9, 16, 500
    return degrees


def test_cutting_by_hand():
    assert cut(np.array([3, 5, 1, 0, 8, 9, 2, 17, 1])) == [
        (0, 2, 8),
        (2, 2, 2),
        (4, 1, 8),
        (5, 1, 8),
        (5, 1, 1),
        (6, 1, 2),
        (7, 1, 8),
        (7, 1, 8),
        (7, 1, 1),
        (8, 1, 1),
    ]
    assert cut(np.array([3, 5, 9]), single=True) == [(0, 1, 3), (1, 1, 5), (2, 1, 8), (2, 1, 1)]
    assert cut(np.array([], dtype=int)) == []
    grouped = cut(np.array([1, 1, 1, 9, 2, 1, 1]), group_rows=2)
    assert grouped == [(0, 2, 2), (2, 1, 1), (3, 1, 8), (3, 1, 1), (4, 2, 3), (6, 1, 1)]


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_every_entry_is_in_one_task(seed, single):
    degrees = rows(seed)
    tasks, entries, following = cut(degrees, single=single), np.zeros(len(degrees), int), 0
    for index, (first, count, size) in enumerate(tasks):
        assert 1 <= size <= 8 and first in (following, following - 1)
        following = first + count
        if count > 1:
            assert not single and size == np.maximum(degrees[first:following], 1).sum()
            entries[first:following] = np.maximum(degrees[first:following], 1)
        else:
            entries[first] += size
        if not single and degrees[first] <= 8 and index + 1 < len(tasks):  # as many rows as fit
            after = max(degrees[following], 1) if following < len(degrees) else 9
            assert size + after > 8
    assert np.array_equal(entries, np.maximum(degrees, 1))


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize(("columns", "cores"), [(1, 1), (2, 2), (8, 4), (5, 3)])
def test_no_entry_is_lost(columns, cores, static):
    degrees = rows(7)
    work = dispatch(degrees, columns, cores, static=static)
    for column in range(columns):
        own = np.maximum(degrees[column::columns], 1)
        assert work.entries[column].sum() == own.sum()
        if static:
            wanted = [own[core::cores].sum() for core in range(cores)]
            assert work.entries[column].tolist() == wanted
        assert max(work.entries[column]) < work.cycles[column] <= own.sum() + len(own) + 1


def test_times_by_hand():
    """Tasks leave one a cycle; a core begins the cycle after, or when it has done the task before."""
    work = dispatch(np.full(4, 8), 1, 2)
    assert (work.entries.tolist(), work.cycles.tolist(), work.tasks.tolist()) == ([[16, 16]], [18], [4])
    work = dispatch(np.array([8, 8, 8, 1, 1]), 1, 1)
    assert work.cycles.tolist() == [1 + 26]
    assert dispatch(np.array([8]), 1, 4).cycles.tolist() == [9]
    alone = dispatch(np.ones(6, int), 1, 1, group_rows=1)
    # The waiting place is free the cycle after its task was taken: an entry every other cycle.
    assert (alone.tasks.tolist(), alone.cycles.tolist()) == ([6], [12])
    assert dispatch(np.ones(6, int), 1, 1).tasks.tolist() == [1]


def test_static_waits_for_its_core_and_dynamic_does_not():
    degrees = np.tile([8, 1], 50)  # rows of one core are all heavy
    static, dynamic = (dispatch(degrees, 1, 2, static=static) for static in (True, False))
    assert static.entries.tolist() == [[400, 50]]
    assert static.imbalance == 400 / 225
    assert dynamic.imbalance < 1.05
    assert (dynamic.cycles[0], static.cycles[0]) == (251, 401)  # 225 would be without any waiting


def test_measures():
    work = dispatch(np.array([8, 4, 8, 4]), 2, 1)
    assert work.entries.tolist() == [[16], [8]]
    assert work.imbalance == pytest.approx(16 / 12)
    assert work.column_imbalance == [1.0, 1.0]
    assert work.utilisation == pytest.approx(24 / (2 * 17))
    assert dispatch(np.array([], dtype=int), 2, 2).imbalance == 1.0


@pytest.mark.skipif(not CORA.is_dir(), reason="needs the planetoid files of Cora in ../shared/data/cora")
@pytest.mark.parametrize(("columns", "bound"), [(8, 1.02), (16, 1.05)])
def test_work_on_cora(columns, bound):
    """The target of at most 1.05 up to 64 cores; by number it would be 1.25 and more."""
    graph = read_planetoid(CORA, "cora").with_self_loops()
    numbering = renumber(graph, columns, hubs=64)
    degrees = numbering.rows(graph.in_degrees)
    assert degrees.sum() == 13_264
    dynamic = dispatch(degrees, columns, 4)
    assert dynamic.imbalance <= bound
    assert dynamic.utilisation > 0.95
    assert dispatch(degrees, columns, 4, static=True).imbalance > 1.2
