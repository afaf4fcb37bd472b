"""RTL of pyralis.hw.serial.slip (pytest side)."""

from amaranth import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.serial.slip import ITEM, RECEIVED_ITEM, SlipDecoder, SlipEncoder
from pyralis.hw.serial.uart import RECEIVED_BYTE
from pyralis.sim.bench.build import run_cocotb


class Slips(wiring.Component):
    """Decoder and encoder, side by side."""

    def __init__(self):
        super().__init__({
            "coded": In(stream.Signature(RECEIVED_BYTE)),
            "decoded": Out(stream.Signature(RECEIVED_ITEM)),
            "plain": In(stream.Signature(ITEM)),
            "encoded": Out(stream.Signature(8)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder, m.submodules.encoder = decoder, encoder = SlipDecoder(), SlipEncoder()
        connect(m, flipped(self.coded), decoder.bytes)
        connect(m, decoder.items, flipped(self.decoded))
        connect(m, flipped(self.plain), encoder.items)
        connect(m, encoder.bytes, flipped(self.encoded))
        return m


def test_frames_in_bytes():
    run_cocotb(Slips(), "cocotb_slip")
