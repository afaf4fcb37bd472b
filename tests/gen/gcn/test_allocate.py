"""Places for what programs need."""

import itertools

import numpy as np
import pytest

from pyralis.gen.gcn.allocate import Item, NoRoomError, hold, least, place


def test_nothing_overlaps_and_places_are_used_again():
    rng = np.random.default_rng(0)
    for _ in range(50):
        firsts = rng.integers(0, 8, 12)
        items = [
            Item(name=str(k), size=int(rng.integers(1, 9)), first=int(f), last=int(f + rng.integers(0, 3)))
            for k, f in enumerate(firsts)
        ]
        place(items, 1000)
        for a, b in itertools.combinations(items, 2):
            together = a.first <= b.last and b.first <= a.last
            assert not together or a.base + a.size <= b.base or b.base + b.size <= a.base
    apart = [Item(name=str(k), size=5, first=k, last=k) for k in range(3)]
    place(apart, 5)
    assert [each.base for each in apart] == [0, 0, 0]


def test_what_has_no_room_is_named():
    items = [Item(name="a", size=5, first=0, last=1), Item(name="b", size=4, first=1, last=2)]
    with pytest.raises(NoRoomError) as caught:
        place(items, 8)
    assert (caught.value.item.name, caught.value.need) == ("b", 9)


@pytest.mark.parametrize(
    ("capacity", "resident", "loads"),
    [
        (9, True, [0, 3, 6]),
        (6, False, [0, 3, 0]),
        (3, False, [0, 0, 0]),
    ],
)
def test_constants_stay_or_take_turns(capacity, resident, loads):
    uses = [("a", 0), ("b", 1), ("c", 2)]
    held = hold(dict.fromkeys("abc", 3), uses, 3, capacity)
    assert held.resident == resident
    assert [held.items[use].base for use in uses] == loads


def test_the_fullest_phase_is_what_is_needed_at_least():
    sizes, uses = {"a": 3, "b": 2, "c": 4}, [("a", 0), ("b", 1), ("c", 1), ("a", 2)]
    assert least(sizes, uses) == (6, "c")
    hold(sizes, uses, 3, 6)
    with pytest.raises(NoRoomError):
        hold(sizes, uses, 3, 5)
    assert least({}, []) == (0, "")


def test_a_shared_constant_is_loaded_anew_where_it_cannot_stay():
    uses = [("a", 0), ("b", 1), ("a", 2)]
    held = hold({"a": 3, "b": 3}, uses, 3, 6)
    assert held.resident and held.items["a", 0] is held.items["a", 2]
    held = hold({"a": 3, "b": 3}, uses, 3, 5)
    assert held.items["a", 0] is not held.items["a", 2]
    assert held.items["a", 2].base == held.items["b", 1].base == 0
    with pytest.raises(NoRoomError):
        hold({"a": 3, "b": 3}, uses, 3, 2)


def test_what_is_loaded_anew_comes_while_the_one_before_is_used():
    uses = [(name, phase) for phase, name in enumerate("abcabc")]
    held = hold(dict.fromkeys("abc", 3), uses, 6, 6)
    assert [held.items[use].base for use in uses] == [0, 3] * 3
    assert not held.resident
