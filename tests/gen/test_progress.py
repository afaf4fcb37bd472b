"""A line for every step, a bar on terminals only."""

import io
import time

import pytest

from pyralis.gen import progress as module
from pyralis.gen.progress import QUIET, Progress, ticking


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that pass only when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_file_gets_one_line_a_step(clock):
    stream = io.StringIO()
    progress = Progress(stream, clock=clock)
    with progress.step("train", total=2) as step:
        clock.now += 12.34
        step.advance()
        step.advance()
        step.note("accuracy 97.8 %")
    with progress.step("export"):
        clock.now += 0.5
    assert stream.getvalue().splitlines() == [
        f"{'train':28}    12.3 s  accuracy 97.8 %",
        f"{'export':28}     0.5 s",
    ]


def test_failed_step_says_so_and_raises(clock):
    stream = io.StringIO()

    def job() -> None:
        with Progress(stream, clock=clock).step("train") as step:
            step.note("accuracy 97.8 %")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        job()
    assert stream.getvalue() == f"{'train':28}     0.0 s  failed\n"


def test_terminal_gets_a_bar(clock):
    stream = Terminal()
    with Progress(stream, clock=clock).step("simulate", total=4) as step:
        for _ in range(4):
            clock.now += 1
            step.advance()
    drawn = stream.getvalue().split("\r")
    assert any(f"{'#' * 12}{'.' * 12} 2/4" in line for line in drawn)
    assert drawn[-1] == f"{'simulate':28}     4.0 s\x1b[K\n"


def test_bar_is_not_drawn_more_than_ten_times_a_second(clock):
    stream = Terminal()
    with Progress(stream, clock=clock).step("simulate", total=1000) as step:
        for _ in range(1000):
            clock.now += 0.001
            step.advance()
    assert 8 <= stream.getvalue().count("/1000") <= 12


def test_quiet_says_nothing(capsys):
    with QUIET.step("train") as step:
        step.advance()
    QUIET.say("hello")
    assert capsys.readouterr() == ("", "")


def test_a_clock_ticks_while_something_else_works(monkeypatch):
    monkeypatch.setattr(module, "TICK", 0.01)
    monkeypatch.setattr(module, "REDRAW", 0.0)
    stream = Terminal()
    with Progress(stream).step("simulate") as step, ticking(step):
        time.sleep(0.2)
    drawn = stream.getvalue().count("simulate")
    assert drawn > 3
    time.sleep(0.05)
    assert stream.getvalue().count("simulate") == drawn
