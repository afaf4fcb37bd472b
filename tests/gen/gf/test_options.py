"""Arguments of the finite-field core to its configuration; every sentence word for word."""

import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.gf.config import to_toml
from pyralis.gen.gf.options import NEEDS, add_config, config_of
from pyralis.gen.parser import Parser
from pyralis.hw.gf.config import GfConfig


def read(*words) -> tuple[str, GfConfig]:
    parser = Parser(prog="pyralis generate gf")
    add_config(parser)
    return config_of(parser.parse_args([str(word) for word in words]))


def refused(*words) -> tuple[str, str, str]:
    with pytest.raises(UserError) as error:
        read(*words)
    return error.value.what, error.value.where, error.value.hint


def test_every_field_is_an_argument():
    config = GfConfig(
        m=8,
        polynomial=0x11D,
        order="ghash",
        multiplier="karatsuba",
        stages=1,
        t=3,
        correct=2,
        corrector="pipelined",
        levels=20,
        key_equation="bm",
        locator="chien",
        duplicate=False,
        post_check=False,
        separate_operands=True,
        inject=True,
    )
    line = (
        "--m 8 --polynomial 0x11d --order ghash --multiplier karatsuba --stages 1 --protect residue_bch --t 3"
    )
    line += " --correct 2 --corrector pipelined --levels 20 --key-equation bm --locator chien"
    line += " --no-duplicate --no-post-check --separate-operands --inject"
    assert read(*line.split()) == ("gf8-karatsuba-residue_bch-t3-c2-pipelined", config)
    line = "--field aes --multiplier digit_serial --digit 4 --corrector folded --points 3 --duplicate"
    assert read(*line.split())[1] == GfConfig(
        m=8, multiplier="digit_serial", digit=4, corrector="folded", points=3, duplicate=True
    )
    assert read("--protect", "product_bch", "--predictor", "rows")[1].predictor == "rows"


def test_without_arguments_it_is_the_default():
    assert read() == ("gf45-two_step-residue_bch-t1-c1-combinational", GfConfig())


def test_the_example_of_the_readme():
    line = "--m 45 --protect residue_bch --t 3 --correct 2 --corrector folded"
    name, config = read(*line.split())
    assert name == "gf45-two_step-residue_bch-t3-c2-folded"
    assert config == GfConfig(m=45, t=3, correct=2, corrector="folded")


@pytest.mark.parametrize(
    ("line", "what", "hint"),
    [
        (
            "--levels 9",
            "--levels says nothing with corrector = 'combinational'; it is for pipelined.",
            "leave --levels out, or add --corrector pipelined",
        ),
        (
            "--protect tmr --t 2",
            "--t says nothing with protect = 'tmr'; it is for hamming, majority, product_bch, residue_bch.",
            "leave --t out, or add --protect residue_bch",
        ),
        (
            "--digit 4",
            "--digit says nothing with multiplier = 'two_step'; it is for digit_serial.",
            "leave --digit out, or add --multiplier digit_serial",
        ),
        (
            "--correct 0 --key-equation bm",
            "--key-equation says nothing with corrector = 'none'; it is for combinational, pipelined.",
            "leave --key-equation out, or add --corrector pipelined",
        ),
        (
            "--predictor rows",
            "--predictor says nothing with protect = 'residue_bch'; it is for hamming, product_bch.",
            "leave --predictor out, or add --protect product_bch",
        ),
    ],
)
def test_an_argument_that_says_nothing_is_refused(line, what, hint):
    assert refused(*line.split()) == (what, "arguments", hint)


def test_what_arguments_need_exists():
    known = GfConfig.__dataclass_fields__
    assert all(key in known and field in known for key, needs in NEEDS.items() for field in needs)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("--m 9 --polynomial 9,0", "The polynomial x^9 + 1 is reducible; x^9 + x + 1 is irreducible."),
        ("--t 7", "t must be in 1..5, not 7; the nearest is t = 5."),
        ("--m eight", "Argument --m: invalid int value: 'eight'"),
        (
            "--polynomial 45",
            "Argument --polynomial: '45' is no polynomial such as 0x11b, or 8,4,3,1,0 by its exponents.",
        ),
    ],
)
def test_wrong_values_are_sentences(line, what):
    assert refused(*line.split())[0] == what


def test_a_file_and_arguments(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(to_toml(GfConfig(m=8, t=2, correct=1)))
    assert read("--config", file) == ("mine", GfConfig(m=8, t=2, correct=1))
    name, config = read("--config", file, "--correct", "0")
    assert (name, config.corrector, config.t) == ("gf8-two_step-residue_bch-t2-c0", "none", 2)
    assert refused("--config", file, "--t", "9")[1] == f"{file} and arguments"
    file.write_text("t = 9\n")
    assert refused("--config", file)[1] == str(file)
    what = f"The configuration {tmp_path / 'no.toml'} cannot be read: No such file or directory."
    assert refused("--config", tmp_path / "no.toml") == (what, str(tmp_path / "no.toml"), "check the path")
