"""Polynomials over GF(2) as Python integers: bit *k* is the coefficient of x^k.

Irreducibility is Rabin's test (M. O. Rabin, "Probabilistic algorithms in finite fields", SIAM J. Comput.
9(2), 1980, Lemma 1).
"""

import math
from functools import lru_cache

__all__ = [
    "degree",
    "divide",
    "equally_spaced",
    "factors",
    "find_irreducible",
    "gcd",
    "irreducible",
    "multiply",
    "power",
    "primitive",
    "remainder",
    "text",
]

SMALL_PRIMES = 1 << 20
"""Trial division stops here; what is left of 2^m - 1 is then factored by Pollard's method."""


def degree(p: int) -> int:
    """Degree of *p*; -1 for the zero polynomial."""
    return p.bit_length() - 1


def text(p: int) -> str:
    """``text(0b10011)`` is ``"x^4 + x + 1"``."""
    names = {0: "1", 1: "x"}
    terms = [names.get(k, f"x^{k}") for k in range(degree(p), -1, -1) if p >> k & 1]
    return " + ".join(terms) or "0"


def multiply(a: int, b: int) -> int:
    """Product of two polynomials, unreduced."""
    if a < b:
        a, b = b, a
    product = 0
    while b:
        low = b & -b
        product ^= a * low  # a multiple by a power of two is a shift
        b ^= low
    return product


def divide(a: int, b: int) -> tuple[int, int]:
    """Quotient and remainder of *a* by *b*; ZeroDivisionError if *b* is 0."""
    if not b:
        raise ZeroDivisionError("division by the zero polynomial")
    quotient, width = 0, b.bit_length()
    while (shift := a.bit_length() - width) >= 0:
        quotient |= 1 << shift
        a ^= b << shift
    return quotient, a


def remainder(a: int, modulus: int) -> int:
    """*a* modulo *modulus*."""
    return divide(a, modulus)[1]


def gcd(a: int, b: int) -> int:
    """Greatest common divisor."""
    while b:
        a, b = b, remainder(a, b)
    return a


def power(base: int, exponent: int, modulus: int) -> int:
    """``base**exponent`` modulo *modulus*."""
    result = remainder(1, modulus)
    base = remainder(base, modulus)
    while exponent:
        if exponent & 1:
            result = remainder(multiply(result, base), modulus)
        base = remainder(multiply(base, base), modulus)
        exponent >>= 1
    return result


def _frobenius(p: int, times: int, modulus: int) -> int:
    """``p**(2**times)`` modulo *modulus*."""
    for _ in range(times):
        p = remainder(multiply(p, p), modulus)
    return p


@lru_cache
def irreducible(p: int) -> bool:
    """Whether *p* has no divisor but 1 and itself. The constants 0 and 1 have not the degree for it."""
    m = degree(p)
    if m < 1:
        return False
    if m > 1 and (not p & 1 or p.bit_count() % 2 == 0):  # x or x + 1 divides it
        return False
    if _frobenius(2, m, p) != remainder(2, p):
        return False
    return all(gcd(_frobenius(2, m // q, p) ^ 2, p) == 1 for q in factors(m))


@lru_cache
def primitive(p: int) -> bool:
    """Whether x generates all nonzero residues modulo *p*. Factors 2^m - 1: quick up to m of about 100."""
    m = degree(p)
    if not irreducible(p):
        return False
    order = (1 << m) - 1
    return all(power(2, order // q, p) != 1 for q in factors(order)) if m > 1 else p == 3


@lru_cache
def factors(n: int) -> tuple[int, ...]:
    """The different primes that divide *n*, ascending; trial division, then Pollard's rho (BIT 15, 1975)."""
    found, candidate = set(), 2
    while candidate * candidate <= n and candidate < SMALL_PRIMES:
        while n % candidate == 0:
            found.add(candidate)
            n //= candidate
        candidate += 1 if candidate == 2 else 2
    pending = [n] if n > 1 else []
    while pending:
        n = pending.pop()
        if _prime(n):
            found.add(n)
        else:
            divisor = _rho(n)
            pending += [divisor, n // divisor]
    return tuple(sorted(found))


def _prime(n: int) -> bool:
    """Miller and Rabin's test with the first twelve primes: exact below 3.3e24, overwhelming above."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if n in bases:
        return True
    twos = ((n - 1) & -(n - 1)).bit_length() - 1
    for base in bases:
        x = pow(base, n - 1 >> twos, n)
        if x in (1, n - 1):
            continue
        if all((x := x * x % n) != n - 1 for _ in range(twos - 1)):
            return False
    return True


def _rho(n: int) -> int:
    """A divisor of the composite *n*."""
    for offset in range(1, 100):
        slow = fast = 2
        divisor = 1
        while divisor == 1:
            slow = (slow * slow + offset) % n
            fast = (fast * fast + offset) % n
            fast = (fast * fast + offset) % n
            divisor = math.gcd(abs(slow - fast), n)
        if divisor != n:
            return divisor
    raise ArithmeticError(f"no divisor of {n} found")  # pragma: no cover


@lru_cache
def find_irreducible(m: int) -> int:
    """The irreducible polynomial of degree *m* with the fewest terms, then the smallest inner exponents.

    A trinomial where there is one, else a pentanomial, as the standards choose (FIPS 186-4, D.1.3).

    Raises
    ------
    ValueError
        *m* is less than 2, or none with five terms exists (no such m is known).
    """
    if m < 2:
        raise ValueError(f"The degree of a field must be at least 2, not {m}.")
    ends = 1 << m | 1
    for a in range(1, m):
        if irreducible(ends | 1 << a):
            return ends | 1 << a
    for a in range(3, m):
        for b in range(2, a):
            for c in range(1, b):
                if irreducible(candidate := ends | 1 << a | 1 << b | 1 << c):
                    return candidate
    raise ValueError(f"No irreducible polynomial of degree {m} with at most five terms exists.")


def equally_spaced(m: int, spacing: int = 1) -> int:
    """x^m + x^(m - s) + ... + x^s + 1, irreducible or not; all-one polynomial for a *spacing* of 1.

    Raises
    ------
    ValueError
        *spacing* does not divide *m*.
    """
    if spacing < 1 or m % spacing:
        raise ValueError(f"The spacing must divide the degree {m}; {spacing} does not.")
    return sum(1 << k for k in range(0, m + 1, spacing))
