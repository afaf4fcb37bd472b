"""Fault campaigns: what they must find, checked with protections whose answer is known."""

from dataclasses import replace

import pytest

from pyralis.gen.errors import UserError
from pyralis.hw.gf.config import GfConfig
from pyralis.sim.gf.campaign import GROUPS, OUTCOMES, campaign

HARM = ("miscorrected", "silent")
RESIDUE = GfConfig(m=8, duplicate=True)


def total(rows, *outcomes, **where):
    chosen = [row for row in rows if all(row[key] == value for key, value in where.items())]
    assert chosen, f"no row has {where}"
    return sum(row["faults"][outcome] for row in chosen for outcome in outcomes)


@pytest.fixture(scope="module")
def residue():
    return campaign(RESIDUE, vectors=100, doubles=500)


def test_every_fault_has_one_outcome(residue):
    for part in ("singles", "blocks", "doubles", "operands"):
        assert residue[part]
        for row in residue[part]:
            assert tuple(row["faults"]) == tuple(row["runs"]) == OUTCOMES
            assert sum(row["faults"].values()) == row["cases"]
            assert sum(row["runs"].values()) == 100 * row["cases"]
    assert sum(row["cases"] for row in residue["singles"]) == 3 * residue["gates"]
    assert sum(row["cases"] for row in residue["blocks"]) == 3 * residue["gates"]
    assert sum(row["cases"] for row in residue["doubles"]) == 500
    assert {row["group"] for row in residue["singles"]} == {*GROUPS, "output gates"}
    assert {row["group"] for row in residue["blocks"]} == set(GROUPS)


def test_the_same_seed_gives_the_same_result(residue):
    assert campaign(RESIDUE, vectors=100, doubles=500) == residue
    other = campaign(RESIDUE, vectors=100, doubles=500, seed=1)
    assert other["doubles"] != residue["doubles"]


def test_a_fault_of_a_predictor_never_harms_but_of_a_single_one_does(residue):
    assert total(residue["singles"], *HARM, group="predictor") == 0
    assert total(residue["singles"], "flagged_right", group="predictor") > 100
    single = campaign(replace(RESIDUE, duplicate=False), vectors=64, doubles=0)
    assert total(single["singles"], "miscorrected", group="predictor") > 50
    assert single["doubles"] == []


def test_the_post_check_finds_faults_of_the_last_gates(residue):
    bare = campaign(replace(RESIDUE, post_check=False), vectors=64, doubles=0)
    assert bare["summary"]["silent_output_gates"] == 3 * 8
    assert residue["summary"]["silent_output_gates"] == 0
    assert total(residue["singles"], "flagged_wrong", group="output gates") == 3 * 8


def test_without_protection_everything_is_silent():
    found = campaign(GfConfig(m=8, protect="none", correct=0, corrector="none"), vectors=64, doubles=100)
    assert total(found["singles"], *OUTCOMES[1:5]) == 0
    assert found["summary"]["silent"] > 0.9 * 3 * found["gates"]
    assert found["worst"][0]["gate"].startswith("multiplier_0: ")
    assert found["worst"][0]["silent"] == 1.0


def test_three_copies_outvote_one():
    found = campaign(GfConfig(m=8, protect="tmr"), vectors=64, doubles=200)
    assert found["summary"]["multiplier_flips_corrected"] == 1.0
    assert total(found["singles"], *HARM, group="multiplier") == 0
    # Two faults in two copies may meet in one bit.
    assert total(found["doubles"], *HARM, where="both in the multiplier") > 0


def test_two_copies_only_flag():
    found = campaign(GfConfig(m=8, protect="dwc"), vectors=64, doubles=0)
    assert total(found["singles"], "corrected") == 0
    assert total(found["singles"], *HARM, group="multiplier") == 0
    assert total(found["singles"], "flagged_wrong", group="multiplier") > 100
    assert total(found["singles"], "flagged_right", group="multiplier") > 100


def test_who_sees_a_wrong_operand():
    config = GfConfig(m=8, t=2, correct=0, corrector="none", separate_operands=True)
    rows = {row["seen_by"]: row for row in campaign(config, vectors=64, doubles=0)["operands"]}
    assert rows["multiplier"]["faults"]["flagged_wrong"] == 16
    assert rows["predictor"]["faults"]["flagged_right"] == 16
    assert rows["multiplier and predictor"]["faults"]["silent"] == 16, "undetectable in principle"


def test_registers_are_faulty_too():
    config = GfConfig(m=8, t=2, correct=2, corrector="pipelined", levels=20)
    found = campaign(config, vectors=64, doubles=0)
    assert found["flip_flops"] > 50
    assert sum(row["cases"] for row in found["singles"]) == 3 * (found["gates"] + found["flip_flops"])
    assert found["summary"]["multiplier_flips_corrected"] > 0.9


@pytest.mark.parametrize("change", [{"corrector": "folded"}, {"multiplier": "digit_serial"}])
def test_what_takes_many_cycles_is_refused(change):
    with pytest.raises(UserError, match="Gate by gate, only datapaths can be looked at") as refused:
        campaign(replace(RESIDUE, **change))
    assert "pyralis.sim.gf.injection" in refused.value.hint
    with pytest.raises(ValueError, match="vectors must be at least 1, not 0"):
        campaign(RESIDUE, vectors=0)
