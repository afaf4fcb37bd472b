"""Where a verb's MODEL comes from: a Python file or module that builds a torch module, or a network file.

``net.npz``
    An integer network; its header says of which core.
``train.py``, ``train.py:NAME``, ``package.module:NAME``
    NAME is a torch module, or a function without arguments that returns one. Without a name the file's
    ``model``, ``net``, ``network`` or ``build`` is taken. Of a spiking network ``INPUT_SHAPE``,
    ``TIME_STEPS``, ``CODING``, ``OUTPUT`` and ``INPUT_SCALE`` beside it are the defaults of the options of
    those names; for a graph network see :mod:`pyralis.gen.gcn.model`.
"""

import importlib
import importlib.util
import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pyralis.gen import networkfile as intnetworks
from pyralis.gen.errors import UserError
from pyralis.gen.gcn import intfile as graphs

if TYPE_CHECKING:
    from torch import nn

    from pyralis.gen.network import Network

__all__ = ["FACTS", "ModelSource", "core_of", "guarded", "is_network_file", "load_model", "load_module"]

NAMES = ("model", "net", "network", "build")
"""What is looked for in a file when no name is given, in this order."""

CORES = {intnetworks.FORMAT: "snn", graphs.FORMAT: "gcn"}
"""Core of each format of a network file."""

BESIDE = ("-o", "--output", "--calibration", "--features", "--config", "--weights", "--data", "--dataset")
"""Options whose values are other files."""

FACTS = ("input_shape", "time_steps", "coding", "output", "input_scale")
DEFAULTS = {"coding": "direct", "output": "counts", "input_scale": None}
FLAGS = {"input_shape": "--input-shape 1,28,28", "time_steps": "--time-steps 4"}


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelSource:
    """A torch module and how it is used; ``text`` is what the user called it."""

    text: str
    module: "nn.Module"
    input_shape: tuple[int, ...]
    time_steps: int
    coding: str
    output: str
    input_scale: float | None

    def network(self) -> "Network":
        """The module as the front end reads it; raises UserError for what has no exact twin."""
        from pyralis.gen.frontend.snntorch import from_snntorch

        return from_snntorch(
            self.module,
            self.input_shape,
            self.time_steps,
            coding=self.coding,  # type: ignore[arg-type] # the front end refuses other words
            output=self.output,  # type: ignore[arg-type]
        )


def is_network_file(text: str) -> bool:
    """Whether MODEL names a network file and not Python."""
    return text.endswith(".npz")


def core_of(words: Sequence[str]) -> str | None:
    """The core that the words behind a verb are about, as far as their files say it.

    The first network file, folder of planetoid files or Python file among them decides; a Python file is one
    for the graph core if its text names ``torch_geometric``. It is not run.
    """
    for before, word in zip(["", *words], words, strict=False):
        if before not in BESIDE and not word.startswith("-") and (core := _core_of(word)):
            return core
    return "gcn" if "--data" in words else None


def _core_of(word: str) -> str | None:
    place = word.partition(":")[0]
    if is_network_file(word):
        return _core_of_file(Path(word))
    if Path(word).is_dir():
        return "gcn" if any(Path(word).glob("ind.*.graph")) else None
    try:
        found = Path(place) if place.endswith(".py") else Path(_origin(place) or "")
        text = found.read_text() if found.is_file() else ""
    except (OSError, ValueError, ImportError):
        return None  # the verb says what is wrong with it
    return "gcn" if "torch_geometric" in text else "snn" if "snntorch" in text else None


def _core_of_file(path: Path) -> str | None:
    """From the header; None for what is no network file."""
    try:
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            return CORES.get(json.loads(str(file["header"])).get("format"))
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile):
        return None


def _origin(place: str) -> str | None:
    """File of the Python module *place*."""
    if not _exists(place):
        return None
    with _path(Path.cwd()):
        spec = importlib.util.find_spec(place)
    return None if spec is None else spec.origin


