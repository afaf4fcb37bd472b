"""Sizes of a core as a user gives them: the name of a preset, or a TOML file.

A file holds any of the fields of the core's configuration; the others keep the value of ``preset`` (a name),
or their default::

    preset = "zu3eg"
    map_words = 4096
"""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pyralis.gen import configfile
from pyralis.gen.errors import UserError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["OWN", "Sizes", "to_toml"]

OWN = "a configuration of your own: --config FILE.toml"
"""Next step after the name of a preset that does not exist, where the verb has ``--config``."""

Config = TypeVar("Config", bound="DataclassInstance")


@dataclass(frozen=True, kw_only=True)
class Sizes(Generic[Config]):
    """The sizes of one kind of core.

    Attributes
    ----------
    presets : dict of Config
        By name.
    usual : Config
        What a file changes that names no preset.
    follows : dict of (str, value)
        Fields that are set to a value where a file changes another field and not them: ``{"epilogue_lanes":
        ("lanes", 0)}``.
    """

    presets: Mapping[str, Config]
    usual: Config
    follows: Mapping[str, tuple[str, Any]] = field(default_factory=dict)

    def add_core(self, parser: argparse.ArgumentParser, default: str = "tiny") -> None:
        """``--preset`` and ``--config``; read with :meth:`choose`."""
        names = ", ".join(self.presets)
        parser.add_argument(
            "--preset", metavar="NAME", help=f"size of the core: {names} (default: {default})"
        )
        parser.add_argument("--config", metavar="FILE", help="a TOML file with a size of your own")

    def preset(self, name: str, otherwise: str = OWN) -> Config:
        """The preset *name*; UserError with the nearest one, or the hint *otherwise*, if there is none."""
        return configfile.named(name, self.presets, otherwise)

    def from_toml(self, text: str, where: str = "configuration") -> Config:
        """Reads a configuration; *where* names it in errors.

        Raises UserError for text that is no TOML, an unknown key (naming the nearest), a value of the wrong
        type, and for sizes that no core can have.
        """
        values = configfile.parse(text, where)
        name = values.pop("preset", None)
        if name is not None and not isinstance(name, str):
            hint = f"one of {', '.join(self.presets)}"
            raise UserError(f"preset must be a name, not {name!r}.", where, hint)
        base = self.usual if name is None else self.preset(name)
        configfile.check_values(values, asdict(base), where, further=("preset",))
        for follower, (leader, value) in self.follows.items():
            if leader in values:
                values.setdefault(follower, value)
        try:
            return replace(base, **values)
        except ValueError as error:
            hint = f"the fields and their bounds: python -m pydoc {type(base).__module__}"
            raise UserError(configfile.sentence(error), where, hint) from None

    def choose(self, name: str | None, path: str | Path | None, default: str = "tiny") -> tuple[str, Config]:
        """(name, configuration) of the preset *name* or the TOML file *path*; *default* if neither."""
        if path is None:
            return name or default, self.preset(name or default)
        if name is not None:
            what = f"--preset {name} and --config {path} cannot both be given."
            raise UserError(what, "arguments", f'write preset = "{name}" into {path}')
        return Path(path).stem, self.from_toml(configfile.read(path), str(path))


def to_toml(config: "DataclassInstance") -> str:
    """*config* as a file that :meth:`Sizes.from_toml` reads back, every field written out."""
    return configfile.to_text(asdict(config))
