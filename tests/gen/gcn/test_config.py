"""Sizes of the graph core by name."""

import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.config import SIZES, preset
from pyralis.hw.gcn.config import PRESETS


def test_sizes_are_the_presets_and_small():
    assert list(SIZES) == ["tiny", "small", "z32", "z64"]
    assert {name: preset(name) for name in PRESETS} == PRESETS
    tiny, small = SIZES["tiny"], SIZES["small"]
    for engines in ("columns", "cores", "lanes", "pe_rows", "gather_ports", "bus_bits"):
        assert getattr(small, engines) == getattr(tiny, engines)
    assert small.rows == 8 * tiny.rows


@pytest.mark.parametrize(
    ("name", "hint"),
    [("z23", "did you mean 'z32'?"), ("huge", "leave --preset away for the smallest that fits")],
)
def test_an_unknown_name(name, hint):
    with pytest.raises(UserError) as caught:
        preset(name)
    error = caught.value
    assert error.what == f"There is no preset {name!r}; there are tiny, small, z32, z64."
    assert (error.where, error.hint) == ("preset", hint)
