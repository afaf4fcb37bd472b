"""RTL of pyralis.hw.gf.verdict against counts on integers and a table of all correctable patterns."""

import random
from itertools import combinations

import pytest
from finitefields import settle

from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.verdict import RestSyndrome, RootCount, Verdict, rest_channels


def patterns(length: int, weight: int, limit: int = 400) -> list[int]:
    """All patterns of up to so many of *length* bits, or *limit* of each weight at random."""
    rng, found = random.Random(length), [0]
    for w in range(1, min(weight, length) + 1):
        some = [sum(1 << k for k in rng.sample(range(length), w)) for _ in range(limit)]
        if length**w < 10 * limit:
            some = [sum(1 << k for k in chosen) for chosen in combinations(range(length), w)]
        found += some
    return found


@pytest.mark.parametrize("t", range(1, 6))
@pytest.mark.parametrize("code", [residue_code(m, 1) for m in (2, 3, 4, 8, 45)], ids=str)
def test_counts_roots(code, t):
    some = patterns(code.length, t)
    found = settle(RootCount(code, t), [{"errors": errors} for errors in some], "count")
    assert found == [(errors.bit_count(),) for errors in some]


@pytest.mark.parametrize(
    ("code", "t"), [(residue_code(8, 3), 1), (residue_code(45, 5), 2), (product_code(45, 3), 2)], ids=str
)
def test_rest_is_the_syndrome_of_the_channels_not_used(code, t):
    some = patterns(code.length, t)
    found = settle(RestSyndrome(code, t), [{"errors": errors} for errors in some], "rest")
    channels = rest_channels(code, t)
    assert channels == tuple(range(t, code.t))
    for errors, (value,) in zip(some, found, strict=True):
        assert value == sum(code.syndrome(errors)[index] << n * code.r for n, index in enumerate(channels))


def test_the_rest_is_never_empty():
    assert rest_channels(BchCode("residue", 4, 3, 3), 2) == (1,)


def test_every_condition_of_the_verdict():
    """All values of the ports that decide, and a rest that agrees or differs in one bit."""
    code = residue_code(8, 3)
    rng, inputs, expected = random.Random(0), [], []
    for count in range(6):
        for degree in range(6):
            for flags in range(4):
                for differ in (0, *(1 << k for k in range(2 * code.r))):
                    fail, error = flags & 1, flags >> 1
                    rest = rng.getrandbits(2 * code.r)
                    used = rng.getrandbits(code.r)
                    syndrome = (rest ^ differ) << code.r | used
                    inputs.append({"count": count, "degree": degree, "fail": fail, "error": error})
                    inputs[-1] |= {"rest": rest, "syndrome": syndrome}
                    right = count == degree and not fail and not differ
                    expected.append((error and right, error and not right))
    assert settle(Verdict(code, 1), inputs, "corrected", "uncorrectable") == expected


def test_refusals():
    with pytest.raises(ValueError, match=r"^t must be in 1\.\.3, what the code corrects, not 4\.$"):
        Verdict(residue_code(8, 3), 4)
    with pytest.raises(ValueError, match=r"^t must be in 1\.\.5, not 6\.$"):
        RootCount(residue_code(8, 3), 6)
