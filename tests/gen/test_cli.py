"""The command: help, JSON, three-line errors, exit codes."""

import argparse
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from pyralis.gen import cli
from pyralis.gen.errors import ToolError, UserError


@pytest.fixture
def verb(monkeypatch):
    """Adds a verb ``try`` that does what the test says: ``verb.run = function of args``."""
    module = SimpleNamespace(
        add_parser=lambda subparsers: subparsers.add_parser("try", help="a verb of this test"),
        run=lambda args: {},
    )
    verbs = cli._verbs()
    monkeypatch.setattr(cli, "_verbs", lambda: {**verbs, "try": module})
    monkeypatch.delenv("PYRALIS_DEBUG", raising=False)
    return module


def failing(error: BaseException):
    def run(args: argparse.Namespace) -> dict:
        raise error

    return run


def test_help_fits_one_screen(capsys):
    assert cli.main([]) == 0
    text = capsys.readouterr().out
    assert "doctor" in text
    assert "VERB\n" not in text
    assert len(text.splitlines()) <= 30
    assert max(map(len, text.splitlines())) <= 100


def test_every_verb_has_help_and_json(capsys):
    for name in cli._verbs():
        with pytest.raises(SystemExit) as stop:
            cli.main([name, "--help"])
        assert stop.value.code == 0
        assert "--json" in capsys.readouterr().out


def test_verbs_come_in_the_order_of_work():
    names = [name for name in cli._verbs() if name in cli.ORDER]
    assert names == [name for name in cli.ORDER if name in names]
    assert names[0] == "doctor"


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("pyralis 0.")


def test_user_error_is_three_lines(verb, capsys):
    verb.run = failing(
        UserError("beta must be in 0..1, not 3.", where="layer 'lif1'", hint="retrain with beta <= 1")
    )
    assert cli.main(["try"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "pyralis: beta must be in 0..1, not 3.\n  where: layer 'lif1'\n  next:  retrain with beta <= 1\n"
    )


def test_user_error_with_only_a_sentence_still_has_three_lines(verb, capsys):
    verb.run = failing(UserError("the file\nis empty."))
    assert cli.main(["try"]) == 1
    assert capsys.readouterr().err == (
        "pyralis: the file is empty.\n  where: pyralis try\n  next:  pyralis try --help\n"
    )


def test_tool_error_names_its_log(verb, capsys):
    verb.run = failing(ToolError("Verilator failed.", log="build/sim/top/build.log"))
    assert cli.main(["try"]) == 2
    assert capsys.readouterr().err == (
        "pyralis: Verilator failed.\n  log:   build/sim/top/build.log\n"
        "  next:  read the end of the log; pyralis doctor lists the tools\n"
    )


def test_wrong_verb_gets_the_nearest(capsys):
    assert cli.main(["docter"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("pyralis: There is no verb 'docter'; there are doctor")
    assert "next:  did you mean 'pyralis doctor'?" in err
    assert cli.main(["xyzzy"]) == 1
    assert "next:  pyralis --help" in capsys.readouterr().err


def test_wrong_option_is_named(capsys):
    assert cli.main(["doctor", "--jsn"]) == 1
    assert capsys.readouterr().err == (
        "pyralis: pyralis doctor has no argument '--jsn'.\n"
        "  where: pyralis doctor\n  next:  pyralis doctor --help\n"
    )


def test_missing_value_is_a_user_error(verb, capsys):
    def add_parser(subparsers):
        parser = subparsers.add_parser("try")
        parser.add_argument("--preset", choices=["tiny", "zu3eg"])
        return parser

    verb.add_parser = add_parser
    assert cli.main(["try", "--preset", "tniy"]) == 1
    err = capsys.readouterr().err
    assert "argument --preset: invalid choice: 'tniy'" in err.lower()
    assert "  where: pyralis try\n  next:  pyralis try --help\n" in err


def test_missing_file_is_a_user_error(verb, capsys, tmp_path):
    path = tmp_path / "none.npz"
    verb.run = lambda args: {"data": path.read_bytes()}
    assert cli.main(["try"]) == 1
    assert capsys.readouterr().err.startswith(f"pyralis: {path}: No such file or directory.\n")


def test_missing_package_names_the_extra(verb, capsys):
    verb.run = failing(ModuleNotFoundError("No module named 'snntorch'", name="snntorch"))
    assert cli.main(["try"]) == 1
    err = capsys.readouterr().err
    assert "pyralis: The package snntorch is not installed." in err
    assert "next:  pip install 'pyralis[snntorch]'" in err


def test_mistakes_of_ours_keep_their_traceback(verb):
    verb.run = failing(ModuleNotFoundError("No module named 'pyralis.oops'", name="pyralis.oops"))
    with pytest.raises(ModuleNotFoundError):
        cli.main(["try"])
    verb.run = failing(OSError("without a file"))
    with pytest.raises(OSError, match="without a file"):
        cli.main(["try"])
    verb.run = failing(KeyError("x"))
    with pytest.raises(KeyError):
        cli.main(["try"])


def test_debug_shows_the_traceback(verb, monkeypatch):
    monkeypatch.setenv("PYRALIS_DEBUG", "1")
    verb.run = failing(UserError("beta must be in 0..1, not 3."))
    with pytest.raises(UserError):
        cli.main(["try"])


def test_interrupt_is_clean(verb, capsys):
    verb.run = failing(KeyboardInterrupt())
    assert cli.main(["try"]) == 130
    assert capsys.readouterr().err.startswith("pyralis: Stopped.\n")


def test_result_that_is_not_ok_exits_with_one(verb):
    verb.run = lambda args: {"ok": False}
    assert cli.main(["try"]) == 1
    verb.run = lambda args: {"ok": True}
    assert cli.main(["try"]) == 0


def test_json_has_stdout_for_itself(verb, capsys):
    def run(args: argparse.Namespace) -> dict:
        with args.progress.step("train") as step:
            step.note("accuracy 97.8 %")
        return {"accuracy": 0.978}

    verb.run = run
    assert cli.main(["try", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"accuracy": 0.978}
    assert "accuracy 97.8 %" in err
    assert cli.main(["try"]) == 0
    out, err = capsys.readouterr()
    assert "accuracy 97.8 %" in out
    assert err == ""


def test_closed_pipe_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, "-P", "-m", "pyralis.gen.cli", "doctor"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN),
    )
    os.close(writer)
    assert result.stderr == b""
    assert result.returncode == 0
