"""Where a verb's MODEL comes from: a Python file or module that builds an snnTorch module, or a network file.

``net.npz``
    An integer network.
``train.py``, ``train.py:NAME``, ``package.module:NAME``
    NAME is a torch module, or a function without arguments that returns one. Without a name the file's
    ``model``, ``net``, ``network`` or ``build`` is taken. ``INPUT_SHAPE``, ``TIME_STEPS``, ``CODING``,
    ``OUTPUT`` and ``INPUT_SCALE`` beside it are the defaults of the options of those names.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pyralis.gen.errors import UserError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["FACTS", "ModelSource", "is_network_file", "load_model"]

NAMES = ("model", "net", "network", "build")
"""What is looked for in a file when no name is given, in this order."""

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


def is_network_file(text: str) -> bool:
    """Whether MODEL names a network file and not Python."""
    return text.endswith(".npz")


def load_model(text: str, **given: Any) -> ModelSource:
    """Builds the module that *text* names; *given* are :data:`FACTS`, None where the user said nothing.

    Raises UserError if there is no such file or object, if it fails or is no torch module, or if a fact is
    missing.
    """
    place, colon, name = text.partition(":")
    source = _import(place, text)
    names = (name,) if colon else NAMES
    name = next((n for n in names if hasattr(source, n)), "")
    if not name:
        wanted = repr(names[0]) if colon else f"none of {', '.join(NAMES)}"
        what = f"{place} has no {wanted}." if colon else f"{place} has {wanted}."
        raise UserError(what, text, "name the object that builds the model: FILE.py:NAME")
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


def _import(place: str, text: str) -> ModuleType:
    """The Python file or module *place*, run with its folder (or the current one) on the path."""
    path = Path(place)
    if not (place.endswith(".py") or path.is_file()):
        if not _exists(place):
            what = f"There is no model {place!r}: no such file, and no such Python module."
            raise UserError(what, text, "give net.npz, FILE.py[:NAME] or package.module:NAME")
        with _path(Path.cwd()):
            return _guard(lambda: importlib.import_module(place), place, text)
    if not path.is_file():
        raise UserError(f"There is no file {place}.", text, "check the path")
    spec = importlib.util.spec_from_file_location(f"pyralis_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        what = f"{place} is neither a network file (.npz) nor Python (.py)."
        raise UserError(what, text, "pyralis export writes network files")
    module, loader = importlib.util.module_from_spec(spec), spec.loader
    sys.modules[module.__name__] = module
    with _path(path.resolve().parent):
        _guard(lambda: loader.exec_module(module), place, text)
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
        thing = _guard(thing, text, text)
    if not isinstance(thing, nn.Module):
        what = f"{text} gives {type(thing).__name__}, not a torch.nn.Module."
        raise UserError(what, text, "name a module, or a function without arguments that returns one")
    return thing.eval()


def _guard(action: Callable[[], Any], what: str, text: str) -> Any:
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
