"""Files of arrays: their own words in errors, and content that is verified."""

import numpy as np
import pytest

from pyralis.gen.arrayfile import ArrayFile
from pyralis.gen.errors import UserError

FILE = ArrayFile(format="pyralis test", version=3, thing="table", writer="pyralis makes one")


@pytest.fixture
def path(tmp_path):
    arrays = {"a": np.arange(6, dtype=np.int16).reshape(2, 3), "b": np.zeros(0)}
    FILE.write(FILE.content({"name": "one", "sizes": [1, 2]}, arrays, "here"), tmp_path / "t.npz")
    return tmp_path / "t.npz"


def test_round_trip(path):
    header, arrays = FILE.read(path)
    assert (header["name"], header["sizes"], header["format"], header["version"]) == (
        "one",
        [1, 2],
        "pyralis test",
        3,
    )
    assert arrays["a"].tolist() == [[0, 1, 2], [3, 4, 5]] and arrays["a"].dtype == np.int16
    assert arrays["b"].shape == (0,)
    assert sorted(arrays) == ["a", "b"]
    assert [file.name for file in path.parent.iterdir()] == ["t.npz"]


def refused(file, path) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        file.read(path)
    return caught.value.what, caught.value.where, caught.value.hint


def test_errors_name_the_thing(path):
    other = ArrayFile(format="pyralis other", version=3, thing="table", writer="")
    what = "'pyralis test' version 3 cannot be read, only 'pyralis other' version 3"
    assert refused(other, path) == (what, str(path), "export the table with this version of Pyralis")
    missing = path.with_name("no.npz")
    assert refused(FILE, missing) == ("there is no such table file", str(missing), "pyralis makes one")
    np.savez(missing, x=np.zeros(2))
    what = "this .npz is no table file: it has no header"
    assert refused(FILE, missing) == (what, str(missing), "pyralis makes one")
    missing.write_bytes(path.read_bytes()[:-30])
    what, _, hint = refused(FILE, missing)
    assert what.startswith("the table file cannot be read, it may be cut short: ")
    assert hint == "export the table again, or copy the file again from its source"
    for content in (b"import torch", b"P", b"\x93NUMPY"):
        missing.write_bytes(content)
        what = "this is no table file: it is no .npz"
        assert refused(FILE, missing) == (what, str(missing), "pyralis makes one")


def test_what_json_cannot_hold():
    with pytest.raises(UserError) as caught:
        FILE.content({"source": {"x": 1j}}, {}, "here")
    assert (
        caught.value.what == "source holds what JSON cannot: Object of type complex is not JSON serializable"
    )
    assert caught.value.where == "here"
