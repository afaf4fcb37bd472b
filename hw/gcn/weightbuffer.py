"""Weight Buffer: copies of the weights, two read ports each."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.memory import RACELESS, read_later
from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.pairs import WordLayout, pack_word

__all__ = ["READ_LATENCY", "WEIGHT_READ", "WeightBuffer", "WeightWrite", "write_ports"]

_ULTRA_ROWS = 4096  # copies of as many words are in UltraRAM

READ_LATENCY = 2
"""Cycles from a read request to its word."""

WEIGHT_READ = data.StructLayout({"enable": 1, "row": INDEX_BITS})
"""Request of one word."""


def write_ports(config: GcnConfig) -> int:
    """Words that are written in a cycle: 2 where a beat of the bus holds so many, else 1."""
    return 2 if config.bus_bits >= 2 * config.row_bits and config.columns > 1 else 1


class WeightWrite(data.StructLayout):
    """``data``: ``lanes`` bytes, lane 0 lowest, for word ``row``.

    Where :func:`write_ports` is 2, ``data`` has a second word for the row after it, written with ``both``.
    """

    def __init__(self, config: GcnConfig) -> None:
        ports = write_ports(config)
        both = {"both": 1} if ports == 2 else {}
        super().__init__({"row": INDEX_BITS, "data": ports * config.row_bits, **both})


class WeightBuffer(wiring.Component):
    """``weight_rows`` words of ``lanes`` weights, as many copies as ``columns * gather_ports`` readers need.

    A copy is a memory with two ports, and both of them read. A word is written through the second one, in all
    copies at a time, so it takes a read from every second reader; a second word of the same cycle goes
    through the first one, and takes a read from the others.

    Ports
    -----
    writes : In(stream of WeightWrite)
        Always taken.
    hold : Out(2)
        Readers with an even number (bit 0), with an odd number (bit 1) must not read two cycles later.
    reads : In(ArrayLayout(WEIGHT_READ, columns * gather_ports))
    words : Out(ArrayLayout(WordLayout, columns * gather_ports))
        ``READ_LATENCY`` cycles later.

    Timing
    ------
    A read per reader and cycle, ``write_ports`` words written. A word can be read from the third cycle after
    its write transfer on.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        self.readers = readers = c.columns * c.gather_ports
        super().__init__({
            "writes": In(stream.Signature(WeightWrite(c))),
            "hold": Out(2),
            "reads": In(data.ArrayLayout(WEIGHT_READ, readers)),
            "words": Out(data.ArrayLayout(WordLayout(c), readers)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        bits = (c.weight_rows - 1).bit_length()
        # UltraRAM has 4,096 words of 72 bits, and both of its ports read and write.
        # Nobody reads a word that is being written: what such a read would give is left to the memory.
        attrs = {"ram_style": "ultra" if c.weight_rows >= _ULTRA_ROWS else "block", **RACELESS}
        # Side 0 of a copy serves its even reader and the second word of a write, side 1 the rest.
        with_both = write_ports(c) == 2
        sides = (0, 1) if with_both else (1,)
        writing, row, word = Signal(2), {}, {}
        m.d.comb += [
            self.writes.ready.eq(1),
            self.hold[1].eq(self.writes.valid),
            self.hold[0].eq(self.writes.valid & self.writes.p.both if with_both else 0),
        ]
        coming = Signal(2)
        m.d.sync += [coming.eq(self.hold), writing.eq(coming)]
        for side in sides:
            given = self.writes.p.data[0 if side else c.row_bits :][: c.row_bits]
            waiting, at = (
                Signal(bits, name=f"{name}_{side}", reset_less=True) for name in ("waiting", "row")
            )
            packed, words = (
                Signal(WordLayout(c), name=f"{name}_{side}", reset_less=True) for name in ("packed", "word")
            )
            m.d.sync += [
                waiting.eq(self.writes.p.row if side else self.writes.p.row + 1),
                packed.eq(pack_word(given)),
                at.eq(waiting),
                words.eq(packed),
            ]
            row[side], word[side] = at, words
        for copy in range((self.readers + 1) // 2):
            m.submodules[f"copy_{copy}"] = memory = Memory(
                shape=WordLayout(c).size, depth=c.weight_rows, init=[], attrs=attrs
            )
            for side in (0, 1):
                # One address for what a port writes and reads, so that they are one port of the memory.
                address, own = Signal(bits, name=f"address_{copy}_{side}"), Signal(name=f"own_{copy}_{side}")
                if side in sides:
                    write = memory.write_port()
                    m.d.comb += [
                        own.eq(writing[side]),
                        write.addr.eq(address),
                        write.data.eq(word[side]),
                        write.en.eq(own),
                    ]
                    with m.If(own):
                        m.d.comb += address.eq(row[side])
                reader = 2 * copy + side
                if reader < self.readers:
                    request = self.reads[reader]
                    with m.If(~own):
                        m.d.comb += address.eq(request.row)
                    name = f"read_{copy}_{side}"
                    read = read_later(m, memory, name, address, request.enable & ~own)
                    m.d.sync += self.words[reader].eq(read)
        return m