def load_model(text: str, **given: Any) -> ModelSource:
    """Builds the module that *text* names; *given* are :data:`FACTS`, None where the user said nothing.

    Raises UserError if there is no such file or object, if it fails or is no torch module, or if a fact is
    missing.
    """
    source, name, place = _find(text)
    facts: dict[str, Any] = {}
    for fact in FACTS:
        said = given.get(fact)
        facts[fact] = getattr(source, fact.upper(), None) if said is None else said
    for fact, flag in FLAGS.items():
        if facts[fact] is None:
            what = f"{fact} is not known: {place} does not define {fact.upper()}."
            raise UserError(what, text, f"give it, for example {flag}")
    facts = {fact: DEFAULTS.get(fact) if value is None else value for fact, value in facts.items()}
    return ModelSource(text=text, module=_build(getattr(source, name), text), **facts)


def load_module(text: str) -> "tuple[nn.Module, ModuleType]":
    """The torch module that *text* names, in evaluation mode, and the Python module that it stands in.

    Raises UserError as :func:`load_model`.
    """
    source, name, _ = _find(text)
    return _build(getattr(source, name), text), source


def _find(text: str) -> tuple[ModuleType, str, str]:
    """The Python module that *text* names, the name of the object in it, and what the user called it."""
    place, colon, name = text.partition(":")
    source = _import(place, text)
    names = (name,) if colon else NAMES
    name = next((n for n in names if hasattr(source, n)), "")
    if not name:
        wanted = repr(names[0]) if colon else f"none of {', '.join(NAMES)}"
        what = f"{place} has no {wanted}." if colon else f"{place} has {wanted}."
        raise UserError(what, text, "name the object that builds the model: FILE.py:NAME")
    return source, name, place


def _import(place: str, text: str) -> ModuleType:
    """The Python file or module *place*, run with its folder (or the current one) on the path."""
    path = Path(place)
    if not (place.endswith(".py") or path.is_file()):
        if not _exists(place):
            what = f"There is no model {place!r}: no such file, and no such Python module."
            raise UserError(what, text, "give net.npz, FILE.py[:NAME] or package.module:NAME")
        with _path(Path.cwd()):
            return guarded(lambda: importlib.import_module(place), place, text)
    if not path.is_file():
        raise UserError(f"There is no file {place}.", text, "check the path")
    spec = importlib.util.spec_from_file_location(f"pyralis_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        what = f"{place} is neither a network file (.npz) nor Python (.py)."
        raise UserError(what, text, "pyralis export writes network files")
    module, loader = importlib.util.module_from_spec(spec), spec.loader
    sys.modules[module.__name__] = module
    with _path(path.resolve().parent):
        guarded(lambda: loader.exec_module(module), place, text)
    return module


def _exists(place: str) -> bool:
    if not place.replace(".", "").isidentifier():
        return False
    with _path(Path.cwd()):
        return importlib.util.find_spec(place.partition(".")[0]) is not None


@contextmanager
def _path(folder: Path) -> Iterator[None]:
    """*folder* in front of Python's search path."""
    before = list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = before


def _build(thing: Any, text: str) -> "nn.Module":
    from torch import nn

    if not isinstance(thing, nn.Module) and callable(thing):
        thing = guarded(thing, text, text)
    if not isinstance(thing, nn.Module):
        what = f"{text} gives {type(thing).__name__}, not a torch.nn.Module."
        raise UserError(what, text, "name a module, or a function without arguments that returns one")
    return thing.eval()


def guarded(action: Callable[[], Any], what: str, text: str) -> Any:
    """Runs the user's own code; what it raises becomes a UserError that names the error and its line."""
    try:
        return action()
    except (UserError, KeyboardInterrupt):
        raise
    except Exception as error:  # the user's code may raise anything
        trace, line = error.__traceback__, ""
        while trace is not None:
            line = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
            trace = trace.tb_next
        raise UserError(
            f"{what} failed with {type(error).__name__}: {error}", line or text, "run it with python first"
        ) from error
