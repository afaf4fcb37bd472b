"""``pyralis generate gf``: the folder, its defaults, and what it refuses."""

import json

from pyralis.gen.gf.config import from_toml
from pyralis.hw.gf.config import GfConfig


def test_a_folder_for_one_configuration(command, tmp_path):
    line = "--m 6 --protect residue_bch --t 2 --correct 1 --corrector folded"
    code, out, err = command("generate", "gf", *line.split(), "-o", tmp_path / "rtl")
    assert (code, err) == (0, "")
    assert "gf_mul_sva.sv" in out
    assert f"Written to {tmp_path / 'rtl'}; README.txt says how to simulate and synthesise it." in out
    config = GfConfig(m=6, t=2, correct=1, corrector="folded", digit=6)
    assert from_toml((tmp_path / "rtl" / "config.toml").read_text()) == config
    code, out, _ = command(
        "generate", "gf", "--config", tmp_path / "rtl" / "config.toml", "-o", tmp_path / "again", "--json"
    )
    assert code == 0
    assert json.loads(out)["core"]["name"] == "config"
    for path in (tmp_path / "rtl").iterdir():
        if path.name not in ("README.txt", "manifest.json"):  # these hold the name
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_a_block_that_is_too_deep_is_named(command, tmp_path):
    code, _, err = command("generate", "gf", "--corrector", "pipelined", "--levels", "1", "-o", tmp_path)
    assert code == 1
    assert err.startswith("pyralis: levels = 1 is too few: the block 'multiplier_0' ")
    assert "\n  where: gf45-two_step-residue_bch-t1-c1-pipelined\n" in err
    assert not list(tmp_path.iterdir())


def test_arguments_of_the_other_core_are_refused(command):
    assert command("generate", "gf", "--preset", "tiny") == (
        1,
        "",
        (
            "pyralis: pyralis generate gf has no argument '--preset'.\n"
            "  where: pyralis generate gf\n  next:  pyralis generate gf --help\n"
        ),
    )
    assert "pyralis generate snn has no argument '--m'." in command("generate", "--m", "45")[2]


def test_wrong_values_are_three_lines(command):
    assert command("generate", "gf", "--t", "9")[2] == (
        "pyralis: t must be in 1..5, not 9; the nearest is t = 5.\n"
        "  where: arguments\n  next:  the arguments and their values: --help\n"
    )
