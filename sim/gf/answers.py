"""What a protected multiplier must answer when bits of its nets are flipped, on Python integers."""

from collections.abc import Mapping
from typing import Any

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.coded import duplicated
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.decoder import decode
from pyralis.hw.gf.field import Gf2m
from pyralis.hw.gf.majority import latin_checks
from pyralis.hw.gf.ports import Injection, Operands, Result

__all__ = ["expected", "fields_of", "payload"]


def payload(config: GfConfig, operands: Mapping[str, Any]) -> int:
    """The operand payload as one integer; ``inject`` of *operands* has the flips by net."""
    value = 0
    for name, field in Operands(config):
        part = operands[name]
        if name == "inject":
            part = sum(part[net] << place.offset for net, place in Injection(config))
        value |= part << field.offset
    return value


def fields_of(config: GfConfig, word: int) -> dict[str, int]:
    """A result payload by field."""
    return {name: word >> field.offset & (1 << field.width) - 1 for name, field in Result(config)}


def expected(config: GfConfig, operands: Mapping[str, Any]) -> dict[str, int]:
    """The result payload by field, as bounded-distance decoding has it; of copies without the syndrome.

    Parameters
    ----------
    config : GfConfig
    operands : mapping
        ``a``, ``b`` in the bit order of the configuration, and ``inject``: net -> bits to flip.
    """
    gf = config.field
    a, b = gf.convert(operands["a"]), gf.convert(operands["b"])
    flips = operands.get("inject", {})
    d = poly.multiply(a, b) ^ flips.get("unreduced", 0)
    raw = gf.reduce(d) ^ flips.get("reduced", 0)
    right = gf.multiply(a, b)
    match config.protect:
        case "none":
            return _answer(gf, raw)
        case "dwc" | "diverse_dwc":
            return _answer(gf, raw, error=raw != right, lost=raw != right)
        case "tmr":
            return _answer(gf, right, error=raw != right, mended=raw != right)
        case "majority":
            return _voted(config, raw, right, flips.get("prediction", 0))
    code, prediction = config.code, flips.get("prediction", 0)
    if config.protect == "residue_bch":
        positions = d ^ poly.multiply(a, b) ^ flips.get("reduced", 0)
        syndrome = [
            value ^ prediction >> n * code.r & (1 << code.r) - 1
            for n, value in enumerate(code.syndrome(positions))
        ]
    else:
        syndrome = list(code.syndrome((raw ^ right) << code.parity_bits | prediction))
    error = any(syndrome)
    mismatch = duplicated(config) and prediction != 0
    found = None
    if error and not mismatch and config.correct:
        found = decode(code, tuple(syndrome), config.correct)
        if found is not None and any(k >= code.length for k in found):
            found = None
    product = raw
    for k in found or ():
        if config.protect == "residue_bch":
            product ^= gf.reduce(1 << k)
        elif k >= code.parity_bits:
            product ^= 1 << k - code.parity_bits
    result = _answer(gf, product, error=error, mended=found is not None, lost=error and found is None)
    flat = sum(value << n * code.r for n, value in enumerate(syndrome))
    return result | {"alarm": int(mismatch), "syndrome": flat}


def _voted(config: GfConfig, raw: int, right: int, prediction: int) -> dict[str, int]:
    """A bit is flipped if more than t of the checks that hold it fail."""
    checks = latin_checks(config.m, config.t)
    failing = [
        mask for n, mask in enumerate(checks) if ((raw ^ right) & mask).bit_count() & 1 ^ prediction >> n & 1
    ]
    votes = [sum(mask >> bit & 1 for mask in failing) for bit in range(config.m)]
    flips = sum(1 << bit for bit, count in enumerate(votes) if count > config.t)
    corrects = config.correct > 0
    product = raw ^ (flips if corrects else 0)
    found = bool(failing)
    answer = _answer(
        config.field, product, error=found, mended=found and corrects, lost=found and not corrects
    )
    return answer | {"alarm": int(duplicated(config) and prediction != 0)}


def _answer(
    gf: Gf2m, product: int, *, error: bool = False, mended: bool = False, lost: bool = False
) -> dict[str, int]:
    flags = {"error": int(error), "corrected": int(mended), "uncorrectable": int(lost), "alarm": 0}
    return {"product": gf.convert(product), **flags}
