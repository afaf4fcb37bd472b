"""What a descriptor has to wait for: whoever still reads or writes the places that it touches."""

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["UNITS", "Access", "Waits"]

UNITS = ("load", "aggregate", "combine", "store")


class Access(NamedTuple):
    """Words ``low`` to ``high - 1`` of a memory are read, or written."""

    memory: str
    low: int
    high: int
    writes: bool = False


class Waits:
    """Descriptors so far, and what they touch. A unit's own descriptors run one after the other."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(UNITS, 0)
        self._past: list[tuple[Access, str, int]] = []

    def add(self, unit: str, accesses: Iterable[Access]) -> dict[str, int]:
        """Adds a descriptor of *unit*; returns its ``after_*`` fields."""
        accesses = list(accesses)
        after = dict.fromkeys(UNITS, 0)
        for now in accesses:
            for past, other, number in self._past:
                meet = past.memory == now.memory and past.low < now.high and now.low < past.high
                if meet and other != unit and (past.writes or now.writes):
                    after[other] = max(after[other], number)
        self.counts[unit] += 1
        self._past += [(each, unit, self.counts[unit]) for each in accesses]
        return {f"after_{other}": count for other, count in after.items()}
