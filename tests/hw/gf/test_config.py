"""Parameters of a protected multiplier: what they derive, and the sentences that refuse them."""

import re
from dataclasses import replace

import pytest

from pyralis.hw.gf.code import product_code, residue_code
from pyralis.hw.gf.config import GfConfig


def test_defaults():
    config = GfConfig()
    assert (config.m, config.protect, config.t, config.correct) == (45, "residue_bch", 1, 1)
    assert config.polynomial == config.field.polynomial == 1 << 45 | 0b11011
    assert config.code == residue_code(45, 1)


@pytest.mark.parametrize(
    ("protect", "t", "code"),
    [
        ("residue_bch", 3, residue_code(45, 3)),
        ("product_bch", 3, product_code(45, 3)),
        ("hamming", 1, product_code(45, 1)),
    ],
)
def test_code(protect, t, code):
    assert GfConfig(protect=protect, t=t).code == code


@pytest.mark.parametrize("protect", ["none", "dwc", "diverse_dwc", "tmr", "majority"])
def test_protection_without_a_bch_code(protect):
    config = GfConfig(protect=protect)
    with pytest.raises(ValueError, match=re.escape(f"{protect} has no BCH code.")):
        _ = config.code


def test_bit_order_and_polynomial():
    config = GfConfig(m=128, order="ghash", protect="none")
    assert config.field.order == "ghash" and config.polynomial == 1 << 128 | 0x87
    assert GfConfig(m=8, polynomial=0x11D).field.polynomial == 0x11D
    assert GfConfig(m=4, protect="none").digit > 4  # of no meaning for this multiplier


def test_parameters_of_other_protections_are_not_looked_at():
    assert GfConfig(protect="tmr", t=9, correct=7).t == 9


REFUSED = [
    (
        {"multiplier": "booth"},
        "multiplier must be one of two_step, mastrovito, karatsuba, digit_serial, not 'booth'.",
    ),
    (
        {"protect": "bch"},
        (
            "protect must be one of none, dwc, diverse_dwc, tmr, hamming, majority, product_bch, "
            "residue_bch, not 'bch'."
        ),
    ),
    (
        {"corrector": "serial"},
        "corrector must be one of none, combinational, pipelined, folded, not 'serial'.",
    ),
    ({"key_equation": "euclid"}, "key_equation must be one of auto, closed, bm, not 'euclid'."),
    ({"locator": "table"}, "locator must be one of auto, chien, affine, not 'table'."),
    ({"predictor": "table"}, "predictor must be one of auto, product, lfsr, rows, not 'table'."),
    ({"order": "lsb"}, "order must be one of polynomial, ghash, not 'lsb'."),
    ({"m": 1}, "The degree m of a field must be at least 2, not 1."),
    (
        {"m": 8, "polynomial": 0x101},
        "The polynomial x^8 + 1 is reducible; x^8 + x^4 + x^3 + x + 1 is irreducible.",
    ),
    (
        {"m": 45, "polynomial": 0x11B},
        (
            "The polynomial x^8 + x^4 + x^3 + x + 1 has degree 8, but the field has m = 45; "
            "x^45 + x^4 + x^3 + x + 1 is irreducible."
        ),
    ),
    ({"multiplier": "digit_serial", "digit": 0}, "digit must be in 1..m = 1..45, not 0."),
    ({"multiplier": "digit_serial", "digit": 46}, "digit must be in 1..m = 1..45, not 46."),
    (
        {"multiplier": "digit_serial", "stages": 1},
        "stages must be 0 for digit_serial and at least 0 otherwise, not 1.",
    ),
    ({"stages": -1}, "stages must be 0 for digit_serial and at least 0 otherwise, not -1."),
    (
        {"multiplier": "mastrovito"},
        (
            "residue_bch needs the unreduced product, which mastrovito never forms; take two_step or "
            "karatsuba, or product_bch."
        ),
    ),
    ({"protect": "hamming", "t": 2}, "hamming corrects t = 1, not 2; product_bch offers more."),
    ({"t": 0}, "t must be in 1..5, not 0; the nearest is t = 1."),
    ({"t": 6}, "t must be in 1..5, not 6; the nearest is t = 5."),
    (
        {"m": 8, "t": 4},
        (
            "No code over GF(2^5) corrects exactly 4 errors of m = 8 bits: the smallest that corrects 4 "
            "corrects 5; ask for t = 5 (and correct = 4)."
        ),
    ),
    ({"t": 3, "correct": 4}, "correct must be in 0..t = 0..3, not 4."),
    ({"correct": -1}, "correct must be in 0..t = 0..1, not -1."),
    ({"protect": "majority", "t": 2, "correct": 3}, "correct must be in 0..t = 0..2, not 3."),
    (
        {"correct": 0},
        (
            "correct = 0 and corrector = 'combinational' exclude each other; detecting only is correct = 0 "
            "with corrector = 'none'."
        ),
    ),
    (
        {"corrector": "none"},
        (
            "correct = 1 and corrector = 'none' exclude each other; detecting only is correct = 0 with "
            "corrector = 'none'."
        ),
    ),
    (
        {"multiplier": "digit_serial", "corrector": "pipelined"},
        (
            "digit_serial gives a product every few cycles, so that a pipelined corrector would mostly wait; "
            "take corrector = 'combinational' or 'folded'."
        ),
    ),
    (
        {"protect": "majority", "t": 2, "correct": 1},
        (
            "majority corrects t = 2 errors or none, without a folded corrector; not correct = 1 with "
            "corrector = 'combinational'."
        ),
    ),
    (
        {"protect": "majority", "corrector": "folded"},
        (
            "majority corrects t = 1 errors or none, without a folded corrector; not correct = 1 with "
            "corrector = 'folded'."
        ),
    ),
    ({"levels": 0}, "levels must be at least 1, not 0."),
    ({"points": 0}, "points must be in 1..89, the positions of the code, not 0."),
    ({"protect": "product_bch", "points": 52}, "points must be in 1..51, the positions of the code, not 52."),
]


@pytest.mark.parametrize(("values", "sentence"), REFUSED)
def test_refused(values, sentence):
    with pytest.raises(ValueError, match="^" + re.escape(sentence) + "$"):
        GfConfig(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"protect": "product_bch", "multiplier": "mastrovito"},
        {"t": 5, "correct": 0, "corrector": "none"},
        {"t": 5, "correct": 5, "key_equation": "closed"},
        {"m": 8, "t": 5, "correct": 4},
        {"multiplier": "digit_serial", "digit": 45, "corrector": "folded"},
        {"protect": "majority", "t": 2, "correct": 2},
        {"points": 89},
    ],
)
def test_the_choices_that_the_sentences_name_are_taken(values):
    config = GfConfig(**values)
    assert replace(config) == config
