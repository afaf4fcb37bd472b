"""Whether a program of the graph core gives the same results in every order that its waits allow.

A unit works on its descriptors one after the other. Of two descriptors that touch the same words, at least
one of them writing, one must have ended before the other begins; and a wait can only be for descriptors in
front, so that no order comes to a standstill. An aggregation begins twice: its lists are read as soon as the
loads that it waits for have ended, everything else when all have. What a descriptor sends to memory is there
not when it has ended, but when a load has waited for it that says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["UNITS", "Job", "OrderError", "Touch", "check"]

UNITS = ("load", "aggregate", "combine", "store")


class OrderError(Exception):
    """A program that can stand still, or whose results depend on who is faster."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Words ``low`` to ``high - 1`` of a memory."""

    memory: str
    low: int
    high: int
    writes: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A descriptor: its unit, how many of each unit must have ended, and what it touches.

    ``after_writes``: of a load; what those that have ended have sent to memory is there.
    ``follows``: the load behind those of ``after["load"]`` must have begun, and its lines may be read.
    ``to_chain``, ``from_chain``: rows go straight to the next descriptor, or come from the one before.
    """

    unit: str
    after: dict[str, int]
    touches: tuple[Touch, ...]
    after_writes: bool = False
    follows: bool = False
    to_chain: bool = False
    from_chain: bool = False
    lines: str = field(default="")


def check(jobs: Sequence[Job]) -> None:
    """Raises OrderError for the first descriptor that can be too early or that can never begin."""
    before: list[set[int]] = []  # of each job, those that have ended when it begins
    there: set[int] = set()  # those whose rows have come to memory before the next load
    of: dict[str, list[int]] = {unit: [] for unit in UNITS}
    for number, job in enumerate(jobs):
        ended: set[int] = set()
        early: set[int] = set()  # those that have ended when its lists are read
        for unit in UNITS:
            count = job.after[unit] if unit != job.unit else len(of[unit])
            if max(count, job.after[unit]) > len(of[unit]):
                waits = f"waits for {job.after[unit]} of unit {unit}"
                raise OrderError(f"descriptor {number} {waits}, and {len(of[unit])} are in front of it")
            for other in of[unit][:count]:
                ended |= {other} | before[other]
                if job.unit != "aggregate" or unit in ("load", "aggregate"):
                    early |= {other} | before[other]
        running = -1
        if job.follows:
            if job.after["load"] >= len(of["load"]):
                raise OrderError(f"descriptor {number} follows a load that is not in front of it")
            running = of["load"][job.after["load"]]
            ended |= before[running]
            early |= before[running]
        partner = _partner(jobs, number)
        if job.after_writes:
            there |= ended
        if back := [each for each in job.touches if each.memory == "outputs" and not each.writes]:
            for other in ended - there:
                _apart(jobs, other, number, back, False)
        for other in range(number):
            lists = [each for each in job.touches if each.memory == job.lines]
            if other not in ended:
                _apart(jobs, other, number, job.touches, other == running)
            elif other not in early:
                _apart(jobs, other, number, lists, other == running)
        if partner >= 0 and partner in ended:
            raise OrderError(f"descriptor {number} waits for {partner}, which hands its rows to it")
        before.append(ended)
        of[job.unit].append(number)
    if jobs and jobs[-1].to_chain:
        raise OrderError(f"descriptor {len(jobs) - 1} hands its rows to nobody")


def _partner(jobs: Sequence[Job], number: int) -> int:
    sends = number > 0 and jobs[number - 1].to_chain
    if sends != jobs[number].from_chain:
        raise OrderError(f"descriptor {number} and the one before it are not a chain")
    return number - 1 if sends else -1


def _apart(jobs: Sequence[Job], one: int, two: int, touches: Iterable[Touch], running: bool) -> None:
    """Nothing of *one* meets those *touches* of *two*."""
    for a in jobs[one].touches:
        for b in touches:
            if running and a.memory == b.memory == jobs[two].lines and a.writes:
                continue
            meet = a.memory == b.memory and a.low < b.high and b.low < a.high
            if meet and (a.writes or b.writes):
                what = f"descriptors {one} and {two} meet in {a.memory}, words {max(a.low, b.low)}.."
                raise OrderError(f"{what}{min(a.high, b.high) - 1}, and neither waits for the other")
