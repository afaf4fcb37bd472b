"""Configurations as TOML, and the sentence for each that is none."""

import pytest

from pyralis.gen.config import choose, from_toml, preset, to_toml
from pyralis.gen.errors import UserError
from pyralis.hw.snn.config import PRESETS, SnnConfig


def refused(action) -> UserError:
    with pytest.raises(UserError) as error:
        action()
    return error.value


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_its_file(name):
    assert from_toml(to_toml(PRESETS[name])) == PRESETS[name]
    assert from_toml(f'preset = "{name}"') == PRESETS[name] == preset(name)


def test_a_file_changes_a_preset():
    config = from_toml('preset = "zu3eg"\nmap_words = 4096\n')
    assert config.map_words == 4096
    assert config.out_lanes == PRESETS["zu3eg"].out_lanes
    assert from_toml("") == SnnConfig()


def test_an_unknown_key_names_the_nearest():
    error = refused(lambda: from_toml("map_word = 4096", "my.toml"))
    assert error.what == "The configuration has no key 'map_word'."
    assert (error.where, error.hint) == ("my.toml", "did you mean 'map_words'?")
    assert refused(lambda: from_toml("zzz = 1")).hint.startswith("the keys are preset, out_lanes, ")


def test_impossible_sizes_name_value_and_bound():
    error = refused(lambda: from_toml("in_lanes = 17", "my.toml"))
    assert error.what == (
        "in_lanes must be even and in 2..16 (a 12-bit lane holds 16 int8 products), not 17."
    )
    assert error.where == "my.toml"


def test_values_of_the_wrong_type():
    assert refused(lambda: from_toml("in_lanes = 8.0")).what == "in_lanes must be an integer, not 8.0."
    assert refused(lambda: from_toml("in_lanes = true")).what == "in_lanes must be an integer, not True."
    assert refused(lambda: from_toml("cell = 3")).what == "cell must be a string, not 3."
    assert refused(lambda: from_toml("preset = 3")).what == "preset must be a name, not 3."
    assert refused(lambda: from_toml("[[")).what.startswith("The configuration is not TOML: ")


def test_presets_by_name():
    error = refused(lambda: preset("zu3e"))
    assert error.what == "There is no preset 'zu3e'; there are tiny, zu3eg, zcu104."
    assert error.hint == "did you mean 'zu3eg'?"
    assert refused(lambda: preset("qqq")).hint == "a configuration of your own: --config FILE.toml"


def test_choice_between_preset_and_file(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('preset = "tiny"\n')
    assert choose(None, None) == ("tiny", PRESETS["tiny"])
    assert choose(None, None, "zu3eg") == ("zu3eg", PRESETS["zu3eg"])
    assert choose(None, file) == ("mine", PRESETS["tiny"])
    error = refused(lambda: choose("tiny", "mine.toml"))
    assert error.what == "--preset tiny and --config mine.toml cannot both be given."
    assert "cannot be read: No such file" in refused(lambda: choose(None, tmp_path / "no.toml")).what
    file.write_bytes(b"\xff\xfe")
    assert "cannot be read: not a text file" in refused(lambda: choose(None, file)).what
