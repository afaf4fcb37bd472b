"""Results of one column: rows in any order to bus beats, in order and without gaps."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.gcn.beatbuilder import BeatBuilder
from pyralis.hw.gcn.bytepacker import BytePacker
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.reorder import ReorderMemory
from pyralis.hw.gcn.rowwords import RowWords

__all__ = ["ResultColumn"]


class ResultColumn(wiring.Component):
    """Row words, reorder memory, byte packer and beat builder, one behind the other.

    Ports
    -----
    form, start, row_count, enable, forget, allowed
        See :class:`pyralis.hw.gcn.reorder.ReorderMemory`; ``enable`` also lets rows in.
    rows
        See :class:`pyralis.hw.gcn.rowwords.RowWords`.
    beat, last, coming, taken
        See :class:`pyralis.hw.gcn.beatbuilder.BeatBuilder`.

    Timing
    ------
    A word of ``lanes`` bytes a cycle.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.words, self.memory = RowWords(config), ReorderMemory(config)
        self.packer, self.builder = BytePacker(config), BeatBuilder(config)
        memory, builder = self.memory.signature.members, self.builder.signature.members
        super().__init__({
            "form": memory["form"],
            "start": In(1),
            "row_count": memory["row_count"],
            "enable": In(1),
            "forget": memory["forget"],
            "rows": self.words.signature.members["rows"],
            "allowed": memory["allowed"],
            "beat": builder["beat"],
            "last": Out(1),
            "coming": Out(1),
            "taken": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.words, m.submodules.memory = words, memory = self.words, self.memory
        m.submodules.packer, m.submodules.builder = packer, builder = self.packer, self.builder
        connect(m, flipped(self.rows), words.rows)
        connect(m, memory.words, packer.words)
        connect(m, packer.output, builder.words)
        m.d.comb += [
            words.form.eq(self.form),
            words.enable.eq(self.enable),
            words.oldest.eq(memory.oldest),
            memory.form.eq(self.form),
            memory.start.eq(self.start),
            memory.row_count.eq(self.row_count),
            memory.enable.eq(self.enable),
            memory.forget.eq(self.forget),
            memory.write.eq(words.write),
            packer.tail.eq(self.form.tail),
            builder.taken.eq(self.taken),
            self.allowed.eq(memory.allowed),
            self.beat.eq(builder.beat),
            self.last.eq(builder.last),
            self.coming.eq(builder.coming),
        ]
        return m
