"""Sums filed by the number of a descriptor."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from pyralis.hw.common.memory import RACELESS, read_later

__all__ = ["DescriptorSums"]


class DescriptorSums(wiring.Component):
    """One running sum per descriptor: ``amount`` is added to the sum of ``index`` when ``add`` is high.

    A memory, read and written back over three cycles; additions must be at least three cycles apart.

    Parameters
    ----------
    count : int
        Sums, a power of two of at least 2.

    Ports
    -----
    clear : In(1)
        Every sum becomes zero (their valid bits fall).
    add : In(1), index : In(log2 count), amount : In(32)
    select : In(log2 count), value : Out(40)
        ``value`` is the sum of ``select``, one cycle later; two where a sum is written in the first one.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        index = ceil_log2(count)
        super().__init__({
            "clear": In(1),
            "add": In(1),
            "index": In(index),
            "amount": In(32),
            "select": In(index),
            "value": Out(40),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        # Shallow enough for tables, of which it would take 2,000 on an ECP5. Block RAM is what is left over.
        m.submodules.sums = sums = Memory(
            shape=40, depth=self.count, init=[], attrs={"ram_style": "block", **RACELESS}
        )
        write = sums.write_port()
        old = read_later(m, sums, "old", write.addr, ~write.en)
        shown = read_later(m, sums, "shown", self.select, ~write.en)
        valid = Signal(self.count)
        pending, amount = Signal(2), Signal(32)
        known, known_select = Signal(), Signal()
        m.d.comb += [
            write.en.eq(pending[1]),
            write.data.eq(Mux(known, old, 0) + amount),
            self.value.eq(Mux(known_select, shown, 0)),
        ]
        m.d.sync += [
            pending.eq(pending[0] << 1 | self.add),
            known.eq(valid.bit_select(write.addr, 1)),
        ]
        with m.If(~write.en):
            m.d.sync += known_select.eq(valid.bit_select(self.select, 1))
        with m.If(self.add):
            m.d.sync += [write.addr.eq(self.index), amount.eq(self.amount)]
        with m.If(write.en):
            m.d.sync += valid.bit_select(write.addr, 1).eq(1)
        with m.If(self.clear):
            m.d.sync += [valid.eq(0), pending.eq(0)]
        return m
