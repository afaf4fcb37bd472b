"""Runs of tools: done once, known by what they leave, ended when they take too long."""

import pytest
from filelock import FileLock

from pyralis.gen.errors import ToolError
from pyralis.gen.process import OutOfTimeError, run_once, spent


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


def test_who_waits_for_another_can_be_interrupted(tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    with FileLock(f"{tmp_path / 'run'}.lock"), pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", "touch out", tick=interrupt)
    assert not run(tmp_path / "run", "touch out")
