"""Twin of ``models/ddr4.sv`` in Python: predicts in which cycles a DDR4 channel gives its data.

:mod:`pyralis.sim.bench.ddr4` says how the controller works, and has the figures.
"""

from collections import deque
from dataclasses import dataclass

from pyralis.sim.bench.ddr4 import CLOCKS, DATA, LINE_BYTES, Ddr4Counts, Ddr4Settings

__all__ = ["Ddr4Channel", "Ddr4Controller", "Transfer", "predict"]


class Ddr4Channel:
    """Banks, rows and the data bus: when each access of a sequence gets its data."""

    def __init__(self, settings: Ddr4Settings) -> None:
        self.settings = settings
        self.reset()

    def reset(self) -> None:
        s = self.settings
        banks, groups, never = 1 << s.group_bits + s.bank_bits, 1 << s.group_bits, -(1 << 40)
        self.counts = Ddr4Counts()
        self.row: list[int | None] = [None] * banks
        self.activated = [never] * banks  # last ACT
        self.closable = [never] * banks  # earliest PRE
        self.openable = [never] * banks  # earliest ACT
        self.busy_until = [0] * banks
        self.any_busy_until = 0
        self.activations = deque([never] * 4, maxlen=4)  # the last four
        self.group_activated = [never] * groups
        self.group_column = [never] * groups
        self.group_written = [never] * groups  # end of the data last written
        self.column = never  # last column command
        self.written = never  # end of the data last written, all groups
        self.writing = False

    def refresh(self, now: int) -> None:
        """All banks are closed and refreshed as soon as they can be, *now* at the earliest."""
        s = self.settings
        start = now
        for bank, row in enumerate(self.row):
            start = max(start, self.openable[bank])
            if row is not None:
                start = max(start, max(now, self.closable[bank]) + s.rp)
        self.row = [None] * len(self.row)
        self.openable = [start + s.rfc] * len(self.row)
        self.counts.refreshes += 1

    def access(self, now: int, line: int, write: bool) -> int:
        """Works on *line* from clock *now* on; returns the clock after the last of its data."""
        s, c = self.settings, self.counts
        group, number, row = s.locate(line)
        bank = group << s.bank_bits | number
        first: int | None = None
        if self.row[bank] == row:
            c.hits += 1
            ready = now
        else:
            act = now
            if self.row[bank] is None:
                c.misses += 1
            else:
                c.conflicts += 1
                first = max(now, self.closable[bank])
                act = first + s.rp
            act = max(
                act,
                self.openable[bank],
                self.activated[bank] + s.rc,
                self.activations[-1] + s.rrd_s,
                self.group_activated[group] + s.rrd_l,
                self.activations[0] + s.faw,
            )
            first = act if first is None else first
            self.activations.append(act)
            self.activated[bank] = self.group_activated[group] = act
            self.closable[bank] = act + s.ras
            self.row[bank] = row
            ready = act + s.rcd
        column = max(ready, self.column + s.ccd_s, self.group_column[group] + s.ccd_l)
        if write:
            if not self.writing:
                column = max(column, self.column + s.cl + DATA + 2 - s.cwl)
            end = column + s.cwl + DATA
            self.group_written[group] = self.written = end
            self.closable[bank] = max(self.closable[bank], end + s.wr)
        else:
            column = max(column, self.written + s.wtr_s, self.group_written[group] + s.wtr_l)
            end = column + s.cl + DATA
            self.closable[bank] = max(self.closable[bank], column + s.rtp)
        c.turns += self.writing != write
        c.writes += write
        c.reads += not write
        self.writing = write
        self.column = self.group_column[group] = column
        first = column if first is None else first
        c.bank_busy += max(0, end - max(first, self.busy_until[bank]))
        c.any_busy += max(0, end - max(first, self.any_busy_until))
        self.busy_until[bank] = max(self.busy_until[bank], end)
        self.any_busy_until = max(self.any_busy_until, end)
        return end


