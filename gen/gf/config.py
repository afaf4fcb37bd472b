"""Configurations of the finite-field core from what a user gives: some values, a TOML file, or both.

A file holds any of the fields of :class:`pyralis.hw.gf.config.GfConfig`. ``field`` names a field and stands
for ``m``, ``polynomial`` and ``order``; ``polynomial`` is text, because integers of TOML end at 64 bits::

    field = "b163"
    protect = "residue_bch"
    t = 3
    correct = 2
    corrector = "folded"
"""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, get_args

from pyralis.gen import configfile
from pyralis.gen.errors import UserError
from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.field import NAMED, named

__all__ = ["CHOICES", "build", "from_toml", "join", "name_of", "parse_polynomial", "to_toml", "values_of"]

CHOICES: dict[str, tuple[str, ...]] = {
    entry.name: get_args(entry.type)
    for entry in fields(GfConfig)
    if get_args(entry.type) and all(isinstance(choice, str) for choice in get_args(entry.type))
}
"""Fields whose values are names."""

AUTO = "auto"
HELP = "the fields and their bounds: python -m pydoc pyralis.hw.gf.config"


def parse_polynomial(text: str) -> int:
    """``"0x11b"`` and the exponents ``"8,4,3,1,0"`` are the same polynomial; ValueError for other text."""
    wrong = f"{text!r} is no polynomial such as 0x11b, or 8,4,3,1,0 by its exponents."
    try:
        if text.lower().startswith("0x"):
            return int(text, 16)
        exponents = [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(wrong) from None
    if len(exponents) < 2 or len(set(exponents)) < len(exponents) or min(exponents) < 0:
        raise ValueError(wrong)
    return sum(1 << exponent for exponent in exponents)


def build(values: Mapping[str, Any], where: str = "arguments", hint: str = HELP) -> GfConfig:
    """The configuration with *values*, and with what follows from them for the others.

    Without ``protect`` it is ``residue_bch`` (of ``mastrovito``, which cannot have it, ``product_bch``);
    without ``t`` as many errors as are corrected, or 1; without ``correct`` all *t* of them, or none if
    ``corrector`` is ``none``; without ``corrector`` a combinational one if anything is corrected.

    Parameters
    ----------
    values : dict
        Fields of GfConfig, and ``field``, a name.
    where, hint : str
        For errors.

    Raises
    ------
    UserError
        A name is unknown, a value is out of range, or two of them exclude each other.
    """
    values = dict(values)
    for key, choices in (*CHOICES.items(), ("field", tuple(NAMED))):
        if key in values and values[key] not in choices:
            near = difflib.get_close_matches(values[key], choices, n=1, cutoff=0.4)
            what = f"{key} must be one of {', '.join(choices)}, not {values[key]!r}."
            raise UserError(what, where, f"did you mean {near[0]!r}?" if near else hint)
    try:
        _name_field(values)
        _complete(values)
        return GfConfig(**values)
    except ValueError as error:
        raise UserError(configfile.sentence(error), where, hint) from None


def _name_field(values: dict[str, Any]) -> None:
    """Replaces ``field`` by what it stands for; a polynomial alone gives its degree."""
    if (name := values.pop("field", None)) is not None:
        field = named(name)
        if values.setdefault("m", field.m) != field.m:
            raise ValueError(f"The field {name!r} has m = {field.m}, not {values['m']}.")
        if values.setdefault("polynomial", field.polynomial) != field.polynomial:
            raise ValueError(
                f"The field {name!r} has the polynomial {poly.text(field.polynomial)}, "
                f"not {poly.text(values['polynomial'])}."
            )
        values.setdefault("order", field.order)
    elif values.get("polynomial"):
        values.setdefault("m", poly.degree(values["polynomial"]))


def _complete(values: dict[str, Any]) -> None:
    """Adds what follows from the values that are there."""
    if values.get("multiplier") != "digit_serial":  # unused, and 8 bits are too many for a small field
        values["digit"] = max(1, min(GfConfig.digit, values.get("m", GfConfig.m)))
    reduced_only = values.get("multiplier") == "mastrovito"
    if values.setdefault("protect", "product_bch" if reduced_only else GfConfig.protect) in CODED:
        values.setdefault("t", max(1, values.get("correct", 1)) if values["protect"] != "hamming" else 1)
        values.setdefault("correct", 0 if values.get("corrector") == "none" else values["t"])
        values.setdefault("corrector", "combinational" if values["correct"] else "none")


def values_of(text: str, where: str = "configuration") -> dict[str, Any]:
    """The values in the text of a TOML file, as :func:`build` takes them.

    Raises UserError for text that is no TOML, an unknown key (naming the nearest), a value of the wrong type.
    """
    values = configfile.parse(text, where)
    usual = {"field": "aes", **asdict(GfConfig()), "polynomial": "0x11b", "duplicate": True}
    if values.get("duplicate") == AUTO:
        del values["duplicate"]
    configfile.check_values(values, usual, where)
    if "polynomial" in values:
        try:
            values["polynomial"] = parse_polynomial(values["polynomial"])
        except ValueError as error:
            raise UserError(configfile.sentence(error), where, 'polynomial = "0x11b"') from None
    return values


def join(file: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a *file*, changed by those *given* beside it, which are the stronger ones.

    What the file says of the same thing in another way is dropped: its polynomial for a new ``m``, its
    corrector if correction is switched on or off.
    """
    file = dict(file)
    described = {"field", "m", "polynomial"}
    if given.keys() & described:
        for key in described:
            file.pop(key, None)
        if "field" in given:
            file.pop("order", None)
    if "correct" in given and (given["correct"] == 0) != (file.get("corrector") == "none"):
        file.pop("corrector", None)
    if "corrector" in given and (given["corrector"] == "none") != (file.get("correct") == 0):
        file.pop("correct", None)
    return {**file, **given}


def from_toml(text: str, where: str = "configuration") -> GfConfig:
    """Reads a configuration; *where* names it in errors. Raises UserError."""
    return build(values_of(text, where), where)


def to_toml(config: GfConfig) -> str:
    """*config* as a file that :func:`from_toml` reads back, every field written out."""
    values = asdict(config)
    values["polynomial"] = hex(config.polynomial)
    if config.duplicate is None:
        values["duplicate"] = AUTO
    return configfile.to_text(values)


def name_of(config: GfConfig) -> str:
    """A short name for folders and titles: ``gf45-two_step-residue_bch-t3-c2-folded``."""
    parts = [f"gf{config.m}", config.multiplier, config.protect]
    if config.protect in CODED:
        parts += [f"t{config.t}", f"c{config.correct}"] + ([config.corrector] if config.correct else [])
    return "-".join(parts)
