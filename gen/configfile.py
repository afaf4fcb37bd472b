"""TOML files that hold the fields of a configuration: read with a sentence for every mistake, and written."""

import difflib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pyralis.gen.errors import UserError

__all__ = ["check_values", "named", "parse", "read", "sentence", "to_text"]

Config = TypeVar("Config")

KINDS = {int: "an integer", str: "a string", bool: "true or false"}


def named(name: str, presets: Mapping[str, Config], otherwise: str) -> Config:
    """The one of *presets* called *name*; UserError with the nearest name, or the hint *otherwise*."""
    if name not in presets:
        near = difflib.get_close_matches(name, presets, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else otherwise
        raise UserError(f"There is no preset {name!r}; there are {', '.join(presets)}.", "preset", hint)
    return presets[name]


def read(path: str | Path) -> str:
    """The text of *path*; UserError if it cannot be read."""
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        what = f"The configuration {path} cannot be read: {reason}."
        raise UserError(what, str(path), "check the path") from None


def parse(text: str, where: str) -> dict[str, Any]:
    """The values in *text*; UserError, naming *where*, for text that is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = f"The configuration is not TOML: {error}."
        raise UserError(what, where, "pyralis generate writes a config.toml to start from") from None


def check_values(
    values: Mapping[str, Any], usual: Mapping[str, Any], where: str, *, further: tuple[str, ...] = ()
) -> None:
    """Raises UserError for a key that is not in *usual* and for a value of another type than the one there.

    Parameters
    ----------
    values : dict
        What the file holds.
    usual : dict
        Every field with a value of its type.
    where : str
        The file.
    further : tuple of str
        Other keys that may stand in a file, for the list of keys.
    """
    for key, value in values.items():
        if key not in usual:
            near = difflib.get_close_matches(key, [*usual, *further], n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join([*further, *usual])}"
            raise UserError(f"The configuration has no key {key!r}.", where, hint)
        if type(value) is not type(usual[key]):
            what = f"{key} must be {KINDS[type(usual[key])]}, not {value!r}."
            raise UserError(what, where, f"{key} = {usual[key]!r}")


def to_text(values: Mapping[str, int | str | bool]) -> str:
    """*values* as lines of TOML."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def sentence(error: Exception) -> str:
    """The message of *error*, closed by a full stop."""
    return f"{str(error).removesuffix('.')}."
