"""Chip-level top between two AXI4-Streams, with an AXI4-Lite port for counters and error injection."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.registers import RegisterBank
from pyralis.hw.axi.signature import AxiLite, AxiStream
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.monitor import connect_injection, connect_monitor
from pyralis.hw.gf.ports import element_names
from pyralis.hw.gf.registers import register_map

__all__ = ["GfAxis", "element_bytes"]


def element_bytes(config: GfConfig) -> int:
    """Bytes that an element takes in TDATA; bits above m are 0, and ignored in operands."""
    return -(-config.m // 8)


class GfAxis(wiring.Component):
    """A product a transfer.

    Ports
    -----
    s_axis_operands : In(AxiStream)
        TDATA holds a in its lowest bytes, then b (then a_check, b_check), each in as many bytes as
        :func:`element_bytes` says.
    m_axis_result : Out(AxiStream)
        TDATA holds the product; TUSER error, corrected, uncorrectable, alarm from bit 0.
    s_axi_ctrl : In(AxiLite)
        Registers: :mod:`pyralis.hw.gf.registers`; ``start`` and ``status`` have no use here and read as 0.
    irq : Out(1)
        High while an enabled interrupt is pending.

    Parameters
    ----------
    config : GfConfig
    """

    def __init__(self, config: GfConfig) -> None:
        self.config = config
        self.map = register_map(config, operands=False)
        element = 8 * element_bytes(config)
        super().__init__({
            "s_axis_operands": In(AxiStream(data_bits=element * len(element_names(config)))),
            "m_axis_result": Out(AxiStream(data_bits=element, user_bits=4)),
            "s_axi_ctrl": In(AxiLite(address_bits=self.map.address_bits)),
            "irq": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        config = self.config
        m.submodules.core = core = GfMultiplier(config)
        m.submodules.registers = bank = RegisterBank(self.map)
        connect(m, flipped(self.s_axi_ctrl), bank.bus)
        element = 8 * element_bytes(config)
        result = core.result.payload
        entered, left = Signal(), Signal()
        m.d.comb += [
            core.operands.valid.eq(self.s_axis_operands.tvalid),
            self.s_axis_operands.tready.eq(core.operands.ready),
            self.m_axis_result.tvalid.eq(core.result.valid),
            self.m_axis_result.tdata.eq(result.product),
            self.m_axis_result.tuser.eq(
                Cat(result.error, result.corrected, result.uncorrectable, result.alarm)
            ),
            core.result.ready.eq(self.m_axis_result.tready),
            entered.eq(core.operands.valid & core.operands.ready),
            left.eq(core.result.valid & core.result.ready),
        ]
        for index, name in enumerate(element_names(config)):
            word = self.s_axis_operands.tdata.word_select(index, element)
            m.d.comb += core.operands.payload[name].eq(word[: config.m])
        m.d.comb += self.irq.eq(connect_monitor(m, config, bank, result, left))
        if config.inject:
            connect_injection(m, config, bank, core.operands.payload.inject, entered)
        return m
