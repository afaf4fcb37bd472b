"""Two writings of the sampler draw the same entries."""

import numpy as np
import pytest
import torch

from pyralis.gen.gcn.intnetwork import IntSample
from pyralis.gen.gcn.sampling import taken
from pyralis.sim.golden.gcn import sampler

SAMPLES = [
    None,
    IntSample(count=1, seed=7),
    IntSample(count=25, seed=0xFFFF),
    IntSample(count=255),
    IntSample(count=3, kind="predefined", start=2, step=3),
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_as_the_golden_model(sample):
    rng = np.random.default_rng(0)
    indptr = np.concatenate([[0], np.cumsum(rng.integers(0, 400, 500))])
    entries, starts = taken(indptr, sample)
    want, rows = sampler.taken(torch.as_tensor(indptr), sample)
    assert np.array_equal(entries, want)
    assert np.array_equal(np.repeat(np.arange(500), np.diff(starts)), rows)


def test_no_rows_with_entries():
    entries, starts = taken(np.zeros(4, dtype=np.int64), IntSample(count=2))
    assert (entries.tolist(), starts.tolist()) == ([], [0, 0, 0, 0])
