"""Weight Buffer: copies of the weights, two read ports each."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import INDEX_BITS, GcnConfig
from pyralis.hw.gcn.pairs import WordLayout, pack_word

__all__ = ["READ_LATENCY", "WEIGHT_READ", "WeightBuffer", "shares_write_port"]

_ULTRA_ROWS = 4096  # copies of as many words are in UltraRAM

READ_LATENCY = 2
"""Cycles from a read request to its word."""

WEIGHT_READ = data.StructLayout({"enable": 1, "row": INDEX_BITS})
"""Request of one word."""


def shares_write_port(port: int) -> bool:
    """Whether read port *port* of the buffer stands still while a word is written."""
    return port % 2 == 1


class WeightBuffer(wiring.Component):
    """``weight_rows`` words of ``lanes`` weights, as many copies as ``columns * gather_ports`` readers need.

    A copy is a memory with two ports, and both of them read. Words are written through the second one, in all
    copies at a time, so a word that is written takes a read from every second reader.

    Ports
    -----
    writes : In(stream of {row, data})
        ``data``: ``lanes`` bytes, lane 0 lowest. Always taken.
    hold : Out(1)
        The readers for which :func:`shares_write_port` holds must not read two cycles later.
    reads : In(ArrayLayout(WEIGHT_READ, columns * gather_ports))
    words : Out(ArrayLayout(WordLayout, columns * gather_ports))
        ``READ_LATENCY`` cycles later.

    Timing
    ------
    A read per reader and cycle. A word can be read from the third cycle after its write transfer on.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = c = config
        self.readers = readers = c.columns * c.gather_ports
        word = data.StructLayout({"row": INDEX_BITS, "data": c.row_bits})
        super().__init__({
            "writes": In(stream.Signature(word)),
            "hold": Out(1),
            "reads": In(data.ArrayLayout(WEIGHT_READ, readers)),
            "words": Out(data.ArrayLayout(WordLayout(c), readers)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        bits = (c.weight_rows - 1).bit_length()
        # UltraRAM has 4,096 words of 72 bits, and both of its ports read and write.
        attrs = {"ram_style": "ultra" if c.weight_rows >= _ULTRA_ROWS else "block"}
        coming, writing = Signal(), Signal()
        waiting, row = Signal(bits, reset_less=True), Signal(bits, reset_less=True)
        packed, word = (Signal(WordLayout(c), name=name, reset_less=True) for name in ("packed", "word"))
        m.d.comb += [self.writes.ready.eq(1), self.hold.eq(self.writes.valid)]
        m.d.sync += [
            coming.eq(self.writes.valid),
            waiting.eq(self.writes.p.row),
            packed.eq(pack_word(self.writes.p.data)),
            writing.eq(coming),
            row.eq(waiting),
            word.eq(packed),
        ]
        for copy in range((self.readers + 1) // 2):
            m.submodules[f"copy_{copy}"] = memory = Memory(
                shape=WordLayout(c).size, depth=c.weight_rows, init=[], attrs=attrs
            )
            write = memory.write_port()
            # One address for what the second port writes and reads, so that they are one port of the memory.
            address = Signal(bits, name=f"address_{copy}")
            m.d.comb += [
                write.addr.eq(address),
                write.data.eq(word),
                write.en.eq(writing),
            ]
            if 2 * copy + 1 == self.readers:
                m.d.comb += address.eq(row)
            for side, reader in enumerate(range(2 * copy, min(2 * copy + 2, self.readers))):
                read = memory.read_port()
                request = self.reads[reader]
                if side:
                    m.d.comb += [
                        address.eq(Mux(writing, row, request.row)),
                        read.addr.eq(address),
                        read.en.eq(request.enable & ~writing),
                    ]
                else:
                    m.d.comb += [read.addr.eq(request.row), read.en.eq(request.enable)]
                m.d.sync += self.words[reader].eq(read.data)
        return m
