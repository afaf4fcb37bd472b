"""Several readers of a column's banks of the row store, on the one port that the column has."""

from amaranth import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.matching import address_bits
from pyralis.hw.gcn.rowstore import StoreReadLayout

__all__ = ["StoreReads"]


class StoreReads(wiring.Component):
    """One read a cycle; of two that are asked for, the first reader's.

    Parameters
    ----------
    readers : int
    latency : int
        Of the row store, in cycles.

    Ports
    -----
    requests : In(stream of address), for each reader
    words : Out({valid, data}), for each reader
        ``latency`` cycles after the request was taken, which cannot be held up.
    read : Out(StoreReadLayout), word : In({valid, data})
        Of the row store.

    Timing
    ------
    No latency of its own.
    """

    def __init__(self, config: GcnConfig, readers: int, latency: int) -> None:
        self.readers, self.latency = readers, latency
        word = wiring.Signature({"valid": Out(1), "data": Out(config.row_bits)})
        super().__init__({
            "requests": In(stream.Signature(address_bits(config))).array(readers),
            "words": Out(word).array(readers),
            "read": Out(StoreReadLayout(config)),
            "word": In(word),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        chosen = Signal(self.readers)
        for n in reversed(range(self.readers)):
            request = self.requests[n]
            before = Cat(self.requests[k].valid for k in range(n))
            m.d.comb += [chosen[n].eq(request.valid & ~before.any()), request.ready.eq(~before.any())]
            with m.If(request.valid):
                m.d.comb += self.read.address.eq(request.payload)
        m.d.comb += self.read.valid.eq(chosen.any())
        for cycle in range(self.latency):
            later = Signal(self.readers, name=f"owner_{cycle}")
            m.d.sync += later.eq(chosen)
            chosen = later
        for n, word in enumerate(self.words):
            m.d.comb += [word.valid.eq(chosen[n]), word.data.eq(self.word.data)]
        return m
