"""Arguments of the verbs that compile a graph network: what a program leaves to choose."""

import argparse

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.settings import MOST_HEIGHT, Settings
from pyralis.gen.options import natural, positive

__all__ = ["add_elimination", "settings_of"]

DEFAULT = Settings()


def add_elimination(parser: argparse.ArgumentParser) -> None:
    """Which rows of a dense input are loaded. Read with :func:`settings_of`."""
    group = parser.add_argument_group("rows of a dense input that are loaded before they are aggregated")
    group.add_argument(
        "--elimination",
        choices=["none", "window", "rows"],
        help="all of them at once; of each destination interval those in windows that slide and shrink; or "
        "those that it gathers (default: none, and rows where the input does not fit into the row store)",
    )
    group.add_argument(
        "--window-height",
        type=positive,
        default=DEFAULT.window_height,
        metavar="ROWS",
        help=f"of such a window at most (default: {DEFAULT.window_height})",
    )
    group.add_argument(
        "--interval-rows",
        type=natural,
        default=DEFAULT.interval_rows,
        metavar="ROWS",
        help="of a destination interval, rounded up to whole groups (default: 0, as many as fit)",
    )


def settings_of(args: argparse.Namespace) -> Settings:
    """What the user asked for with :func:`add_elimination`.

    Raises UserError if a window is higher than a descriptor can say.
    """
    if args.window_height > MOST_HEIGHT:
        what = f"windows have at most {MOST_HEIGHT} rows, not {args.window_height}"
        raise UserError(what, "--window-height", f"give 1 to {MOST_HEIGHT}")
    return Settings(
        elimination=args.elimination, window_height=args.window_height, interval_rows=args.interval_rows
    )
