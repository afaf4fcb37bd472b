"""Command-line parsers of the program: their errors, their help, and what all of them take."""

import argparse
import difflib
from collections.abc import Iterable

from pyralis.gen.errors import UserError

__all__ = ["Layout", "Parser", "add_json", "nearest"]


class Layout(argparse.HelpFormatter):
    """Help without the line "VERB" above the list of verbs, or "CORE" above that of cores."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if action.nargs == argparse.PARSER:  # argparse forgets that it indents this list once more
            longest = max(map(len, action.choices or ()), default=0) + self._current_indent + 2
            self._action_max_length = max(self._action_max_length, longest)

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        return text.partition("\n")[2] if action.nargs == argparse.PARSER else text


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are UserErrors."""

    def error(self, message: str):
        raise UserError(message[:1].upper() + message[1:], where=self.prog, hint=f"{self.prog} --help")


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``, once at each level; the namespace has ``json`` only where it was given."""
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print the result, and only it, as JSON on stdout",
    )


def nearest(word: str, command: str, choices: Iterable[str]) -> str:
    """The next step after a wrong *word* behind *command*: the nearest of *choices*, or the help."""
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    return f"did you mean '{command} {near[0]}'?" if near else f"{command} --help"
