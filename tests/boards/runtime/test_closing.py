"""The end of a ``with`` block, in peace and by an error."""

import pytest

from pyralis.boards.runtime.closing import Closing


class Held(Closing):
    def __init__(self):
        self.closed = 0

    def close(self):
        self.closed += 1


def test_it_is_closed_at_the_end():
    with Held() as held:
        assert isinstance(held, Held) and not held.closed
    assert held.closed == 1


def test_an_error_goes_on_when_it_is_closed():
    held = Held()
    with pytest.raises(KeyError), held:
        raise KeyError
    assert held.closed == 1


def test_who_is_closed_must_say_how():
    with pytest.raises(TypeError, match="close"):
        type("Open", (Closing,), {})()
