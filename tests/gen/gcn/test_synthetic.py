"""Synthetic graphs: every figure of a profile is met, on a simple symmetric graph, from a seed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.features import is_binary, non_zeros
from pyralis.gen.gcn.planetoid import read_planetoid
from pyralis.gen.gcn.synthetic import (
    HUBS,
    PROFILES,
    Profile,
    degree_sequence,
    random_graph_of_degrees,
    synthetic,
)

CORA = Path(__file__).resolve().parents[4] / "shared" / "data" / "cora"

SMALL = Profile(
    nodes=300,
    edges=1200,
    max_degree=40,
    features=90,
    non_zeros=1900,
    max_non_zeros=21,
    classes=4,
    hub_share=0.5,
    isolated=9,
    empty=5,
    one_hot=30,
)


def meets(graph, profile: Profile) -> None:
    """Asserts that *graph* has every figure of *profile*."""
    graph.validate()
    assert (graph.nodes, graph.edges, graph.feature_width) == (profile.nodes, profile.edges, profile.features)
    assert graph.in_degrees.max() == profile.max_degree
    assert np.array_equal(graph.in_degrees, graph.out_degrees)
    assert graph.isolated.sum() == profile.isolated
    assert graph.repeated_edges == 0
    assert not graph.is_self_loop.any()
    assert (graph.adjacency() != graph.adjacency().T).nnz == 0
    hubs = np.sort(graph.with_self_loops().out_degrees)[-HUBS:].sum()
    assert abs(hubs / (graph.edges + graph.nodes) - profile.hub_share) < 0.002
    counts = non_zeros(graph.features)
    assert (counts.sum(), counts.max()) == (profile.non_zeros, profile.max_non_zeros)
    assert np.count_nonzero(counts == 0) == profile.empty
    single = graph.features[:, profile.features - profile.one_hot :]
    assert np.array_equal(np.asarray(single.sum(axis=0)), np.ones(profile.one_hot))
    assert is_binary(graph.features) == profile.binary
    assert graph.features.data.min() > 0
    assert graph.labels is None


@pytest.mark.parametrize("name", ["cora", "citeseer", "pubmed"])
def test_graphs_have_the_figures_of_their_profiles(name):
    graph = synthetic(name)
    meets(graph, PROFILES[name])
    assert graph.name == f"{name}-like"


@pytest.mark.slow
def test_nell_has_the_figures_of_its_profile():
    meets(synthetic("nell"), PROFILES["nell"])


def test_nell_has_its_degrees():
    degrees = degree_sequence(PROFILES["nell"])
    assert (degrees.sum(), degrees.max(), degrees.min(), degrees.size) == (251550, 4549, 1, 65755)


@pytest.mark.parametrize("seed", range(4))
def test_profiles_of_ones_own(seed):
    for profile in (SMALL, replace(SMALL, binary=False, empty=0, one_hot=0)):
        meets(synthetic(profile, seed), profile)


def test_the_seed_decides_alone():
    one, same, other = (synthetic(SMALL, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.edge_index, same.edge_index)
    assert np.array_equal(one.features.indices, same.features.indices)
    assert not np.array_equal(one.in_degrees, other.in_degrees)
    assert not np.array_equal(one.features.indices, other.features.indices)


@pytest.mark.skipif(not CORA.is_dir(), reason="needs the planetoid files of Cora in ../shared/data/cora")
def test_profile_of_cora_is_cora():
    graph, like = read_planetoid(CORA, "cora"), synthetic("cora")
    profile = PROFILES["cora"]
    meets(replace(graph, labels=None), profile)
    assert graph.classes == profile.classes
    # what is not fitted is near: how many nodes have few edges, and how unequal the words are
    for degree in (3, 5, 10, 20):
        share, fitted = ((g.in_degrees <= degree).mean() for g in (graph, like))
        assert abs(share - fitted) < 0.1
    words, fitted = (np.sort(np.bincount(g.features.indices, minlength=1433))[::-1] for g in (graph, like))
    for rank in (1, 30, 100, 300):
        assert 0.7 < fitted[rank - 1] / words[rank - 1] < 1.4


@pytest.mark.parametrize("degrees", [[1, 1], [2, 2, 2], [3, 3, 3, 3], [4, 1, 1, 1, 1], [5, 3, 3, 3, 3, 3, 0]])
def test_degrees_with_hardly_any_graph(degrees):
    edges = random_graph_of_degrees(np.array(degrees), np.random.default_rng(0))
    assert np.bincount(edges[0], minlength=len(degrees)).tolist() == degrees
    assert len({tuple(pair) for pair in edges.T.tolist()}) == sum(degrees)
    assert (edges[0] != edges[1]).all()


@pytest.mark.parametrize("degrees", [[1], [3, 1], [1, 1, 1]])
def test_degrees_without_a_graph_are_refused(degrees):
    with pytest.raises(UserError) as error:
        random_graph_of_degrees(np.array(degrees), np.random.default_rng(0))
    assert (
        error.value.what
        == f"no simple graph was found for {len(degrees)} degrees with the sum {sum(degrees)}"
    )


def test_profiles_that_cannot_be_are_refused():
    with pytest.raises(UserError) as error:
        synthetic("reddit")
    assert error.value.what == "There is no synthetic graph 'reddit'."
    assert error.value.hint == "choose one of cora, citeseer, pubmed, nell"
    with pytest.raises(UserError) as error:
        synthetic(replace(SMALL, non_zeros=9000))
    assert error.value.what == "8970 non-zeros do not fit into 265 rows of 1 to 21"
