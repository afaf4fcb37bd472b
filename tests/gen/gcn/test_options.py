"""Arguments of the verbs that compile graph networks."""

import argparse

import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Settings
from pyralis.gen.gcn.options import add_elimination, settings_of
from pyralis.hw.gcn.eliminator import Elimination


def settings(*arguments: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_elimination(parser)
    return settings_of(parser.parse_args(arguments))


def test_what_is_not_given_is_the_compilers():
    assert settings() == Settings()
    windows = settings().windows
    assert windows is not None and not windows.always and windows.mode is Elimination.ROWS


def test_what_is_given():
    found = settings("--elimination", "window", "--window-height", "65535", "--interval-rows", "128").windows
    assert found is not None and found.always
    assert (found.mode, found.height, found.rows) == (Elimination.WINDOW, 65535, 128)
    assert settings("--elimination", "none").windows is None


def test_a_window_that_is_too_high_is_refused():
    with pytest.raises(UserError) as caught:
        settings("--window-height", "65536")
    error = caught.value
    assert error.what == "windows have at most 65535 rows, not 65536"
    assert (error.where, error.hint) == ("--window-height", "give 1 to 65535")
