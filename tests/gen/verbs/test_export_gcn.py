"""``pyralis export`` of graph networks: network and features in files, or a sentence."""

import json

import numpy as np
import pytest
import torch
from planetoidfiles import NODES, WIDTH, write

from pyralis.gen.demo import graphtraining
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.dataset import planetoid
from pyralis.sim.golden.gcn import network as golden_model

MODEL = f"""
import torch
from torch import nn
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = GCNConv({WIDTH}, 8), GCNConv(8, 3)

    def forward(self, x, edge_index):
        return self.two(self.one(x, edge_index).relu(), edge_index)

def model():
    torch.manual_seed(1)
    return Net()

def own_graph():
    torch.manual_seed(2)
    x = (torch.rand(40, {WIDTH}) < 0.3).float()
    return Data(x=x, edge_index=torch.randint(0, 40, (2, 200)))
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL + "graph = own_graph\n")
    return path


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "planetoid"
    folder.mkdir()
    write(folder, "cora")
    return folder


def refused(command, *words) -> tuple[str, str, str]:
    code, out, err = command("export", *words)
    assert (code, out) == (1, "")
    what, where, hint = err.splitlines()[-3:]
    return what.removeprefix("pyralis: "), where.removeprefix("  where: "), hint.removeprefix("  next:  ")


def test_a_model_with_its_graph(command, model, tmp_path):
    path = tmp_path / "out" / "net"
    code, out, err = command("export", model, "-o", path)
    assert (code, err) == (0, "")
    features = np.load(tmp_path / "out" / "net.features.npy")
    network = intfile.load(tmp_path / "out" / "net.npz")
    assert out.endswith(f"Written: {path}.npz\nFeatures: {tmp_path / 'out' / 'net.features.npy'}\n")
    assert "40 nodes, 200 edges; " in out and "Accuracy" not in out
    assert [each.name for each in network.operations] == ["one.xw", "one", "two.xw", "two"]
    assert features.shape == (40, WIDTH) and features.dtype == np.int8
    assert golden_model.run(network, features).scores.shape == (40, 3)
    assert {file.name for file in path.parent.iterdir()} == {"net.npz", "net.features.npy"}


def test_a_model_for_planetoid_files(command, model, data, tmp_path):
    words = ("export", model, "--data", data, "-o", tmp_path / "net.npz", "--json")
    code, out, _ = command(*words, "--features", tmp_path / "x.npy", "--order", "(AX)W", "--contract", "A")
    report = json.loads(out)
    assert code == 0 and report["features"] == str(tmp_path / "x.npy")
    assert (report["graph"]["name"], report["graph"]["nodes"]) == ("cora", NODES)
    assert (report["contract"], report["orders"]) == ("A", ["(AX)W", "(AX)W"])
    assert 0 <= report["accuracy_int"] <= 1
    assert intfile.load(tmp_path / "net.npz").nodes == NODES == len(np.load(tmp_path / "x.npy"))


def test_a_folder_is_trained_on_as_in_the_demo(command, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("export", data, "-o", "net.npz", "--seed", 3, "--epochs", 2)
    code, out, err = command(*words)
    assert (code, err) == (0, "") and "train with PyTorch Geometric" in out
    first = (tmp_path / "net.npz").read_bytes()
    (kept,) = (tmp_path / "build/demo/gcn-cora").glob("trained-*.pt")
    code, out, _ = command(*words)
    assert code == 0 and "load the trained network" in out
    assert (tmp_path / "net.npz").read_bytes() == first
    assert command("export", data, "-o", "again.npz", "--weights", kept)[0] == 0
    assert (tmp_path / "again.npz").read_bytes() == first


def test_weights_of_another_width(command, data, tmp_path):
    torch.save(graphtraining.build(planetoid(data), hidden=5).state_dict(), tmp_path / "five.pt")
    code, _, _ = command("export", data, "-o", tmp_path / "net.npz", "--weights", tmp_path / "five.pt")
    assert code == 0 and intfile.load(tmp_path / "net.npz").widths()["conv1"] == 5


def test_what_is_refused(command, model, data, tmp_path):
    out = ("-o", tmp_path / "net.npz")
    assert refused(command, model, *out, "--seed", "1") == (
        f"--seed says how a network is trained here, and {model} builds a trained one.",
        "arguments",
        "leave --seed away, or give a folder of planetoid files",
    )
    assert refused(command, data, *out, "--data", data) == (
        f"{data} and --data {data} are both folders of planetoid files.",
        "arguments",
        "give one of them",
    )
    assert refused(command, data, *out, "--weights", "x.pt", "--epochs", "3")[0] == (
        "--weights are those of a trained network, and --seed and --epochs are for training one."
    )
    gone = tmp_path / "gone.pt"
    assert refused(command, data, *out, "--weights", gone) == (
        f"There is no file {gone} with the weights.",
        str(gone),
        "check the path",
    )
    gone.write_bytes(b"nothing")
    what, where, hint = refused(command, data, *out, "--weights", gone)
    assert what.startswith(f"{gone} holds no weights of the demo's network for 'cora': ")
    assert (where, hint) == (
        str(gone),
        "torch.save(module.state_dict(), path) writes them; conv1 and conv2 are GCNConv",
    )
    assert refused(command, data, *out, "--dataset", "coral") == (
        f"There is no data set 'coral' in {data}; there is cora.",
        "--dataset",
        "did you mean 'cora'?",
    )
    assert not (tmp_path / "net.npz").exists()


def test_features_of_levels(command, model, tmp_path):
    """A network and features that belong together: a column for each level of a feature."""
    path, rows = tmp_path / "net.npz", tmp_path / "features.npy"
    words = f"(torch.rand(40, {WIDTH}) < 0.3).float()"
    assert words in model.read_text()
    reals = f"torch.rand(40, {WIDTH}).sub(0.7).clamp(0)"
    model.write_text(model.read_text().replace(words, reals))
    code, _, _ = command("export", model, "-o", path, "--features", rows, "--levels", 4)
    assert code == 0
    network, features = intfile.load(path), np.load(rows)
    assert (network.input.values, network.input.features) == ("binary", 4 * WIDTH)
    assert features.shape == (40, 4 * WIDTH)
    assert (features.reshape(40, 4, WIDTH).sum(axis=1) <= 1).all(), "one level of each feature"
    assert golden_model.run(network, features).scores.shape == (40, 3)
    code, out, _ = command("check", model, "--preset", "tiny", "--levels", 4)
    assert code == 0, out
    assert f"{4 * WIDTH} -> 8" in out
