"""``pyralis simulate`` and ``estimate`` of graph networks: the RTL, bounds below it, and what is refused."""

import json

import numpy as np
import pytest
from densegraphs import dense, gin, near
from intgraphs import binary, gcn, sampling

from pyralis.gen.demo import graphrun
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.intnetwork import IntSample
from pyralis.sim.golden.gcn import network as golden_model

COUNTS = {"drain_cycles": 8}
"""Of a simulation that was not run."""


@pytest.fixture
def files(tmp_path):
    """A network of two layers for a graph of 20 nodes, and its features."""
    rng = np.random.default_rng(1)
    intfile.save(gcn(rng), tmp_path / "graph.npz")
    np.save(tmp_path / "x.npy", binary(rng, 20, 24))
    return tmp_path


def test_the_rtl_equals_the_golden_model(command, files):
    net, features, results = files / "graph.npz", files / "x.npy", files / "out" / "results.npz"
    code, out, err = command("simulate", net, features, "-o", results, "--stall-percent", "20", "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["ok"] and result["core"] == "tiny" and result["results"] == str(results)
    golden = golden_model.run(intfile.load(net), np.load(features)).scores.numpy()
    written = np.load(results)
    assert (written["scores"] == golden).all() and (written["classes"] == golden.argmax(axis=1)).all()
    # what the estimate calls a lower bound is one
    code, out, _ = command("estimate", net, "--features", features, "--json")
    bounds = json.loads(out)
    assert code == 0 and bounds["core"] == "tiny"
    for phase, measured in zip(bounds["phases"], result["phases"], strict=True):
        assert phase["name"] == measured["name"]
        assert phase["cycles"] <= measured["later"]["cycles"]
        for run in ("first", "later"):
            assert phase[f"bytes_{run}"] == measured[run]["bytes"]
    for run in ("first", "later"):
        assert bounds["compute_cycles"] < bounds[f"cycles_{run}"] + 1 <= result[f"cycles_{run}"]


@pytest.fixture
def fake(monkeypatch, files):
    """A simulation that was not run: one logit is wrong."""
    from pyralis.sim.gcn.run import Phase, SimulationResult

    def simulate(compiled, inputs, *, memory, waves, sample_seed):
        scores = golden_model.run(intfile.load(files / "graph.npz"), inputs[0]).scores.numpy().copy()
        scores[3, 1] += 1
        counts = dict.fromkeys(("cycles", "entries", "products"), 50 * len(inputs)) | COUNTS
        return SimulationResult(
            results=np.stack([scores] * len(inputs)),
            cycles=900 * len(inputs),
            phases=tuple(
                Phase(index=d["index"], opcode=d["opcode"].name, cycles=100 * len(inputs))
                for d in compiled.descriptors
            ),
            totals=counts,
            saturated=any(golden_model.run(intfile.load(files / "graph.npz"), inputs[0]).saturated.values()),
            error="NONE",
            error_index=0,
            seconds=1.0,
            folder=files,
            registers={"waves": waves},
        )

    monkeypatch.setattr(graphrun.simulator, "simulate", simulate)


def test_rows_that_are_left_out_are_counted(command, files, fake, monkeypatch):
    monkeypatch.chdir(files)
    _, out, _ = command("simulate", "graph.npz", "x.npy")
    assert "windows" not in out
    monkeypatch.setitem(COUNTS, "rows_seen", 4000)
    monkeypatch.setitem(COUNTS, "rows_loaded", 1234)
    _, out, _ = command("simulate", "graph.npz", "x.npy")
    assert "1,234 of 4,000 rows were in windows, all slices and intervals (30.9%)." in out


@pytest.fixture
def eliminating(tmp_path):
    """A network that gathers a dense input, its features, and a core with an eliminator."""
    rng = np.random.default_rng(2)
    intfile.save(gin(rng, 60, 5, 8, near(rng, 60, 4)), tmp_path / "gin.npz")
    np.save(tmp_path / "dense.npy", dense(rng, 60, 5))
    (tmp_path / "core.toml").write_text("occupancy_words = 16\n")
    return tmp_path


def test_how_rows_are_left_out_is_an_option(command, eliminating):
    given = ("estimate", eliminating / "gin.npz", "--features", eliminating / "dense.npy")
    core = ("--config", eliminating / "core.toml")
    moved = {}
    for options in ((), ("--elimination", "rows"), ("--elimination", "window", "--interval-rows", "20")):
        code, out, err = command(*given, *core, *options, "--json")
        assert code == 0, err
        moved[options[1:2]] = json.loads(out)["traffic"]["first"]
    assert moved[()]["features"] == 60 * 8
    assert moved[()]["edges"] < moved["rows",]["edges"] < moved["window",]["edges"]
    code, _, err = command(*given, *core, "--elimination", "window", "--window-height", "65536")
    assert code == 1 and "windows have at most 65535 rows, not 65536" in err
    code, _, err = command(*given, "--elimination", "rows")
    assert code == 1 and "this core has no Sparsity Eliminator" in err


@pytest.fixture
def taking_samples(tmp_path):
    """A network that samples, its features, and a core with a Sampler."""
    rng = np.random.default_rng(3)
    intfile.save(sampling(rng, IntSample(count=4, seed=1)), tmp_path / "net.npz")
    np.save(tmp_path / "x.npy", rng.integers(-128, 128, (60, 8), dtype=np.int8))
    (tmp_path / "core.toml").write_text("sampler = true\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--config", "core.toml"), ("--sampling", "once")])
