"""A protected multiplier as one datapath: combinational, or registered wherever a path grows too long."""

from dataclasses import fields, replace

from amaranth import Const, Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import coded, copies
from pyralis.hw.gf.arithmetic import build_multiplier
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.flow import Flow, Timed
from pyralis.hw.gf.ports import Injection, element_names, flips_of
from pyralis.hw.gf.redundancy import Comparator, Parity
from pyralis.hw.gf.scheme import Checked, Outcome, Product, multiplier_kinds, syndrome_bits

__all__ = ["Datapath", "check", "correct", "predict"]


def predict(flow: Flow, config: GfConfig, a: Timed, b: Timed, flip: Timed | None) -> list[Timed]:
    """Everything that the protection computes from the operands."""
    return coded.predict(flow, config, a, b, flip) if config.protect in CODED else []


def check(flow: Flow, config: GfConfig, products: list[Product], predictions: list[Timed]) -> Checked:
    """What the protection says of the products."""
    if config.protect in CODED:
        return coded.check(flow, config, products[0], predictions)
    return copies.check(flow, config, products)


def correct(flow: Flow, config: GfConfig, checked: Checked) -> Outcome:
    """The product with its flags, corrected and post-checked; only flagged if the corrector is folded."""
    if config.protect not in CODED:
        return copies.correct(checked)
    if config.correct == 0 or config.corrector == "folded":
        return coded.flag(checked)
    outcome = coded.correct(flow, config, checked)
    if not config.post_check:
        return outcome
    found = flow.place("post_check", Comparator(config.m), a=outcome.product, b=checked.c)["differ"]
    alarm = flow.join(_alarm, found, outcome.error, outcome.alarm, levels=2)
    if outcome.product.stage > checked.c.stage:
        spoilt = _spoilt_on_the_way(flow, checked.c, outcome.product.stage)
        alarm = flow.join(Value.__or__, alarm, spoilt, levels=1)
    return replace(outcome, alarm=alarm)


def _alarm(differ: Value, error: Value, alarm: Value) -> Value:
    return differ & ~error | alarm


def _spoilt_on_the_way(flow: Flow, c: Timed, stage: int) -> Timed:
    """Whether the raw product changes in the registers in which it waits for its correction until *stage*.

    Its check lies before them, and the post-check sees what comes out of them: a parity bit goes with it.
    """
    bits = len(c.value)
    before = flow.place("parity", Parity(bits), value=c)["odd"]
    waited = Timed(flow.at(c, stage), stage)
    after = flow.place("parity_again", Parity(bits), value=waited)["odd"]
    return flow.join(Value.__xor__, before, after, levels=1)


class Datapath(wiring.Component):
    """Operands in, product and flags out; with the folded corrector the errors are flagged only.

    Ports
    -----
    a, b : In(m)
        Operands, in polynomial bit order.
    a_check, b_check : In(m)
        With ``separate_operands``: the operands again, for the predictor.
    inject : In(Injection)
        With ``inject``.
    enable : In(1)
        With registers: all of them move while it is 1.
    early : Out(m)
        The raw product, ``early_latency`` cycles after the operands.
    product, error, corrected, uncorrectable, alarm, syndrome
        :class:`~pyralis.hw.gf.scheme.Outcome`, ``latency`` cycles after the operands.

    Parameters
    ----------
    config : GfConfig
        Any but ``digit_serial``.

    Attributes
    ----------
    latency, early_latency : int
        Registers between the operands and the outcome, and between them and the raw product.

    Raises
    ------
    ValueError
        A block has more levels than ``config.levels`` allows between registers.
    """

    def __init__(self, config: GfConfig) -> None:
        if config.multiplier == "digit_serial":
            raise ValueError("digit_serial takes several cycles; pyralis.hw.gf.core builds a core around it")
        self.config = config
        self.registered = config.corrector == "pipelined" or config.stages > 0
        m = config.m
        super().__init__({
            **dict.fromkeys(element_names(config), In(m)),
            **({"inject": In(Injection(config))} if config.inject else {}),
            **({"enable": In(1)} if self.registered else {}),
            "early": Out(m),
            "product": Out(m),
            "error": Out(1),
            "corrected": Out(1),
            "uncorrectable": Out(1),
            "alarm": Out(1),
            "syndrome": Out(syndrome_bits(config)),
        })

        self._module = Module()  # built here and not in elaborate: its latency is a promise of the object
        self._assemble(self._module)

    def elaborate(self, platform) -> Module:
        return self._module

    def _assemble(self, m: Module) -> None:
        """Places all blocks, which says how long they take."""
        config = self.config
        pipelined = config.corrector == "pipelined"
        enable = self.enable if self.registered else Const(1)
        flow = Flow(m, config.levels if pipelined else None, enable)
        flips = flips_of(config, self)
        a, b = Timed(self.a), Timed(self.b)
        products = []
        for index, kind in enumerate(multiplier_kinds(config)):
            inject = config.inject and index == 0
            block = build_multiplier(config, kind=kind, inject=inject)
            extra = {f"flip_{_NETS[name]}": flips[name] for name in _NETS if inject and name in flips}
            found = flow.place(f"multiplier_{index}", block, a=a, b=b, **extra)
            products.append(Product(found["c"], found.get("high")))
        if config.separate_operands:
            a, b = Timed(self.a_check), Timed(self.b_check)
        predictions = predict(flow, config, a, b, flips.get("prediction"))
        checked = check(flow, config, products, predictions)
        outcome = correct(flow, config, checked)
        parts = {entry.name: getattr(outcome, entry.name) for entry in fields(outcome)}
        self.early_latency = products[0].c.stage
        self.latency = max(part.stage for part in parts.values())
        m.d.comb += self.early.eq(products[0].c.value)
        m.d.comb += [getattr(self, name).eq(flow.at(part, self.latency)) for name, part in parts.items()]


_NETS = {"unreduced": "d", "reduced": "c"}
"""Letters of the injection ports of a multiplier."""
