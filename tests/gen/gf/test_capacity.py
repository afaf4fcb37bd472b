"""What a multiplier takes of a device, against what was placed and what synthesis has counted."""

import argparse

import pytest

from pyralis.boards.base import all_boards
from pyralis.gen.boards.designs.gf import for_clock
from pyralis.gen.gf.capacity import DESIGNS, SHELL, SMALLEST, candidates, need
from pyralis.gen.gf.options import add_config, config_of
from pyralis.gen.progress import QUIET
from pyralis.hw.gf.config import CODED, GfConfig

BOARDS = all_boards()


@pytest.mark.parametrize(
    ("arguments", "luts"),
    [  # nextpnr, the serial shell among them: pyralis bench boards
        ("--m 45 --t 1", 5_303),
        ("--m 45 --t 3", 7_202),
        ("--m 163 --protect none", 12_193),
    ],
)
def test_estimates_are_near_what_was_placed(arguments, luts):
    found = need(DESIGNS[arguments], BOARDS["ulx3s"])
    assert found.luts == pytest.approx(luts, rel=0.1)
    assert (found.block_rams, found.dsps) == (2, 0)


@pytest.mark.parametrize(
    ("arguments", "board", "luts"),
    [  # map_luts of gf_lite, Yosys 0.70; a carry block of ECP5 counts as two
        ("--m 45 --protect none", "ulx3s", 2_683),
        ("--m 45 --t 1", "ulx3s", 3_913),
        ("--m 45 --t 5", "ulx3s", 7_785),
        ("--m 45 --t 5 --corrector folded", "ulx3s", 4_869),
        ("--m 163 --t 1", "ulx3s", 25_274),
        ("--m 45 --protect none", "zcu104", 1_855),
        ("--m 45 --t 1", "zcu104", 2_452),
        ("--m 45 --t 3", "zcu104", 3_848),
        ("--m 163 --protect none", "zcu104", 8_924),
    ],
)
def test_estimates_are_near_what_synthesis_counts(arguments, board, luts):
    shell = SHELL.luts if board == "ulx3s" else 0
    assert need(DESIGNS[arguments], BOARDS[board]).luts - shell == pytest.approx(luts, rel=0.1)


@pytest.mark.parametrize("arguments", DESIGNS)
def test_designs_are_what_their_arguments_build(arguments):
    parser = argparse.ArgumentParser()
    add_config(parser)
    args = parser.parse_args(arguments.split())
    args.progress = QUIET
    built, listed = config_of(args, for_clock)[1], DESIGNS[arguments]
    names = ["m", "polynomial", "multiplier", "protect"]
    names += ["t", "correct", "corrector"] if listed.protect in CODED else []
    assert {name: getattr(built, name) for name in names} == {name: getattr(listed, name) for name in names}
    assert need(built, BOARDS["ulx3s"]) == need(listed, BOARDS["ulx3s"])


def test_candidates_say_what_they_are():
    found = {candidate.arguments: candidate for candidate in candidates()}
    assert list(found) == list(DESIGNS)
    coded, plain = found["--m 45 --t 3"], found["--m 163 --protect tmr"]
    assert coded.name == "m=45 two_step residue_bch t=3 pipelined"
    assert list(coded.facts.values()) == [45, "two_step", "residue_bch", 3, "pipelined"]
    assert plain.name == "m=163 two_step tmr"
    assert plain.facts == {"m": 163, "multiplier": "two_step", "protect": "tmr"}


def test_more_protection_takes_more():
    sizes = [
        need(config, BOARDS["ulx3s"]).luts
        for config in (
            GfConfig(protect="none"),
            GfConfig(t=1, correct=0, corrector="none"),
            GfConfig(t=3, correct=0, corrector="none"),
            GfConfig(t=3, correct=3, corrector="folded"),
            GfConfig(t=3, correct=3, corrector="pipelined"),
            GfConfig(m=64, protect="dwc"),
            GfConfig(m=64, protect="tmr"),
        )
    ]
    assert sizes == sorted(sizes) and len(set(sizes)) == len(sizes)


@pytest.mark.parametrize(
    "config",
    [
        GfConfig(m=SMALLEST - 1, protect="none"),
        GfConfig(t=3, correct=3, corrector="combinational"),
        GfConfig(corrector="pipelined", inject=True),
        GfConfig(multiplier="digit_serial", corrector="folded"),
        GfConfig(multiplier="mastrovito", protect="none"),
        GfConfig(protect="majority"),
    ],
    ids=str,
)
def test_without_measurements_there_is_no_estimate(config):
    assert need(config, BOARDS["zcu104"]) is None
