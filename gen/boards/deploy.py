"""A folder to carry to a board: bitstream, driver, registers, network, and two programs that use them.

==========================  =============================================================================
``design.bit``              the bitstream, if it is built (with ``design.hwh`` on Zynq boards)
``pyralis/``                the driver package, :mod:`pyralis.boards.runtime`; needs Python 3.10 and numpy
``registers.json``          the register map, also as ``registers.h`` (C) and ``registers.svd`` (CMSIS)
``program.bin`` and others  what must lie in memory, one file each
``network.npz``             what they were compiled from
``numbering.bin``           of the graph core: its number of each node
``samples.npz``             inputs, and the results of the golden model
``validate.py``             runs the samples on the board and compares
``throughput.py``           reads the hardware's cycle counters
``README.txt``              how to load the bitstream and run the two
``manifest.json``           what everything was made from, and the SHA-256 of every file
==========================  =============================================================================

The same inputs give the same bytes on every machine, the bitstream included.
"""

import ast
import importlib.util
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.base import Board, Ecp5Board
from pyralis.boards.runtime.deployment import FORMAT
from pyralis.gen.boards.design import Design
from pyralis.gen.boards.vivado.report import reread
from pyralis.gen.emit.registers import to_c_header, to_json, to_svd
from pyralis.gen.emit.template import render
from pyralis.gen.folder import write_folder

__all__ = ["bitstream_of", "deploy", "driver_files"]

DRIVERS = "pyralis.boards.runtime"

SCRIPTS = {
    "validate": "Runs the samples on the board and compares with stored results: python3 validate.py --help.",
    "throughput": "Reads the hardware's cycle counters: python3 throughput.py --help.",
}

SCRIPT = '''\
#!/usr/bin/env python3
"""{doc}"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the driver that lies beside this file

from {package}.{name} import main

if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
'''


def deploy(board: Board, design: Design, folder: str | Path, build: str | Path) -> dict[str, Any]:
    """Writes the deploy folder of *design* on *board*; returns the manifest and ``note``.

    Parameters
    ----------
    board : Board
    design : Design
    folder : path
        Made if it is not there. Files of the same names are replaced, others are left alone.
    build : path
        The folder in which the bitstream was built, if it was.

    Returns
    -------
    dict
        The manifest; its ``bitstream`` names the file, None if there is none, and ``note`` says why.

    Raises
    ------
    UserError
        The folder cannot be written; nothing is changed then.
    """
    built = _result_in(Path(build))
    bitstream, note = bitstream_of(board, design, Path(build), built)
    files = {
        **bitstream,
        **driver_files(),
        "registers.json": to_json(design.registers).encode(),
        "registers.h": to_c_header(design.registers).encode(),
        "registers.svd": to_svd(design.registers).encode(),
        **{f"{name}.bin": content for name, content in design.memory.items()},
        **design.attachments,
        **({"samples.npz": _npz(design.samples)} if design.samples else {}),
        **{
            f"{name}.py": SCRIPT.format(doc=doc, package=DRIVERS, name=name).encode()
            for name, doc in SCRIPTS.items()
        },
    }
    facts = {
        "format": FORMAT,
        "board": {"name": board.name, "title": board.title, "part": board.part},
        "transport": "serial" if isinstance(board, Ecp5Board) else "pynq",
        **({"baud": board.baud} if isinstance(board, Ecp5Board) else {}),
        "design": {"core": design.core, "name": design.name, "top": design.top},
        "bitstream": next((name for name in bitstream if name.endswith(".bit")), None),
        "clock_mhz": built["clocks"][0]["asked_mhz"] if bitstream else board.clock_mhz(design.core),
        "registers": "registers.json",
        "memory": {name: f"{name}.bin" for name in design.memory},
        "samples": "samples.npz" if design.samples else None,
        **design.facts,
    }
    text = render(
        "pyralis.gen.boards",
        "deploy.txt.j2",
        facts=facts,
        files=sorted([*files, "README.txt", "manifest.json"]),
        note=note,
    )
    return {**write_folder(folder, {**files, "README.txt": text.encode()}, facts), "note": note}


def _result_in(build: Path) -> dict[str, Any]:
    """The content of ``result.json``, empty without one; of a Vivado project with what lies there now."""
    try:
        result: dict[str, Any] = json.loads((build / "result.json").read_text())
    except (OSError, json.JSONDecodeError):
        return {}
    return reread(result, build) if result["board"]["flow"] == "vivado" else result


def bitstream_of(
    board: Board, design: Design, build: Path, result: Mapping[str, Any]
) -> tuple[dict[str, bytes], str]:
    """``design.bit`` (and ``design.hwh``) from the folder *build*, and a sentence on why there is none.

    *result* is the content of its ``result.json``, empty if there is none.
    """
    command = f"make bitstream BOARD={board.name} DESIGN={design.core} with the same OPTIONS"
    if not result:
        return {}, f"There is no bitstream yet in {build}; {command} builds one."
    if not result.get("ok"):
        return (
            {},
            f"The build in {build} did not end well, so there is no bitstream: {result.get('verdict', '')}",
        )
    if result["design"]["config"] != _plain(design) or result["board"]["name"] != board.name:
        return (
            {},
            f"The bitstream in {build} is of another configuration; {command} builds this one.",
        )
    found = {}
    for name in result["files"]:
        if name.endswith((".bit", ".hwh")):
            found[f"design{Path(name).suffix}"] = (build / name).read_bytes()
    return found, "" if found else f"The build in {build} has left no bitstream; {command} builds one."


def driver_files() -> dict[str, bytes]:
    """The driver package and all it imports of ours, by name: ``pyralis/boards/runtime/...``."""
    waiting = [*_modules_of(DRIVERS), *_parents(DRIVERS), DRIVERS]
    found: dict[str, bytes] = {}
    while waiting:
        module = waiting.pop()
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            continue  # a namespace package, or a name inside a module
        name = module.replace(".", "/") + ("/__init__.py" if spec.submodule_search_locations else ".py")
        if name not in found:
            found[name] = Path(spec.origin).read_bytes()
            waiting += _imports(found[name].decode())
    return dict(sorted(found.items()))


def _modules_of(package: str) -> list[str]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    return [
        f"{package}.{file.stem}"
        for place in spec.submodule_search_locations or ()
        for file in sorted(Path(place).glob("*.py"))
        if file.stem != "__init__"
    ]


def _imports(text: str) -> Iterator[str]:
    """Our modules that *text* imports, and the packages above them."""
    for node in ast.walk(ast.parse(text)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.startswith("pyralis."):
                yield name
                yield from _parents(name)


def _parents(module: str) -> list[str]:
    """Packages above *module*, without the root, which has no file."""
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(2, len(parts))]


def _npz(arrays: Mapping[str, Any]) -> bytes:
    content = io.BytesIO()
    plain: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    np.savez_compressed(content, **plain)
    return content.getvalue()


def _plain(design: Design) -> Any:
    """The configuration as it comes back from result.json."""
    return json.loads(json.dumps(design.facts["core"]))
