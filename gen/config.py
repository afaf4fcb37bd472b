"""Core configurations as TOML files.

A file holds any of the fields of :class:`pyralis.hw.snn.config.SnnConfig`; the others keep the value of
``preset`` (a name in :data:`PRESETS`), or their default::

    preset = "zu3eg"
    map_words = 4096
"""

import difflib
import tomllib
from dataclasses import fields, replace
from pathlib import Path

from pyralis.gen.errors import UserError
from pyralis.hw.snn.config import PRESETS, SnnConfig

__all__ = ["choose", "from_toml", "preset", "to_toml"]


def preset(name: str) -> SnnConfig:
    """The configuration called *name*; UserError naming the nearest one if there is none."""
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else "a configuration of your own: --config FILE.toml"
        raise UserError(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.", "preset", hint)
    return PRESETS[name]


def from_toml(text: str, where: str = "configuration") -> SnnConfig:
    """Reads a configuration; *where* names it in errors.

    Raises UserError for text that is no TOML, an unknown key (naming the nearest), a value of the wrong type,
    and for sizes that no core can have.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = f"The configuration is not TOML: {error}."
        raise UserError(what, where, "pyralis generate writes a config.toml to start from") from None
    name = values.pop("preset", None)
    if name is not None and not isinstance(name, str):
        raise UserError(f"preset must be a name, not {name!r}.", where, f"one of {', '.join(PRESETS)}")
    base = SnnConfig() if name is None else preset(name)
    known = {field.name: type(getattr(base, field.name)) for field in fields(SnnConfig)}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, [*known, "preset"], n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"the keys are preset, {', '.join(known)}"
            raise UserError(f"The configuration has no key {key!r}.", where, hint)
        if type(value) is not known[key]:
            kind = {int: "an integer", str: "a string"}[known[key]]
            raise UserError(f"{key} must be {kind}, not {value!r}.", where, f"{key} = {getattr(base, key)!r}")
    try:
        return replace(base, **values)
    except ValueError as error:
        hint = "the fields and their bounds: python -m pydoc pyralis.hw.snn.config"
        raise UserError(f"{error}.", where, hint) from None


def to_toml(config: SnnConfig) -> str:
    """*config* as a file that :func:`from_toml` reads back, every field written out."""
    lines = (f"{field.name} = {getattr(config, field.name)!r}" for field in fields(config))
    return "\n".join(lines).replace("'", '"') + "\n"


def choose(name: str | None, path: str | Path | None, default: str = "tiny") -> tuple[str, SnnConfig]:
    """(name, configuration) of the preset *name* or the TOML file *path*; *default* if neither is given."""
    if path is None:
        return name or default, preset(name or default)
    if name is not None:
        what = f"--preset {name} and --config {path} cannot both be given."
        raise UserError(what, "arguments", f'write preset = "{name}" into {path}')
    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        what = f"The configuration {path} cannot be read: {reason}."
        raise UserError(what, str(path), "check the path") from None
    return Path(path).stem, from_toml(text, str(path))
