"""Files written whole or not at all, and arrays read with a sentence for what is wrong with them."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError

__all__ = ["digest", "json_text", "make_folder", "read_array", "write_file", "write_files"]


def make_folder(folder: str | Path) -> Path:
    """Makes *folder* and the ones above it; raises UserError if that or writing into it is not possible."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe.{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _unwritable(folder, "folder", error) from None
    return folder


def write_file(path: str | Path, content: bytes | str) -> Path:
    """Writes *content* to *path* under a temporary name and renames it; UserError if that is not possible."""
    path = Path(path)
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _unwritable(path, "file", error) from None
    return path


def write_files(folder: str | Path, contents: Mapping[str, bytes | str]) -> list[Path]:
    """Writes each name of *contents* into *folder*: all under temporary names first, then all renamed.

    A name may have folders in front (``rtl/top.v``); they are made.
    """
    folder = make_folder(folder)
    pending: dict[Path, Path] = {}
    try:
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = pending[path] = path.with_name(f".{path.name}.{os.getpid()}")
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        for path, temporary in pending.items():
            temporary.replace(path)
    except OSError as error:
        for temporary in pending.values():
            temporary.unlink(missing_ok=True)
        raise _unwritable(folder, "folder", error) from None
    return list(pending)


def _unwritable(path: Path, kind: str, error: OSError) -> UserError:
    reason = error.strerror or type(error).__name__
    what = f"The output {kind} {path} cannot be written: {reason}."
    return UserError(what, str(path), "give another one with --output, or mend its permissions")


def digest(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def json_text(value: Any) -> str:
    """*value* as indented JSON; numpy numbers and arrays become plain ones, paths strings."""
    return json.dumps(value, indent=1, default=_plain) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{value!r} has no form in JSON")


def read_array(path: str | Path, purpose: str) -> np.ndarray:
    """The numpy array in *path* (``.npy``, or a ``.npz`` that holds exactly one).

    *purpose* names it in errors: "calibration images". Raises UserError if there is no such file, or no array
    in it.
    """
    path = Path(path)
    try:
        content = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        what, hint = f"There is no file {path} with the {purpose}.", "np.save writes one"
        raise UserError(what, str(path), hint) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"The {purpose} cannot be read: {reason}.", str(path), "check the path") from None
    except (ValueError, EOFError) as error:
        # numpy takes anything that is none of its files for a pickle, and says how to load it unsafely
        reason = "it holds something else, or objects" if "pickle" in str(error) else str(error)
        what = f"The {purpose} in {path} are no numpy array: {reason}."
        hint = "np.save(path, array) writes one; arrays of objects are refused"
        raise UserError(what, str(path), hint) from None
    if isinstance(content, np.ndarray):
        return content
    with content:
        if len(content.files) != 1:
            what = f"{path} holds {len(content.files)} arrays, but the {purpose} must be one."
            raise UserError(what, str(path), "np.save(path, array) writes one array")
        return content[content.files[0]]
