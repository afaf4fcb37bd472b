"""Verbs with a module a core: the default core, the nearest name, help of one core only."""

import importlib
import json
import sys

import pytest

from pyralis.gen import cli, cores
from pyralis.gen.errors import UserError

MODULE = '''
"""A core of a test."""

def add_parser(subparsers):
    parser = subparsers.add_parser("{core}", help="{core} of a test")
    parser.add_argument("--{core}-option", metavar="N", help="an option of {core}")
    return parser

def run(args):
    return {{"core": "{core}", "option": args.{core}_option}}

def render(result):
    return f"{core} ran with {{result['option']}}"
'''


WITHOUT_DEFAULT = 'HELP = "a verb of this test"\nDESCRIPTION = "Tries a core."\n'


@pytest.fixture
def verb(tmp_path, monkeypatch, request):
    """A verb ``try`` with the cores ``snn`` and ``gf``; a test's parameter is the source of its package."""
    source = getattr(
        request, "param", 'HELP = "a verb of this test"\nDESCRIPTION = "Tries a core."\nDEFAULT = "snn"\n'
    )
    folder = tmp_path / "trypackage" / "try"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(source)
    for core in ("snn", "gf"):
        (folder / f"{core}.py").write_text(MODULE.format(core=core))
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "trypackage"]:
        monkeypatch.delitem(sys.modules, name)
    made = cores.VerbOfCores(importlib.import_module("trypackage.try"))
    verbs = cli._verbs()
    monkeypatch.setattr(cli, "_verbs", lambda: {**verbs, "try": made})
    return made


def refused(what: str, where: str, hint: str) -> tuple[int, str, str]:
    return 1, "", f"pyralis: {what}\n  where: {where}\n  next:  {hint}\n"


def help_of(capsys, *words) -> str:
    with pytest.raises(SystemExit) as stop:
        cli.main([*words, "--help"])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_a_core_is_one_file(verb, command):
    assert list(verb.cores) == ["gf", "snn"]
    assert command("try", "gf", "--gf-option", "3") == (0, "gf ran with 3\n", "")
    assert command("try", "snn", "--snn-option", "3") == (0, "snn ran with 3\n", "")


def test_without_a_core_it_is_the_default(verb, command):
    assert command("try", "--snn-option", "3") == (0, "snn ran with 3\n", "")
    assert command("try") == (0, "snn ran with None\n", "")
    assert verb.complete(["--snn-option", "gf"]) == ["snn", "--snn-option", "gf"]


@pytest.mark.parametrize("verb", [WITHOUT_DEFAULT], ids=["without a default"], indirect=True)
def test_without_a_default_a_core_must_be_named(verb, command):
    for words in (["try"], ["try", "--gf-option", "3"]):
        assert command(*words) == refused(
            "pyralis try needs the name of a core; there are gf, snn.", "pyralis try", "pyralis try gf --help"
        )


WITH_FILES = f"""{WITHOUT_DEFAULT}
DEFAULT = "snn"
def core_of(words):
    return "gf" if words[:1] == ["a.npz"] else None
"""


@pytest.mark.parametrize("verb", [WITH_FILES], ids=["files know"], indirect=True)
def test_a_file_can_know_its_core(verb, capsys):
    for words, core in ((["a.npz"], "gf"), (["b.npz"], "snn"), (["--json", "a.npz"], "gf"), ([], "snn")):
        first = int(words[:1] == ["--json"])
        assert verb.complete(words) == [*words[:first], core, *words[first:]]
    assert verb.complete(["snn", "a.npz"]) == ["snn", "a.npz"]
    text = " ".join(help_of(capsys, "try").split())
    assert text.startswith("usage: pyralis try [-h] [--json] [CORE] FILE ... Tries a core. ")
    assert text.endswith("Without a core it is that of the file, snn where that is not seen.")


def test_a_wrong_core_gets_the_nearest(verb, command):
    what = "pyralis try has no core 'snm'; there are gf, snn."
    assert command("try", "snm") == refused(what, "pyralis try", "did you mean 'pyralis try snn'?")
    assert command("try", "xyzzy")[2].endswith("  next:  pyralis try --help\n")


@pytest.mark.parametrize("words", [["--json", "gf"], ["gf", "--json"], ["--json", "gf", "--json"]])
def test_json_stands_before_or_behind_the_core(verb, command, words):
    code, out, _ = command("try", *words)
    assert code == 0
    assert json.loads(out) == {"core": "gf", "option": None}
    assert json.loads(command("try", "--json", "--snn-option", "1")[1]) == {"core": "snn", "option": "1"}


def test_help_of_a_verb_lists_its_cores(verb, capsys):
    text = help_of(capsys, "try")
    assert text.startswith("usage: pyralis try [-h] [--json] CORE ...\n\nTries a core.\n")
    assert "cores:\n    gf        gf of a test\n    snn       snn of a test\n" in text
    assert text.endswith("pyralis try CORE --help. Without a core it is snn.\n")
    assert "option of" not in text


def test_help_of_a_core_shows_its_own_arguments_only(verb, capsys):
    text = help_of(capsys, "try", "gf")
    assert "--gf-option N" in text
    assert "--json" in text
    assert "snn" not in text


def test_an_unknown_argument_names_verb_and_core(verb, command):
    what = "pyralis try gf has no argument '--snn-option'."
    assert command("try", "gf", "--snn-option", "3") == refused(
        what, "pyralis try gf", "pyralis try gf --help"
    )


def test_an_error_without_a_place_names_verb_and_core(verb, command, monkeypatch):
    def run(args):
        raise UserError("No.")

    monkeypatch.setattr(verb.cores["gf"], "run", run)
    assert command("try", "gf") == refused("No.", "pyralis try gf", "pyralis try gf --help")


@pytest.mark.parametrize("name", [name for name, verb in cli._verbs().items() if hasattr(verb, "cores")])
def test_every_verb_of_cores_is_complete(name, capsys):
    verb = cli._verbs()[name]
    assert verb.default in (None, *verb.cores)
    assert max(map(len, help_of(capsys, name).splitlines())) <= 100
    for core in verb.cores:
        assert f"usage: pyralis {name} {core} " in help_of(capsys, name, core)
        assert "--json" in help_of(capsys, name, core)
