"""``pyralis demo gcn`` in small: a graph of 60 nodes on the tiny core, and what the job says and refuses."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from page import Page

from pyralis.gen.clock import Clock
from pyralis.gen.demo import gcn as job_of
from pyralis.gen.demo.gcn import demo, demo_graph
from pyralis.gen.errors import UserError
from pyralis.gen.gcn.config import SIZES
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.hardgraphs import random_graph
from pyralis.gen.gcn.intnetwork import IntGraphNetwork
from pyralis.gen.progress import Progress

CORA = Path(__file__).resolve().parents[4] / "shared/data/cora"
NODES, CLASSES = 60, 3
SEEDS = range(3, 5)
DEMO = {"epochs": 4, "seeds": SEEDS, "preset_name": "tiny"}


class _Terminal:
    """A stream that keeps what was written."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def graph() -> Graph:
    labels = np.arange(NODES) % CLASSES
    masks = {"train": np.arange(NODES) < 12, "test": np.arange(NODES) >= 12}
    made = random_graph(NODES, 200, seed=1, isolated=2)
    return replace(made, labels=labels, masks=masks, name="small")


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder, terminal = tmp_path_factory.mktemp("demo"), _Terminal()
    result = demo_graph(graph(), folder, clock=Clock(Progress(terminal)), **DEMO)
    return folder, result, terminal.text


def test_every_logit_equals_the_golden_model(job):
    _, result, _ = job
    assert result["bit_exact"]
    assert (result["nodes"], result["logits"], result["differences"]) == (NODES, NODES * CLASSES, 0)
    assert result["error"] == "NONE"
    assert result["accuracy_rtl"] == result["accuracy_int"]
    logits = f"all {NODES * CLASSES} logits ({NODES} nodes, {CLASSES} each)"
    assert result["verdict"] == (
        f"Bit exact: {logits} equal the golden model's, in a first run and in later ones."
    )


def test_result_json_holds_what_is_promised(job):
    folder, result, _ = job
    assert json.loads((folder / "result.json").read_text()) == result
    assert [row["seed"] for row in result["seeds"]] == list(SEEDS)
    for name, mean in result["mean"].items():
        assert mean == pytest.approx(np.mean([row[name] for row in result["seeds"]]))
    assert 0 < result["agreement"] <= 1
    assert 0 < result["cycles_later"] < result["cycles_first"]
    assert result["core"]["name"] == "tiny"
    assert result["graph"]["isolated"] >= 2
    assert sum(result["graph"]["degree_counts"]) == NODES
    assert result["network"]["widths"] == [8, 16, CLASSES]
    sample, made = result["sample"], graph()
    assert {each["node"] for each in sample["neighbours"]} <= set(made.indices)
    assert len(sample["logits"]) == len(sample["float_logits"]) == CLASSES
    assert int(np.argmax(sample["logits"])) == sample["class"]


def test_the_phase_table_is_what_the_core_counted(job):
    _, result, _ = job
    rows = result["phases"]
    assert [(row["name"], row["kind"]) for row in rows] == [
        ("conv1.xw", "combination"),
        ("conv1", "aggregation"),
        ("conv2.xw", "combination"),
        ("conv2", "aggregation"),
    ]
    assert [row["source"] for row in rows] == ["lists", "rows", "chain", "rows"]
    entries = sum(row["work"] for row in rows if row["kind"] == "aggregation")
    products = sum(row["work"] for row in rows if row["kind"] == "combination")
    assert (np.diff(graph().features.indptr) == 0).any(), "rows without an element, which are no products"
    for run in ("first", "later"):
        assert result[f"counters_{run}"]["entries"] == entries
        assert result[f"counters_{run}"]["products"] == products
        for row in rows:
            assert 0 < row[run]["utilisation"] <= 1
            assert row[run]["utilisation"] * row["lanes"] * row[run]["cycles"] == pytest.approx(
                row["operations"]
            )
            assert 0 < row[run]["share"] <= 1
        moved, counted = sum(row[run]["bytes"] for row in rows), result["traffic"][f"counted_{run}"]
        assert moved == sum(counted[client] for client in ("edges", "features", "weights", "write"))
        assert moved == sum(result["traffic"][run].values())


