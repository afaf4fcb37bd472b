"""Parameters of a protected multiplier."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Literal, get_args

from pyralis.hw.gf.code import BchCode, product_code, residue_code
from pyralis.hw.gf.field import BitOrder, Gf2m

__all__ = [
    "Corrector",
    "GfConfig",
    "KeyEquationForm",
    "LocatorForm",
    "MultiplierName",
    "PredictorForm",
    "Protection",
]

MultiplierName = Literal["two_step", "mastrovito", "karatsuba", "digit_serial"]
Protection = Literal["none", "dwc", "diverse_dwc", "tmr", "hamming", "majority", "product_bch", "residue_bch"]
Corrector = Literal["none", "combinational", "pipelined", "folded"]
KeyEquationForm = Literal["auto", "closed", "bm"]
LocatorForm = Literal["auto", "chien", "affine"]
PredictorForm = Literal["auto", "product", "lfsr", "rows"]

CODED = ("hamming", "majority", "product_bch", "residue_bch")
"""Protections that predict check bits."""


@dataclass(frozen=True, kw_only=True)
class GfConfig:
    """A multiplier and its protection.

    Attributes
    ----------
    m : int
        Bits of an element.
    polynomial : int
        Of the field; 0 takes the standard's or the sparsest one.
    order : {"polynomial", "ghash"}
        Bit order of operands and product at the chip's ports.
    multiplier : {"two_step", "mastrovito", "karatsuba", "digit_serial"}
    digit : int
        Bits of an operand a cycle, of ``digit_serial``.
    stages : int
        Registers inside the multiplier; 0 is combinational. Not of ``digit_serial``.
    protect : {"none", "dwc", "diverse_dwc", "tmr", "hamming", "majority", "product_bch", "residue_bch"}
    t : int
        Errors that the code is able to correct (``hamming``: 1).
    correct : int
        Errors that are corrected, at most *t*; more, up to 2 *t* - *correct*, are detected. 0 only detects.
    corrector : {"none", "combinational", "pipelined", "folded"}
        ``folded`` works a few hundred cycles, and only when there is an error.
    levels : int
        Gate levels between registers that ``pipelined`` aims at.
    key_equation, locator, predictor : str
        Which form of a block; ``auto`` takes the smaller one by measured gates.
    points : int
        Positions a cycle that ``folded`` searches.
    duplicate : bool or None
        Two predictors, compared. None: where a fault of one could be taken for an error of the product.
    post_check : bool
        Compare the outcome with the raw product when no error is flagged; ``alarm`` tells a difference.
    separate_operands : bool
        The predictor has operand inputs of its own, so that faults of an operand register are found.
    inject : bool
        An error-injection port on every protected net.

    Raises
    ------
    ValueError
        A value is out of range, or two of them exclude each other.
    """

    m: int = 45
    polynomial: int = 0
    order: BitOrder = "polynomial"
    multiplier: MultiplierName = "two_step"
    digit: int = 8
    stages: int = 0
    protect: Protection = "residue_bch"
    t: int = 1
    correct: int = 1
    corrector: Corrector = "combinational"
    levels: int = 14
    key_equation: KeyEquationForm = "auto"
    locator: LocatorForm = "auto"
    predictor: PredictorForm = "auto"
    points: int = 1
    duplicate: bool | None = None
    post_check: bool = True
    separate_operands: bool = False
    inject: bool = False

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
        object.__setattr__(self, "polynomial", self.field.polynomial)
        self._check_multiplier()
        self._check_protection()

    def _check_multiplier(self) -> None:
        if self.multiplier == "digit_serial" and not 1 <= self.digit <= self.m:
            raise ValueError(f"digit must be in 1..m = 1..{self.m}, not {self.digit}.")
        if self.stages < 0 or (self.stages and self.multiplier == "digit_serial"):
            raise ValueError(
                f"stages must be 0 for digit_serial and at least 0 otherwise, not {self.stages}."
            )

    def _check_protection(self) -> None:
        if self.protect == "residue_bch" and self.multiplier == "mastrovito":
            raise ValueError(
                "residue_bch needs the unreduced product, which mastrovito never forms; "
                "take two_step or karatsuba, or product_bch."
            )
        if self.protect == "hamming" and self.t != 1:
            raise ValueError(f"hamming corrects t = 1, not {self.t}; product_bch offers more.")
        if self.protect not in CODED:
            return
        positions = self.code.length if self.protect != "majority" else 1
        if not 0 <= self.correct <= self.t:
            raise ValueError(f"correct must be in 0..t = 0..{self.t}, not {self.correct}.")
        if (self.correct == 0) != (self.corrector == "none"):
            raise ValueError(
                f"correct = {self.correct} and corrector = {self.corrector!r} exclude each other; detecting "
                "only is correct = 0 with corrector = 'none'."
            )
        if self.corrector == "pipelined" and self.multiplier == "digit_serial":
            raise ValueError(
                "digit_serial gives a product every few cycles, so that a pipelined corrector would mostly "
                "wait; take corrector = 'combinational' or 'folded'."
            )
        if self.protect == "majority" and (self.correct not in (0, self.t) or self.corrector == "folded"):
            raise ValueError(
                f"majority corrects t = {self.t} errors or none, without a folded corrector; not "
                f"correct = {self.correct} with corrector = {self.corrector!r}."
            )
        if self.levels < 1:
            raise ValueError(f"levels must be at least 1, not {self.levels}.")
        if self.protect != "majority" and not 1 <= self.points <= positions:
            raise ValueError(
                f"points must be in 1..{positions}, the positions of the code, not {self.points}."
            )

    @cached_property
    def field(self) -> Gf2m:
        """The field of the operands."""
        return Gf2m(self.m, self.polynomial, order=self.order)

    @cached_property
    def code(self) -> BchCode:
        """The code, for the protections that have a BCH code; ValueError for the others."""
        if self.protect == "residue_bch":
            return residue_code(self.m, self.t)
        if self.protect in ("product_bch", "hamming"):
            return product_code(self.m, self.t)
        raise ValueError(f"{self.protect} has no BCH code.")


_CHOICES = {
    entry.name: get_args(kind)
    for entry in fields(GfConfig)
    for kind in [entry.type]
    if get_args(kind) and all(isinstance(choice, str) for choice in get_args(kind))
}
