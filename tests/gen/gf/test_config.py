"""Finite-field configurations from a few values and from TOML, and the sentence for each that is none."""

import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.gf.config import build, from_toml, join, name_of, parse_polynomial, to_toml, values_of
from pyralis.hw.gf.config import GfConfig


def refused(action) -> tuple[str, str, str]:
    with pytest.raises(UserError) as error:
        action()
    return error.value.what, error.value.where, error.value.hint


def test_a_polynomial_is_hexadecimal_or_exponents():
    assert parse_polynomial("0x11b") == parse_polynomial("0X11B") == parse_polynomial("8,4,3,1,0") == 0x11B
    assert parse_polynomial("163, 7, 6, 3, 0") == 1 << 163 | 0xC9
    for text in ("45", "x^8 + 1", "8,4,4,0", "8,-1", "0xg", ""):
        with pytest.raises(ValueError, match="is no polynomial such as 0x11b, or 8,4,3,1,0 by its exponents"):
            parse_polynomial(text)


@pytest.mark.parametrize(
    ("values", "t", "correct", "corrector"),
    [
        ({}, 1, 1, "combinational"),
        ({"t": 3}, 3, 3, "combinational"),
        ({"correct": 2}, 2, 2, "combinational"),
        ({"t": 3, "correct": 2, "corrector": "folded"}, 3, 2, "folded"),
        ({"t": 3, "corrector": "pipelined"}, 3, 3, "pipelined"),
        ({"t": 3, "correct": 0}, 3, 0, "none"),
        ({"t": 3, "corrector": "none"}, 3, 0, "none"),
        ({"correct": 0}, 1, 0, "none"),
        ({"protect": "hamming"}, 1, 1, "combinational"),
        ({"protect": "hamming", "correct": 0}, 1, 0, "none"),
        ({"protect": "majority", "t": 2}, 2, 2, "combinational"),
    ],
)
def test_what_is_not_given_follows_from_what_is(values, t, correct, corrector):
    config = build(values)
    assert (config.t, config.correct, config.corrector) == (t, correct, corrector)


def test_a_multiplier_without_an_unreduced_product_gets_the_product_code():
    assert build({"multiplier": "mastrovito"}).protect == "product_bch"
    assert build({"multiplier": "karatsuba"}).protect == "residue_bch"


def test_a_field_by_name_by_polynomial_and_by_degree():
    assert build({"field": "ghash"}).order == "ghash"
    assert build({"field": "ghash", "order": "polynomial"}).order == "polynomial"
    assert build({"m": 128}).order == "polynomial"
    assert (
        build({"field": "aes", "m": 8, "polynomial": 0x11B})
        == build({"m": 8})
        == build({"polynomial": 0x11B})
    )
    assert build({"polynomial": 0x13}).m == 4
    assert build({"m": 4}).digit == 4


def test_wrong_names_get_the_nearest():
    assert refused(lambda: build({"protect": "residu"}, "my.toml")) == (
        (
            "protect must be one of none, dwc, diverse_dwc, tmr, hamming, majority, product_bch, "
            "residue_bch, not 'residu'."
        ),
        "my.toml",
        "did you mean 'residue_bch'?",
    )
    assert refused(lambda: build({"key_equation": "clsed"}))[0] == (
        "key_equation must be one of auto, closed, bm, not 'clsed'."
    )
    assert refused(lambda: build({"field": "b164"})) == (
        "field must be one of aes, ghash, gf45, b163, b233, b283, b409, b571, not 'b164'.",
        "arguments",
        "did you mean 'b163'?",
    )
    assert refused(lambda: build({"field": "qqq"}, hint="look"))[2] == "look"


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"field": "aes", "m": 16}, "The field 'aes' has m = 8, not 16."),
        (
            {"field": "aes", "polynomial": 0x11D},
            "The field 'aes' has the polynomial x^8 + x^4 + x^3 + x + 1, not x^8 + x^4 + x^3 + x^2 + 1.",
        ),
        ({"m": 1}, "The degree m of a field must be at least 2, not 1."),
        ({"m": 0}, "The degree m of a field must be at least 2, not 0."),
        (
            {"m": 9, "polynomial": 0x11B},
            (
                "The polynomial x^8 + x^4 + x^3 + x + 1 has degree 8, but the field has m = 9; "
                "x^9 + x + 1 is irreducible."
            ),
        ),
        ({"t": 6}, "t must be in 1..5, not 6; the nearest is t = 5."),
        ({"t": 0}, "t must be in 1..5, not 0; the nearest is t = 1."),
        ({"t": 2, "correct": 3}, "correct must be in 0..t = 0..2, not 3."),
        (
            {"correct": 0, "corrector": "folded"},
            (
                "correct = 0 and corrector = 'folded' exclude each other; detecting only is correct = 0 with "
                "corrector = 'none'."
            ),
        ),
        (
            {"multiplier": "mastrovito", "protect": "residue_bch"},
            (
                "residue_bch needs the unreduced product, which mastrovito never forms; take two_step or "
                "karatsuba, or product_bch."
            ),
        ),
        ({"protect": "hamming", "t": 2}, "hamming corrects t = 1, not 2; product_bch offers more."),
        ({"multiplier": "digit_serial", "digit": 46}, "digit must be in 1..m = 1..45, not 46."),
        (
            {"multiplier": "digit_serial", "stages": 1},
            "stages must be 0 for digit_serial and at least 0 otherwise, not 1.",
        ),
    ],
)
def test_impossible_values_are_sentences(values, what):
    assert refused(lambda: build(values, "my.toml")) == (
        what,
        "my.toml",
        "the fields and their bounds: python -m pydoc pyralis.hw.gf.config",
    )


