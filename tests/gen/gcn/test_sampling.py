"""Two writings of the sampler draw the same entries."""

import numpy as np
import pytest
import torch
from intgraphs import mixed

from pyralis.gen.gcn.intnetwork import IntAdjacency, IntSample
from pyralis.gen.gcn.sampling import reseeded, sampled, taken, with_headers
from pyralis.sim.golden.gcn import sampler
from pyralis.sim.golden.gcn.network import run

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
    numbers = rng.permutation(500)
    for given in (None, numbers):
        entries, starts = taken(indptr, sample, given)
        want, rows = sampler.taken(
            torch.as_tensor(indptr), sample, None if given is None else torch.as_tensor(given)
        )
        assert np.array_equal(entries, want)
        assert np.array_equal(np.repeat(np.arange(500), np.diff(starts)), rows)


def test_no_rows_with_entries():
    entries, starts = taken(np.zeros(4, dtype=np.int64), IntSample(count=2))
    assert (entries.tolist(), starts.tolist()) == ([], [0, 0, 0, 0])


@pytest.mark.parametrize("seed", [0, 0x1234])
def test_drawn_once_a_network_makes_the_same_rows(seed):
    rng = np.random.default_rng(4)
    network = mixed(rng).renumbered(rng.permutation(17))
    features = rng.integers(-128, 128, (17, 6), dtype=np.int8)
    drawn = sampled(network, seed=seed)
    assert all(getattr(each, "sample", None) is None for each in drawn.operations)
    assert set(drawn.adjacencies) == {"weighted", "weighted of sampled", "plain of largest"}
    drawn.validate()
    assert torch.equal(run(drawn, features).scores, run(network, features, sample_seed=seed).scores)
    other = run(network, features, sample_seed=seed ^ 0x4321)
    assert not torch.equal(other.rows["sampled"], run(network, features, sample_seed=seed).rows["sampled"])


def test_seeds_are_changed_of_samples_only():
    network = mixed(np.random.default_rng(4))
    changed = reseeded(network, 0xF00F)
    seeds = [each.sample.seed for each in changed.operations if getattr(each, "sample", None)]
    assert seeds == [77 ^ 0xF00F, 0xF00F]
    assert changed.operations[0] is network.operations[0]


def test_headers():
    adjacency = IntAdjacency(
        indptr=np.array([0, 2, 2, 3]),
        indices=np.array([1, 2, 0]),
        weight=np.array([5, -6, 7], dtype=np.int8),
    )
    made = with_headers(adjacency, np.array([0, 1, 40_000]))
    assert made.indptr.tolist() == [0, 4, 7, 10]
    assert made.indices.tolist() == [2, 0, 1, 2, 0, 0x1E37, 32767, 1, 40_000 * 0x9E37 % 32768, 0]
    assert made.weight.tolist() == [0, 0, 5, -6, 0, 0, 0, 0, 0, 7]
    assert (
        with_headers(IntAdjacency(indptr=adjacency.indptr, indices=adjacency.indices), np.arange(3)).weight
        is None
    )