def test_the_folder_holds_everything(job):
    folder, result, _ = job
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    kept = {name for name in files if name.startswith("trained-")}
    assert len(kept) == len(SEEDS)
    rtl = {name for name in files if name.startswith("rtl/")}
    assert files - kept - rtl == {"report.html", "result.json", "network.npz", "input.bin"}
    assert rtl >= {f"rtl/{name}" for name in ("gcn_top.v", "program.bin", "weights.bin", "manifest.json")}
    assert set(result["files"]) == {"network.npz", "input.bin", "gcn_top.v"}
    assert IntGraphNetwork.load(folder / "network.npz").source["data"] == "small"
    assert "module gcn_top(" in (folder / "rtl/gcn_top.v").read_text()


def test_every_step_is_a_line(job):
    _, result, text = job
    names = [step["name"] for step in result["steps"]]
    assert names == [
        *("train with PyTorch Geometric", "quantise", "compile", "train with PyTorch Geometric", "quantise"),
        *("generate the core", "golden model", "simulate the RTL", "compare"),
    ]
    assert [re.split(r"  +", line)[0] for line in text.splitlines()] == names


def test_the_page_is_whole_and_fetches_nothing(job):
    folder, result, _ = job
    text = (folder / "report.html").read_text()
    page = Page(text)
    page.check()
    assert page.seen.count("svg") == 4
    assert result["verdict"] in text.replace("&#39;", "'")
    for row in result["phases"]:
        assert f"<td>{row['name']}</td>" in text


def test_report_makes_the_page_again(job, command, tmp_path):
    folder, _, _ = job
    shutil.copy(folder / "result.json", tmp_path)
    assert command("report", tmp_path) == (0, f"Written: {tmp_path / 'report.html'}\n", "")
    assert (tmp_path / "report.html").read_bytes() == (folder / "report.html").read_bytes()


def test_a_difference_is_said_in_red(job, command, tmp_path):
    folder, _, _ = job
    result = json.loads((folder / "result.json").read_text())
    result |= {"bit_exact": False, "verdict": "NOT bit exact: <b>why</b>"}
    (tmp_path / "result.json").write_text(json.dumps(result))
    assert command("report", tmp_path)[0] == 0
    text = (tmp_path / "report.html").read_text()
    assert 'class="verdict bad"' in text
    assert "NOT bit exact: &lt;b&gt;why&lt;/b&gt;" in text


def test_a_second_run_does_not_train_again(job, tmp_path):
    folder, result, _ = job
    for trained in folder.glob("trained-*.pt"):
        shutil.copy(trained, tmp_path)
    terminal = _Terminal()
    again = demo_graph(graph(), tmp_path, clock=Clock(Progress(terminal)), **DEMO)
    assert terminal.text.count("load the trained network") == len(SEEDS)
    assert "train with PyTorch Geometric" not in terminal.text
    assert again["sample"] == result["sample"]
    assert again["files"] == result["files"]
    assert (again["cycles_first"], again["cycles_later"]) == (result["cycles_first"], result["cycles_later"])


def test_a_damaged_network_is_trained_again(job, tmp_path):
    for trained in job[0].glob("trained-*.pt"):
        (tmp_path / trained.name).write_bytes(trained.read_bytes()[:100])
    found = job_of.trained(graph(), tmp_path, SEEDS[0], DEMO["epochs"], Clock(Progress()))
    assert found.quantized.report.agreement == job[1]["seeds"][0]["agreement"]


