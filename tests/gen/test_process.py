"""Runs of tools: done once, known by what they leave, ended when they take too long."""

import time

import pytest

from pyralis.gen.errors import ToolError
from pyralis.gen.process import OutOfTimeError, run_once, side_by_side, spent


def run(folder, script, **changes):
    settings = {"name": "sh", "log": "sh.log", "sources": {"in": "text"}, "outputs": ["out"]}
    return run_once(folder, ["/bin/sh", "-c", script], **{**settings, **changes})


def test_a_run_is_done_once_and_its_seconds_are_kept(tmp_path):
    folder = tmp_path / "run"
    assert not run(folder, "sleep 0.2; cat in in > out; echo said")
    assert (folder / "out").read_text() == "texttext"
    assert (folder / "sh.log").read_text() == "said\n"
    assert 0.2 <= spent(folder) < 20
    took = spent(folder)
    assert run(folder, "exit 1")
    assert spent(folder) == took


def test_a_tool_that_fails_or_forgets_is_run_again(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(ToolError, match=r"sh stopped: ERROR: no licence") as error:
        run(folder, "echo ERROR: no licence; exit 3")
    assert error.value.log == str(folder / "sh.log")
    with pytest.raises(ToolError, match=r"sh stopped: it gives no reason"):
        run(folder, "exit 3")
    with pytest.raises(ToolError, match=r"sh wrote no out\."):
        run(folder, "true")
    assert not run(folder, "cp in out")


def test_a_run_that_takes_too_long_is_ended_with_all_its_children(tmp_path):
    ticks = []
    with pytest.raises(OutOfTimeError, match=r"sh was ended after 0\.6 s\."):
        run(tmp_path / "run", "sleep 60 & wait", timeout_s=0.6, tick=lambda: ticks.append(1))
    assert ticks
    assert not (tmp_path / "run" / "done").exists()


def test_jobs_run_at_the_same_time(tmp_path):
    def meet(own, tick):
        other = 1 - own
        return run(
            tmp_path / str(own), f"touch in; while [ ! -e ../{other}/in ]; do sleep 0.05; done; touch out"
        )

    assert side_by_side(meet, [0, 1]) == [False, False]


def test_one_that_fails_ends_the_others(tmp_path):
    def job(script, tick):
        return run(tmp_path / script[:4], script, tick=tick)

    began = time.monotonic()
    with pytest.raises(ToolError, match=r"sh stopped: ERROR: no licence"):
        side_by_side(job, ["true; sleep 60", "echo ERROR: no licence; exit 3"])
    assert time.monotonic() - began < 30


def test_an_interruption_ends_all(tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    def job(number, tick):
        return run(tmp_path / str(number), "sleep 60", tick=tick)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        side_by_side(job, [0, 1], tick=interrupt)
    assert time.monotonic() - began < 30
