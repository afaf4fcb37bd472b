"""Chip-level top of the spiking core: AXI4-Lite registers, two AXI4 masters, an interrupt."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.registers import RegisterBank
from pyralis.hw.axi.signature import Axi4, AxiLite, AxiRead
from pyralis.hw.common.jobregisters import connect_job, report_job
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.core import SnnCore
from pyralis.hw.snn.counters import TOTALS
from pyralis.hw.snn.maps import MapWrite
from pyralis.hw.snn.registers import register_map

__all__ = ["SnnTop"]


class SnnTop(wiring.Component):
    """What a block design or a LiteX system instantiates.

    Ports
    -----
    s_axi_ctrl : In(AxiLite)
        Registers: :mod:`pyralis.hw.snn.registers`.
    m_axi_weights : Out(AxiRead)
        Weights and parameters.
    m_axi_data : Out(Axi4)
        Program, input, results.
    irq : Out(1)
        High while an enabled interrupt is pending.
    active, observe, observe_layer
        Only with *observe*: the array's valid signal, every word written to a feature map, the end of each
        layer; for simulation.

    Parameters
    ----------
    config : SnnConfig
    observe : bool
        Add the ports for simulation.
    """

    def __init__(self, config: SnnConfig, *, observe: bool = False) -> None:
        self.config = config
        self.observed = observe
        self.map = register_map(config)
        buses = {"address_bits": config.address_bits, "data_bits": config.bus_bits}
        watch = {"active": Out(1), "observe": Out(MapWrite(config)), "observe_layer": Out(1)}
        super().__init__({
            "s_axi_ctrl": In(AxiLite(address_bits=self.map.address_bits)),
            "m_axi_weights": Out(AxiRead(**buses)),
            "m_axi_data": Out(Axi4(**buses)),
            "irq": Out(1),
            **(watch if observe else {}),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.core = core = SnnCore(self.config)
        m.submodules.registers = bank = RegisterBank(self.map)
        connect(m, flipped(self.s_axi_ctrl), bank.bus)
        connect(m, core.weights_bus, flipped(self.m_axi_weights))
        for bus in (core.data_read_bus, core.data_write_bus):
            for path, member, value in bus.signature.flatten(bus):
                outer = getattr(self.m_axi_data, path[0])
                m.d.comb += outer.eq(value) if member.flow == Out else value.eq(outer)
        if self.observed:
            connect(m, core.observe, flipped(self.observe))
            m.d.comb += [self.active.eq(core.active), self.observe_layer.eq(core.observe_layer)]
        self._job(m, core, bank)
        self._read_back(m, core, bank)
        return m

    def _job(self, m: Module, core: SnnCore, bank: RegisterBank) -> None:
        connect_job(m, core.control, bank)
        m.d.comb += [
            core.program_address.eq(bank.program_address.value),
            core.weights_address.eq(bank.weights_address.value),
        ]

    def _read_back(self, m: Module, core: SnnCore, bank: RegisterBank) -> None:
        control, counters = core.control, core.counters
        top_class = Signal(16)
        with m.If(control.begin):
            m.d.sync += top_class.eq(0)
        with m.Elif(core.class_valid):
            m.d.sync += top_class.eq(core.class_index)
        report_job(m, control, bank, drained=core.drained, saturated=core.saturated, irq=self.irq)
        m.d.comb += [
            bank.top_class.index.eq(top_class),
            counters.select.eq(bank.layer_select.index),
        ]
        for name in TOTALS:
            m.d.comb += getattr(bank, f"total_{name}").value.eq(getattr(counters, f"total_{name}"))
        for name in ("cycles", "active", "stalls", "spikes"):
            m.d.comb += getattr(bank, f"layer_{name}").value.eq(getattr(counters, f"layer_{name}"))
