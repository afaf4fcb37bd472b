"""Size of a graph core: the arguments ``--preset`` and ``--config``, and TOML files.

A file holds any of the fields of :class:`pyralis.hw.gcn.config.GcnConfig`; the others keep the value of
``preset`` (a name in :data:`pyralis.gen.gcn.config.SIZES`), or their default::

    preset = "z32"
    gather_ports = 4
"""

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from pyralis.gen import configfile
from pyralis.gen.errors import UserError
from pyralis.gen.gcn.config import SIZES
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["add_core", "choose", "from_toml", "preset", "to_toml"]


def add_core(parser: argparse.ArgumentParser, default: str = "tiny") -> None:
    """``--preset`` and ``--config``; read with :func:`choose`."""
    names = ", ".join(SIZES)
    parser.add_argument("--preset", metavar="NAME", help=f"size of the core: {names} (default: {default})")
    parser.add_argument("--config", metavar="FILE", help="a TOML file with a size of your own")


def preset(name: str) -> GcnConfig:
    """The configuration called *name*; UserError naming the nearest one if there is none."""
    return configfile.named(name, SIZES, "a configuration of your own: --config FILE.toml")


def from_toml(text: str, where: str = "configuration") -> GcnConfig:
    """Reads a configuration; *where* names it in errors.

    Raises UserError for text that is no TOML, an unknown key (naming the nearest), a value of the wrong type,
    and for sizes that no core can have.
    """
    values = configfile.parse(text, where)
    name = values.pop("preset", None)
    if name is not None and not isinstance(name, str):
        raise UserError(f"preset must be a name, not {name!r}.", where, f"one of {', '.join(SIZES)}")
    base = GcnConfig() if name is None else preset(name)
    configfile.check_values(values, asdict(base), where, further=("preset",))
    if "lanes" in values and "epilogue_lanes" not in values:
        values["epilogue_lanes"] = 0  # follows the lanes, unless the file says more
    try:
        return replace(base, **values)
    except ValueError as error:
        hint = "the fields and their bounds: python -m pydoc pyralis.hw.gcn.config"
        raise UserError(configfile.sentence(error), where, hint) from None


def to_toml(config: GcnConfig) -> str:
    """*config* as a file that :func:`from_toml` reads back, every field written out."""
    return configfile.to_text(asdict(config))


def choose(name: str | None, path: str | Path | None, default: str = "tiny") -> tuple[str, GcnConfig]:
    """(name, configuration) of the preset *name* or the TOML file *path*; *default* if neither is given."""
    if path is None:
        return name or default, preset(name or default)
    if name is not None:
        what = f"--preset {name} and --config {path} cannot both be given."
        raise UserError(what, "arguments", f'write preset = "{name}" into {path}')
    return Path(path).stem, from_toml(configfile.read(path), str(path))
