"""Verilog of whole cores, kept on disk: a core of 16 columns takes Amaranth a minute or more."""

import functools
import hashlib
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from amaranth.lib import wiring

import pyralis.gen.emit
import pyralis.hw
from pyralis.gen.emit.verilog import emit
from pyralis.gen.files import write_file

__all__ = ["kept_verilog"]

ROOT = Path("build/verilog")


def kept_verilog(
    make: Callable[..., wiring.Component], top: str, *parameters: object, root: Path = ROOT
) -> str:
    """Verilog of ``make(*parameters)`` as module *top*, as :func:`~pyralis.gen.emit.verilog.emit` writes it.

    A file below *root* keeps it, named by everything that it is made from: *make* and *parameters* by their
    text, all sources of ``pyralis.hw`` and of the emission, and Amaranth's version. Another process with the
    same reads it there.

    Raises UserError if the file cannot be written.
    """
    called = f"{make.__module__}.{make.__qualname__}({', '.join(map(repr, parameters))})"
    made_from = "\n".join([called, top, sources(), importlib.metadata.version("amaranth")])
    path = Path(root) / f"{top}-{hashlib.sha256(made_from.encode()).hexdigest()[:16]}.v"
    if not path.exists():
        write_file(path, emit(make(*parameters), top))
    return path.read_text()


@functools.cache
def sources() -> str:
    """Hash of what makes the text, besides the parameters."""
    found = hashlib.sha256()
    for package in (pyralis.hw, pyralis.gen.emit):
        folder = _folder(package)
        for path in sorted(folder.rglob("*.py")):
            found.update(f"{path.relative_to(folder)}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _folder(package: ModuleType) -> Path:
    return Path(next(iter(package.__path__)))
