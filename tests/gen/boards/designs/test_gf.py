"""Finite-field multipliers for boards: what is chosen where the user leaves it open, and the samples."""

import argparse

import pytest

from pyralis.gen.boards.designs import gf
from pyralis.gen.gf.options import add_config, config_of
from pyralis.gen.progress import QUIET
from pyralis.hw.gf.arithmetic import build_multiplier
from pyralis.hw.gf.config import GfConfig


def config_from(*words: str) -> GfConfig:
    parser = argparse.ArgumentParser()
    add_config(parser)
    args = parser.parse_args(words)
    args.progress = QUIET
    return config_of(args, gf.for_clock)[1]


def test_without_options_one_error_is_corrected_in_a_pipeline():
    assert config_from() == GfConfig(m=45, t=1, stages=2, corrector="pipelined", levels=14)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--m 163 --protect none", GfConfig(m=163, protect="none", multiplier="karatsuba", stages=4)),
        ("--m 99 --protect none", GfConfig(m=99, protect="none", stages=2)),
        ("--m 163 --protect none --multiplier two_step", GfConfig(m=163, protect="none", stages=2)),
        ("--t 3", GfConfig(t=3, correct=3, stages=2, corrector="pipelined", levels=14)),
        ("--m 163", GfConfig(m=163, stages=2, corrector="pipelined", levels=16)),
        ("--levels 18", GfConfig(stages=2, corrector="pipelined", levels=18)),
        ("--stages 0 --corrector folded", GfConfig(corrector="folded")),
        ("--correct 0", GfConfig(stages=2, correct=0, corrector="none")),
        ("--multiplier digit_serial --digit 4", GfConfig(multiplier="digit_serial", digit=4)),
        ("--protect tmr", GfConfig(stages=2, protect="tmr")),
    ],
)
def test_what_is_named_stays(words, wanted):
    assert config_from(*words.split()) == wanted


def test_a_file_with_every_field_is_taken_as_it_is(tmp_path):
    from pyralis.gen.gf.config import to_toml

    path = tmp_path / "mine.toml"
    path.write_text(to_toml(GfConfig(m=8)))
    assert config_from("--config", str(path)) == GfConfig(m=8)


@pytest.mark.parametrize("multiplier", gf.STAGES)
def test_small_multipliers_have_room_for_their_stages(multiplier):
    for m in (2, 3, 4, 5, 8, 9, 16, 17):
        stages = gf.stages_of(m, multiplier)
        config = GfConfig(m=m, protect="none", multiplier=multiplier, stages=stages)
        assert 1 <= build_multiplier(config).stages == stages


def test_what_cannot_be_built_at_any_depth_is_told_by_the_hardware(monkeypatch):
    tried = []

    def refuse(config):
        tried.append(config.levels)
        raise ValueError("for another reason")

    monkeypatch.setattr(gf, "Datapath", refuse)
    assert gf.for_clock(GfConfig()) == GfConfig(stages=2, corrector="pipelined", levels=14)
    assert tried == list(range(14, 28))


@pytest.mark.parametrize("order", ["polynomial", "ghash"])
def test_samples_are_products_of_the_field(order):
    config = GfConfig(m=45, order=order)
    rows = gf.samples(config, 12)
    assert {name: (array.dtype.name, array.shape) for name, array in rows.items()} == dict.fromkeys(
        ("a", "b", "product"), ("uint32", (12, 2))
    )
    numbers = {name: [int(low) | int(high) << 32 for low, high in array] for name, array in rows.items()}
    at = config.field.convert
    for a, b, product in zip(*numbers.values(), strict=True):
        assert at(product) == config.field.multiply(at(a), at(b))
    assert numbers["a"][:3] == [0, 0, 0] and numbers["a"][-1] > 1 << 32
    assert all((gf.samples(config, 12)[name] == rows[name]).all() for name in rows)


def test_redundant_blocks_are_kept_apart():
    assert gf.design(GfConfig(m=8)).keep_hierarchy
    assert not gf.design(GfConfig(m=8, protect="none")).keep_hierarchy
