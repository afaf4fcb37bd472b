"""``pyralis prove gf`` through the command line."""

import json

import pytest

from pyralis.gen.cli import main


def test_a_small_core_is_proven(capsys):
    assert main(["prove", "gf", "--m", "4", "--no-fpga", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["ok"] and found["name"] == "gf4-two_step-residue_bch-t1-c1-combinational"
    assert found["decoding"]["patterns"] == 8
    assert "datapath.product" in err


def test_gf_is_the_core_that_is_meant(capsys):
    assert main(["prove", "--m", "4", "--protect", "dwc", "--no-fpga"]) == 0
    out = capsys.readouterr().out
    assert "algebra     multiplier two_step: c = a b mod f" in out
    assert out.rstrip().endswith("checks, none failed; gates after logic optimisation.")


def test_a_failure_is_exit_code_1(capsys, monkeypatch):
    failed = {"ok": False, "detail": "c[0] is 1 and not 0 for a = 0x1, b = 0x2", "gates": 9}
    monkeypatch.setattr("pyralis.gen.gf.prove.prove_claim", lambda claim: failed)
    words = ["prove", "gf", "--m", "4", "--protect", "none", "--no-fpga", "--structural"]
    assert main(words) == 1
    out = capsys.readouterr().out
    assert "FAILED   c[0] is 1 and not 0 for a = 0x1, b = 0x2" in out
    assert out.rstrip().endswith("checks failed; gates as written.")


def test_error_patterns_are_drawn_when_there_are_too_many(capsys):
    words = ["prove", "gf", "--m", "4", "--protect", "hamming", "--no-fpga", "--patterns", "3"]
    assert main(words) == 0
    assert "3 at random of 7 patterns, 0 failures" in capsys.readouterr().out
    assert main([*words[:-2], "--all-patterns"]) == 0
    assert "all 7 patterns, 0 failures" in capsys.readouterr().out


@pytest.mark.slow
def test_model_checking_on_request(capsys):
    assert main(["prove", "gf", "--m", "4", "--no-fpga", "--formal"]) == 0
    assert "handshake, latency, no false flag" in capsys.readouterr().out
