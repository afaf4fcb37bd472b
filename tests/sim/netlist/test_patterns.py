from itertools import combinations
from math import comb

import pytest

from pyralis.sim.netlist.evaluate import unpack
from pyralis.sim.netlist.patterns import error_patterns


@pytest.mark.parametrize(("positions", "weight"), [(9, 0), (9, 1), (9, 3), (70, 2), (5, 5)])
def test_every_pattern_once(positions, weight):
    found = []
    for planes, count in error_patterns(positions, weight, lanes=128):
        assert planes.shape == (positions, -(-count // 64))
        lanes = unpack(planes, planes.shape[1] * 64)
        assert not any(lanes[count:])
        found += lanes[:count]
    assert found == [sum(1 << k for k in chosen) for chosen in combinations(range(positions), weight)]
    assert len(found) == comb(positions, weight)


def test_a_weight_that_does_not_fit():
    assert list(error_patterns(3, 4)) == []
