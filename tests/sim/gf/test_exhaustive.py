"""Decoders of generated cores, on every error pattern that they must correct or detect."""

from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.synthesis.cells import GateKind
from pyralis.hw.gf.config import GfConfig
from pyralis.sim.gf import exhaustive
from pyralis.sim.gf.behind import error_columns
from pyralis.sim.gf.decoder import Decoder
from pyralis.sim.gf.exhaustive import decode_all
from pyralis.sim.netlist.evaluate import Evaluator, unpack

PRODUCT = GfConfig(m=45, protect="product_bch", t=3, correct=3)
CONFIGS = {
    "hamming": GfConfig(m=16, protect="hamming"),
    "residue": GfConfig(m=8, t=1, duplicate=True),
    "detects more": GfConfig(m=16, t=3, correct=2),
    "detects only": GfConfig(m=8, t=2, correct=0, corrector="none"),
    "pipelined": GfConfig(m=16, t=2, correct=2, corrector="pipelined", levels=20),
    "folded": GfConfig(m=8, t=2, correct=2, corrector="folded"),
    "serial": GfConfig(m=16, multiplier="digit_serial", t=2, correct=1),
    "majority": GfConfig(m=8, protect="majority", t=2, correct=2),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_pattern(name):
    config = CONFIGS[name]
    found = decode_all(config)
    assert found["ok"] and found["exhaustive"]
    beyond = 0 if config.protect == "majority" else 2 * config.t - config.correct
    weights = range(max(config.correct, beyond) + 1)
    assert [row["tried"] for row in found["weights"]] == [comb(found["positions"], w) for w in weights]
    duties = ["pass"] + ["correct"] * config.correct
    assert [row["must"] for row in found["weights"]] == duties + ["detect"] * (len(weights) - len(duties))


def test_the_paper_s_code_and_each_lane_once():
    found = decode_all(PRODUCT)
    assert (found["positions"], found["patterns"], found["ok"]) == (63, 41_728, True)


@pytest.mark.parametrize("inner", [1, 20, 1 << 18])
def test_however_patterns_are_cut(monkeypatch, inner):
    monkeypatch.setattr(exhaustive, "INNER", inner)
    decoder = Decoder(CONFIGS["hamming"])
    for weight in range(5):
        seen = []
        for planes, lanes, patterns, shared in exhaustive._every(decoder, weight):
            words = unpack(planes, 64 * planes.shape[1])
            for lane in range(64 * len(lanes)):
                if lanes[lane // 64] >> np.uint64(lane % 64) & np.uint64(1):
                    positions = (*shared, *patterns[lane].tolist())
                    seen.append(positions)
                    if len(seen) % 50 == 1:
                        single = decoder.planes(np.array([positions], np.intp).reshape(1, weight))
                        assert unpack(single, 1) == [words[lane]]
        assert sorted(seen) == list(combinations(range(decoder.positions), weight))


def test_a_sample_is_said_to_be_one():
    found = decode_all(PRODUCT, max_patterns=2000)
    assert found["ok"] and not found["exhaustive"]
    assert [row["tried"] for row in found["weights"]] == [1, 63, 1953, 2000]
    assert [row["exhaustive"] for row in found["weights"]] == [True, True, True, False]


def test_wrong_gates_are_found(monkeypatch):
    """Every tenth gate replaced: most such decoders fail, and the pattern that is named fails in truth."""
    decoder = Decoder(CONFIGS["hamming"])
    monkeypatch.setattr(exhaustive, "Decoder", lambda config: decoder)
    gates = range(0, decoder.gates, 10)
    caught = 0
    for gate in gates:
        kind = decoder.netlist.kind.copy()
        kind[gate] = GateKind.NAND if kind[gate] == GateKind.AND else GateKind.AND
        decoder._evaluator = Evaluator(replace(decoder.netlist, kind=kind))
        found = decode_all(CONFIGS["hamming"])
        caught += not found["ok"]
        for row in found["weights"]:
            assert (row["first_failure"] is not None) == (row["failures"] > 0)
            if row["failures"]:
                positions = np.array([row["first_failure"]], np.intp).reshape(1, row["weight"])
                outputs = decoder.run(decoder.planes(positions))
                wrong = int(row["weight"] > 0)
                right = {"product": 0, "error": wrong, "corrected": wrong, "uncorrectable": 0, "alarm": 0}
                assert any(unpack(outputs[port], 1) != [value] for port, value in right.items())
    assert caught > 0.8 * len(gates)


def test_what_an_error_changes():
    columns = error_columns(GfConfig(m=8))
    assert columns[3] == {"c": 8, "high": 0}
    assert columns[8] == {"c": 0x1B, "high": 1}
    assert columns[14] == {"c": 0x9A, "high": 64}
    assert error_columns(GfConfig(m=8, multiplier="digit_serial"))[9] == {"c": 0x36, "quotient": 2}
    product = error_columns(GfConfig(m=8, protect="hamming"))
    assert product[:5] == [{"p": 1}, {"p": 2}, {"p": 4}, {"p": 8}, {"c": 1}]


def test_without_a_code():
    with pytest.raises(UserError, match="The protection 'tmr' has no code, so there is nothing to decode"):
        decode_all(GfConfig(protect="tmr"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("m", "t"), [(m, t) for m in (8, 16, 32, 45, 64) for t in range(1, 6) if (m, t) != (8, 4)]
)
def test_every_pattern_of_the_product_codes(m, t):
    """All there are: four errors of m = 8 have no code of their own."""
    config = GfConfig(m=m, protect="product_bch", t=t, correct=t)
    found = decode_all(config)
    assert found["ok"] and found["exhaustive"]
    if (m, t) == (45, 5):
        assert found["patterns"] == 25_706_997


@pytest.mark.slow
@pytest.mark.parametrize("t", range(1, 6))
def test_every_pattern_of_the_residue_codes(t):
    found = decode_all(GfConfig(m=45, t=t, correct=t))
    assert found["ok"] and found["exhaustive"]
    assert found["patterns"] == sum(comb(89, weight) for weight in range(t + 1))


@pytest.mark.slow
@pytest.mark.parametrize("corrector", ["pipelined", "folded"])
def test_every_pattern_of_three_errors_in_many_cycles(corrector):
    assert decode_all(GfConfig(m=45, t=3, correct=3, corrector=corrector))["ok"]
