"""UART of 8 data bits, no parity and one stop bit: a line to bytes, and bytes to a line."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["RECEIVED_BYTE", "UartReceiver", "UartTransmitter"]

RECEIVED_BYTE = data.StructLayout({"data": 8, "damaged": 1})
"""``data``: the byte; ``damaged``: it had no stop bit, or bytes before it were lost."""


def _check(divisor: int) -> None:
    if divisor < 4:
        raise ValueError(f"divisor must be at least 4, not {divisor}")


class UartReceiver(wiring.Component):
    """Bytes from a line.

    Each bit is the majority of three samples around its middle. A low level that is over before the middle of
    a start bit is no byte. After a byte without a stop bit, the line must be high before the next start bit,
    so a break of any length gives one damaged byte; after reset too.

    Parameters
    ----------
    divisor : int
        Clock cycles a bit, at least 4. Clocks of both sides together may differ by 2.5 %.

    Ports
    -----
    rx : In(1)
        The line, not synchronous to the clock.
    bytes : Out(stream of RECEIVED_BYTE)
        A byte that nobody has taken when the next one is complete stays; that next one is lost and the first
        one after it is damaged.

    Timing
    ------
    ``bytes.valid`` rises in the middle of the stop bit and some 5 cycles: the samples pass two flip-flops.

    Raises
    ------
    ValueError
        *divisor* is too small.
    """

    def __init__(self, divisor: int) -> None:
        _check(divisor)
        self.divisor = divisor
        super().__init__({"rx": In(1, init=1), "bytes": Out(stream.Signature(RECEIVED_BYTE))})

    def elaborate(self, platform) -> Module:
        m = Module()
        line, before = Signal(init=1), Signal(2, init=0b11)
        m.submodules.synchroniser = FFSynchronizer(self.rx, line, init=1)
        m.d.sync += before.eq(Cat(line, before[0]))
        vote = (line & before[0]) | (line & before[1]) | (before[0] & before[1])

        # The vote is taken one cycle after the middle sample. With an even divisor the earlier one of the two
        # in the middle is taken: the more of the stop bit is left, the faster may the sender's clock be.
        middle = (self.divisor - 1) // 2
        wait, tick = Signal(range(self.divisor)), Signal()
        m.d.comb += tick.eq(wait == 0)
        m.d.sync += wait.eq(Mux(tick, self.divisor - 1, wait - 1))
        bits, left = Signal(8), Signal(range(8))
        complete = Signal()
        with m.FSM():
            with m.State("BREAK"), m.If(line):
                m.next = "IDLE"
            with m.State("IDLE"), m.If(~line):
                m.d.sync += wait.eq(middle)
                m.next = "START"
            with m.State("START"), m.If(tick):
                m.d.sync += left.eq(7)
                m.next = "IDLE"
                with m.If(~vote):
                    m.next = "DATA"
            with m.State("DATA"), m.If(tick):
                m.d.sync += [bits.eq(Cat(bits[1:], vote)), left.eq(left - 1)]
                with m.If(left == 0):
                    m.next = "STOP"
            with m.State("STOP"), m.If(tick):
                m.d.comb += complete.eq(1)
                m.next = "BREAK"
                with m.If(vote):
                    m.next = "IDLE"
                    with m.If(~line):  # a fast sender's next start bit
                        m.d.sync += wait.eq(middle)
                        m.next = "START"

        lost = Signal()
        with m.If(self.bytes.ready):
            m.d.sync += self.bytes.valid.eq(0)
        with m.If(complete & self.bytes.valid & ~self.bytes.ready):
            m.d.sync += lost.eq(1)
        with m.Elif(complete):
            m.d.sync += [
                self.bytes.valid.eq(1),
                self.bytes.p.data.eq(bits),
                self.bytes.p.damaged.eq(~vote | lost),
                lost.eq(0),
            ]
        return m


class UartTransmitter(wiring.Component):
    """Bytes to a line.

    Parameters
    ----------
    divisor : int
        Clock cycles a bit, at least 4.

    Ports
    -----
    bytes : In(stream of 8 bits)
    tx : Out(1)
        The line, high while idle.

    Timing
    ------
    The start bit begins in the cycle after a byte's transfer; ``10 * divisor`` cycles a byte, without a gap
    when the next one is offered in time.

    Raises
    ------
    ValueError
        *divisor* is too small.
    """

    def __init__(self, divisor: int) -> None:
        _check(divisor)
        self.divisor = divisor
        super().__init__({"bytes": In(stream.Signature(8)), "tx": Out(1, init=1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        wait, tick = Signal(range(self.divisor)), Signal()
        rest, left = Signal(9, init=0x1FF), Signal(range(10))  # bits to come, the stop bit among them
        m.d.comb += [tick.eq(wait == 0), self.bytes.ready.eq((left == 0) & tick)]
        with m.If(~tick):
            m.d.sync += wait.eq(wait - 1)
        with m.Elif(left != 0):
            m.d.sync += [
                self.tx.eq(rest[0]),
                rest.eq(Cat(rest[1:], 1)),
                left.eq(left - 1),
                wait.eq(self.divisor - 1),
            ]
        with m.Elif(self.bytes.valid):
            m.d.sync += [
                self.tx.eq(0),
                rest.eq(Cat(self.bytes.payload, 1)),
                left.eq(9),
                wait.eq(self.divisor - 1),
            ]
        return m
