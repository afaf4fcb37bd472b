"""What stands behind the multiplier of a protected core, alone: check, corrector and post-check.

Its blocks are those of the datapath, placed by the same functions, but the product and its prediction come
from outside, so that every error pattern can be put in.
"""

from amaranth import Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.gen.errors import UserError
from pyralis.hw.gf import coded
from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.datapath import check, correct
from pyralis.hw.gf.flow import Flow, Timed
from pyralis.hw.gf.folded import FoldedCorrector
from pyralis.hw.gf.scheme import Product

__all__ = ["FLAGS", "Behind", "error_columns"]

FLAGS = ("error", "corrected", "uncorrectable", "alarm")


class Behind(wiring.Component):
    """Check and corrector of *config*.

    Ports
    -----
    c : In(m)
        Raw product, in polynomial bit order.
    high or quotient : In(m - 1)
        Of the multiplier, with ``residue_bch``.
    p : In
        Prediction, of one predictor or of both.
    enable : In(1)
        With a pipelined corrector.
    start : In(1)
        With a folded one: begins the correction.
    product : Out(m)
    error, corrected, uncorrectable, alarm : Out(1)

    Timing
    ------
    ``cycles`` cycles from held inputs to the outputs; 0 is combinational. ``start`` is 1 in the first only.

    Raises
    ------
    UserError
        The protection has no code.
    """

    def __init__(self, config: GfConfig) -> None:
        if config.protect not in CODED:
            raise UserError(
                f"The protection {config.protect!r} has no code, so there is nothing to decode.",
                "protect",
                f"take one of {', '.join(CODED)}",
            )
        self.config = config
        self.folded = config.corrector == "folded"
        self.upper = ""
        if config.protect == "residue_bch":
            self.upper = "quotient" if config.multiplier == "digit_serial" else "high"
        m = config.m
        super().__init__({
            "c": In(m),
            **({self.upper: In(m - 1)} if self.upper else {}),
            "p": In(coded.prediction_bits(config)),
            **({"enable": In(1)} if config.corrector == "pipelined" else {}),
            **({"start": In(1)} if self.folded else {}),
            "product": Out(m),
            **dict.fromkeys(FLAGS, Out(1)),
        })
        self._module = Module()  # as in the datapath: its latency is a promise of the object
        self.cycles = self._assemble(self._module)

    def elaborate(self, platform) -> Module:
        return self._module

    def _assemble(self, m: Module) -> int:
        """Places the blocks; returns the cycles that they take."""
        config = self.config
        pipelined = config.corrector == "pipelined"
        flow = Flow(m, config.levels if pipelined else None, self.enable if pipelined else Const(1))
        upper = Timed(getattr(self, self.upper)) if self.upper else None
        predictions = [Timed(self.p)] * (1 + coded.duplicated(config))
        checked = check(flow, config, [Product(Timed(self.c), upper)], predictions)
        outcome = correct(flow, config, checked)
        if self.folded:
            m.submodules.corrector = folded = FoldedCorrector(
                config.field, config.code, config.correct, config.points
            )
            m.d.comb += [
                folded.start.eq(self.start),
                folded.syndrome.eq(checked.syndrome.value),
                self.product.eq(self.c ^ folded.flips),
                self.error.eq(checked.error.value),
                self.corrected.eq(folded.corrected),
                self.uncorrectable.eq(folded.uncorrectable),
                self.alarm.eq(checked.mismatch.value),
            ]
            return folded.cycles
        latency = max(getattr(outcome, name).stage for name in ("product", *FLAGS))
        m.d.comb += [
            getattr(self, name).eq(flow.at(getattr(outcome, name), latency)) for name in ("product", *FLAGS)
        ]
        return latency


def error_columns(config: GfConfig) -> list[dict[str, int]]:
    """For each position of the code, what an error there changes at the inputs of :class:`Behind`.

    Positions of ``residue_bch`` are the bits of the unreduced product; of the others first the check bits,
    then the bits of the product.
    """
    m, field = config.m, config.field
    if config.protect != "residue_bch":
        bits = coded.prediction_bits(config)
        return [{"p": 1 << k} for k in range(bits)] + [{"c": 1 << k} for k in range(m)]
    columns = []
    for k in range(2 * m - 1):
        quotient, rest = poly.divide(1 << k, field.polynomial)
        upper = {"quotient": quotient} if config.multiplier == "digit_serial" else {"high": 1 << k >> m}
        columns.append({"c": rest, **upper})
    return columns
