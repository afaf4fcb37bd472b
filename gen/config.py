"""Core configurations as TOML files.

A file holds any of the fields of :class:`pyralis.hw.snn.config.SnnConfig`; the others keep the value of
``preset`` (a name in :data:`PRESETS`), or their default::

    preset = "zu3eg"
    map_words = 4096
"""

from dataclasses import asdict, replace
from pathlib import Path

from pyralis.gen import configfile
from pyralis.gen.errors import UserError
from pyralis.hw.snn.config import PRESETS, SnnConfig

__all__ = ["choose", "from_toml", "preset", "to_toml"]


def preset(name: str) -> SnnConfig:
    """The configuration called *name*; UserError naming the nearest one if there is none."""
    return configfile.named(name, PRESETS, "a configuration of your own: --config FILE.toml")


def from_toml(text: str, where: str = "configuration") -> SnnConfig:
    """Reads a configuration; *where* names it in errors.

    Raises UserError for text that is no TOML, an unknown key (naming the nearest), a value of the wrong type,
    and for sizes that no core can have.
    """
    values = configfile.parse(text, where)
    name = values.pop("preset", None)
    if name is not None and not isinstance(name, str):
        raise UserError(f"preset must be a name, not {name!r}.", where, f"one of {', '.join(PRESETS)}")
    base = SnnConfig() if name is None else preset(name)
    configfile.check_values(values, asdict(base), where, further=("preset",))
    try:
        return replace(base, **values)
    except ValueError as error:
        hint = "the fields and their bounds: python -m pydoc pyralis.hw.snn.config"
        raise UserError(configfile.sentence(error), where, hint) from None


def to_toml(config: SnnConfig) -> str:
    """*config* as a file that :func:`from_toml` reads back, every field written out."""
    return configfile.to_text(asdict(config))


def choose(name: str | None, path: str | Path | None, default: str = "tiny") -> tuple[str, SnnConfig]:
    """(name, configuration) of the preset *name* or the TOML file *path*; *default* if neither is given."""
    if path is None:
        return name or default, preset(name or default)
    if name is not None:
        what = f"--preset {name} and --config {path} cannot both be given."
        raise UserError(what, "arguments", f'write preset = "{name}" into {path}')
    return Path(path).stem, from_toml(configfile.read(path), str(path))