def test_samples_of_another_seed(command, taking_samples, monkeypatch, options):
    """Of a core with a Sampler, and drawn once for the smallest one without."""
    monkeypatch.chdir(taking_samples)
    code, out, err = command("simulate", "net.npz", "x.npy", *options, "--sample-seed", 77, "-o", "out.npz")
    assert code == 0, err
    assert "Bit exact: all 480 logits (60 nodes, 8 each)" in out
    network, features = intfile.load("net.npz"), np.load("x.npy")
    scores = np.load("out.npz")["scores"]
    assert (scores == golden_model.run(network, features, sample_seed=77).scores.numpy()).all()
    assert (scores != golden_model.run(network, features).scores.numpy()).any()


def test_samples_that_a_core_without_a_sampler_needs(command, taking_samples, monkeypatch):
    monkeypatch.chdir(taking_samples)
    for verb in ("estimate", "check"):
        code, out, err = command(verb, "net.npz", "--features", "x.npy")
        assert code == 1 and "this core has no Sampler" in out + err
        assert "or draw them once: --sampling once, or pyralis.gen.gcn.sampling.sampled(network)" in out + err
        code, _, err = command(verb, "net.npz", "--features", "x.npy", "--sampling", "once")
        assert code == 0, err
    code, _, err = command("estimate", "net.npz", "--config", "core.toml", "--sample-seed", 5)
    assert code == 1 and "--sample-seed 5 is for a run in which the core draws samples" in err


def test_sizes_of_intervals_that_there_are_none_of(command, eliminating):
    assert refused(
        *(command, "estimate", eliminating / "gin.npz", "--features", eliminating / "dense.npy"),
        *("--config", eliminating / "core.toml", "--interval-rows", "20"),
    ) == [
        "pyralis: intervals of 20 rows are asked for, and the input fits into the row store, without any",
        "  where: input",
        "  next:  add --elimination rows or window, or leave --interval-rows away",
    ]


def test_a_difference_makes_the_exit_code_1(command, files, fake, monkeypatch):
    monkeypatch.chdir(files)
    code, out, _ = command("simulate", "graph.npz", "x.npy")
    assert code == 1
    assert "NOT bit exact: 1 of 60 logits differ in run 1, first of node 3, class 1: " in out
    assert "900 cycles in the first run on tiny, 908 in a later one, 900 from one run to the next." in out
    assert out.endswith("Results: build/simulate/graph/results.npz\n")
    assert (files / "build/simulate/graph/results.npz").is_file()
    assert [line.split()[0] for line in out.splitlines() if "ation " in line] == ["xw1", "h1", "xw2", "h2"]


def test_tables_of_an_estimate(command, files):
    code, out, _ = command(
        "estimate", files / "graph.npz", "--features", files / "x.npy", "--preset", "small"
    )
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert [line[:2] for line in lines[2:6]] == [
        ["xw1", "combination"],
        ["h1", "aggregation,"],
        ["xw2", "combination"],
        ["h2", "aggregation"],
    ]
    assert [line[0] for line in lines if len(line) == 4 and line[1][:1].isdigit()] == [
        *("edges", "features", "weights", "scales", "biases", "outputs", "all")
    ]
    assert " cycles in a first run on small, " in out
    assert out.endswith("These are lower bounds from counts; pyralis simulate measures.\n")


def refused(command, *words) -> list[str]:
    code, out, err = command(*words)
    assert (code, out) == (1, "")
    return err.splitlines()[-3:]


def test_what_is_refused(command, files, network_file):
    net, wrong = files / "graph.npz", files / "wrong.npy"
    np.save(wrong, np.zeros((20, 23), np.uint8))
    assert refused(command, "simulate", net, wrong) == [
        "pyralis: features must be of shape (20, 24), not (20, 23)",
        "  where: input array",
        "  next:  pyralis simulate gcn --help",
    ]
    assert refused(command, "estimate", net) == [
        "pyralis: the core reads this network's input as lists of its elements, and no features are given",
        "  where: input",
        "  next:  give the features of the graph, --features FILE.npy: they say how long the lists are",
    ]
    what = (
        "'pyralis integer network' version 1 cannot be read, only 'pyralis integer graph network' version 1"
    )
    assert refused(command, "estimate", "gcn", network_file)[0] == f"pyralis: {what}"
    assert refused(command, "simulate", net)[0] == (
        "pyralis: The following arguments are required: FEATURES.npy"
    )
