"""Sums of what a core with programs counts, over the jobs of one run."""

from collections.abc import Sequence
from typing import Any

from pyralis.boards.runtime.registers import Registers

__all__ = ["CounterSums"]


class CounterSums:
    """Counters of all jobs since :meth:`clear`.

    Parameters
    ----------
    registers : Registers
    kind : str
        What has counters of its own: registers ``<kind>_select`` and ``<kind>_...``.
    names : sequence of str
        Of those that the program has. If the core has counters for fewer, only totals are kept.
    first : int
        Number that the first of them is selected by.
    counters : int
        Those that the core has, the ones in front of *first* included.
    """

    def __init__(
        self, registers: Registers, kind: str, names: Sequence[str], *, first: int, counters: int
    ) -> None:
        self._registers, self._kind, self._first = registers, kind, first
        self._names = list(names) if first + len(names) <= counters else []
        self._totals = registers.starting_with("total_")
        self._select = f"{kind}_select"
        self._shown = [name for name in registers.starting_with(f"{kind}_") if name != self._select]
        self.clear()

    def clear(self) -> None:
        """Begins anew."""
        self._inputs = 0
        self._sums = dict.fromkeys(self._totals, 0)
        self._parts = [dict.fromkeys(self._shown, 0) for _ in self._names]

    def add(self, inputs: int) -> None:
        """Adds the job that has just ended, which took so many inputs."""
        self._inputs += inputs
        self._span(self._totals, self._sums)
        for index, sums in enumerate(self._parts, start=self._first):
            self._registers.write(self._select, index)
            self._span(self._shown, sums)

    def _span(self, names: list[str], sums: dict[str, int]) -> None:
        for name, value in self._registers.read_span(names[0], names[-1]).items():
            sums[name] += value

    @property
    def inputs(self) -> int:
        """Inputs of all jobs."""
        return self._inputs

    def totals(self) -> dict[str, int]:
        """By name."""
        return _short("total_", self._sums)

    def parts(self) -> list[dict[str, Any]]:
        """Of each part its name and its counters."""
        return [
            {"name": name, **_short(f"{self._kind}_", sums)}
            for name, sums in zip(self._names, self._parts, strict=True)
        ]


def _short(prefix: str, sums: dict[str, int]) -> dict[str, int]:
    return {name[len(prefix) :]: value for name, value in sums.items()}
