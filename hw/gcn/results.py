"""The way of results to memory: sizes, and what a phase says about its rows."""

from amaranth.lib import data

from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.lines import SLICE_BITS

__all__ = ["RESULT_SETTINGS", "RESULT_WORDS"]

RESULT_WORDS = 512
"""Words of ``lanes`` bytes of a column's results that can wait for those in front of them: rows of an engine
are finished in any order, and lie in memory in that of their numbers."""

RESULT_SETTINGS = data.StructLayout({
    "output": OutputType,
    "slices": SLICE_BITS,
    "last": 7,
    "parts": 4,
    "group": 4,
    "address": 32,
    "stride": 32,
})
"""What holds for a phase: type of the elements; slices of a row; bytes that are kept of the last one; log2 of
the words that a row has in the reorder memory, ``(slices - 1) * size + ceil(last / lanes)`` at least; log2 of
the rows that are begun together; byte offset of the first column's rows, and from each column's to those of
the next one, both multiples of a bus beat."""
