"""RTL of pyralis.hw.common.fetch with pages of several descriptors (pytest side).

Pages of one descriptor, with a state of a subclass, are tested in tests/hw/snn/test_fetch.py.
"""

import json

import pytest
from amaranth import Module
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES, descriptor
from pyralis.hw.common.fetch import ProgramFetch
from pyralis.sim.bench.build import run_cocotb


class Opcode(enum.Enum, shape=8):
    END = 0
    WORK = 1


class Code(enum.Enum, shape=8):
    NONE = 0
    VERSION = 3
    OPCODE = 9


class Check(wiring.Component):
    """Knows version 5, and the two opcodes."""

    descriptor: In(8 * DESCRIPTOR_BYTES)
    code: Out(Code)

    def elaborate(self, platform):
        m = Module()
        header = data.View(descriptor(Opcode, {}), self.descriptor)
        with m.If(header.version != 5):
            m.d.comb += self.code.eq(Code.VERSION)
        with m.Elif(header.opcode.as_value()[1:] != 0):
            m.d.comb += self.code.eq(Code.OPCODE)
        return m


@pytest.mark.parametrize(("bus_bits", "page"), [(64, 4), (512, 4), (512, 2)])
def test_pages(bus_bits, page):
    dma = DmaConfig(address_bits=32, data_bits=bus_bits)
    fetch = ProgramFetch(dma, Check(), end=Opcode.END, codes=Code, page=page, depth=5)
    sizes = json.dumps({"bus_bits": bus_bits, "page": page, "depth": 5})
    run_cocotb(fetch, "cocotb_fetch", env={"PYRALIS_SIZES": sizes})
