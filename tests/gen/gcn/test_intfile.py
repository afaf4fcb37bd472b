"""The file of an integer graph network: read by numpy alone, and never read wrong."""

import hashlib
import json
import zipfile
from dataclasses import asdict

import numpy as np
import pytest
from intgraphs import gcn, mixed

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.intfile import FORMAT
from pyralis.gen.gcn.intnetwork import IntGraphNetwork
from pyralis.gen.intnetwork import IntNetwork


def network(make=gcn) -> IntGraphNetwork:
    return make(np.random.default_rng(4))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "net.npz"
    network().save(path)
    return path


def with_header(path, **changes):
    """Changes header fields and makes the header's own hash right again."""
    with np.load(path) as file:
        entries = {name: file[name] for name in file.files}
    header = json.loads(entries["header"].item()) | changes
    text = json.dumps({name: value for name, value in header.items() if value is not None})
    digest = hashlib.sha256(text.encode()).hexdigest()
    np.savez(path, **(entries | {"header": text, "header_sha256": digest}))


def same(one, other) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("make", [gcn, mixed])
def test_round_trip(make, tmp_path):
    network(make).save(tmp_path / "a.npz")
    loaded = IntGraphNetwork.load(tmp_path / "a.npz")
    assert same(asdict(loaded), asdict(network(make)))
    loaded.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_numbers_are_kept(tmp_path):
    moved = network(mixed).renumbered(np.random.default_rng(1).permutation(17))
    moved.save(tmp_path / "a.npz")
    assert np.array_equal(IntGraphNetwork.load(tmp_path / "a.npz").numbers, moved.numbers)


def test_three_lines_of_numpy_read_it(saved):
    file = np.load(saved)
    header = json.loads(file["header"].item())
    weight = file["0.weight"]
    assert np.array_equal(weight, network().operations[0].weight)
    assert header["operations"][1]["adjacency"] == "graph"
    assert header["operations"][0]["epilogue"]["shift"] == 18
    assert "row v lists the sources of node v" in header["layout"]
    file.close()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_file(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UserError, match=r"^the network file cannot be read, it may be cut short") as caught:
        IntGraphNetwork.load(saved)
    assert caught.value.where == str(saved)
    assert caught.value.hint == "export the network again, or copy the file again from its source"


def test_every_flipped_byte_of_content_is_noticed(saved):
    content, original, refused = saved.read_bytes(), asdict(network()), 0
    for position in range(0, len(content), 53):
        saved.write_bytes(content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :])
        try:
            loaded = IntGraphNetwork.load(saved)
        except UserError:
            refused += 1
            continue
        assert same(asdict(loaded), original)
    assert refused > len(content) // 53 // 3


def test_files_of_the_other_core(network_file, tmp_path):
    saved = tmp_path / "graph.npz"
    network().save(saved)
    with pytest.raises(UserError) as caught:
        IntGraphNetwork.load(network_file)
    assert caught.value.what == (
        "'pyralis integer network' version 1 cannot be read, only 'pyralis integer graph network' version 1"
    )
    with pytest.raises(UserError) as caught:
        IntNetwork.load(saved)
    assert caught.value.what == (
        "'pyralis integer graph network' version 1 cannot be read, only 'pyralis integer network' version 1"
    )


def test_not_a_network_file(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(UserError, match=r"(?m)^this .npz is no network file: it has no header$"):
        IntGraphNetwork.load(tmp_path / "other.npz")
    np.save(tmp_path / "single.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as file:
        file.writestr("note.txt", "hello")
    for name in ("single.npy", "text.npz", "zip.npz"):
        with pytest.raises(UserError, match="network file"):
            IntGraphNetwork.load(tmp_path / name)
    with pytest.raises(UserError, match=r"(?m)^there is no such network file$") as caught:
        IntGraphNetwork.load(tmp_path / "nothing.npz")
    assert caught.value.hint == "pyralis export writes one"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"nodes": None}, "the header of the network file lacks or misnames 'nodes'"),
        (
            {"operations": [{"kind": "combine"}]},
            "the header of the network file lacks or misnames 'epilogue'",
        ),
        (
            {"adjacencies": ["graph", "more"]},
            "the header of the network file lacks or misnames 'adjacency.1.indptr'",
        ),
        ({"nodes": 19}, "indptr must hold 20 values, one more than there are nodes, not (21,)"),
        (
            {"input": {"features": 24, "values": "int7"}},
            "values of the input must be binary or int8, not 'int7'",
        ),
        ({"operations": []}, "a network needs at least one operation, and this one has none"),
        (
            {"version": 2},
            "'pyralis integer graph network' version 2 cannot be read, only " + repr(FORMAT) + " version 1",
        ),
    ],
)
def test_headers_that_are_wrong(saved, changes, sentence):
    with_header(saved, **changes)
    with pytest.raises(UserError) as caught:
        IntGraphNetwork.load(saved)
    assert caught.value.what == sentence


def test_a_network_that_is_not_valid_is_not_written(tmp_path):
    import dataclasses

    bad = dataclasses.replace(network(), nodes=3)
    with pytest.raises(UserError, match=r"^indptr must hold 4 values"):
        bad.save(tmp_path / "net.npz")
    with pytest.raises(UserError, match=r"^source holds what JSON cannot"):
        dataclasses.replace(network(), source={"x": object()}).save(tmp_path / "net.npz")
    with pytest.raises(UserError, match=r"^cannot write the network: No such file or directory"):
        network().save(tmp_path / "missing" / "net.npz")
    assert not list(tmp_path.iterdir())
