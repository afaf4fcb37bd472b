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
    number = row * 0x9E37 % (1 << 15)
    state = (sample.seed ^ (number + (1 << 15) * ((number & 0x444).bit_count() % 2))) or 0xACE1
    length = degree * (((1 << 26) - 1) // sample.count) // 1024
    found = []
    for i in range(sample.count):
        bit = state & 1
        state >>= 1
        if bit:
            state ^= 0xB400
        found.append((i * length + 32 * (state * (length // 32) // 65536)) // 65536)
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


def test_rows_with_numbers_of_their_own():
    rng = np.random.default_rng(2)
    degrees, numbers = rng.integers(0, 60, 40), rng.permutation(40)
    sample = IntSample(count=7, seed=8)
    indptr = np.concatenate([[0], np.cumsum(degrees)])
    entries, rows = taken(torch.as_tensor(indptr), sample, torch.as_tensor(numbers))
    wanted = [
        (indptr[v] + p, v) for v in range(40) for p in by_hand(int(numbers[v]), int(degrees[v]), sample)
    ]
    assert list(zip(entries.tolist(), rows.tolist(), strict=True)) == wanted


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
    parity = (0x1E37 & 0x444).bit_count() % 2
    assert int(seeds(rows, 0x1E37 | parity << 15)[1]) == 0xACE1
    assert (seeds(rows, 0x1234) > 0).all()
    assert len(seeds(rows, 7)[:32_768].unique()) == 32_768


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


ALL_SEEDS = torch.arange(65_536)


def drawn_by_all_seeds(degree: int, count: int) -> torch.Tensor:
    """Positions in row 0 with every seed: (65536, count)."""
    state, columns = torch.where(ALL_SEEDS == 0, 0xACE1, ALL_SEEDS), []
    assert [int(seeds(torch.tensor([0]), seed)) for seed in (0, 1, 65535)] == state[[0, 1, 65535]].tolist()
    length = degree * (((1 << 26) - 1) // count) >> 10
    for i in range(count):
        state = step(state)
        columns.append((i * length + (state * (length >> 5) >> 16 << 5)) >> 16)
    sample = IntSample(count=count, seed=65535)
    found = torch.stack(columns, dim=1)
    assert torch.equal(found[65535], positions(torch.tensor([0]), torch.tensor([degree]), sample)[0])
    return found


@pytest.mark.parametrize(
    ("degree", "count"), [(30, 5), (33, 5), (26, 25), (171, 25), (256, 255), (32767, 3), (5000, 200)]
)
def test_every_entry_is_drawn_equally_often(degree, count):
    found = drawn_by_all_seeds(degree, count)
    frequency = torch.bincount(found.flatten(), minlength=degree).double() / len(found)
    error = (frequency - count / degree).abs()
    assert float(error[:-1].max()) < 0.004 + 1 / 4096
    assert float(error[-1]) <= 0.13 * count / degree + 0.001  # lengths are rounded down


@pytest.mark.parametrize("count", [5, 25, 200])
def test_every_entry_is_drawn_equally_often_of_one_seed_and_many_rows(count):
    """The rows' own numbers are enough, first draws included."""
    rows, degree = torch.arange(32_768), 10 * count
    found = positions(rows, torch.full_like(rows, degree), IntSample(count=count, seed=1))
    frequency = torch.bincount(found.flatten(), minlength=degree).double() / len(rows)
    assert float((frequency - count / degree).abs().max()) < 0.003


def test_no_position_is_outside_or_falls():
    """Of every degree that hardware can hold and every count, with the smallest and greatest draws."""
    degrees = torch.arange(1, 32_768)
    for count in range(1, 256):
        length = degrees * (((1 << 26) - 1) // count) >> 10
        assert int((length * count - (degrees << 16)).max()) <= 0
        # a draw adds less than a part, so that of i is below the begin of part i + 1
        assert int(((65535 * (length >> 5) >> 16 << 5) - length).max()) < 0 or int(length.min()) == 0
        assert int(length[degrees > count].min()) > 0


def test_other_seeds_draw_other_entries():
    indptr = torch.tensor([0, 1000])
    drawn = {tuple(taken(indptr, IntSample(count=8, seed=seed))[0].tolist()) for seed in range(50)}
    assert len(drawn) > 45
