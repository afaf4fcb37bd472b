"""An RTL session on a small field: products, faults, repetitions, and the same without protection."""

import importlib
from pathlib import Path

import pytest

from pyralis.gen.errors import ToolError
from pyralis.hw.gf.config import GfConfig
from pyralis.sim.gf.multiply import Faults, Session

CONFIG = GfConfig(m=16, t=3, correct=2, inject=True)
BARE = GfConfig(m=16, protect="none", inject=True)
FAULTS = Faults(seed=5, share=0.5, most=4, prediction=0.1)


RIGHT = [CONFIG.field.power(3, n) for n in range(1, 101)]


@pytest.fixture
def jobs():
    return importlib.import_module("cocotb_jobs")


@pytest.fixture(scope="module")
def session():
    return Session(CONFIG)


def test_faults_are_drawn_once_for_all_configurations():
    drawn = [FAULTS.draw(CONFIG, n) for n in range(2000)]
    assert drawn == [FAULTS.draw(CONFIG, n) for n in range(2000)]
    kinds = [kind for kind, _ in drawn]
    assert set(kinds) == {"", "1", "2", "3", "4", "predictor"}
    assert 900 < sum(kind != "" for kind in kinds) < 1100
    for kind, flips in drawn:
        if kind.isdigit():
            weight = sum(bits.bit_count() for bits in flips.values())
            assert weight == int(kind)
            assert not flips["reduced"] & flips["unreduced"], "two flips of one position cancel"
            assert flips["unreduced"] < 1 << 31
            assert flips["reduced"] < 1 << 16
    bare = [FAULTS.draw(BARE, n) for n in range(2000)]
    assert [kind for kind, _ in bare] == kinds
    pairs = zip(bare, drawn, strict=True)
    assert all(flips == right for (kind, flips), (_, right) in pairs if kind.isdigit())


def test_protected_products_are_right(session, jobs):
    outcome = session.run(jobs.powers, {"count": 100}, faults=FAULTS, stall=0.3)
    assert outcome.answer == RIGHT
    assert outcome.products == 100
    assert outcome.transfers > 100
    assert outcome.waits > 10
    assert outcome.latency == {"clean": session.core.cycles, "corrected": session.core.cycles}
    for event in outcome.events:
        assert not event["wrong"]
        lost = event["kind"] in ("3", "4", "predictor")
        assert event["corrected"] == (event["kind"] in ("1", "2")) == (not lost)
        assert event["repeated"] == int(lost)
    assert {event["kind"] for event in outcome.events} == {"1", "2", "3", "4", "predictor"}
    again = session.run(jobs.powers, {"count": 100}, faults=FAULTS, stall=0.3)
    assert (again.events, again.cycles) == (outcome.events, outcome.cycles)


def test_without_repetition_a_lost_product_goes_on(session, jobs):
    outcome = session.run(jobs.powers, {"count": 60}, faults=FAULTS, attempts=1)
    assert outcome.answer != RIGHT[:60]
    wrong = [event for event in outcome.events if event["wrong"]]
    assert wrong
    assert all(event["uncorrectable"] for event in wrong)


def test_without_faults_nothing_happens(session, jobs):
    outcome = session.run(jobs.powers, {"count": 20})
    assert (outcome.answer, outcome.events, outcome.transfers) == (RIGHT[:20], [], 20)


def test_without_protection_it_goes_wrong(jobs):
    outcome = Session(BARE).run(jobs.powers, {"count": 100}, faults=FAULTS, stall=0.3)
    assert outcome.answer != RIGHT
    assert outcome.transfers == 100
    for event in outcome.events:
        assert event["wrong"] == (event["kind"] != "predictor")
        assert not event["error"]


def test_a_job_that_fails_names_its_log(session, jobs):
    with pytest.raises(ToolError, match="the simulation of gf_mul failed") as caught:
        session.run(jobs.fails)
    assert "KeyError" in Path(caught.value.log).read_text()


def test_a_session_needs_injection():
    with pytest.raises(ValueError, match="inject = True"):
        Session(GfConfig(m=8))
