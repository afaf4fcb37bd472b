"""Places in memories of the graph core for things that are needed in some phases of a program only."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

__all__ = ["Holding", "Item", "NoRoomError", "hold", "least", "place"]


@dataclass(kw_only=True, slots=True)
class Item:
    """Something that takes ``size`` words from phase ``first`` up to and with phase ``last``.

    ``base`` is where :func:`place` has put it.
    """

    name: str
    size: int
    first: int
    last: int
    base: int = 0


class NoRoomError(Exception):
    """``item`` has no place: with what is there at the same time it would end at word ``need``."""

    def __init__(self, item: Item, need: int) -> None:
        super().__init__(item.name)
        self.item, self.need = item, need


def place(items: Sequence[Item], capacity: int) -> None:
    """Gives every item the lowest place that is free in all of its phases, the first phases first.

    Raises
    ------
    NoRoomError
        An item does not fit into *capacity* words.
    """
    placed: list[Item] = []
    for item in sorted(items, key=lambda each: each.first):
        item.base = 0
        beside = [each for each in placed if each.first <= item.last and item.first <= each.last]
        for other in sorted(beside, key=lambda each: each.base):
            if item.base + item.size <= other.base:
                break
            item.base = max(item.base, other.base + other.size)
        if item.base + item.size > capacity:
            raise NoRoomError(item, item.base + item.size)
        placed.append(item)


@dataclass(kw_only=True, slots=True)
class Holding:
    """Constants that a memory holds.

    Attributes
    ----------
    items : dict of Item
        By name and phase of use; several uses can share one.
    resident : bool
        All stay all the time.
    """

    items: dict[tuple[str, int], Item] = field(default_factory=dict)
    resident: bool = True


def least(sizes: dict[str, int], uses: Sequence[tuple[str, int]]) -> tuple[int, str]:
    """Words that the *uses*, (name, phase), of the fullest phase take, and the name of the last of them."""
    single = _single(sizes, uses).values()
    place(list(single), sys.maxsize)
    last = max(single, key=lambda item: item.base + item.size, default=None)
    return (last.base + last.size, last.name) if last else (0, "")


def _single(sizes: dict[str, int], uses: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Item]:
    """An item for each use, of that phase alone."""
    return {(name, phase): Item(name=name, size=sizes[name], first=phase, last=phase) for name, phase in uses}


def hold(sizes: dict[str, int], uses: Sequence[tuple[str, int]], phases: int, capacity: int) -> Holding:
    """Places for what is used, as (name, phase), in a memory of *capacity* words.

    All of it for all of the time, if there is room; else from the phase before its first use to its last one,
    so that loads run ahead; else from its first use on; else it is loaded anew for each use, from the phase
    before it on if there is room.

    Raises
    ------
    NoRoomError
        What one phase uses does not fit.
    """
    of = {name: [phase for used, phase in uses if used == name] for name, _ in uses}
    whole = {name: Item(name=name, size=sizes[name], first=0, last=phases) for name in of}
    ahead = {
        name: Item(name=name, size=sizes[name], first=min(at) - 1, last=max(at)) for name, at in of.items()
    }
    used = {name: Item(name=name, size=sizes[name], first=min(at), last=max(at)) for name, at in of.items()}
    for items in (whole, ahead, used):
        try:
            place(list(items.values()), capacity)
        except NoRoomError:
            continue
        return Holding(items={use: items[use[0]] for use in uses}, resident=items is whole)
    single = _single(sizes, uses)
    anew = {use: replace(item, first=item.first - 1) for use, item in single.items()}
    try:
        place(list(anew.values()), capacity)
    except NoRoomError:
        place(list(single.values()), capacity)
        return Holding(items=single, resident=False)
    return Holding(items=anew, resident=False)
