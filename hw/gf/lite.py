"""Chip-level top with operands and product in registers: AXI4-Lite only, for a processor or a debugger."""

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.hw.axi.registers import RegisterBank
from pyralis.hw.axi.signature import AxiLite
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.monitor import connect_injection, connect_monitor
from pyralis.hw.gf.ports import Result, element_names
from pyralis.hw.gf.registers import register_map, words_of

__all__ = ["GfLite"]


class GfLite(wiring.Component):
    """One product at a time: write the operands, start, wait for ``done``, read the product and its flags.

    Ports
    -----
    s_axi_ctrl : In(AxiLite)
        Registers: :mod:`pyralis.hw.gf.registers`.
    irq : Out(1)
        High while an enabled interrupt is pending.

    Timing
    ------
    ``busy_cycles`` cycles from start to done, which is also what the register ``cycles`` holds then;
    with the folded corrector ``correction_cycles`` more for a product with an error.

    Parameters
    ----------
    config : GfConfig
    """

    def __init__(self, config: GfConfig) -> None:
        self.config = config
        self.map = register_map(config, operands=True)
        self._core = GfMultiplier(config)
        super().__init__({"s_axi_ctrl": In(AxiLite(address_bits=self.map.address_bits)), "irq": Out(1)})

    @property
    def busy_cycles(self) -> int:
        """Cycles that a product without an error is busy."""
        return self._core.cycles + 1

    @property
    def correction_cycles(self) -> int:
        """Cycles that a product with an error takes beyond ``busy_cycles``."""
        return self._core.correction_cycles

    def elaborate(self, platform) -> Module:
        m = Module()
        config = self.config
        m.submodules.core = core = self._core
        m.submodules.registers = bank = RegisterBank(self.map)
        connect(m, flipped(self.s_axi_ctrl), bank.bus)
        waiting, busy, done = Signal(), Signal(), Signal()
        entered, left = Signal(), Signal()
        result = Signal(Result(config))
        m.d.comb += [
            core.operands.valid.eq(waiting),
            core.result.ready.eq(1),
            entered.eq(waiting & core.operands.ready),
            left.eq(core.result.valid),
        ]
        cycles = Signal(32)
        with m.If(busy):
            m.d.sync += cycles.eq(cycles + 1)  # cannot wrap: nothing keeps a product waiting
        with m.If(bank.control.start & ~busy):
            m.d.sync += [waiting.eq(1), busy.eq(1), done.eq(0), cycles.eq(0)]
        with m.Elif(entered):
            m.d.sync += waiting.eq(0)
        with m.If(left):
            m.d.sync += [busy.eq(0), done.eq(1), result.eq(core.result.payload)]
        words = range(words_of(config.m))
        for name in element_names(config):
            element = Cat(getattr(bank, f"{name}_{n}").value for n in words)
            m.d.comb += core.operands.payload[name].eq(element)
        for n in words:
            m.d.comb += getattr(bank, f"product_{n}").value.eq(result.product.word_select(n, 32))
        m.d.comb += [bank.status.busy.eq(busy), bank.status.done.eq(done), bank.cycles.value.eq(cycles)]
        for name in ("error", "corrected", "uncorrectable", "alarm"):
            m.d.comb += getattr(bank.status, name).eq(result[name])
        pending: Value = connect_monitor(m, config, bank, core.result.payload, left)
        m.d.comb += self.irq.eq(pending)
        if config.inject:
            connect_injection(m, config, bank, core.operands.payload.inject, entered)
        return m
