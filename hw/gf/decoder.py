"""Bounded-distance decoding on integers, for what is decided when hardware is generated."""

from math import gcd

from pyralis.hw.gf.code import BchCode

__all__ = ["decode", "spoiled_by_one_channel"]


def decode(code: BchCode, syndrome: tuple[int, ...], t: int) -> tuple[int, ...] | None:
    """Positions of the pattern of at most *t* errors with this *syndrome*; None if there is none.

    The positions are 0 .. 2^r - 2, those of the code before it is shortened. Berlekamp and Massey's algorithm
    (J. L. Massey, IEEE Trans. Inf. Theory 15(1), 1969) with division, then Chien's search.
    """
    gf, order = code.locator_field, len(code.powers)
    values = [0]
    for exponent in range(1, 2 * t + 1):
        index, squarings = code.conjugate(exponent)
        values.append(gf.power(syndrome[index], 1 << squarings))
    locator, old, gap, last, degree = [1], [1], 1, 1, 0
    for n in range(1, 2 * t + 1):
        delta = 0
        for j, coefficient in enumerate(locator[:n]):
            delta ^= gf.multiply(coefficient, values[n - j])
        if not delta:
            gap += 1
            continue
        scale, previous = gf.multiply(delta, gf.inverse(last)), locator
        shifted = [0] * gap + [gf.multiply(scale, coefficient) for coefficient in old]
        size = max(len(locator), len(shifted))
        padded = locator + [0] * (size - len(locator)), shifted + [0] * (size - len(shifted))
        locator = [a ^ b for a, b in zip(*padded, strict=True)]
        if 2 * degree < n:
            degree, old, last, gap = n - degree, previous, delta, 1
        else:
            gap += 1
    if degree > t:
        return None
    logarithm = {value: exponent for exponent, value in enumerate(code.powers)}
    terms = [(j, logarithm[coefficient]) for j, coefficient in enumerate(locator) if coefficient]
    roots = []
    for position in range(order):
        total = 0
        for j, exponent in terms:
            total ^= code.powers[(exponent - j * position) % order]
        if not total:
            roots.append(position)
    if len(roots) != degree or code.syndrome(sum(1 << k for k in roots)) != tuple(syndrome):
        return None
    return tuple(roots)


def spoiled_by_one_channel(code: BchCode, t: int) -> bool:
    """Whether some syndrome that is zero in all channels but one belongs to a pattern of at most *t* errors.

    A fault inside one channel of a predictor gives such syndromes, and a corrector would then spoil a right
    product. Shifting a pattern multiplies the value of channel *i* by alpha^i, so one value of each orbit is
    looked at, and positions that shortening took away count too: True may be said too often, False never.
    """
    order = len(code.powers)
    for index, channel in enumerate(code.channels):
        for exponent in range(gcd(channel, order)):
            syndrome = [0] * len(code.channels)
            syndrome[index] = code.powers[exponent]
            if decode(code, tuple(syndrome), t) is not None:
                return True
    return False
