"""Verbs that exist once a core: ``pyralis generate snn``, ``pyralis generate gf``.

Such a verb is a package in ``gen/verbs`` with ``HELP``, its line in the list of verbs, ``DESCRIPTION``, and
``DEFAULT`` if a core is meant when none is named. With ``core_of`` it is first looked for in the words behind
the verb: files know their core, so that ``pyralis check net.npz`` needs none. Each module in it is a core,
written as the docstring of :mod:`pyralis.gen.cli` says of a verb; a further core joins by one file.
"""

import argparse
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from pyralis.gen.errors import UserError
from pyralis.gen.parser import Layout, add_json, nearest

__all__ = ["VerbOfCores", "job_of", "with_core"]


class VerbOfCores:
    """A verb made of a module a core.

    Parameters
    ----------
    package : module
        The package of the verb.

    Attributes
    ----------
    cores : dict of str to module
    """

    def __init__(self, package: ModuleType) -> None:
        self.name = package.__name__.rpartition(".")[2]
        self.help: str = package.HELP
        self.description: str = package.DESCRIPTION
        self.default: str | None = getattr(package, "DEFAULT", None)
        self.core_of: Callable[[list[str]], str | None] | None = getattr(package, "core_of", None)
        names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
        self.cores: dict[str, Any] = {
            name: importlib.import_module(f"{package.__name__}.{name}") for name in names
        }

    def add_parser(self, subparsers) -> argparse.ArgumentParser:
        """Adds the verb with a parser a core below it; returns the verb's."""
        command = f"pyralis {self.name}"
        epilog = f"The arguments of one core: {command} CORE --help."
        if self.core_of:
            epilog += f" Without a core it is that of the file, {self.default} where that is not seen."
        elif self.default:
            epilog += f" Without a core it is {self.default}."
        parser = subparsers.add_parser(
            self.name, help=self.help, description=self.description, epilog=epilog, formatter_class=Layout
        )
        place = "[CORE] FILE" if self.core_of else "CORE"
        cores = parser.add_subparsers(title="cores", metavar=place, dest="core", required=True)
        for module in self.cores.values():
            add_json(module.add_parser(cores))
        return parser

    def complete(self, words: list[str]) -> list[str]:
        """*words*, which follow the verb, with the core that they mean in front if none is named.

        Raises UserError for a word that is no core, and for none where there is no default.
        """
        first = next((index for index, word in enumerate(words) if word != "--json"), len(words))
        word = words[first] if first < len(words) else None
        if word in self.cores or word in ("-h", "--help"):
            return words
        if self.core_of is not None and self.default is not None:
            return [*words[:first], self.core_of(words[first:]) or self.default, *words[first:]]
        command, names = f"pyralis {self.name}", ", ".join(self.cores)
        if word is not None and not word.startswith("-"):
            what = f"{command} has no core {word!r}; there are {names}."
            raise UserError(what, command, nearest(word, command, self.cores))
        if self.default is None:
            what = f"{command} needs the name of a core; there are {names}."
            raise UserError(what, command, f"{command} {next(iter(self.cores))} --help")
        return [*words[:first], self.default, *words[first:]]


def with_core(argv: list[str], verbs: Mapping[str, Any]) -> list[str]:
    """The command line *argv*, with the core that its verb means when none is named."""
    verb = verbs.get(argv[0])
    return [argv[0], *verb.complete(argv[1:])] if isinstance(verb, VerbOfCores) else argv


def job_of(verb: Any, args: argparse.Namespace) -> Any:
    """The module that has ``run`` and ``render`` for the parsed *args* of *verb*."""
    return verb.cores[args.core] if isinstance(verb, VerbOfCores) else verb
