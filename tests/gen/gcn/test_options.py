"""Arguments of the verbs that compile graph networks."""

import argparse

import numpy as np
import pytest
from intgraphs import gcn, sampling

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Settings
from pyralis.gen.gcn.intnetwork import IntSample
from pyralis.gen.gcn.options import (
    add_elimination,
    add_samples,
    drawn_of,
    no_network,
    samples_of,
    settings_of,
)
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.sim.golden.gcn import network as golden_model

RNG = np.random.default_rng(5)
SAMPLED, PLAIN = sampling(RNG, IntSample(count=4, seed=9)), gcn(RNG)
PREDEFINED = sampling(RNG, IntSample(count=4, kind="predefined", step=2))


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_elimination(parser)
    add_samples(parser)
    return parser.parse_args(arguments)


def settings(*arguments: str) -> Settings:
    return settings_of(parsed(*arguments))


def refused(call, *arguments) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        call(*arguments)
    return caught.value.what, caught.value.where, caught.value.hint


def test_what_is_not_given_is_the_compilers():
    assert settings() == Settings()
    windows = settings().windows
    assert windows is not None and not windows.always and windows.mode is Elimination.ROWS


def test_what_is_given():
    found = settings("--elimination", "window", "--window-height", "65535", "--interval-rows", "128").windows
    assert found is not None and found.always
    assert (found.mode, found.height, found.rows) == (Elimination.WINDOW, 65535, 128)
    assert settings("--elimination", "none", "--interval-rows", "0").windows is None


def test_a_window_that_is_too_high_is_refused():
    assert refused(settings, "--window-height", "65536") == (
        "windows have at most 65535 rows, not 65536",
        "--window-height",
        "give 1 to 65535",
    )


@pytest.mark.parametrize("mode", [(), ("--elimination", "rows"), ("--elimination", "none")])
def test_a_height_of_no_windows_is_refused(mode):
    assert refused(settings, *mode, "--window-height", "8") == (
        "--window-height 8 is of windows, and only --elimination window has some.",
        "arguments",
        "add --elimination window, or leave --window-height away",
    )


def test_rows_of_no_intervals_are_refused():
    assert refused(settings, "--elimination", "none", "--interval-rows", "8") == (
        "--interval-rows 8 is of intervals, and --elimination none has none.",
        "arguments",
        "leave one of them away",
    )


def test_the_core_draws_with_the_seed_that_is_given():
    assert samples_of(parsed(), SAMPLED) == (SAMPLED, 0)
    assert samples_of(parsed("--sampling", "core", "--sample-seed", "65535"), SAMPLED) == (SAMPLED, 65535)
    assert samples_of(parsed(), PLAIN) == (PLAIN, 0)


@pytest.mark.parametrize("seed", [0, 123])
def test_samples_drawn_once_are_those_of_the_seed(seed):
    args = parsed("--sampling", "once", "--sample-seed", str(seed))
    drawn, register = samples_of(args, SAMPLED)
    assert register == 0 and drawn.operations[0].sample is None
    features = RNG.integers(-128, 128, (60, 8), dtype=np.int8)
    want = golden_model.run(SAMPLED, features, sample_seed=seed).scores
    assert (golden_model.run(drawn, features).scores == want).all()
    assert (golden_model.run(drawn_of(args, SAMPLED), features).scores == want).all()


def test_seeds_that_change_nothing_are_refused():
    assert refused(samples_of, parsed("--sample-seed", "65536"), SAMPLED)[0] == (
        "sample_seed must be in 0..65535, not 65536"
    )
    assert refused(samples_of, parsed("--sample-seed", "3"), PLAIN) == (
        "--sample-seed is for samples, and this network takes none.",
        "arguments",
        "leave --sample-seed away",
    )
    assert refused(samples_of, parsed("--sampling", "once"), PLAIN)[0] == (
        "--sampling is for samples, and this network takes none."
    )
    assert refused(samples_of, parsed("--sample-seed", "3"), PREDEFINED) == (
        "--sample-seed 3 is for samples at random, and this network takes predefined ones.",
        "arguments",
        "leave --sample-seed away",
    )
    assert refused(drawn_of, parsed("--sample-seed", "3"), SAMPLED) == (
        "--sample-seed 3 is for a run in which the core draws samples, and there is none here.",
        "arguments",
        "add --sampling once, or leave --sample-seed away",
    )


def test_without_a_network_there_is_nothing_to_say():
    no_network(parsed())
    assert refused(no_network, parsed("--interval-rows", "8")) == (
        "--interval-rows says how a network is compiled, and there is none.",
        "arguments",
        "add --network NET.npz, or leave --interval-rows away",
    )
    assert refused(no_network, parsed("--sampling", "once"))[0].startswith("--sampling says")
