"""What a Sampler makes of the entries of a stream, word for word."""

import itertools
from typing import Any

import numpy as np

from pyralis.hw.gcn.config import INDEX_BITS, NO_SOURCE
from pyralis.hw.gcn.draws import INSTEAD_OF_ZERO, RECIPROCALS, TAPS, SampleKind
from pyralis.hw.gcn.sampler import HEADERS
from pyralis.sim.gcn.memories import Entries

__all__ = ["sampled"]


def sampled(entries: Entries, settings: dict[str, Any], sample_seed: int) -> Entries:
    """Those of *entries*, whole rows with headers, that are taken and name a source.

    *settings* are SAMPLE_SETTINGS, *sample_seed* is the register of that name.
    """
    found: list[int] = []
    starts = np.flatnonzero(np.diff(entries.row, prepend=-1)).tolist()
    for start, end in itertools.pairwise([*starts, len(entries.row)]):
        degree, number = int(entries.index[start]), int(entries.index[start + 1])
        length = max(degree, 1)
        assert start + HEADERS + length == end, "a row has another length than its header says"
        places = _places(length, number, settings, sample_seed)
        assert sorted(places) == places, "draws do not ascend"
        assert max(places, default=0) < length, "a draw is outside"
        found += [start + HEADERS + place for place in places]
    kept = [each for each in found if entries.index[each] != NO_SOURCE]
    return Entries(entries.row[kept], entries.index[kept], entries.value[kept])


def _places(length: int, number: int, settings: dict[str, Any], sample_seed: int) -> list[int]:
    count = settings["count"]
    assert count, "a sample of nothing"
    if settings["kind"] is SampleKind.PREDEFINED:
        assert settings["step"], "a sample that does not go on"
        return list(range(settings["start"], length, settings["step"]))[:count]
    assert settings["kind"] is SampleKind.UNIFORM
    if length <= count:
        return list(range(length))
    parity = (number >> 2 ^ number >> 6 ^ number >> 10) & 1
    state = settings["seed"] ^ sample_seed ^ (number | parity << INDEX_BITS) or INSTEAD_OF_ZERO
    part = length * RECIPROCALS[count] >> 10
    places = []
    for draw in range(count):
        state = state >> 1 ^ (state & 1) * TAPS
        places.append((draw * part + (state * (part >> 5) >> 16 << 5)) >> 16)
    return places
