"""Point multiplication on the curve B-163, over any multiplier of GF(2^163).

Montgomery's ladder on x coordinates alone (J. Lopez and R. Dahab, "Fast multiplication on elliptic curves
over GF(2^m) without precomputation", CHES 1999), inversion by Fermat's theorem (T. Itoh and S. Tsujii, "A
fast algorithm for computing multiplicative inverses in GF(2^m) using normal bases", Information and
Computation 78(3), 1988). Every product and every square is a call of *multiply*; sums are exclusive ors.

The curve is y^2 + xy = x^3 + x^2 + B (NIST FIPS 186-4, D.1.3.1.2).
"""

from collections.abc import Callable
from typing import Any

__all__ = ["ORDER", "VECTORS", "B", "G", "M", "inverse", "job", "times_base"]

M = 163
B = 0x20A601907B8C953CA1481EB10512F78744A3205FD
G = (0x3F0EBA16286A2D57EA0991168D4994637E8343E36, 0x0D51FBC6C71A0094FA2CDD545B11C5C0C797324F1)
ORDER = 0x40000000000000000000292FE77E70C12A4234C33

VECTORS = (
    (
        "private key x, public key U = xG",
        0x35318FC447D48D7E6BC93B48617DDDEDF26AA658F,
        (0x126CF562D95A1D77D387BA75A3EA3A1407F23425A, 0x7D7CB5273C94DA8CA93049AFDA18721C24672BD71),
    ),
)
"""(name, k, kG): T. Pornin, RFC 6979 (2013), A.2.13, ECDSA with B-163."""

Multiply = Callable[[int, int], int]


def inverse(multiply: Multiply, a: int) -> int:
    """a^(2^M - 2): 1/a, and 0 of 0.

    a^(2^n - 1) for n = 1, 2, 5, ... up to M - 1, along the binary digits of M - 1; M - 1 squares and nine
    other products in all.
    """
    power, length = a, 1
    for digit in f"{M - 1:b}"[1:]:
        raised = power
        for _ in range(length):
            raised = multiply(raised, raised)
        power, length = multiply(raised, power), 2 * length
        if digit == "1":
            power, length = multiply(multiply(power, power), a), length + 1
    return multiply(power, power)


def times_base(multiply: Multiply, k: int) -> tuple[int, int]:
    """The point kG; 0 < *k* < ORDER - 1. Eleven products a bit of *k*, and 188 to get x and y."""
    if not 0 < k < ORDER - 1:
        raise ValueError(f"k must be in 1..{ORDER - 2}, not {k}.")
    base = G[0]
    low, high = (base, 1), _double(multiply, base, 1)  # jG and (j + 1)G for j = the digits of k so far
    for digit in f"{k:b}"[1:]:
        middle = _add(multiply, base, *low, *high)
        if digit == "1":
            low, high = middle, _double(multiply, *high)
        else:
            low, high = _double(multiply, *low), middle
    return _affine(multiply, *low, *high)


def _double(multiply: Multiply, x: int, z: int) -> tuple[int, int]:
    """Twice a point, its x as a fraction X/Z: X^4 + B Z^4 and X^2 Z^2."""
    x, z = multiply(x, x), multiply(z, z)
    return multiply(x, x) ^ multiply(B, multiply(z, z)), multiply(x, z)


def _add(multiply: Multiply, base: int, x1: int, z1: int, x2: int, z2: int) -> tuple[int, int]:
    """The sum of two points whose difference has the affine x coordinate *base*; all as fractions."""
    left, right = multiply(x1, z2), multiply(x2, z1)
    z = multiply(left ^ right, left ^ right)
    return multiply(base, z) ^ multiply(left, right), z


def _affine(multiply: Multiply, x1: int, z1: int, x2: int, z2: int) -> tuple[int, int]:
    """Both coordinates of P from P and P + G (the paper's appendix), with a single inversion."""
    x, y = G
    both, far = multiply(z1, z2), multiply(x, z2)
    scale = inverse(multiply, multiply(x, both))  # 1 / (x z1 z2)
    out = multiply(x1, multiply(scale, far))
    slope = multiply(x1 ^ multiply(x, z1), x2 ^ far) ^ multiply(multiply(x, x) ^ y, both)
    return out, multiply(x ^ out, multiply(slope, scale)) ^ y


def job(multiply: Multiply) -> list[dict[str, Any]]:
    """The published points; a row for each coordinate, as :func:`pyralis.gen.demo.ghash.job`."""
    rows = []
    for name, k, point in VECTORS:
        for coordinate, expected, found in zip("xy", point, times_base(multiply, k), strict=True):
            rows.append({
                "name": name,
                "value": coordinate,
                "expected": f"{expected:041x}",
                "found": f"{found:041x}",
            })
    return rows