class Ddr4Controller:
    """The order of accesses: what the memory model does with the bursts that it has accepted.

    In every cycle, first :meth:`read` and :meth:`write` for what was transferred in it, then :meth:`step`.
    """

    def __init__(self, settings: Ddr4Settings) -> None:
        self.settings, self.channel = settings, Ddr4Channel(settings)
        self.reads: deque[tuple[int, int]] = deque()  # (port, line)
        self.writes: deque[int] = deque()
        self.writing = False
        self.refresh_due = settings.refi

    def read(self, port: int, address: int, size: int) -> None:
        """A burst of *size* bytes from *address* on has been accepted."""
        for line in range(address // LINE_BYTES, (address + size - 1) // LINE_BYTES + 1):
            self.reads.append((port, line))

    def write(self, address: int) -> None:
        """The last word of a burst in the line of *address* has been taken."""
        self.writes.append(address // LINE_BYTES)

    @property
    def room(self) -> bool:
        """Whether another word to write can be taken."""
        return len(self.writes) < self.settings.write_queue

    def step(self, cycle: int) -> tuple[int, int] | None:
        """One cycle; (port, cycle from which its next line is there) if a line to read has been worked on."""
        s, now = self.settings, CLOCKS * cycle
        if now >= self.refresh_due:
            self.channel.refresh(now)
            self.refresh_due += s.refi
        if self.writing:
            self.writing = bool(self.writes) and not (len(self.writes) <= s.write_low and self.reads)
        else:
            self.writing = len(self.writes) >= s.write_high or (not self.reads and bool(self.writes))
        if self.channel.column >= now + CLOCKS * s.lookahead:
            return None
        if self.writing:
            self.channel.access(now, self.writes.popleft(), True)
        elif self.reads:
            port, line = self.reads.popleft()
            return port, -(-self.channel.access(now, line, False) // CLOCKS)
        return None


@dataclass(frozen=True, kw_only=True, order=True)
class Transfer:
    """A burst that a port of the memory accepted, or a word to write that it took, in *cycle*.

    ``port``: 0 or 1 for the bursts of the two read ports (``size`` bytes from ``address`` on), 2 for a word
    that is the last one of its burst in its line.
    """

    cycle: int
    port: int
    address: int
    size: int = LINE_BYTES


def predict(
    settings: Ddr4Settings,
    transfers: list[Transfer],
    *,
    word_bytes: int = LINE_BYTES,
    latency: int = 1,
    cycles: int = 0,
) -> tuple[tuple[list[int], list[int]], Ddr4Counts]:
    """The cycles in which each read port gets its words if it takes them at once, and the final counters.

    Parameters
    ----------
    word_bytes : int
        Width of the bus.
    latency : int
        ``+latency`` of the memory: cycles added to every access.
    cycles : int
        How long to go on at least, for the refreshes.
    """
    controller = Ddr4Controller(settings)
    waiting = deque(sorted(transfers))
    lines: tuple[deque[int], deque[int]] = (deque(), deque())  # cycles from which lines are there
    words: list[list[int]] = [[], []]
    bursts: list[deque[tuple[int, int]]] = [deque(), deque()]
    cycle = 0
    while waiting or controller.reads or controller.writes or cycle < cycles:
        cycle += 1
        while waiting and waiting[0].cycle == cycle:
            at = waiting.popleft()
            if at.port == 2:
                controller.write(at.address)
            else:
                controller.read(at.port, at.address, at.size)
                bursts[at.port].append((at.address, at.size))
        if done := controller.step(cycle):
            lines[done[0]].append(done[1] + latency)
    for port, asked in enumerate(bursts):
        for start, size in asked:
            for address in range(start, start + size, word_bytes):
                first = address == start or address % LINE_BYTES == 0
                there = lines[port].popleft() if first else 0
                words[port].append(max(there, words[port][-1] + 1 if words[port] else 0))
    return (words[0], words[1]), controller.channel.counts
