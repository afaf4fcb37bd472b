"""DDR4-2400 behind an AXI4 port: the table of its timing, and what a channel counts.

The simulator's model is ``models/ddr4.sv`` (inside ``models/axi_memory.sv``); it has no figures of its own
but gets the table below as plusargs. :mod:`pyralis.sim.bench.ddr4twin` predicts its cycles exactly.

The channel is 64 bits wide and moves a line of 64 bytes (a burst of 8) in 4 memory clocks, that is one cycle
of a core at 300 MHz: at most 64 bytes a cycle. All times are in memory clocks, four a cycle, so that nothing
is rounded.

The controller keeps rows open and works through the reads in order of arrival, those of one AXI burst line
by line; it looks ``lookahead`` cycles ahead of the data bus, so rows of other banks are opened behind the
data of the present one. Writes are answered when they have been taken, collect in a queue, and are written
when ``write_high`` lines wait (until ``write_low`` are left) or nothing is to be read. Collisions on the
command bus, which has four slots in the time of a line, are not looked for.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path

__all__ = ["ADDRESS_MAPS", "CLOCKS", "DATA", "LINE_BYTES", "Ddr4Counts", "Ddr4Settings"]

CLOCKS = 4
"""Memory clocks (1,200 MHz) in a cycle of the core (300 MHz)."""

LINE_BYTES = 64
"""What one column command moves: 64 bits x burst length 8."""

DATA = 4
"""Clocks that a line is on the data bus (BL/2)."""

JEDEC = {
    # name: (nanoseconds, least clocks); JESD79-4B, speed bin DDR4-2400T, 8 Gb chips x 8 (page of 1 KB)
    "cl": (14.16, 0),  # tAA, read command to data; speed bins
    "cwl": (10.0, 0),  # write command to data: 12 clocks at 2400, first set; table of CWL
    "rcd": (14.16, 0),  # ACT to column command; speed bins
    "rp": (14.16, 0),  # PRE to ACT; speed bins
    "ras": (32.0, 0),  # ACT to PRE; speed bins
    "rc": (46.16, 0),  # ACT to ACT of one bank; speed bins
    "ccd_s": (0.0, 4),  # column command to column command, another bank group; timing by speed grade
    "ccd_l": (5.0, 5),  # the same bank group
    "rrd_s": (3.3, 4),  # ACT to ACT, another bank group, 1 KB page
    "rrd_l": (4.9, 4),  # the same bank group
    "faw": (21.0, 20),  # window of four ACTs, 1 KB page
    "rtp": (7.5, 4),  # read command to PRE
    "wr": (15.0, 0),  # end of written data to PRE
    "wtr_s": (2.5, 2),  # end of written data to read command, another bank group
    "wtr_l": (7.5, 4),  # the same bank group
    "rfc": (350.0, 0),  # REF to ACT, 8 Gb
    "refi": (7800.0, 0),  # REF to REF, up to 85 degrees
}
"""JEDEC's figures for DDR4-2400T. DRAMsim3's ``DDR4_8Gb_x8_2400.ini`` has a faster bin (CL 16): tRAS, tCCD,
tRRD, tFAW, tWTR and tRFC are the same there; CL, CWL, tRCD, tRP and tWR differ."""


def clocks(name: str) -> int:
    """Figure *name* of :data:`JEDEC` in memory clocks of 1/1.2 ns, rounded up."""
    nanoseconds, least = JEDEC[name]
    return max(least, -(-round(nanoseconds * 1000) * 12 // 10_000))


ADDRESS_MAPS = {
    "row_bank_column": {"group_bit": 7, "bank_bit": 9},
    "row_bank_column_group": {"group_bit": 0, "bank_bit": 9},
    "row_column_bank": {"group_bit": 0, "bank_bit": 2},
}
"""Where bank group and bank stand in the number of a line (address / 64); column and row are the other bits.

