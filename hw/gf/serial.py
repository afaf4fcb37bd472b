"""A protected multiplier around the digit-serial architecture: a product every few cycles."""

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import wiring

from pyralis.hw.gf.arithmetic import build_multiplier
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.datapath import check, correct, predict
from pyralis.hw.gf.flow import Flow, Timed
from pyralis.hw.gf.ports import Result, core_ports, flips_of
from pyralis.hw.gf.scheme import Product, multiplier_kinds

__all__ = ["SerialFront"]


class SerialFront(wiring.Component):
    """Operands in, checked products out, one after the other.

    Ports
    -----
    operands : In(stream of Operands)
        In polynomial bit order.
    result : Out(stream of Result)
    early : Out(m), early_valid : Out(1)
        The raw product, in the cycle in which the multiplier is done.

    Timing
    ------
    ``cycles`` cycles from an operand transfer to the valid result, and so many between operand transfers
    while the consumer is ready. Predictions are made in the cycle of the operand transfer and then held.
    """

    def __init__(self, config: GfConfig) -> None:
        self.config = config
        self._multipliers = [
            build_multiplier(config, kind=kind, inject=config.inject and index == 0)
            for index, kind in enumerate(multiplier_kinds(config))
        ]
        super().__init__(core_ports(config))

    @property
    def cycles(self) -> int:
        """Cycles from the operands to the result."""
        return self._multipliers[0].cycles

    def elaborate(self, platform) -> Module:
        m = Module()
        config, operands = self.config, self.operands.payload
        flow = Flow(m)
        start, waiting, taken = Signal(), Signal(), Signal()
        flips = flips_of(config, operands)
        first = self._multipliers[0]
        m.d.comb += [
            self.operands.ready.eq(first.ready & (~self.result.valid | taken)),
            start.eq(self.operands.valid & self.operands.ready),
            taken.eq(self.result.valid & self.result.ready),
            self.result.valid.eq(first.done | waiting),
            self.early.eq(first.c),
            self.early_valid.eq(first.done),
        ]
        m.d.sync += waiting.eq(self.result.valid & ~taken)

        def held(source: Timed) -> Timed:
            register = Signal(len(source.value), reset_less=True)
            with m.If(start):
                m.d.sync += register.eq(source.value)
            return Timed(register)

        products = []
        for index, block in enumerate(self._multipliers):
            m.submodules[f"multiplier_{index}"] = block
            m.d.comb += [block.a.eq(operands.a), block.b.eq(operands.b), block.start.eq(start)]
            if config.inject and index == 0:
                unreduced = flips["unreduced"]
                m.d.comb += [
                    block.flip_c.eq(held(flips["reduced"]).value),
                    block.flip_d.eq(Mux(start, unreduced.value, held(unreduced).value)),
                ]
            products.append(Product(Timed(block.c), Timed(block.quotient)))
        second = "_check" if config.separate_operands else ""
        a, b = Timed(operands[f"a{second}"]), Timed(operands[f"b{second}"])
        predictions = [held(found) for found in predict(flow, config, a, b, flips.get("prediction"))]
        outcome = correct(flow, config, check(flow, config, products, predictions))
        m.d.comb += [
            Value.cast(self.result.payload[name]).eq(getattr(outcome, name).value)
            for name in Result(config).members
        ]
        return m
