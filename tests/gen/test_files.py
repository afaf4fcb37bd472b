"""Files are written whole or not at all; arrays are read or refused in a sentence."""

import json

import numpy as np
import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.files import json_text, make_folder, read_array, write_file, write_files


def refused(action) -> UserError:
    with pytest.raises(UserError) as error:
        action()
    return error.value


def test_a_file_in_the_way_of_a_folder(tmp_path):
    (tmp_path / "taken").write_text("x")
    error = refused(lambda: make_folder(tmp_path / "taken" / "deep"))
    assert (
        error.what == f"The output folder {tmp_path / 'taken' / 'deep'} cannot be written: Not a directory."
    )
    assert error.hint == "give another one with --output, or mend its permissions"
    error = refused(lambda: write_file(tmp_path / "taken" / "file", "x"))
    assert "cannot be written" in error.what


def test_nothing_is_left_of_files_that_cannot_all_be_written(tmp_path):
    (tmp_path / "b").mkdir()  # a folder of the second file's name: its rename fails
    (tmp_path / "b" / "inside").touch()
    error = refused(lambda: write_file(tmp_path / "b", "new"))
    assert error.what.startswith(f"The output file {tmp_path / 'b'} cannot be written: ")
    (tmp_path / "c").touch()  # a file of the name of a folder
    refused(lambda: write_files(tmp_path, {"a": "new", "c/d": "new"}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]


def test_files_are_written_and_replaced(tmp_path):
    folder = tmp_path / "x" / "y"
    assert write_files(folder, {"a": "one", "b": b"\0"}) == [folder / "a", folder / "b"]
    write_files(folder, {"a": "two"})
    assert (folder / "a").read_text() == "two"
    assert (folder / "b").read_bytes() == b"\0"
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]
    assert write_files(folder, {"c/d": "three"}) == [folder / "c" / "d"]
    assert (folder / "c" / "d").read_text() == "three"


def test_json_takes_numpy(tmp_path):
    value = {"a": np.int64(3), "b": np.arange(2), "c": tmp_path, "d": np.float32(0.5)}
    assert json.loads(json_text(value)) == {"a": 3, "b": [0, 1], "c": str(tmp_path), "d": 0.5}
    with pytest.raises(TypeError, match="has no form in JSON"):
        json_text({"x": object()})


def test_arrays_are_read_from_npy_and_npz(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    np.savez(tmp_path / "b.npz", only=np.arange(4))
    assert read_array(tmp_path / "a.npy", "images").tolist() == [0, 1, 2]
    assert read_array(tmp_path / "b.npz", "images").tolist() == [0, 1, 2, 3]


def test_what_is_no_array_is_refused(tmp_path):
    path = tmp_path / "none.npy"
    assert refused(lambda: read_array(path, "images")).what == f"There is no file {path} with the images."
    path.write_text("hello")
    what = f"The images in {path} are no numpy array: it holds something else, or objects."
    assert refused(lambda: read_array(path, "images")).what == what
    np.save(path, np.array([{}], dtype=object))
    assert refused(lambda: read_array(path, "images")).what == what
    path.write_bytes(b"")
    assert refused(lambda: read_array(path, "images")).what.startswith(
        f"The images in {path} are no numpy array: No data left"
    )
    np.savez(tmp_path / "two.npz", a=np.arange(1), b=np.arange(1))
    error = refused(lambda: read_array(tmp_path / "two.npz", "images"))
    assert error.what == f"{tmp_path / 'two.npz'} holds 2 arrays, but the images must be one."
    assert "cannot be read: Is a directory" in refused(lambda: read_array(tmp_path, "images")).what
