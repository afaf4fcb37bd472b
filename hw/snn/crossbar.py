"""Spike-gated adders: the 2-input, 4-channel cell of the array, from one DSP48E2 or from plain logic.

A cell adds up to two int8 weights to each of four 12-bit sums. Cells in a cascade form a crossbar of 2 x
stages inputs and four channels; eight of them reach -2048..2032 at most, so that no 12-bit sum can overflow.

A cell is built in three steps, because an array shares the first two among many cells: ``weights`` prepares
the operands of one (stage, four channels), ``spikes`` the gates of one (stage, pixel, step), ``cell`` adds
the cell itself. None of them makes a sub-module: Amaranth would emit every copy as a Verilog module of its
own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from amaranth import C, Cat, ClockSignal, Instance, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.snn.config import LANE_BITS, WEIGHT_BITS

__all__ = ["CELLS", "Crossbar", "CrossbarConfig", "Dsp48e2Cell", "FabricCell", "cascade"]

CHANNELS = 4
"""Output channels of a cell: lanes of the DSP48E2 in FOUR12."""

MAX_STAGES = 8
"""Longest cascade: 16 products of int8 and one bit stay within 12 bits."""

Weights = Sequence[Sequence[Value]]
"""For each of the two inputs of a cell, four int8 weights."""


def _extend(value: Value, bits: int) -> Value:
    """Sign-extends *value* to *bits* bits."""
    return Cat(value, value[-1].replicate(bits - len(value))) if bits > len(value) else value


DSP48E2_ATTRIBUTES = {
    # Arithmetic: four 12-bit lanes, no multiplier, no pre-adder, no cascade of operands.
    "USE_SIMD": "FOUR12",
    "USE_MULT": "NONE",
    "AMULTSEL": "A",
    "BMULTSEL": "B",
    "PREADDINSEL": "A",
    "A_INPUT": "DIRECT",
    "B_INPUT": "DIRECT",
    "USE_WIDEXOR": "FALSE",
    "XORSIMD": "XOR24_48_96",
    "RND": C(0, 48),
    # Pattern detector off.
    "USE_PATTERN_DETECT": "NO_PATDET",
    "AUTORESET_PATDET": "NO_RESET",
    "AUTORESET_PRIORITY": "RESET",
    "SEL_MASK": "MASK",
    "SEL_PATTERN": "PATTERN",
    "MASK": C(0x3FFFFFFFFFFF, 48),
    "PATTERN": C(0, 48),
    # Registers in use are one deep; those of the unused multiplier path are bypassed.
    **dict.fromkeys(("AREG", "BREG", "CREG", "PREG", "OPMODEREG", "ACASCREG", "BCASCREG"), 1),
    **dict.fromkeys(("ALUMODEREG", "INMODEREG", "CARRYINREG", "CARRYINSELREG"), 1),
    **dict.fromkeys(("ADREG", "DREG", "MREG"), 0),
}

DSP48E2_INPUTS = {
    # ALUMODE 0000: Z + W + X + Y + CIN.
    "ALUMODE": C(0, 4),
    "INMODE": C(0, 5),
    "CARRYINSEL": C(0, 3),
    "CARRYIN": C(0, 1),
    "ACIN": C(0, 30),
    "BCIN": C(0, 18),
    "D": C(0, 27),
    **dict.fromkeys(("CARRYCASCIN", "MULTSIGNIN"), C(0, 1)),
    # Registers in use are always enabled and never reset: what they hold is marked valid elsewhere.
    **dict.fromkeys(("CEA2", "CEB2", "CEC", "CEP", "CECTRL", "CEALUMODE", "CEINMODE", "CECARRYIN"), C(1, 1)),
    **dict.fromkeys(("CEA1", "CEB1", "CEAD", "CED", "CEM"), C(0, 1)),
    **dict.fromkeys(("RSTA", "RSTB", "RSTC", "RSTD", "RSTM", "RSTP", "RSTCTRL"), C(0, 1)),
    **dict.fromkeys(("RSTALUMODE", "RSTINMODE", "RSTALLCARRYIN"), C(0, 1)),
}
"""Inputs that are the same for every cell."""


class Dsp48e2Cell:
    """The cell as one DSP48E2: FOUR12, multiplier off, weights on A:B (X mux) and C (W mux), PCIN on Z.

    The spikes drive OPMODE, so that gating costs no logic at all. A, B, C, OPMODE and P have one register
    each.

    Source
    ------
    FireFly (Li et al., TVLSI 2023), section IV-B: C on the W mux, sums through PCIN. Primitive: AMD UG579.
    """

    @staticmethod
    def weights(m: Module, name: str, weights: Weights) -> tuple[Value, Value]:
        """Packs 2 x 4 weights to the 48 bits of A:B and of C; lane l in bits 12 l + 11 .. 12 l."""
        packed = [Signal(48, name=f"{port}_{name}") for port in ("ab", "c")]
        for signal, lanes in zip(packed, weights, strict=True):
            m.d.comb += signal.eq(Cat(_extend(lane, LANE_BITS) for lane in lanes))
        return packed[0], packed[1]

    @staticmethod
    def spikes(_m: Module, _name: str, spikes: Sequence[Value]) -> tuple[Value, Value]:
        """The two spikes as they are: OPMODE is registered in the primitive."""
        return spikes[0], spikes[1]

    @staticmethod
    def cell(
        m: Module, name: str, weights, spikes, carried: Value | None, *, stage: int, last: bool
    ) -> Value:
        """Adds one DSP48E2; *carried* is PCOUT of the cell before. Returns PCOUT, of the *last* cell P."""
        ab, c = weights
        x, w = spikes
        port = "P" if last else "PCOUT"
        result = Signal(48, name=f"{port.lower()}_{name}")
        first = stage == 0
        inputs = DSP48E2_INPUTS | {
            "CLK": ClockSignal(),
            "A": ab[18:],
            "B": ab[:18],
            "C": c,
            "PCIN": C(0, 48) if first else carried,
            # X: 0 or A:B; Y: 0; Z: PCIN but in the first cell; W: 0 or C.
            "OPMODE": Cat(x, x, C(0b00, 2), C(0b000 if first else 0b001, 3), w, w),
        }
        m.submodules[f"cell_{name}"] = Instance(
            "DSP48E2",
            **{f"p_{key}": value for key, value in DSP48E2_ATTRIBUTES.items()},
            **{f"i_{key}": value for key, value in inputs.items()},
            **{f"o_{port}": result},
        )
        return result


class FabricCell:
    """The cell in plain logic, same interface and timing.

    The sum of the two weights is made once for all cells that share them, so that a cell is a selection (one
    5-input function a bit) and one adder a channel. The sums grow along the cascade only as far as their
    range: 9 bits after the first cell, 12 after the eighth.
    """

    @staticmethod
    def weights(m: Module, name: str, weights: Weights) -> list[tuple[Value, Value, Value]]:
        """Registers, for each channel, the two weights and their sum."""
        operands = []
        for lane, (first, second) in enumerate(zip(*weights, strict=True)):
            a = Signal(signed(WEIGHT_BITS), name=f"a_{name}_{lane}", reset_less=True)
            b = Signal(signed(WEIGHT_BITS), name=f"b_{name}_{lane}", reset_less=True)
            both = Signal(signed(WEIGHT_BITS + 1), name=f"both_{name}_{lane}", reset_less=True)
            m.d.sync += [a.eq(first), b.eq(second), both.eq(first + second)]
            operands.append((a, b, both))
        return operands

    @staticmethod
    def spikes(m: Module, name: str, spikes: Sequence[Value]) -> Value:
        """Registers the two spikes."""
        gate = Signal(2, name=f"gate_{name}", reset_less=True)
        m.d.sync += gate.eq(Cat(*spikes))
        return gate

    @staticmethod
    def cell(
        m: Module, name: str, weights, spikes, carried: Value | None, *, stage: int, last: bool
    ) -> Value:
        """Adds four registered sums; returns them sign-extended to 12 bits each, as a 48-bit value."""
        bits = WEIGHT_BITS + (2 * stage + 1).bit_length()
        sums = []
        for lane, (a, b, both) in enumerate(weights):
            total = Signal(signed(bits), name=f"sum_{name}_{lane}", reset_less=True)
            addend = Mux(spikes[0], Mux(spikes[1], both, a), Mux(spikes[1], b, 0))
            before = 0 if carried is None else carried.word_select(lane, LANE_BITS).as_signed()
            m.d.sync += total.eq(before + addend)
            sums.append(_extend(total, LANE_BITS))
        return Cat(*sums)


CELLS = {"dsp48e2": Dsp48e2Cell, "fabric": FabricCell}


def cascade(m: Module, cell: str, name: str, weights: Sequence, spikes: Sequence) -> list[Value]:
    """Adds one cascade of prepared (weights, spikes) pairs; returns its four sums, signed(12).

    Stage k must be given its weights and spikes k cycles after stage 0. The sums follow ``len(weights) + 1``
    cycles after the operands of stage 0.
    """
    kind, total = CELLS[cell], None
    for stage, operands in enumerate(zip(weights, spikes, strict=True)):
        last = stage == len(weights) - 1
        total = kind.cell(m, f"{name}_{stage}", *operands, total, stage=stage, last=last)
    return [total[LANE_BITS * lane :][:LANE_BITS].as_signed() for lane in range(CHANNELS)]


@dataclass(frozen=True, kw_only=True, slots=True)
class CrossbarConfig:
    """Parameters of :class:`Crossbar`.

    Attributes
    ----------
    stages : int
        Cells in the cascade, 1..8; each adds two inputs.
    cell : {"dsp48e2", "fabric"}
        What a cell is made of.
    """

    stages: int = MAX_STAGES
    cell: Literal["dsp48e2", "fabric"] = "dsp48e2"

    def __post_init__(self) -> None:
        if not 1 <= self.stages <= MAX_STAGES:
            raise ValueError(
                f"stages must be in 1..{MAX_STAGES} (a 12-bit lane holds 16 int8 products), not {self.stages}"
            )
        if self.cell not in CELLS:
            raise ValueError(f"cell must be 'dsp48e2' or 'fabric', not {self.cell!r}")


class Crossbar(wiring.Component):
    """One cascade: ``sums[c] = sum of weights[k][i][c] where spikes[k][i]`` over stages k and inputs i.

    The array builds the same cascades flat; this component shows one of them alone.

    Ports
    -----
    weights : In(ArrayLayout(ArrayLayout(ArrayLayout(signed(8), 4), 2), stages))
        Stage, input of the stage, channel. Stage k is sampled k cycles after stage 0.
    spikes : In(ArrayLayout(2, stages))
        One bit for each input of a stage, sampled with its weights.
    sums : Out(ArrayLayout(signed(12), 4))
        One for each channel; exact, for no operands can it overflow.

    Timing
    ------
    Latency ``stages + 1`` cycles from the operands of stage 0 (two from those of the last stage), a new set
    of operands every cycle, no backpressure. The sums are undefined until real operands have gone through.

    Golden model
    ------------
    :func:`pyralis.sim.golden.snn.crossbar.crossbar`, bit exact.

    Source
    ------
    FireFly (Li et al., TVLSI 2023), Fig. 6: eight DSP48E2 make a 16 x 4 crossbar.
    """

    def __init__(self, config: CrossbarConfig) -> None:
        self.config = config
        cell = data.ArrayLayout(data.ArrayLayout(signed(WEIGHT_BITS), CHANNELS), 2)
        super().__init__({
            "weights": In(data.ArrayLayout(cell, config.stages)),
            "spikes": In(data.ArrayLayout(2, config.stages)),
            "sums": Out(data.ArrayLayout(signed(LANE_BITS), CHANNELS)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        kind, stages = CELLS[self.config.cell], range(self.config.stages)
        weights = [
            kind.weights(m, str(k), [[self.weights[k][i][c] for c in range(CHANNELS)] for i in range(2)])
            for k in stages
        ]
        spikes = [kind.spikes(m, str(k), [self.spikes[k][0], self.spikes[k][1]]) for k in stages]
        for lane, total in enumerate(cascade(m, self.config.cell, "cascade", weights, spikes)):
            m.d.comb += self.sums[lane].eq(total)
        return m
