"""Planetoid files: the same graph as PyTorch Geometric reads, Cora's counts, and files that are damaged."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from planetoidfiles import CLASSES, KNOWN, NODES, TRAIN, WIDTH, write
from scipy.sparse import csr_matrix
from torch_geometric.io.planetoid import read_planetoid_data

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.features import is_binary, non_zeros
from pyralis.gen.gcn.planetoid import PARTS, read_planetoid

CORA = Path(__file__).resolve().parents[4] / "shared" / "data" / "cora"


@pytest.fixture
def files(tmp_path):
    write(tmp_path, "small")
    return tmp_path


@pytest.mark.filterwarnings("ignore:Sparse")  # torch's own, in PyTorch Geometric's reader
@pytest.mark.parametrize(("name", "missing"), [("cora", 0), ("citeseer", 7), ("nell.0.001", 25)])
def test_graph_is_the_one_that_pytorch_geometric_reads(tmp_path, name, missing):
    write(tmp_path, name, missing=missing)
    graph, expected = read_planetoid(tmp_path, name), read_planetoid_data(str(tmp_path), name)
    dense = expected.x.to_dense().numpy()
    assert graph.features.shape == (NODES, WIDTH + (missing if name.startswith("nell") else 0))
    assert np.array_equal(graph.features.toarray(), dense)
    assert sorted(graph.edge_index.T.tolist()) == sorted(expected.edge_index.T.tolist())
    assert np.count_nonzero(graph.labels == -1) == missing
    assert np.array_equal(np.maximum(graph.labels, 0), expected.y.numpy())
    for mask, share in (("train", TRAIN), ("val", 500), ("test", NODES - KNOWN - missing)):
        assert np.array_equal(graph.masks[mask], expected[f"{mask}_mask"].numpy())
        assert graph.masks[mask].sum() == share
    assert graph.name == name


def test_edges_stand_once_in_both_directions_without_loops(files):
    graph = read_planetoid(files, "small")
    assert graph.repeated_edges == 0
    assert not graph.is_self_loop.any()
    assert (graph.adjacency() != graph.adjacency().T).nnz == 0
    assert (non_zeros(graph.features) == 0).sum() >= 7


@pytest.mark.parametrize("protocol", [3, 5])
def test_files_written_again_by_python_3_are_read(files, protocol):
    before = read_planetoid(files, "small")
    for part in PARTS[:-1]:
        path = files / f"ind.small.{part}"
        path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()), protocol=protocol))
    after = read_planetoid(files, "small")
    assert np.array_equal(after.features.toarray(), before.features.toarray())
    assert np.array_equal(after.edge_index, before.edge_index)
    assert np.array_equal(after.labels, before.labels)


@pytest.mark.skipif(not CORA.is_dir(), reason="needs the planetoid files of Cora in ../shared/data/cora")
def test_counts_of_cora():
    graph = read_planetoid(CORA, "cora")
    assert (graph.nodes, graph.edges, graph.with_self_loops().edges) == (2708, 10556, 13264)
    assert (graph.feature_width, graph.classes, graph.features.nnz) == (1433, 7, 49216)
    assert is_binary(graph.features)
    assert non_zeros(graph.features).max() == 30
    assert graph.in_degrees.max() == 168
    assert np.array_equal(graph.in_degrees, graph.out_degrees)
    assert [int(graph.masks[name].sum()) for name in ("train", "val", "test")] == [140, 500, 1000]
    assert not graph.isolated.any()
    assert graph.labels.min() == 0
    # 999,680 operations of layer 1 with 16 hidden features, as A(XW)
    assert 16 * (graph.features.nnz + graph.with_self_loops().edges) == 999680
    expected = read_planetoid_data(str(CORA), "cora")
    assert np.array_equal(graph.features.toarray(), expected.x.numpy())
    assert np.array_equal(graph.labels, expected.y.numpy())


def refusal(folder: Path) -> UserError:
    with pytest.raises(UserError) as error:
        read_planetoid(folder, "small")
    return error.value


def test_missing_files_are_listed(files, tmp_path):
    (files / "ind.small.tx").unlink()
    (files / "ind.small.y").unlink()
    error = refusal(files)
    assert error.what == f"{files} lacks ind.small.tx, ind.small.y."
    assert error.hint == "a data set is ind.small.{x,tx,allx,y,ty,ally,graph,test.index}"
    write(files, "other")
    assert refusal(files).hint == "the folder has other, small"
    assert refusal(tmp_path / "none").what == f"There is no folder {tmp_path / 'none'}."


class Bomb:
    """Leaves a file behind when it is unpickled by anything that admits it."""

    def __reduce__(self):
        return os.mkdir, ("bomb",)


def test_no_pickle_runs_code(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for part in PARTS[:-1]:
        path = files / f"ind.small.{part}"
        kept = path.read_bytes()
        path.write_bytes(pickle.dumps(Bomb(), protocol=2))
        error = refusal(files)
        assert error.what == f"ind.small.{part} asks for {os.name}.mkdir, which no planetoid file needs."
        assert error.where == str(path)
        path.write_bytes(kept)
    assert not (tmp_path / "bomb").exists()
    for name in (b"cnumpy.f2py.diagnose\nrun\n.", b"cscipy.io\nloadmat\n.", b"c__builtin__\neval\n."):
        (files / "ind.small.x").write_bytes(b"\x80\x02" + name)
        assert "which no planetoid file needs" in refusal(files).what


@pytest.mark.parametrize("part", PARTS[:-1])
def test_truncated_files_are_named(files, part):
    path = files / f"ind.small.{part}"
    content = path.read_bytes()
    for length in (0, 1, len(content) // 3, len(content) - 1):
        path.write_bytes(content[:length])
        error = refusal(files)
        assert error.what.startswith(f"ind.small.{part} cannot be read: ")
        assert (error.where, error.hint) == (str(path), "fetch the eight files of the data set again")


def test_flipped_bytes_end_in_a_graph_or_a_sentence(files):
    random = np.random.default_rng(5)
    refused = 0
    for part in ("allx", "graph", "ty"):
        path = files / f"ind.small.{part}"
        content = path.read_bytes()
        for _ in range(20):
            damaged = bytearray(content)
            damaged[random.integers(len(content))] = random.integers(256)
            path.write_bytes(bytes(damaged))
            try:
                read_planetoid(files, "small").validate()
            except UserError:
                refused += 1
        path.write_bytes(content)
    assert refused > 5


def far() -> csr_matrix:
    """A matrix whose last entry lies outside of it."""
    matrix = csr_matrix(np.eye(KNOWN, WIDTH, dtype=np.float32))
    matrix.indices[-1] = 1 << 20
    return matrix


DAMAGE = [
    ("x", [1], "ind.small.x must hold a scipy matrix, not list."),
    ("y", np.zeros(TRAIN), "ind.small.y must hold a matrix of labels, one column a class."),
    ("graph", [[1]], "ind.small.graph must hold a dictionary from node numbers to lists of them."),
    ("graph", {0: ["a"]}, "ind.small.graph must hold a dictionary from node numbers to lists of them."),
    ("graph", {0: [1], 1: [2]}, "ind.small.graph lists 2 nodes, and one of them is number 2."),
    ("graph", {0: [], 1: [-1]}, "ind.small.graph lists 2 nodes, and one of them is number -1."),
    (
        "graph",
        {node: [] for node in range(5)},
        f"ind.small.graph has 5 nodes, and the other files number them up to {NODES - 1}.",
    ),
    ("ally", np.eye(3), f"ind.small.ally has 3 rows, and allx has {KNOWN}."),
    ("y", np.eye(3), f"ind.small.y has 3 rows, and x has {TRAIN}."),
    ("ty", np.eye(3), "ind.small.ty has 3 rows, and tx has 53."),
    ("tx", csr_matrix((53, 5)), f"ind.small.tx has 5 features, and allx has {WIDTH}."),
]


@pytest.mark.parametrize(("part", "value", "what"), DAMAGE, ids=[what for _, _, what in DAMAGE])
def test_files_that_do_not_fit_are_named(files, part, value, what):
    (files / f"ind.small.{part}").write_bytes(pickle.dumps(value, protocol=2))
    assert refusal(files).what == what


def test_matrix_that_points_outside_is_refused(files):
    (files / "ind.small.allx").write_bytes(pickle.dumps(far(), protocol=2))
    assert refusal(files).what.startswith("ind.small.allx holds a matrix that is not sound: ")
    (files / "ind.small.allx").write_bytes(pickle.dumps(csr_matrix((KNOWN, WIDTH)), protocol=2))
    (files / "ind.small.ally").write_bytes(pickle.dumps(far(), protocol=2))
    assert refusal(files).what.startswith("ind.small.ally holds a matrix that is not sound: ")


def test_more_train_rows_than_known_ones_are_refused(files):
    for part, value in (("x", csr_matrix((KNOWN + 1, WIDTH))), ("y", np.ones((KNOWN + 1, CLASSES)))):
        (files / f"ind.small.{part}").write_bytes(pickle.dumps(value, protocol=2))
    assert refusal(files).what == f"ind.small.y has {KNOWN + 1} rows, more than the {KNOWN} of ally."


def test_test_index_must_be_numbers_of_test_nodes(files):
    path = files / "ind.small.test.index"
    numbers = path.read_text().split()
    path.write_text("12 x")
    assert refusal(files).what == "ind.small.test.index must hold one node number a line."
    path.write_text("9" * 30)
    assert refusal(files).what == "ind.small.test.index must hold one node number a line."
    path.write_text(" ".join(numbers[1:]))
    assert (
        refusal(files).what == f"ind.small.test.index has {len(numbers) - 1} rows, and tx has {len(numbers)}."
    )
    for other in ("0", numbers[1]):
        path.write_text(" ".join([other, *numbers[1:]]))
        what = f"ind.small.test.index must name nodes from {KNOWN} on, each once."
        assert refusal(files).what == what
