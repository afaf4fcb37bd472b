"""Sizes of the graph core; what both kinds of core share is in tests/gen/test_config.py."""

import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.config import SIZES, choose, from_toml, preset, to_toml
from pyralis.hw.gcn.config import PRESETS, GcnConfig


def test_sizes_are_the_presets_and_small():
    assert list(SIZES) == ["tiny", "small", *list(PRESETS)[1:]]
    assert {name: preset(name) for name in PRESETS} == PRESETS
    tiny, small = SIZES["tiny"], SIZES["small"]
    for shared in ("columns", "bus_bits"):
        assert getattr(small, shared) == getattr(tiny, shared)
    for engines in ("cores", "lanes", "pe_rows", "gather_ports"):
        assert getattr(small, engines) == 2 * getattr(tiny, engines)
    assert small.rows == 2 * tiny.rows


@pytest.mark.parametrize(
    ("name", "hint"),
    [("z23", "did you mean 'z32'?"), ("huge", "a configuration of your own: --config FILE.toml")],
)
def test_an_unknown_name(name, hint):
    with pytest.raises(UserError) as caught:
        preset(name)
    error = caught.value
    assert error.what == f"There is no preset {name!r}; there are {', '.join(SIZES)}."
    assert (error.where, error.hint) == ("preset", hint)


@pytest.mark.parametrize("name", SIZES)
def test_every_size_survives_its_file(name):
    assert from_toml(to_toml(SIZES[name])) == SIZES[name] == from_toml(f'preset = "{name}"')


def test_lanes_of_epilogues_follow_the_lanes_unless_the_file_says_more():
    assert from_toml("") == GcnConfig()
    assert from_toml("lanes = 4").epilogue_lanes == 2 == GcnConfig(lanes=4).epilogue_lanes
    assert from_toml("lanes = 4\nepilogue_lanes = 4").epilogue_lanes == 4
    wide = from_toml('preset = "z32"\nlanes = 8')
    assert (wide.columns, wide.epilogue_lanes) == (SIZES["z32"].columns, 4)


def test_what_is_refused(tmp_path):
    for text, what, hint in (
        ("lanes = 5", "lanes must be 4, 8 or 16, not 5.", "the fields and their bounds: python -m pydoc "),
        ("lanez = 4", "The configuration has no key 'lanez'.", "did you mean 'lanes'?"),
        ("preset = 3", "preset must be a name, not 3.", f"one of {', '.join(SIZES)}"),
    ):
        with pytest.raises(UserError) as caught:
            from_toml(text, "my.toml")
        assert (caught.value.what, caught.value.where) == (what, "my.toml")
        assert caught.value.hint.startswith(hint)
    file = tmp_path / "mine.toml"
    file.write_text('preset = "small"\n')
    assert choose(None, file) == ("mine", SIZES["small"])
    assert choose(None, None, "small") == ("small", SIZES["small"])
