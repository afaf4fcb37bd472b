"""Errors in the RTL of whole cores: all answers as expected, and every outcome reached."""

import pytest

from pyralis.hw.gf.config import GfConfig
from pyralis.sim.gf import injection
from pyralis.sim.gf.campaign import OUTCOMES
from pyralis.sim.gf.injection import inject, outcome_of

CONFIGS = {
    "residue": GfConfig(m=45, t=1, duplicate=True),
    "detects more": GfConfig(m=16, order="polynomial", t=3, correct=1, separate_operands=True),
    "folded": GfConfig(m=16, t=2, correct=2, corrector="folded"),
    "product": GfConfig(m=16, multiplier="mastrovito", protect="product_bch", t=2, correct=2),
    "majority": GfConfig(m=16, protect="majority", t=1),
    "serial": GfConfig(m=8, multiplier="digit_serial", t=2, correct=2),
}


def rows_of(found, **where):
    return [row for row in found["rows"] if all(row[key] == value for key, value in where.items())]


@pytest.mark.parametrize("name", CONFIGS)
def test_answers_are_the_expected_ones(name):
    config = CONFIGS[name]
    found = inject(config, patterns=40)
    assert found["ok"], found["differences"]
    assert found["waits"] > 20
    for row in found["rows"]:
        assert row["cases"] == sum(row[outcome] for outcome in OUTCOMES)
    assert rows_of(found, weight=0)[0]["masked"] == 40
    # A bit of the unreduced product is several of the reduced one, which is what the other codes protect.
    for net in ("reduced", "unreduced") if config.protect == "residue_bch" else ("reduced",):
        for row in rows_of(found, net=net, weight=1):
            assert row["corrected"] == row["cases"], "every single error of the product is corrected"
    assert {row["weight"] for row in found["rows"]} == set(range(2 * config.t + 3))
    if name == "product":  # check bits are positions of its code, and no two nets share one
        for row in rows_of(found, net="any", weight=2):
            assert row["corrected"] == row["cases"]
    beyond = rows_of(found, net="any", weight=2 * config.t + 2)
    assert sum(row["miscorrected"] + row["flagged_wrong"] for row in beyond) > 0


def test_a_faulty_predictor_raises_the_alarm():
    found = inject(CONFIGS["residue"], patterns=10)
    (row,) = rows_of(found, net="prediction")
    assert row["flagged_right"] == row["cases"] == 7


def test_differences_are_told(monkeypatch):
    monkeypatch.setattr(
        injection, "_simulate", lambda runner, folder, words, stall, seed: ([0] * len(words), 0)
    )
    found = inject(CONFIGS["residue"], patterns=3)
    assert not found["ok"]
    assert len(found["differences"]) == 5
    assert found["differences"][0]["found"]["product"] == 0 != found["differences"][0]["expected"]["product"]


def test_outcomes():
    clear = {"product": 5, "error": 0, "corrected": 0, "uncorrectable": 0, "alarm": 0}
    wrong = clear | {"product": 4}
    assert outcome_of(clear, 5) == "masked"
    assert outcome_of(wrong, 5) == "silent"
    assert outcome_of(clear | {"error": 1, "corrected": 1}, 5) == "corrected"
    assert outcome_of(wrong | {"error": 1, "corrected": 1}, 5) == "miscorrected"
    assert outcome_of(wrong | {"error": 1, "uncorrectable": 1}, 5) == "flagged_wrong"
    assert outcome_of(clear | {"alarm": 1}, 5) == "flagged_right"
    assert outcome_of(wrong | {"error": 1}, 5) == "flagged_wrong"


@pytest.mark.slow
@pytest.mark.parametrize(
    "config",
    [
        GfConfig(m=45, t=5, correct=5, corrector="folded"),
        GfConfig(m=45, t=5, correct=5, corrector="pipelined"),
        GfConfig(m=45, protect="product_bch", t=5, correct=3),
        GfConfig(m=163, t=3, correct=3, corrector="folded"),
    ],
    ids=str,
)
def test_large_cores(config):
    found = inject(config, patterns=300)
    assert found["ok"], found["differences"]
