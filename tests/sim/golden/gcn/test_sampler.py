"""The sampler against loops, and its statistics against what a sample should be."""

import numpy as np
import pytest
import torch

from pyralis.gen.gcn.intnetwork import IntSample
from pyralis.sim.golden.gcn.sampler import positions, seeds, step, taken


def by_hand(row: int, degree: int, sample: IntSample) -> list[int]:
    """Positions of one row, in plain integers."""
    if sample.kind == "predefined":
        return [p for p in (sample.start + i * sample.step for i in range(sample.count)) if p < degree]
    if degree <= sample.count:
        return list(range(degree))
    state = (sample.seed ^ (row * 0x9E37)) & 0xFFFF or 0xACE1
    found = []
    for i in range(sample.count):
        bit = state & 1
        state >>= 1
        if bit:
            state ^= 0xB400
        found.append(((i << 16 | state) * degree // sample.count) >> 16)
    return found


SAMPLES = [
    IntSample(count=1),
    IntSample(count=5, seed=0xBEEF),
    IntSample(count=25, seed=3),
    IntSample(count=64, seed=65535),
    IntSample(count=4, kind="predefined", start=0, step=1),
    IntSample(count=5, kind="predefined", start=3, step=7),
    IntSample(count=255, kind="predefined", start=2, step=65535),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s.kind}-{s.count}")
def test_entries_of_random_rows(sample):
    rng = np.random.default_rng(sample.count)
    degrees = rng.integers(0, 80, 300)
    degrees[:4] = 0, 1, 70_000, 25
    indptr = np.concatenate([[0], np.cumsum(degrees)])
    entries, rows = taken(torch.as_tensor(indptr), sample)
    wanted = [(indptr[v] + p, v) for v in range(300) for p in by_hand(v, int(degrees[v]), sample)]
    assert list(zip(entries.tolist(), rows.tolist(), strict=True)) == wanted
    assert np.array_equal(np.bincount(rows, minlength=300), sample.sizes(degrees))


def test_without_a_sample_every_entry_counts():
    entries, rows = taken(torch.tensor([0, 2, 2, 3]), None)
    assert (entries.tolist(), rows.tolist()) == ([0, 1, 2], [0, 0, 2])


def test_the_register_visits_every_state_but_zero():
    state, seen = torch.tensor([0xACE1]), set()
    for _ in range(65535):
        seen.add(int(state))
        state = step(state)
    assert int(state) == 0xACE1
    assert len(seen) == 65535 and 0 not in seen


def test_no_row_starts_from_zero():
    rows = torch.arange(70_000)
    assert int(seeds(rows, 0)[0]) == 0xACE1
    assert int(seeds(rows, 0x9E37)[1]) == 0xACE1
    assert (seeds(rows, 0x1234) > 0).all()


def test_samples_ascend_stay_inside_and_seldom_repeat():
    """An entry on the border of two parts can be drawn twice, never thrice; with whole parts none is."""
    rows = torch.arange(20_000)
    for degree, count in ((11, 10), (26, 25), (37, 25), (100, 25), (5_000, 25)):
        found = positions(rows, torch.full_like(rows, degree), IntSample(count=count, seed=9))
        gaps = found.diff(dim=1)
        assert int(found.min()) >= 0 and int(found.max()) < degree
        assert int(gaps.min()) >= 0
        assert not ((gaps[:, 1:] == 0) & (gaps[:, :-1] == 0)).any()
        if degree % count == 0:
            assert int(gaps.min()) >= 1


@pytest.mark.parametrize(("degree", "count"), [(30, 5), (33, 5), (26, 25), (171, 25)])
def test_every_entry_is_drawn_equally_often(degree, count):
    rows = torch.arange(65_536)  # the starts of these rows are all states
    found = positions(rows, torch.full_like(rows, degree), IntSample(count=count, seed=1))
    frequency = torch.bincount(found.flatten(), minlength=degree).double() / len(rows)
    assert float((frequency - count / degree).abs().max()) < 0.002


def test_other_seeds_draw_other_entries():
    indptr = torch.tensor([0, 1000])
    drawn = {tuple(taken(indptr, IntSample(count=8, seed=seed))[0].tolist()) for seed in range(50)}
    assert len(drawn) > 45
