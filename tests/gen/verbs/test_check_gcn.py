"""``pyralis check`` of graph networks: tables, exit codes, and what it cannot be asked."""

import json

import numpy as np
import pytest
from intgraphs import binary, gcn
from planetoidfiles import NODES, WIDTH, write

from pyralis.gen.gcn import intfile

MODEL = f"""
import torch
from torch import nn
from torch_geometric.nn import {{kind}}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = {{kind}}({WIDTH}, 8), {{kind}}(8, 3)

    def forward(self, x, edge_index):
        return self.two(self.one(x, edge_index).relu(), edge_index)

def model():
    torch.manual_seed(1)
    return Net()
"""


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(1)
    intfile.save(gcn(rng), tmp_path / "net.npz")
    np.save(tmp_path / "x.npy", binary(rng, 20, 24))
    return tmp_path


@pytest.fixture
def model(tmp_path):
    def make(kind="GCNConv"):
        path = tmp_path / "model.py"
        path.write_text(MODEL.format(kind=kind))
        return path

    write(tmp_path, "cora")
    return make


def test_a_network_file(command, files):
    code, out, err = command("check", files / "net.npz", "--features", files / "x.npy")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert [line[0] for line in lines if line[-1:] == ["ok"]] == [
        *("xw1", "h1", "xw2", "h2", "nodes", "Aggregation", "row", "features", "edges", "weights"),
        *("biases", "biases", "scales", "scales", "program"),
    ]
    assert out.endswith("It fits tiny; its graph, weights and scales stay on chip from run to run.\n")
    assert command("check", files / "net.npz")[1].endswith(
        "It fits tiny, if its features do: --features FILE.npy.\n"
    )


def test_a_core_that_is_too_small(command, files):
    (files / "core.toml").write_text("weight_rows = 16\n")
    words = ("check", files / "net.npz", "--config", files / "core.toml")
    code, out, _ = command(*words)
    assert code == 1
    assert (
        "it needs 24 rows of the Weight Buffer, and this core has 16\n  where: operation 'xw1'\n"
        "  next:  choose a larger preset\n\nIt cannot run on core as it is: see above.\n"
    ) in out
    code, out, _ = command(*words, "--json")
    result = json.loads(out)
    assert (code, result["ok"], result["core"], result["nodes"]) == (1, False, "core", 20)
    assert [fault["where"] for fault in result["faults"]] == ["operation 'xw1'"]


def test_a_model_for_planetoid_files(command, model, tmp_path):
    code, out, _ = command("check", model(), "--data", tmp_path, "--preset", "small", "--json")
    result = json.loads(out)
    assert code == 0 and result["ok"] and result["nodes"] == NODES
    assert [(row["name"], row["order"]) for row in result["operations"]] == [
        ("one.xw", "A(XW)"),
        ("one", "A(XW)"),
        ("two.xw", "A(XW)"),
        ("two", "A(XW)"),
    ]
    code, out, _ = command(
        "check", model(), "--data", tmp_path, "--preset", "small", "--order", "(AX)W", "--json"
    )
    assert {row["order"] for row in json.loads(out)["operations"]} == {"(AX)W"}


def test_a_model_without_a_twin(command, model, tmp_path):
    code, out, _ = command("check", model("GraphConv"), "--data", tmp_path)
    assert code == 1
    assert "GraphConv is not supported\n  where: layer 'one' (GraphConv)\n" in out
    assert out.endswith("It cannot run on tiny as it is: see above.\n")


def refused(command, *words) -> list[str]:
    code, out, err = command("check", *words)
    assert (code, out) == (1, "")
    return err.splitlines()[-3:]


def test_what_is_refused(command, files, model, tmp_path):
    net, path = files / "net.npz", model()
    assert refused(command, net, "--data", tmp_path) == [
        f"pyralis: --data {tmp_path} is the graph of a model, and {net} holds its graph.",
        "  where: arguments",
        "  next:  leave --data away",
    ]
    assert refused(command, path, "--features", "x.npy") == [
        f"pyralis: --features x.npy are those of a network file, and {path} has its own.",
        "  where: arguments",
        "  next:  leave --features away",
    ]
    for given in (net, path):
        assert refused(command, given, "--sampling", "once") == [
            "pyralis: --sampling is for samples, and this network takes none.",
            "  where: arguments",
            "  next:  leave --sampling away",
        ]
    assert refused(command, tmp_path) == [
        f"pyralis: {tmp_path} is a folder, and no network.",
        f"  where: {tmp_path}",
        f"  next:  pyralis export {tmp_path} -o net.npz, then check net.npz",
    ]
