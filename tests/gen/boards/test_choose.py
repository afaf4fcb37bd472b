"""Boards by name."""

import pytest

from pyralis.boards.base import all_boards
from pyralis.gen.boards.choose import board_named
from pyralis.gen.errors import UserError


def test_every_board_is_found_by_its_folder_s_name():
    boards = all_boards()
    assert list(boards) == ["kv260", "pynq_z2", "ulx3s", "zcu104"]
    assert all(board_named(name) is board for name, board in boards.items())
    assert board_named("PYNQ-Z2") is boards["pynq_z2"]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("zcu140", "did you mean zcu104?"),
        ("kv206", "did you mean kv260?"),
        ("x", "pyralis boards lists them"),
    ],
)
def test_a_wrong_name_is_answered_with_the_near_ones(wrong, hint):
    with pytest.raises(UserError) as error:
        board_named(wrong)
    assert error.value.what == f"There is no board {wrong!r}; there are kv260, pynq_z2, ulx3s, zcu104."
    assert error.value.hint == hint
