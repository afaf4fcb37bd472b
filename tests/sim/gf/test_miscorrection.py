"""How often a decoder is wrong beyond its promise, against counting."""

from itertools import combinations

import pytest

from pyralis.gen.errors import UserError
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.decoder import decode
from pyralis.sim.gf.miscorrection import miscorrection, near_share, syndrome_share


def test_shares():
    assert syndrome_share(7, 3, 1) == 7 / 8
    # All 35 patterns of two errors of the Hamming code of length 7 lie beside a codeword of weight 3.
    assert near_share(7, 3, 1, 1, 2) == 5 / 8
    assert near_share(80, 35, 5, 5, 6) < syndrome_share(80, 35, 5)


def test_random_words_and_heavy_patterns():
    config = GfConfig(m=45, protect="product_bch", t=2, correct=2)
    found = miscorrection(config, samples=1 << 16)
    assert found["ok"] and found["contradictions"] == 0
    assert [row["weight"] for row in found["rows"]] == ["any", 3, 4, 5]
    for row in found["rows"]:
        assert row["corrected"] > 1000
        assert row["rate"] == pytest.approx(row["expected"], rel=0.15), (
            "a short code: its words are not random"
        )


def test_a_weight_against_every_pattern():
    config = GfConfig(m=8, t=2, correct=1)
    code = config.code
    patterns = list(combinations(range(code.length), 4))
    near = 0
    for positions in patterns:
        found = decode(code, code.syndrome(sum(1 << k for k in positions)), 1)
        near += found is not None and all(k < code.length for k in found)
    row = miscorrection(config, samples=1 << 15)["rows"][1]
    assert row["weight"] == 4
    assert row["rate"] == pytest.approx(near / len(patterns), abs=0.01)


def test_several_cycles():
    found = miscorrection(GfConfig(m=8, t=2, correct=2, corrector="folded"), samples=1 << 14)
    assert found["ok"]


def test_what_corrects_nothing_is_refused():
    with pytest.raises(UserError, match="Only a corrector of a BCH code can take one error pattern"):
        miscorrection(GfConfig(correct=0, corrector="none"))


@pytest.mark.slow
@pytest.mark.parametrize("protect", ["product_bch", "residue_bch"])
@pytest.mark.parametrize("t", [3, 5])
def test_larger_codes(protect, t):
    found = miscorrection(GfConfig(m=45, protect=protect, t=t, correct=t), samples=1 << 21)
    assert found["ok"]