@pytest.mark.parametrize(
    "config",
    [
        GfConfig(),
        GfConfig(m=163, t=3, correct=2, corrector="folded", inject=True),
        GfConfig(m=128, order="ghash", duplicate=False, protect="product_bch"),
        GfConfig(m=5, digit=5, protect="tmr"),
    ],
    ids=name_of,
)
def test_every_configuration_survives_its_file(config):
    text = to_toml(config)
    assert from_toml(text) == config
    assert f'polynomial = "{config.polynomial:#x}"\n' in text


def test_a_file_holds_what_differs():
    assert from_toml("") == GfConfig()
    assert from_toml(
        'field = "b163"\nprotect = "residue_bch"\nt = 3\ncorrect = 2\ncorrector = "folded"\n'
    ) == (GfConfig(m=163, t=3, correct=2, corrector="folded"))
    assert from_toml('polynomial = "8,4,3,1,0"\nduplicate = true').duplicate is True


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("correkt = 2", "The configuration has no key 'correkt'.", "did you mean 'correct'?"),
        ("t = 2.0", "t must be an integer, not 2.0.", "t = 1"),
        ("inject = 1", "inject must be true or false, not 1.", "inject = False"),
        ("duplicate = 1", "duplicate must be true or false, not 1.", "duplicate = True"),
        ("protect = 1", "protect must be a string, not 1.", "protect = 'residue_bch'"),
        ("polynomial = 283", "polynomial must be a string, not 283.", "polynomial = '0x11b'"),
        (
            'polynomial = "45"',
            "'45' is no polynomial such as 0x11b, or 8,4,3,1,0 by its exponents.",
            'polynomial = "0x11b"',
        ),
    ],
)
def test_a_wrong_file_is_named(text, what, hint):
    assert refused(lambda: from_toml(text, "my.toml")) == (what, "my.toml", hint)
    assert refused(lambda: from_toml("[[", "my.toml"))[0].startswith("The configuration is not TOML: ")


def test_what_is_given_is_stronger_than_a_file():
    file = values_of(to_toml(GfConfig(m=163, t=3, correct=2, corrector="folded")))

    def changed(**given):
        return build(join(file, given))

    assert changed(inject=True) == GfConfig(m=163, t=3, correct=2, corrector="folded", inject=True)
    assert changed(m=8).polynomial == 0x11B
    assert changed(polynomial=0x13).m == 4
    assert changed(field="ghash").order == "ghash"
    assert changed(correct=0).corrector == "none"
    assert changed(corrector="none").correct == 0
    assert changed(correct=3).corrector == "folded"
    detecting = values_of(to_toml(GfConfig(t=3, correct=0, corrector="none")))
    assert build(join(detecting, {"correct": 1})).corrector == "combinational"
    assert build(join(detecting, {"corrector": "folded"})).correct == 3


def test_a_name_says_what_is_built():
    assert name_of(GfConfig(t=3, correct=2, corrector="folded")) == "gf45-two_step-residue_bch-t3-c2-folded"
    assert name_of(GfConfig(t=2, correct=0, corrector="none")) == "gf45-two_step-residue_bch-t2-c0"
    assert name_of(GfConfig(m=8, protect="tmr", multiplier="mastrovito")) == "gf8-mastrovito-tmr"
