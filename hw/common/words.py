"""Words in external memory: beats of a bus to words of another size, and back.

A word lies in a *slot*: its size rounded up to a power of two, at least one byte, word 0 at the lowest
address, unused high bits zero. So a bus beat holds a whole number of words, or a word a whole number of
beats, for every size, and packing followed by unpacking is the identity.
"""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PackWords", "UnpackWords", "slot_bits"]


def slot_bits(word_bits: int) -> int:
    """Memory that a word of *word_bits* takes, in bits: a power of two, at least 8."""
    return max(8, 1 << (word_bits - 1).bit_length())


class UnpackWords(wiring.Component):
    """Bus beats to words.

    Parameters
    ----------
    word_bits : int
        Width of a word, in bits.
    bus_bits : int
        Width of a beat, a power of two of at least 8, in bits.

    Ports
    -----
    clear : In(1)
        Forgets what is held: the padding of a last beat, or words that nobody wants. Only while no transfer
        is due.
    beats : In(stream of bus_bits)
    words : Out(stream of word_bits)

    Timing
    ------
    Latency 1 cycle. One word a cycle, or one every ``slot_bits / bus_bits`` cycles where a word is larger
    than a beat.
    """

    def __init__(self, word_bits: int, bus_bits: int) -> None:
        self.slot, self.bus = slot_bits(word_bits), bus_bits
        super().__init__({
            "clear": In(1),
            "beats": In(stream.Signature(bus_bits)),
            "words": Out(stream.Signature(word_bits)),
        })

    def elaborate(self, platform) -> Module:
        return self._split(self.bus, self.slot) if self.slot <= self.bus else self._join(self.bus, self.slot)

    def _split(self, bus: int, slot: int) -> Module:
        m = Module()
        held = Signal(bus, reset_less=True)
        left = Signal(range(bus // slot + 1))
        m.d.comb += [
            self.words.valid.eq(left != 0),
            self.words.payload.eq(held),
            self.beats.ready.eq((left == 0) | (left == 1) & self.words.ready),
        ]
        with m.If(self.beats.valid & self.beats.ready):
            m.d.sync += [held.eq(self.beats.payload), left.eq(bus // slot)]
        with m.Elif(self.words.valid & self.words.ready):
            m.d.sync += [held.eq(held >> slot), left.eq(left - 1)]
        with m.If(self.clear):
            m.d.sync += left.eq(0)
        return m

    def _join(self, bus: int, slot: int) -> Module:
        m = Module()
        held = Signal(slot, reset_less=True)
        count = Signal(range(slot // bus + 1))
        full = count == slot // bus
        m.d.comb += [
            self.words.valid.eq(full),
            self.words.payload.eq(held),
            self.beats.ready.eq(~full | self.words.ready),
        ]
        with m.If(self.beats.valid & self.beats.ready):
            m.d.sync += [held[:-bus].eq(held >> bus), held[-bus:].eq(self.beats.payload)]
            m.d.sync += count.eq(Mux(full, 1, count + 1))
        with m.Elif(self.words.valid & self.words.ready):
            m.d.sync += count.eq(0)
        with m.If(self.clear):
            m.d.sync += count.eq(0)
        return m


class PackWords(wiring.Component):
    """Words to bus beats, the inverse of :class:`UnpackWords`.

    Parameters
    ----------
    word_bits, bus_bits : int
        As those of :class:`UnpackWords`.

    Ports
    -----
    words : In(stream of {data: word_bits, last: 1})
        ``last`` fills the beat up with zeros.
    beats : Out(stream of bus_bits)

    Timing
    ------
    Latency 1 cycle after the word that completes a beat. One word a cycle, or one every ``slot_bits /
    bus_bits`` cycles where a word is larger than a beat.
    """

    def __init__(self, word_bits: int, bus_bits: int) -> None:
        self.slot, self.bus = slot_bits(word_bits), bus_bits
        super().__init__({
            "words": In(stream.Signature(data.StructLayout({"data": word_bits, "last": 1}))),
            "beats": Out(stream.Signature(bus_bits)),
        })

    def elaborate(self, platform) -> Module:
        return self._join(self.bus, self.slot) if self.slot <= self.bus else self._split(self.bus, self.slot)

    def _join(self, bus: int, slot: int) -> Module:
        m = Module()
        places = data.ArrayLayout(slot, bus // slot)
        held = Signal(places, reset_less=True)
        place = Signal(range(max(2, bus // slot)))  # one bit at least: Verilog has no empty vectors
        m.d.comb += [
            self.beats.payload.eq(held),
            self.words.ready.eq(~self.beats.valid | self.beats.ready),
        ]
        with m.If(self.beats.ready):
            m.d.sync += self.beats.valid.eq(0)
        with m.If(self.words.valid & self.words.ready):
            for n in range(bus // slot):
                with m.If(place == n):
                    m.d.sync += held[n].eq(self.words.p.data)
                with m.Elif(place == 0):
                    m.d.sync += held[n].eq(0)
            end = (place == bus // slot - 1) | self.words.p.last
            m.d.sync += [place.eq(Mux(end, 0, place + 1)), self.beats.valid.eq(end)]
        return m

    def _split(self, bus: int, slot: int) -> Module:
        m = Module()
        held = Signal(slot, reset_less=True)
        left = Signal(range(slot // bus + 1))
        m.d.comb += [
            self.beats.valid.eq(left != 0),
            self.beats.payload.eq(held),
            self.words.ready.eq((left == 0) | (left == 1) & self.beats.ready),
        ]
        with m.If(self.words.valid & self.words.ready):
            m.d.sync += [held.eq(self.words.p.data), left.eq(slot // bus)]
        with m.Elif(self.beats.valid & self.beats.ready):
            m.d.sync += [held.eq(held >> bus), left.eq(left - 1)]
        return m
