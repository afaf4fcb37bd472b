"""RTL of pyralis.hw.serial.uart (pytest side)."""

import json

import pytest
from amaranth import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.serial.uart import RECEIVED_BYTE, UartReceiver, UartTransmitter
from pyralis.sim.bench.build import run_cocotb

DIVISORS = (4, 5, 16)


class Uarts(wiring.Component):
    """Receiver and transmitter of each divisor, side by side."""

    def __init__(self):
        ports = {}
        for n in DIVISORS:
            ports |= {
                f"rx_{n}": In(1, init=1),
                f"received_{n}": Out(stream.Signature(RECEIVED_BYTE)),
                f"sent_{n}": In(stream.Signature(8)),
                f"tx_{n}": Out(1),
            }
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        for n in DIVISORS:
            receiver, transmitter = UartReceiver(n), UartTransmitter(n)
            m.submodules[f"receiver_{n}"], m.submodules[f"transmitter_{n}"] = receiver, transmitter
            connect(m, receiver.bytes, flipped(getattr(self, f"received_{n}")))
            connect(m, flipped(getattr(self, f"sent_{n}")), transmitter.bytes)
            m.d.comb += [
                receiver.rx.eq(getattr(self, f"rx_{n}")),
                getattr(self, f"tx_{n}").eq(transmitter.tx),
            ]
        return m


def test_bytes_pass_both_ways():
    run_cocotb(Uarts(), "cocotb_uart", env={"DIVISORS": json.dumps(DIVISORS)})


@pytest.mark.parametrize("kind", [UartReceiver, UartTransmitter])
def test_divisor_is_checked(kind):
    kind(4)
    with pytest.raises(ValueError, match=r"^divisor must be at least 4, not 3$"):
        kind(3)
