"""Proofs of protected multipliers: that they hold, and that they would not for anything else."""

from dataclasses import replace

import pytest

from pyralis.gen.emit.verilog import KEEP
from pyralis.gen.gf import proofs
from pyralis.gen.gf.measure import TOP, verilog
from pyralis.gen.gf.proofs import block_claims, datapath_claims, prove_claim
from pyralis.gen.gf.prove import prove
from pyralis.gen.gf.survival import _cells, _compare, survival
from pyralis.gen.synthesis.cells import GateKind
from pyralis.hw.gf.config import GfConfig

NONE = {"protect": "none", "correct": 0, "corrector": "none"}
DETECT = {"correct": 0, "corrector": "none"}
CONFIGS = {
    "residue": GfConfig(m=8, duplicate=True),
    "everything": GfConfig(m=8, t=3, correct=2, separate_operands=True, inject=True),
    "pipelined": GfConfig(m=8, t=2, correct=2, corrector="pipelined", levels=20, stages=1),
    "folded": GfConfig(m=8, multiplier="karatsuba", t=2, correct=2, corrector="folded"),
    "product": GfConfig(m=8, multiplier="mastrovito", protect="product_bch", t=2, correct=1),
    "hamming": GfConfig(m=8, protect="hamming", predictor="product"),
    "rows": GfConfig(m=8, protect="product_bch", t=1, predictor="rows", **DETECT),
    "majority": GfConfig(m=8, protect="majority"),
    "serial": GfConfig(m=8, multiplier="digit_serial", digit=3),
    "copies": GfConfig(m=8, protect="tmr"),
    "diverse": GfConfig(m=8, protect="diverse_dwc"),
    "plain": GfConfig(m=8, **NONE),
}


def claims(config, **options):
    return [*block_claims(config, **options), *datapath_claims(config, **options)]


@pytest.mark.parametrize("name", CONFIGS)
def test_claims_hold(name):
    found = {
        (claim.block.split()[0], claim.output, claim.says): prove_claim(claim)
        for claim in claims(CONFIGS[name])
    }
    assert [(key, row["detail"]) for key, row in found.items() if not row["ok"]] == []
    outputs = {key[:2] for key in found}
    assert ("multiplier", "c") in outputs
    assert (("datapath", "alarm") in outputs) == (name != "serial")
    assert (("predictor", "p") in outputs) == (name not in ("plain", "copies", "diverse"))


@pytest.mark.parametrize("kind", ["two_step", "karatsuba", "mastrovito"])
@pytest.mark.parametrize("m", [8, 16, 45])
def test_every_bit_parallel_multiplier(m, kind):
    for claim in claims(GfConfig(m=m, multiplier=kind, **NONE)):
        assert prove_claim(claim)["ok"], claim


@pytest.mark.parametrize(("m", "digit"), [(8, 1), (16, 5), (45, 8)])
def test_the_digit_serial_multiplier(m, digit):
    for claim in claims(GfConfig(m=m, multiplier="digit_serial", digit=digit, **NONE)):
        assert prove_claim(claim)["ok"], claim


@pytest.mark.parametrize("kind", ["two_step", "karatsuba", "mastrovito"])
@pytest.mark.parametrize("m", [64, 128, 163])
def test_large_multipliers_as_written(m, kind):
    for claim in block_claims(GfConfig(m=m, multiplier=kind, **NONE), structural=True):
        assert prove_claim(claim)["ok"], claim


def test_a_large_datapath_as_written():
    config = GfConfig(m=163)
    found = [prove_claim(claim) for claim in datapath_claims(config, structural=True)]
    assert all(row["ok"] for row in found)
    assert max(row["gates"] for row in found) > 50_000


def test_every_wrong_gate_that_matters_is_refuted():
    """A gate replaced: either a claim about an output fails, or no output ever differs for any operands."""
    config = GfConfig(m=4)
    rows = list(datapath_claims(config))
    netlist = rows[0].netlist()
    multiplier = netlist.gates_within("multiplier_0")
    for gate in multiplier[::5]:
        kind = netlist.kind.copy()
        kind[gate] = GateKind.OR if kind[gate] == GateKind.AND else GateKind.AND
        wrong = replace(netlist, kind=kind)
        early = prove_claim(replace(rows[0], netlist=lambda wrong=wrong: wrong))
        assert rows[0].output == "early"
        assert early["ok"] is False
        assert " is 1 and not 0 for a = " in early["detail"] or " is 0 and not 1 for a = " in early["detail"]