``row_bank_column``: 8 KB in a row of one bank, then the next bank; the lines of a stream are in one bank
group, so they come every tCCD_L. ``row_bank_column_group``: neighbouring lines in the four groups, 32 KB
before the next bank. ``row_column_bank``: the low-bit bank remap, neighbouring lines in all 16 banks.
"""


@dataclass(frozen=True, kw_only=True)
class Ddr4Settings:
    """Timing in memory clocks (names as in JEDEC's tXXX), geometry, and the controller's policy.

    Attributes
    ----------
    group_bits, bank_bits, column_bits : int
        Bank groups, banks in each, lines in a row: as powers of two. 1,024 columns of 8 bytes are 128 lines.
    group_bit, bank_bit : int
        Lowest bit of these fields in the number of a line: see :data:`ADDRESS_MAPS`.
    lookahead : int
        Cycles between the earliest moment at which an access is worked on and its column command, at most.
    write_queue, write_high, write_low : int
        Lines that wait to be written: at most; when writing begins; when it ends if something is to be read.
    """

    cl: int = clocks("cl")
    cwl: int = clocks("cwl")
    rcd: int = clocks("rcd")
    rp: int = clocks("rp")
    ras: int = clocks("ras")
    rc: int = clocks("rc")
    ccd_s: int = clocks("ccd_s")
    ccd_l: int = clocks("ccd_l")
    rrd_s: int = clocks("rrd_s")
    rrd_l: int = clocks("rrd_l")
    faw: int = clocks("faw")
    rtp: int = clocks("rtp")
    wr: int = clocks("wr")
    wtr_s: int = clocks("wtr_s")
    wtr_l: int = clocks("wtr_l")
    rfc: int = clocks("rfc")
    refi: int = clocks("refi")
    group_bits: int = 2
    bank_bits: int = 2
    column_bits: int = 7
    group_bit: int = ADDRESS_MAPS["row_bank_column_group"]["group_bit"]
    bank_bit: int = ADDRESS_MAPS["row_bank_column_group"]["bank_bit"]
    lookahead: int = 16
    write_queue: int = 64
    write_high: int = 48
    write_low: int = 16

    @classmethod
    def mapped(cls, name: str, **changes: int) -> "Ddr4Settings":
        """The default with the address map *name*, and *changes*."""
        return cls(**{**ADDRESS_MAPS[name], **changes})

    def plusargs(self, statistics: Path | None = None) -> list[str]:
        """For the simulator; it writes its counters to *statistics* with every dump and at its end."""
        given = [f"+ddr4_{field.name}={getattr(self, field.name)}" for field in fields(self)]
        return ["+ddr4", *given, *([f"+ddr4_statistics={statistics}"] if statistics else [])]

    def locate(self, line: int) -> tuple[int, int, int]:
        """(bank group, bank in it, row) of the line with number *line*."""
        group = line >> self.group_bit & (1 << self.group_bits) - 1
        bank = line >> self.bank_bit & (1 << self.bank_bits) - 1
        # Both fields are cut out, the upper one first; what is left is row and column.
        rest = line
        for low, width in sorted(
            [(self.group_bit, self.group_bits), (self.bank_bit, self.bank_bits)], reverse=True
        ):
            rest = rest >> low + width << low | rest & (1 << low) - 1
        return group, bank, rest >> self.column_bits


@dataclass(kw_only=True)
class Ddr4Counts:
    """What a channel has counted since its reset.

    Attributes
    ----------
    hits, misses, conflicts : int
        Lines whose row was open; whose bank was closed; in whose bank another row was open.
    reads, writes : int
        Lines.
    turns : int
        Changes between reading and writing.
    refreshes : int
    bank_busy, any_busy : int
        Memory clocks from the first command to the last data of the accesses, added over the banks; the same
        for all banks together.
    """

    hits: int = 0
    misses: int = 0
    conflicts: int = 0
    reads: int = 0
    writes: int = 0
    turns: int = 0
    refreshes: int = 0
    bank_busy: int = 0
    any_busy: int = 0

    @classmethod
    def read(cls, file: Path) -> "Ddr4Counts":
        """What a simulator wrote."""
        return cls(**json.loads(file.read_text()))

    @property
    def bytes(self) -> int:
        """Moved on the data bus."""
        return LINE_BYTES * (self.reads + self.writes)

    @property
    def hit_rate(self) -> float:
        """Share of the lines whose row was open; 0 of none."""
        return self.hits / max(1, self.hits + self.misses + self.conflicts)

    @property
    def parallelism(self) -> float:
        """Banks at work on average while any is."""
        return self.bank_busy / max(1, self.any_busy)
