"""Files of named arrays under a JSON header: one ``.npz`` that is written whole and never read wrong.

``header`` names the format and its version, holds what the writer says about the arrays, and for each array
its type, shape and the SHA-256 of its bytes (C order, little endian). ``header_sha256`` is the digest of the
header's own UTF-8 text. The same arrays give the same bytes on every machine.
"""

import hashlib
import io
import json
import os
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError

__all__ = ["ArrayFile"]

UNREADABLE = (
    *(OSError, EOFError, ValueError, TypeError, AttributeError, KeyError, RuntimeError),
    *(struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
"""What numpy raises for files that are damaged."""

ARCHIVE = b"PK"
"""What an .npz begins with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrayFile:
    """A kind of file.

    Attributes
    ----------
    format, version : str, int
        Written into the header; a file with others is refused.
    thing : str
        What the file holds, for errors: ``"network"``.
    writer : str
        What makes such a file: ``"pyralis export writes one"``.
    """

    format: str
    version: int
    thing: str
    writer: str

    def content(self, fields: dict[str, Any], arrays: dict[str, np.ndarray], where: str) -> bytes:
        """The file with *fields* in its header and *arrays*, as bytes.

        Raises UserError if JSON cannot hold the fields; *where* stands in it.
        """
        facts = {
            name: {"dtype": array.dtype.str, "shape": array.shape, "sha256": _digest(array.tobytes())}
            for name, array in arrays.items()
        }
        own = {"format": self.format, "version": self.version, "arrays": facts}
        try:
            header = json.dumps(fields | own, indent=1, sort_keys=True)
        except (TypeError, ValueError) as error:
            raise UserError(f"source holds what JSON cannot: {error}", where) from None
        file = io.BytesIO()
        entries: dict[str, Any] = dict(arrays)
        np.savez_compressed(file, header=header, header_sha256=_digest(header.encode()), **entries)
        return file.getvalue()

    def write(self, data: bytes, path: Path) -> None:
        """Writes *data* to *path*, whole or not at all; raises UserError if it cannot be written."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            what = f"cannot write the {self.thing}: {error.strerror or error}"
            raise UserError(what, str(path), "choose a folder that exists and is writable") from None

    def read(self, path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Header and arrays; raises UserError for another format, or a hash, type or shape that is wrong."""
        where = str(path)
        try:
            with Path(path).open("rb") as content:
                if content.peek(2)[:2] not in (b"", ARCHIVE):
                    raise UserError(f"this is no {self.thing} file: it is no .npz", where, self.writer)
                with np.load(content, allow_pickle=False) as file:
                    entries: dict[str, np.ndarray] = {name: file[name] for name in file.files}
        except FileNotFoundError:
            raise UserError(f"there is no such {self.thing} file", where, self.writer) from None
        except UNREADABLE as error:
            what = f"the {self.thing} file cannot be read, it may be cut short: {error}"
            raise self.damaged(what, where) from None
        header = self._header(entries, where)
        try:
            for name, facts in header["arrays"].items():
                self._verify(name, facts, entries, where)
        except (KeyError, TypeError, AttributeError) as error:
            raise self.misnamed(error, where) from None
        return header, {name: entries[name] for name in header["arrays"]}

    def damaged(self, what: str, where: str) -> UserError:
        """The error for content that is not as it was written."""
        return UserError(
            what, where, f"export the {self.thing} again, or copy the file again from its source"
        )

    def misnamed(self, error: Exception, where: str) -> UserError:
        """The error for a header without an entry that it must have."""
        return self.damaged(f"the header of the {self.thing} file lacks or misnames {error}", where)

    def _header(self, entries: dict[str, np.ndarray], where: str) -> dict[str, Any]:
        if "header" not in entries or "header_sha256" not in entries:
            raise UserError(f"this .npz is no {self.thing} file: it has no header", where, self.writer)
        text = str(entries["header"])
        if _digest(text.encode()) != str(entries["header_sha256"]):
            what = f"the header of the {self.thing} file was altered: its SHA-256 does not match"
            raise self.damaged(what, where)
        header = json.loads(text)
        if header.get("format") != self.format or header.get("version") != self.version:
            found = f"{header.get('format')!r} version {header.get('version')}"
            what = f"{found} cannot be read, only {self.format!r} version {self.version}"
            raise UserError(what, where, f"export the {self.thing} with this version of Pyralis")
        return header

    def _verify(self, name: str, facts: dict[str, Any], entries: dict[str, np.ndarray], where: str) -> None:
        if name not in entries:
            raise self.damaged(f"array {name!r} is missing from the {self.thing} file", where)
        array = entries[name]
        if array.dtype.str != facts["dtype"] or list(array.shape) != facts["shape"]:
            wanted = f"{facts['dtype']} {tuple(facts['shape'])}"
            raise self.damaged(f"array {name!r} is {array.dtype.str} {array.shape}, not {wanted}", where)
        if _digest(np.ascontiguousarray(array).tobytes()) != facts["sha256"]:
            what = f"array {name!r} of the {self.thing} file was altered: its SHA-256 does not match"
            raise self.damaged(what, where)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