def test_a_claim_about_another_field_is_refuted():
    right = next(block_claims(GfConfig(m=8)))
    other = next(block_claims(GfConfig(m=8, polynomial=0x11D)))
    found = prove_claim(replace(other, netlist=right.netlist))
    assert found["ok"] is False
    assert found["detail"].startswith("c[")


def test_what_the_method_cannot_decide_is_no_proof(monkeypatch):
    def refuse(*_, **__):
        raise proofs.TooLargeError("a product of 9 terms")

    monkeypatch.setattr(proofs, "prove_bilinear", refuse)
    found = prove_claim(next(block_claims(GfConfig(m=4, **NONE))))
    assert found["ok"] is None
    assert found["detail"] == "not decided: a product of 9 terms"


def test_redundancy_survives_everywhere():
    rows = survival(GfConfig(m=8, protect="tmr"))
    assert all(row["ok"] for row in rows)
    assert {row["flow"] for row in rows} == {"gates", "xcup", "ecp5"}
    assert [row["block"] for row in rows if row["flow"] == "gates"] == [
        *("multiplier_0", "multiplier_1", "multiplier_2", "all of them", "three copies")
    ]
    named = {row["block"] for row in survival(GfConfig(m=8, duplicate=True), ["gates"])}
    assert named >= {"checker_1.channel_1", "predictor_0.channel_1", "predictor_1.channel_1"}


@pytest.mark.parametrize("protect", ["tmr", "residue_bch"])
def test_without_the_attribute_synthesis_takes_it_away(protect):
    config = GfConfig(m=8, protect=protect, duplicate=True)
    text = verilog(config)
    kept = sum(_cells(text, TOP, "gates").values())
    merged = sum(_cells(text.replace(KEEP, ""), TOP, "gates").values())
    assert merged < 0.9 * kept


def test_lost_redundancy_is_told():
    alone = {f"multiplier_{index}": 100 for index in range(3)}
    rows = _compare("gates", dict.fromkeys(alone, 0) | {"multiplier_0": 100}, alone)
    assert [row["ok"] for row in rows] == [True, False, False, False, False]
    rows = _compare("gates", dict.fromkeys(alone, 99), alone)
    assert all(row["ok"] for row in rows)
    assert rows[-1] == {"flow": "gates", "block": "three copies", "cells": 297, "alone": 100, "ok": True}


def test_everything_together():
    found = prove(GfConfig(m=4), flows=["gates"])
    assert found["ok"] and not found["structural"]
    assert {row["part"] for row in found["checks"]} == {"algebra", "redundancy", "decoding", "streams"}
    assert found["decoding"]["exhaustive"]
    streams = found["checks"][-1]
    assert streams["ok"] is None and "--formal" in streams["detail"]


def test_a_failure_makes_all_fail(monkeypatch):
    row = {"flow": "gates", "block": "multiplier_1", "cells": 0, "alone": 10, "ok": False}
    monkeypatch.setattr("pyralis.gen.gf.prove.survival", lambda *_, **__: [row])
    assert not prove(GfConfig(m=4, protect="dwc"), flows=["gates"])["ok"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["two_step", "karatsuba", "mastrovito"])
@pytest.mark.parametrize("m", [64, 128, 163, 283])
def test_large_multipliers_after_optimisation(m, kind):
    for claim in block_claims(GfConfig(m=m, multiplier=kind, **NONE)):
        assert prove_claim(claim)["ok"], claim


@pytest.mark.slow
@pytest.mark.parametrize("t", [1, 3, 5])
def test_a_large_datapath_after_optimisation(t):
    config = GfConfig(m=163, t=t)
    assert all(prove_claim(claim)["ok"] for claim in datapath_claims(config))
