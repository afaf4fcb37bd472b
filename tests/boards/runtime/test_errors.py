"""Errors print as a sentence and a next step."""

from pyralis.boards.runtime.errors import CoreError, DriverError


def test_an_error_prints_its_next_step():
    assert str(DriverError("it is so", "do this")) == "it is so\n  next: do this"
    assert str(CoreError("it is so")) == "it is so"
    assert CoreError("it is so", "do this").hint == "do this"
