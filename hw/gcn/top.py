"""Chip-level top of the graph core: AXI4-Lite registers, one AXI4 master, an interrupt."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.registers import RegisterBank
from pyralis.hw.axi.signature import Axi4, AxiLite
from pyralis.hw.common.jobregisters import connect_job, report_job
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.core import GcnCore
from pyralis.hw.gcn.counters import TOTALS
from pyralis.hw.gcn.registers import register_map

__all__ = ["GcnTop"]


class GcnTop(wiring.Component):
    """What a block design or a LiteX system instantiates.

    Ports
    -----
    s_axi_ctrl : In(AxiLite)
        Registers: :mod:`pyralis.hw.gcn.registers`.
    m_axi_data : Out(Axi4)
        Program, graph, features, weights, results.
    irq : Out(1)
        High while an enabled interrupt is pending.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        self.map = register_map(config)
        super().__init__({
            "s_axi_ctrl": In(AxiLite(address_bits=self.map.address_bits)),
            "m_axi_data": Out(Axi4(address_bits=config.address_bits, data_bits=config.bus_bits)),
            "irq": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.core = core = GcnCore(self.config)
        m.submodules.registers = bank = RegisterBank(self.map)
        connect(m, flipped(self.s_axi_ctrl), bank.bus)
        for bus in (core.read_bus, core.write_bus):
            for path, member, value in bus.signature.flatten(bus):
                outer = getattr(self.m_axi_data, path[0])
                m.d.comb += outer.eq(value) if member.flow == Out else value.eq(outer)
        control, counters = core.control, core.counters
        connect_job(m, control, bank)
        # Once for each job: a flag that the driver has cleared stays so.
        known, saturated = Signal(), Signal()
        m.d.sync += known.eq(core.saturated)
        m.d.comb += saturated.eq(core.saturated & ~known)
        report_job(m, control, bank, drained=core.drained, saturated=saturated, irq=self.irq)
        m.d.comb += [
            core.program_address.eq(bank.program_address.value),
            core.weights_address.eq(bank.weights_address.value),
            core.by_priority.eq(bank.memory.priority),
            core.by_batch.eq(bank.memory.batch),
            core.by_need.eq(bank.memory.need),
            core.remap.eq(bank.memory.remap),
            core.sample_seed.eq(bank.sample_seed.value),
            counters.select.eq(bank.descriptor_select.index),
            bank.descriptor_cycles.value.eq(counters.descriptor_cycles),
        ]
        for name in TOTALS:
            m.d.comb += getattr(bank, f"total_{name}").value.eq(getattr(counters, f"total_{name}"))
        return m
