"""The key equation of a binary BCH decoder: from the syndrome to the error locator polynomial.

The locator is Lambda(x) = (1 + X_1 x) (1 + X_2 x) .. up to a factor that is not 0, one X = alpha^k for each
wrong position k: k is wrong where Lambda(alpha^-k) = 0.
"""

from typing import Literal

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.gf import berlekamp, closed
from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.step import Part, Step

__all__ = ["KeyEquation", "key_equation"]

FORMS = {"closed": closed.parts, "bm": berlekamp.parts}
"""Ways to solve it."""


def key_equation(code: BchCode, t: int, form: Literal["closed", "bm"]) -> list[Step]:
    """Steps that find the locator of at most *t* errors; registers may stand between any two.

    Parameters
    ----------
    code : BchCode
    t : int
        Errors to look for, at most ``code.t``; only S_1 .. S_(2t - 1) are used.
    form : {"closed", "bm"}
        Determinants (:mod:`pyralis.hw.gf.closed`) or Berlekamp and Massey (:mod:`pyralis.hw.gf.berlekamp`).

    Raises
    ------
    ValueError
        *t* is not in 1 .. ``code.t``, or there is no such form.
    """
    return [Step(part) for part in _parts(code, t, form)]


class KeyEquation(wiring.Component):
    """All steps of the key equation in one block.

    Ports
    -----
    i : ``syndrome``, r bits for each channel that is used.
    o : ``locator[j]`` is the coefficient of x^j; ``degree`` the number of errors that it stands for, which is
        the length of the shortest recurrence of the syndromes; ``fail``: this length exceeds *t*, and locator
        and degree mean nothing. A syndrome of 0 gives a locator without roots, of degree 0.

    Raises
    ------
    ValueError
        As :func:`key_equation`.
    """

    def __init__(self, code: BchCode, t: int, form: Literal["closed", "bm"]) -> None:
        self._parts = _parts(code, t, form)
        super().__init__({"i": In(self._parts[0].before), "o": Out(self._parts[-1].after)})

    @property
    def levels(self) -> int:
        """Two-input gates on the longest path, at most."""
        return sum(part.levels for part in self._parts)

    def elaborate(self, platform) -> Module:
        m = Module()
        before = self.i
        for index, part in enumerate(self._parts):
            last = index == len(self._parts) - 1
            after = self.o if last else Signal(part.after, name=f"record_{index}")
            part.build(m, before, after)
            before = after
        return m


def _parts(code: BchCode, t: int, form: str) -> list[Part]:
    if not 1 <= t <= code.t:
        raise ValueError(f"t must be in 1..{code.t}, the errors that the code corrects, not {t}.")
    if form not in FORMS:
        raise ValueError(f"The key equation has the forms {', '.join(FORMS)}, not {form!r}.")
    return FORMS[form](code, t)
