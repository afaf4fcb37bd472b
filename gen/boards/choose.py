"""Boards and cores by the names that a user gives."""

import difflib

from pyralis.boards.base import Board, all_boards
from pyralis.gen.errors import UserError

__all__ = ["board_named"]


def board_named(name: str) -> Board:
    """The board called *name*, in which a hyphen is as good as an underscore.

    Raises UserError naming the nearest ones if there is none.
    """
    boards = all_boards()
    if (plain := name.lower().replace("-", "_")) in boards:
        return boards[plain]
    near = difflib.get_close_matches(name, boards, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "pyralis boards lists them"
    raise UserError(f"There is no board {name!r}; there are {', '.join(boards)}.", "BOARD", hint)
