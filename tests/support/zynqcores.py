"""Cores for Zynq boards that take milliseconds to make, with the ports of real ones."""

from amaranth import Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.gen.boards.design import Design
from pyralis.gen.emit.verilog import emit
from pyralis.hw.axi.registermap import Register, RegisterMap
from pyralis.hw.axi.signature import Axi4, AxiLite, AxiRead

TOP = "probe"

MAP = RegisterMap(name="probe", registers=(Register("word", 0),))


class Inner(wiring.Component):
    """A flip-flop, to be kept as a block."""

    d: In(1)
    q: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.q.eq(self.d)
        return m


class Probe(wiring.Component):
    """Registers, one memory interface that reads and *managers* - 1 that also write, an interrupt."""

    def __init__(self, managers=2, *, dsp=True, address_bits=8):
        buses = {"address_bits": 40, "data_bits": 64}
        self.dsp = dsp
        super().__init__({
            "s_axi_ctrl": In(AxiLite(address_bits=address_bits)),
            **({"m_axi_weights": Out(AxiRead(**buses))} if managers else {}),
            **{f"m_axi_data{n or ''}": Out(Axi4(**buses)) for n in range(managers - 1)},
            "irq": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = Inner()
        m.d.comb += [inner.d.eq(self.s_axi_ctrl.awvalid), self.irq.eq(inner.q)]
        if self.dsp:
            result = Signal(48)
            m.submodules.cell = Instance("DSP48E2", o_P=result)
            m.d.comb += self.s_axi_ctrl.rdata.eq(result)
        return m


def probe(managers=2, *, dsp=True, kept=False, address_bits=8, core="probe") -> Design:
    """A design of :class:`Probe`; *kept*: with blocks to keep."""

    def files():
        made = Probe(managers, dsp=dsp, address_bits=address_bits)
        return {
            f"{TOP}.v": emit(made, TOP, keep_hierarchy=kept).encode(),
            "DSP48E2.v": b"module DSP48E2; endmodule\n",
        }

    return Design(
        core=core,
        name="probe-1",
        top=TOP,
        component=lambda: Probe(managers, dsp=dsp, address_bits=address_bits),
        registers=MAP,
        files=files,
        facts={"core": {"name": "probe-1"}},
    )
