"""Targets: which rows they take, and which side of a bound is right."""

import pytest

from pyralis.gen.bench.gf_targets import CLAIMS, targets


def row(protect, t, mode, *, m=45, gates=100, over=0.5, area=0.5, levels=10, core=False, result=1, **paths):
    return {
        "m": m,
        "protect": protect,
        "t": t,
        "mode": mode,
        "multiplier": "two_step",
        "core": core,
        "gates": gates,
        "levels": levels,
        "paths": {"early": 10, "error": 25, **paths},
        "cycles": {"result": result, "correction": 0},
        "overhead": {"two_step": {"gates": over, "gate_equivalents": area}},
        "coverage": None,
    }


def met(rows):
    return {entry["target"]: entry["met"] for entry in targets(rows)}


PLAIN = row("none", 0, "none", over=0.0)
CORE = row("none", 0, "none", over=0.0, core=True)


def test_bounds_are_upper_ones():
    name = "m = 45, t = 5, detect: gates over the multiplier"
    for over, right in ((0.72, True), (0.721, False)):
        assert met([row("residue_bch", 5, "detect", over=over)])[name] is right
    (entry,) = (e for e in targets([row("residue_bch", 5, "detect", over=0.48)]) if e["target"] == name)
    assert entry["stretch"] == {"bound": "at most 60%", "met": True}


def test_folded_counts_flip_flops_and_not_gates_alone():
    name = "m = 45, t = 5, correct, folded: area over it, flip-flops counted"
    assert met([row("residue_bch", 5, "folded", over=0.8, area=1.1)])[name] is False
    assert met([row("residue_bch", 5, "folded", over=1.1, area=0.9)])[name] is True


@pytest.mark.parametrize(("early", "right"), [(10, True), (11, False)])
def test_the_raw_product_must_be_as_early_as_without_protection(early, right):
    name = "m = 45, t = 5, correct, combinational: levels to the raw product"
    assert met([PLAIN, row("residue_bch", 5, "combinational", early=early)])[name] is right


@pytest.mark.parametrize(("cycles", "right"), [(1, True), (2, False)])
def test_cycles_are_compared_with_the_core(cycles, right):
    name = "m = 45, t = 5, correct, folded: cycles without an error"
    assert met([PLAIN, CORE, row("residue_bch", 5, "folded", core=True, result=cycles)])[name] is right


def test_ratios_to_earlier_designs():
    rows = [
        row("residue_bch", 5, "combinational", gates=75),
        row("residue_bch", 5, "pipelined", levels=15),
        row("parallel_bch", 5, "combinational", gates=100, levels=29),
    ]
    found = met(rows)
    assert found["m = 45, t = 5, correct: gates over those of parallel BCH"] is True
    assert found["m = 45, t = 5: levels a stage over those of parallel BCH"] is False


def test_coverage_is_a_lower_bound_and_harm_none():
    hardened = row("residue_bch", 1, "combinational")
    for right, silent, wanted in ((0.998, 0, (True, True)), (0.99, 2, (False, False))):
        hardened["coverage"] = {"multiplier_flips_corrected": right, "silent": silent, "miscorrected": 0}
        found = met([hardened])
        first = found["m = 45, t = 1, correct, hardened: flips of multiplier gates put right"]
        name = "m = 45, t = 1, correct, hardened: faults of single gates that spoil a product unseen"
        assert (first, found[name]) == wanted


def test_every_claim_has_its_source():
    assert all(claim.source for claim in CLAIMS)
