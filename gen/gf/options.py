"""Arguments for the configuration of a finite-field core, shared by its verbs."""

import argparse
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from pyralis.gen import configfile
from pyralis.gen.errors import UserError
from pyralis.gen.gf.config import CHOICES, build, join, name_of, parse_polynomial, values_of
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.field import NAMED

__all__ = ["add_config", "config_of"]

BCH = tuple(name for name in CODED if name != "majority")

NEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "digit": {"multiplier": ("digit_serial",)},
    "t": {"protect": CODED},
    "correct": {"protect": CODED},
    "corrector": {"protect": CODED},
    "duplicate": {"protect": CODED},
    "post_check": {"protect": CODED},
    "levels": {"protect": CODED, "corrector": ("pipelined",)},
    "key_equation": {"protect": BCH, "corrector": ("combinational", "pipelined")},
    "locator": {"protect": BCH, "corrector": ("combinational", "pipelined")},
    "predictor": {"protect": ("hamming", "product_bch")},
    "points": {"protect": BCH, "corrector": ("folded",)},
    "separate_operands": {"protect": tuple(name for name in CHOICES["protect"] if name != "none")},
}
"""Arguments that say nothing unless other fields have one of these values."""


SEARCH = 600
"""From this m on, beyond all the standards, the search for an irreducible polynomial takes long."""


def add_config(parser: argparse.ArgumentParser) -> None:
    """Every field of :class:`GfConfig`, and ``--config``; read with :func:`config_of`."""
    parser.add_argument(
        "--config", metavar="FILE", help="a TOML file with a configuration; the arguments change it"
    )
    group = parser.add_argument_group("field")
    group.add_argument("--m", type=int, metavar="N", help="bits of an element (default: 45)")
    _add(group, "--field", f"instead of --m: {', '.join(NAMED)}")
    group.add_argument(
        "--polynomial",
        type=_polynomial,
        metavar="P",
        help="0x11b, or its exponents 8,4,3,1,0 (default: the standard's, or the sparsest)",
    )
    _add(group, "--order", "bit order at the ports: {} (default: that of the field)")
    group = parser.add_argument_group("multiplier")
    _add(group, "--multiplier", "{} (default: two_step)")
    group.add_argument("--digit", type=int, metavar="N", help="bits a cycle of digit_serial (default: 8)")
    group.add_argument("--stages", type=int, metavar="N", help="registers inside it (default: 0)")
    group = parser.add_argument_group("protection")
    _add(group, "--protect", "{} (default: residue_bch; product_bch of mastrovito)")
    group.add_argument("--t", type=int, metavar="N", help="errors that the code can correct (default: 1)")
    group.add_argument("--correct", type=int, metavar="N", help="errors to correct; 0: detect (default: t)")
    _add(group, "--corrector", "{} (default: combinational)")
    group.add_argument(
        "--levels", type=int, metavar="N", help="gate levels between registers of pipelined (default: 14)"
    )
    group.add_argument("--points", type=int, metavar="N", help="positions a cycle of folded (default: 1)")
    _add(group, "--predictor", "{} (default: auto, the smallest)")
    _add(group, "--key-equation", "{} (default: auto, the smallest)")
    _add(group, "--locator", "{} (default: auto, the smallest)")
    _add_switch(group, "--duplicate", "two predictors (default: where one could spoil a product)")
    _add_switch(group, "--post-check", "compare the outcome with the raw product (default: yes)")
    _add_switch(group, "--separate-operands", "operand inputs for the check alone (default: no)")
    _add_switch(group, "--inject", "a port that flips bits of the product (default: no)")


def _add(group, option: str, help_text: str) -> None:
    """An argument whose value is a name; ``{}`` in the help lists the names."""
    names = ", ".join(CHOICES.get(option[2:].replace("-", "_"), ()))
    group.add_argument(option, metavar="NAME", help=help_text.format(names))


def _add_switch(group, option: str, help_text: str) -> None:
    group.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=help_text)


def _polynomial(text: str) -> int:
    try:
        return parse_polynomial(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def config_of(
    args: argparse.Namespace, fill: Callable[[GfConfig, Collection[str]], GfConfig] | None = None
) -> tuple[str, GfConfig]:
    """(name, configuration) that *args* ask for.

    Parameters
    ----------
    args : Namespace
        Of a parser with :func:`add_config`.
    fill : callable, optional
        Takes the configuration and the names of the fields that the user has named, and changes others.

    Raises
    ------
    UserError
        A value is out of range, two exclude each other, or an argument says nothing in this configuration.
    """
    keys = ["field", *GfConfig.__dataclass_fields__]
    given = {key: value for key in keys if (value := getattr(args, key)) is not None}
    values: dict[str, Any] = {}
    where = "arguments"
    if args.config is not None:
        values = values_of(configfile.read(args.config), args.config)
        where = f"{args.config} and arguments" if given else args.config
    values = join(values, given)
    if values.get("m", 0) >= SEARCH and not values.keys() & {"field", "polynomial"}:
        what = f"Looking for a polynomial of degree {values['m']}, which may take minutes"
        args.progress.say(f"{what}; --polynomial gives one.")
    config = build(values, where, "the arguments and their values: --help")
    if fill is not None:
        config = fill(config, values.keys())
    _check_use(config, given)
    return Path(args.config).stem if args.config and not given else name_of(config), config


def _check_use(config: GfConfig, given: dict[str, Any]) -> None:
    """Raises UserError for an argument that *config* has no use for."""
    for key in given:
        for field, names in NEEDS.get(key, {}).items():
            if (actual := getattr(config, field)) not in names:
                option = "--" + key.replace("_", "-")
                what = f"{option} says nothing with {field} = {actual!r}; it is for {', '.join(names)}."
                raise UserError(what, "arguments", f"leave {option} out, or add --{field} {names[-1]}")
