"""The core: a protected multiplier between two streams."""

from amaranth import Module, Signal, Value
from amaranth.lib import data, wiring

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.datapath import Datapath
from pyralis.hw.gf.folded import FoldedCorrector
from pyralis.hw.gf.ports import Operands, Result, core_ports, element_names, in_order
from pyralis.hw.gf.redundancy import Comparator
from pyralis.hw.gf.serial import SerialFront

__all__ = ["Front", "GfMultiplier"]


class Front(wiring.Component):
    """The datapath of a bit-parallel multiplier between two streams, in polynomial bit order.

    Ports as :class:`pyralis.hw.gf.serial.SerialFront`.

    Timing
    ------
    ``cycles`` cycles from operands to result, one product a cycle; no cycle at all without registers, when
    the streams are joined combinationally. A consumer that is not ready stops all registers.
    """

    def __init__(self, config: GfConfig) -> None:
        self.config = config
        self._datapath = Datapath(config)
        super().__init__(core_ports(config))

    @property
    def cycles(self) -> int:
        """Cycles from operands to result."""
        return self._datapath.latency

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.datapath = path = self._datapath
        operands, result = self.operands, self.result
        advance = Signal()
        m.d.comb += [advance.eq(~result.valid | result.ready), operands.ready.eq(advance)]
        valid = [operands.valid]
        for stage in range(path.latency):
            valid.append(Signal(name=f"valid_{stage + 1}"))
            with m.If(advance):
                m.d.sync += valid[-1].eq(valid[-2])
        m.d.comb += [
            result.valid.eq(valid[-1]),
            self.early.eq(path.early),
            self.early_valid.eq(valid[path.early_latency] & advance),
        ]
        m.d.comb += [
            Value.cast(getattr(path, name)).eq(operands.payload[name])
            for name in Operands(self.config).members
        ]
        m.d.comb += [
            Value.cast(result.payload[name]).eq(getattr(path, name)) for name in Result(self.config).members
        ]
        if path.registered:
            m.d.comb += path.enable.eq(advance)
        return m


class GfMultiplier(wiring.Component):
    """A multiplier of GF(2^m) with its protection.

    Ports
    -----
    operands : In(stream of Operands)
        ``a``, ``b`` in the bit order of the configuration; with ``inject`` the bits to flip in their product.
    result : Out(stream of Result)
        Products in the order of their operands.
    early : Out(m), early_valid : Out(1)
        The raw product of each operand transfer, as soon as the multiplier has it, for one cycle; it waits
        for nobody. What is computed from it must be thrown away if the result comes with an error.

    Timing
    ------
    ``cycles`` cycles from an operand transfer to ``result.valid`` while the consumer is ready, one product
    a cycle (``digit_serial``: one every ``cycles`` - 1). With the folded corrector a product with an error
    takes ``correction_cycles`` more, and those behind it wait.

    Parameters
    ----------
    config : GfConfig
    """

    def __init__(self, config: GfConfig) -> None:
        self.config = config
        self._front = (SerialFront if config.multiplier == "digit_serial" else Front)(config)
        self._corrector = None
        if config.corrector == "folded":
            self._corrector = FoldedCorrector(config.field, config.code, config.correct, config.points)
        super().__init__(core_ports(config))

    @property
    def cycles(self) -> int:
        """Cycles from operands to a result without an error."""
        return self._front.cycles + 1

    @property
    def correction_cycles(self) -> int:
        """Cycles that a product with an error takes beyond ``cycles``."""
        return self._corrector.cycles + 1 if self._corrector else 0

    def elaborate(self, platform) -> Module:
        m = Module()
        config = self.config
        m.submodules.front = front = self._front
        m.d.comb += [
            front.operands.valid.eq(self.operands.valid),
            self.operands.ready.eq(front.operands.ready),
            self.early.eq(in_order(config, front.early)),
            self.early_valid.eq(front.early_valid),
        ]
        m.d.comb += front.operands.payload.eq(self.operands.payload)
        for name in element_names(config):
            element = in_order(config, self.operands.payload[name])
            m.d.comb += front.operands.payload[name].eq(element)
        self._finish(m, front.result)
        return m

    def _finish(self, m: Module, found) -> None:
        """The register from which results leave; with the folded corrector it waits there to be corrected."""
        config, layout = self.config, Result(self.config)
        full, taken, settled = Signal(), Signal(), Signal(init=1)
        held = Signal(layout, reset_less=True)
        m.d.comb += [
            found.ready.eq(~full | taken),
            self.result.valid.eq(full & settled),
            taken.eq(self.result.valid & self.result.ready),
            self.result.payload.eq(held),
            self.result.payload.product.eq(in_order(config, held.product)),
        ]
        with m.If(found.ready):
            m.d.sync += [full.eq(found.valid), held.eq(found.payload)]
        if self._corrector:
            self._fold(m, self._corrector, held, full, taken, settled)

    def _fold(
        self,
        m: Module,
        corrector: FoldedCorrector,
        held: data.View,
        full: Signal,
        taken: Signal,
        settled: Signal,
    ) -> None:
        """Lets a result with an error wait for the corrector."""
        config, payload = self.config, self.result.payload
        m.submodules.corrector = corrector
        started, finished = Signal(), Signal()
        fault = held.error & ~held.alarm  # predictors that differ prove nothing about the product
        m.d.comb += [
            settled.eq(~fault | finished),
            corrector.start.eq(full & fault & ~started),
            corrector.syndrome.eq(held.syndrome),
        ]
        with m.If(taken):
            m.d.sync += [started.eq(0), finished.eq(0)]
        with m.Else():
            m.d.sync += [started.eq(started | corrector.start), finished.eq(finished | corrector.done)]
        product = Signal(config.m)
        corrected = corrector.corrected & finished & fault
        m.d.comb += [
            # gated last, and what an earlier correction left is not taken
            product.eq(held.product ^ corrector.flips & (finished & held.error).replicate(config.m)),
            payload.product.eq(in_order(config, product)),
            payload.corrected.eq(corrected),
            payload.uncorrectable.eq(held.error & ~corrected),
        ]
        if config.post_check:
            m.submodules.post_check = compare = Comparator(config.m)
            m.d.comb += [
                compare.a.eq(product),
                compare.b.eq(held.product),
                payload.alarm.eq(held.alarm | compare.differ & ~held.error),
            ]
