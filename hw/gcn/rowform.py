"""Rows of results as words and bytes: what a phase says about them, and the numbers that follow."""

from amaranth import Module, Signal
from amaranth.lib import data

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.lines import ROW_BITS, SLICE_BITS

__all__ = ["AHEAD_BITS", "PLACE_BITS", "RESULT_SETTINGS", "RESULT_WORDS", "RowForm", "row_form"]

RESULT_WORDS = 512
"""Words of ``lanes`` bytes of a column's results that can wait for those in front of them: rows of an engine
are finished in any order, and lie in memory in that of their numbers."""

PLACE_BITS = (RESULT_WORDS - 1).bit_length()
"""Of a word's place."""

AHEAD_BITS = PLACE_BITS + 1
"""Low bits of the number of a row that tell how far it is ahead of the first one that is still needed."""

_WORDS = 7  # bits of the number of a word in its row

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


def RowForm(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """Numbers of a phase.

    ``size_bits``: log2 of the bytes of an element, which are the words of a slice. ``last_slice``,
    ``last_word``: numbers in a row. ``last_part``: number in the last slice of its last word; ``tail``: bytes
    of that word that are kept, 1..lanes. ``parts``, and ``step``: log2 of the places of a row, and their
    number. ``beyond``: bits of a number of rows that are 0 if so many rows have places. ``group_mask``: bits
    of a row's number in its group. ``first_groups``: groups that have places.
    """
    return data.StructLayout({
        "size_bits": 2,
        "last_slice": SLICE_BITS,
        "last_part": 2,
        "last_word": _WORDS,
        "tail": range(config.lanes + 1),
        "parts": 3,
        "step": PLACE_BITS,
        "beyond": AHEAD_BITS,
        "group_mask": PLACE_BITS,
        "first_groups": ROW_BITS,
    })


def row_form(m: Module, config: GcnConfig, settings: data.View) -> data.View:
    """The numbers of *settings*, from two cycles after a change on."""
    form = Signal(RowForm(config), reset_less=True)
    lane_bits = (config.lanes - 1).bit_length()
    last, size_bits = Signal(7), Signal(2)
    with m.Switch(settings.output):
        with m.Case(OutputType.INT16):
            m.d.comb += size_bits.eq(1)
        with m.Case(OutputType.INT32):
            m.d.comb += size_bits.eq(2)
    m.d.comb += last.eq(settings.last - 1)
    every = (1 << AHEAD_BITS) - 1
    m.d.sync += [
        form.size_bits.eq(size_bits),
        form.last_slice.eq(settings.slices - 1),
        form.last_part.eq(last[lane_bits:]),
        form.last_word.eq((form.last_slice << form.size_bits) + form.last_part),
        form.tail.eq(last[:lane_bits] + 1),
        form.parts.eq(settings.parts),
        form.step.eq(1 << settings.parts),
        form.beyond.eq((every * RESULT_WORDS) >> settings.parts),
        form.group_mask.eq((1 << settings.group) - 1),
        form.first_groups.eq(RESULT_WORDS >> settings.parts >> settings.group),
    ]
    return form