@pytest.mark.parametrize("exact", [True, False])
def test_exit_code_and_table(job, command, monkeypatch, exact):
    seen = {}

    def fake(folder, *, progress, **options):
        seen.update(folder=folder, **options)
        return {**job[1], "bit_exact": exact}

    monkeypatch.setattr("pyralis.gen.demo.gcn.demo", fake)
    code, out, _ = command(*(
        "demo",
        "gcn",
        "--data",
        "there",
        "--seed",
        "7",
        "--preset",
        "small",
        "--logits",
        "int8",
    ))
    assert code == (not exact)
    assert seen == {
        "folder": "build/demo/gcn-cora",
        "data": "there",
        "dataset": None,
        "preset_name": "small",
        "seed": 7,
        "seeds": None,
        "epochs": 200,
        "logits": "int8",
    }
    assert re.search(r"^conv1\.xw +combination +", out, re.MULTILINE)
    assert "Mean of 2 seeds: float " in out
    assert f"Cycles on tiny: {job[1]['cycles_first']:,} in the first run, " in out
    assert "Open build/demo/gcn-cora/report.html" in out
    code, out, _ = command("demo", "gcn", "--json")
    assert (code, json.loads(out)["ok"]) == (not exact, exact)
    assert seen["folder"] == "build/demo/gcn"


def refusal(call) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        call()
    return caught.value.what, caught.value.where, caught.value.hint


def test_what_the_demo_refuses(command, tmp_path):
    code, _, err = command("demo", "gcn", "--data", tmp_path / "gone", "-o", tmp_path / "out")
    assert (code, err.splitlines()[-3:]) == (
        1,
        [
            f"pyralis: There is no folder {tmp_path / 'gone'}.",
            "  where: planetoid files",
            "  next:  check the path",
        ],
    )
    assert refusal(lambda: demo(tmp_path, dataset="cora")) == (
        "--dataset cora is the name of planetoid files, and there is no folder to look in.",
        "arguments",
        "give the folder: --data DIR",
    )
    assert refusal(lambda: demo(tmp_path, preset_name="smaal")) == (
        f"There is no preset 'smaal'; there are {', '.join(SIZES)}.",
        "preset",
        "did you mean 'small'?",
    )
    (tmp_path / "file").touch()
    code, _, err = command("demo", "gcn", "-o", tmp_path / "file" / "x")
    assert code == 1
    assert "cannot be written: Not a directory." in err


def test_a_core_that_is_too_small(tmp_path):
    """The digits take 16 slices of 1,798 rows, and beside them four slices of what is made of them."""
    what = "its rows and those that are needed beside them take 35960 words of the row store, and this core "
    assert refusal(lambda: demo(tmp_path, preset_name="tiny", epochs=1)) == (
        f"{what}has 16384",
        "operation 'conv1.xw'",
        "choose a larger preset",
    )
    assert not (tmp_path / "result.json").exists()


@pytest.mark.slow
def test_the_whole_job(tmp_path):
    result = demo(tmp_path)
    assert result["bit_exact"]
    assert (result["nodes"], result["logits"], result["core"]["name"]) == (1797, 17970, "small")
    assert result["accuracy_rtl"] == result["accuracy_int"] > 0.91
    assert abs(result["accuracy_int"] - result["accuracy_float"]) <= 0.003
    assert result["agreement"] >= 0.99
    assert len(result["sample"]["pictures"]) == 1 + len(result["sample"]["neighbours"])


@pytest.mark.slow
@pytest.mark.skipif(not CORA.is_dir(), reason="needs the planetoid files of Cora in ../shared/data/cora")
def test_cora(tmp_path):
    result = demo(tmp_path, data=CORA)
    assert result["bit_exact"]
    assert (result["nodes"], result["logits"], result["core"]["name"]) == (2708, 18956, "small")
    mean = result["mean"]
    assert len(result["seeds"]) == 5
    assert mean["accuracy_float"] > 0.80
    assert abs(mean["accuracy_int"] - mean["accuracy_float"]) <= 0.003
    assert mean["agreement"] >= 0.99
