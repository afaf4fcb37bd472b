"""Models named by file, by module, with and without an object."""

import numpy as np
import pytest
from intgraphs import gcn

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import intfile
from pyralis.gen.model import core_of, is_network_file, load_model, load_module

GOOD = """
import torch
from torch import nn
INPUT_SHAPE = (1, 4, 4)
TIME_STEPS = 3
OUTPUT = "potentials"
def build():
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
class Other:
    pass
thing = 5
def broken():
    raise RuntimeError("no data")
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mymodel.py"
    path.write_text(GOOD)
    return path


def refused(text, **given) -> UserError:
    with pytest.raises(UserError) as error:
        load_model(str(text), **given)
    return error.value


def test_a_file_gives_the_model_and_its_facts(file):
    source = load_model(str(file))
    assert len(source.module) == 2
    assert not source.module.training
    assert (source.input_shape, source.time_steps) == ((1, 4, 4), 3)
    assert (source.coding, source.output, source.input_scale) == ("direct", "potentials", None)


def test_what_the_user_says_wins(file):
    source = load_model(f"{file}:build", time_steps=7, coding="events", input_shape=None)
    assert (source.time_steps, source.coding, source.input_shape) == (7, "events", (1, 4, 4))


def test_a_module_by_name():
    source = load_model("pyralis.gen.demo.digits:build")
    assert source.input_shape == (1, 8, 8)
    assert source.input_scale == 1 / 120


def test_a_module_beside_the_current_folder(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    assert load_model("mymodel:build").time_steps == 3


def test_a_file_may_import_its_neighbours(file, tmp_path):
    (tmp_path / "neighbour_of_model.py").write_text("from torch import nn\nlayer = nn.Linear(1, 1)\n")
    file.write_text("INPUT_SHAPE = (1,)\nTIME_STEPS = 1\nfrom neighbour_of_model import layer as model\n")
    assert load_model(str(file)).module.in_features == 1


def test_names_that_lead_nowhere(file, tmp_path):
    assert refused(f"{file}:bild").what == f"{file} has no 'bild'."
    assert refused(tmp_path / "no.py").what == f"There is no file {tmp_path / 'no.py'}."
    assert refused("no_such_module_at_all").what == (
        "There is no model 'no_such_module_at_all': no such file, and no such Python module."
    )
    assert refused("not a name").hint == "give net.npz, FILE.py[:NAME] or package.module:NAME"
    file.write_text("x = 1\n")
    assert refused(file).what == f"{file} has none of model, net, network, build."
    other = tmp_path / "net.onnx"
    other.touch()
    assert refused(other).what == f"{other} is neither a network file (.npz) nor Python (.py)."


def test_things_that_are_no_module(file):
    assert refused(f"{file}:thing").what == f"{file}:thing gives int, not a torch.nn.Module."
    assert refused(f"{file}:Other").what == f"{file}:Other gives Other, not a torch.nn.Module."


def test_errors_of_the_users_own_code_name_its_line(file):
    error = refused(f"{file}:broken")
    assert error.what == f"{file}:broken failed with RuntimeError: no data"
    assert error.where == f"{file}:13"
    file.write_text("\n\n1 / 0\n")
    error = refused(file)
    assert error.what == f"{file} failed with ZeroDivisionError: division by zero"
    assert error.where == f"{file}:3"


def test_missing_facts(file):
    file.write_text("from torch import nn\nmodel = nn.Linear(2, 2)\n")
    error = refused(file)
    assert error.what == f"input_shape is not known: {file} does not define INPUT_SHAPE."
    assert error.hint == "give it, for example --input-shape 1,28,28"
    assert refused(file, input_shape=(2,)).what.startswith("time_steps is not known")


def test_network_files_are_told_from_python():
    assert is_network_file("a/net.npz")
    assert not is_network_file("net.py:model")


def test_files_know_their_core(tmp_path, network_file, monkeypatch):
    graph, plain, model = tmp_path / "graph.npz", tmp_path / "plain.npz", tmp_path / "model.py"
    intfile.save(gcn(np.random.default_rng(1)), graph)
    np.savez(plain, features=np.zeros(3))
    model.write_text("from torch_geometric.nn import GCNConv\n")
    (tmp_path / "spikes.py").write_text("import snntorch\n")
    (tmp_path / "ind.cora.graph").touch()
    (tmp_path / "cut.npz").write_bytes(graph.read_bytes()[:200])
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    for words, core in (
        (["graph.npz"], "gcn"),
        (["--preset", "small", "graph.npz", "--features", "x.npy"], "gcn"),
        ([str(network_file)], "snn"),
        (["model.py:Net"], "gcn"),
        (["model"], "gcn"),
        (["spikes.py", "-o", "graph.npz"], "snn"),
        (["pyralis.gen.demo.digits:build"], "snn"),
        ([str(tmp_path)], "gcn"),
        (["folder"], None),
        (["unknown", "--data", "folder"], "gcn"),
        (["unknown", "--calibration", "graph.npz"], None),
        (["plain.npz"], None),
        (["cut.npz"], None),
        (["gone.npz", "gone.py", "not.a.module", "nothing at all"], None),
        ([], None),
    ):
        assert core_of(words) == core, words


def test_a_module_without_facts(file):
    file.write_text("from torch import nn\nmodel = nn.Linear(2, 3)\nGRAPH = 7\n")
    module, source = load_module(str(file))
    assert (module.out_features, source.GRAPH, module.training) == (3, 7, False)
