"""From a serial port to AXI4-Lite: the device's side of :mod:`pyralis.hw.serial.protocol`."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.signature import AxiLite
from pyralis.hw.serial.access import LiteAccess
from pyralis.hw.serial.execute import Executor
from pyralis.hw.serial.frame import FrameReceiver
from pyralis.hw.serial.reply import ReplySender
from pyralis.hw.serial.slip import SlipDecoder, SlipEncoder
from pyralis.hw.serial.uart import UartReceiver, UartTransmitter

__all__ = ["SerialBridge"]


class SerialBridge(wiring.Component):
    """Carries out what a host asks for over a UART.

    Parameters
    ----------
    divisor : int
        Clock cycles a bit, at least 4.
    timeout : int
        Cycles that one access of the bus may take, at least 2.

    Ports
    -----
    rx : In(1), tx : Out(1)
        The lines; ``rx`` need not be synchronous to the clock.
    bus : Out(AxiLite(address_bits=32))
        One access at a time, all bytes of a word.

    Timing
    ------
    Bytes follow each other on ``tx`` without a gap. There is no combinational path between bus inputs and bus
    outputs.

    Raises
    ------
    ValueError
        A parameter is too small.
    """

    def __init__(self, divisor: int, timeout: int = 1 << 16) -> None:
        self.divisor, self.timeout = divisor, timeout
        self._receiver, self._transmitter = UartReceiver(divisor), UartTransmitter(divisor)
        self._access = LiteAccess(timeout)
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "bus": Out(AxiLite(address_bits=32))})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.receiver, m.submodules.transmitter = receiver, transmitter = (
            self._receiver,
            self._transmitter,
        )
        m.submodules.decoder, m.submodules.encoder = decoder, encoder = SlipDecoder(), SlipEncoder()
        m.submodules.frames, m.submodules.sender = frames, sender = FrameReceiver(), ReplySender()
        m.submodules.executor, m.submodules.access = executor, access = Executor(), self._access
        m.d.comb += [
            receiver.rx.eq(self.rx),
            self.tx.eq(transmitter.tx),
            frames.index.eq(executor.index),
            executor.word.eq(frames.word),
            sender.word.eq(executor.reply_word),
        ]
        connect(m, receiver.bytes, decoder.bytes)
        connect(m, decoder.items, frames.items)
        connect(m, frames.requests, executor.requests)
        connect(m, executor.accesses, access.accesses)
        connect(m, access.results, executor.results)
        connect(m, executor.replies, sender.replies)
        connect(m, sender.items, encoder.items)
        connect(m, encoder.bytes, transmitter.bytes)
        connect(m, flipped(self.bus), access.bus)
        return m
