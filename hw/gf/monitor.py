"""What both tops do with results besides handing them on: count, remember, interrupt; and inject errors."""

from amaranth import Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.axi.registers import RegisterBank
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import Injection, Result
from pyralis.hw.gf.registers import COUNTERS, SLOTS, words_of
from pyralis.hw.gf.scheme import syndrome_bits

__all__ = ["Monitor", "connect_injection", "connect_monitor"]


class Monitor(wiring.Component):
    """Counters that stay at their largest value, and the syndrome of the last error.

    Ports
    -----
    result : In(Result), transfer : In(1)
        A result, and whether it is handed over in this cycle.
    clear : In(1)
    count_<name> : Out(bits)
        One cycle after the transfer.
    syndrome : Out
        Of the last result with an error.

    Parameters
    ----------
    config : GfConfig
    bits : int
        Width of a counter.
    """

    def __init__(self, config: GfConfig, bits: int = 32) -> None:
        super().__init__({
            "result": In(Result(config)),
            "transfer": In(1),
            "clear": In(1),
            **{f"count_{name}": Out(bits) for name in COUNTERS},
            "syndrome": Out(syndrome_bits(config)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        result = self.result
        events = (Const(1), result.error, result.corrected, result.uncorrectable, result.alarm)
        for name, event in zip(COUNTERS, events, strict=True):
            count = getattr(self, f"count_{name}")
            with m.If(self.clear):
                m.d.sync += count.eq(0)
            with m.Elif(self.transfer & event & ~count.all()):
                m.d.sync += count.eq(count + 1)
        with m.If(self.transfer & result.error):
            m.d.sync += self.syndrome.eq(result.syndrome)
        return m


def connect_monitor(
    m: Module, config: GfConfig, bank: RegisterBank, result: data.View, transfer: Value
) -> Value:
    """Adds a monitor of *result* to *m*, wires it to the registers; returns the interrupt."""
    m.submodules.monitor = monitor = Monitor(config)
    m.d.comb += [
        monitor.result.eq(result),
        monitor.transfer.eq(transfer),
        monitor.clear.eq(bank.control.clear),
    ]
    for name in COUNTERS:
        m.d.comb += getattr(bank, f"count_{name}").value.eq(getattr(monitor, f"count_{name}"))
    for n in range(words_of(len(monitor.syndrome))):
        m.d.comb += getattr(bank, f"syndrome_{n}").value.eq(monitor.syndrome.word_select(n, 32))
    pending = Const(0)
    for name in ("error", "uncorrectable", "alarm"):
        m.d.comb += getattr(bank.interrupt, f"{name}_set").eq(transfer & result[name])
        pending |= getattr(bank.interrupt, name) & getattr(bank.interrupt_enable, name)
    return pending


def connect_injection(
    m: Module, config: GfConfig, bank: RegisterBank, inject: data.View, transfer: Value
) -> None:
    """Drives the operands' *inject* from the slots; ``once`` is used up by the next operand *transfer*."""
    armed = Signal()
    with m.If(bank.inject.once):
        m.d.sync += armed.eq(1)
    with m.Elif(transfer):
        m.d.sync += armed.eq(0)
    active = armed | bank.inject.always
    slots = [getattr(bank, f"slot_{n}") for n in range(SLOTS)]
    for index, (name, place) in enumerate(Injection(config)):
        mask = Const(0, place.width)
        for slot in slots:
            chosen = active & slot.enable & (slot.net == index)
            mask ^= Mux(chosen, Const(1, place.width) << slot.position[: (place.width - 1).bit_length()], 0)
        m.d.comb += inject[name].eq(mask)
