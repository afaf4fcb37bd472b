"""What a protected multiplier must answer, on Python integers."""

import random

from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.coded import duplicated
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.decoder import decode
from pyralis.hw.gf.ports import Injection, Operands, Result
from pyralis.sim.bench.stream import pack


def draw(rng: random.Random, config: GfConfig, errors: int) -> dict[str, int]:
    """Random operands, extremes among them, and in total so many flipped bits; for the packed payload."""
    ones = (1 << config.m) - 1

    def element():
        return rng.choice([0, 1, ones, 1 << config.m - 1, *(rng.getrandbits(config.m) for _ in range(12))])

    operands = {"a": element(), "b": element()}
    if config.separate_operands:
        operands |= {"a_check": operands["a"], "b_check": operands["b"]}
    if config.inject:
        widths = {name: field.width for name, field in Injection(config)}
        flips = dict.fromkeys(widths, 0)
        for _ in range(errors):
            name = rng.choice(list(widths))
            flips[name] ^= 1 << rng.randrange(widths[name])
        operands["inject"] = flips
    return operands


def payload(config: GfConfig, operands: dict) -> int:
    """The operand payload as one integer."""
    value = 0
    for name, field in Operands(config):
        part = operands[name]
        if name == "inject":
            part = sum(part[inner] << place.offset for inner, place in Injection(config))
        value |= part << field.offset
    return value


def fields_of(config: GfConfig, word: int) -> dict[str, int]:
    """A result payload by field."""
    return {name: word >> field.offset & (1 << field.width) - 1 for name, field in Result(config)}


def expected(config: GfConfig, operands: dict) -> dict[str, int]:
    """The result payload by field; a syndrome only for BCH codes, and without copies' bit patterns."""
    gf = config.field
    a, b = gf.convert(operands["a"]), gf.convert(operands["b"])
    flips = operands.get("inject", {})
    d = poly.multiply(a, b) ^ flips.get("unreduced", 0)
    raw = gf.reduce(d) ^ flips.get("reduced", 0)
    right = gf.multiply(a, b)
    prediction = flips.get("prediction", 0)
    match config.protect:
        case "none":
            return answer(gf, raw)
        case "dwc" | "diverse_dwc":
            return answer(gf, raw, error=raw != right, lost=raw != right)
        case "tmr":
            return answer(gf, right, error=raw != right, mended=raw != right)
    code = config.code
    if config.protect == "residue_bch":
        positions = d ^ poly.multiply(a, b) ^ flips.get("reduced", 0)
        syndrome = [
            value ^ prediction >> n * code.r & (1 << code.r) - 1
            for n, value in enumerate(code.syndrome(positions))
        ]
    else:
        positions = (raw ^ right) << code.parity_bits | prediction
        syndrome = list(code.syndrome(positions))
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
    result = answer(gf, product, error=error, mended=found is not None, lost=error and found is None)
    return result | {"alarm": int(mismatch), "syndrome": pack(syndrome, code.r)}


def answer(
    gf, product: int, *, error: bool = False, mended: bool = False, lost: bool = False
) -> dict[str, int]:
    flags = {"error": int(error), "corrected": int(mended), "uncorrectable": int(lost), "alarm": 0}
    return {"product": gf.convert(product), **flags}
