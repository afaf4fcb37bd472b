"""The phase-locked loop of the ECP5: a clock of almost any frequency from the board's oscillator.

The reference ``oscillator / reference_div`` and the feedback output ``vco / feedback_output_div``, divided by
``feedback_div``, meet in the phase detector; a second output, ``vco / output_div``, is the clock. So the VCO
runs at any multiple of the reference, and the clock at any integer part of that.

Source: Lattice FPGA-DS-02012 (ECP5 and ECP5-5G family data sheet), table "sysCLOCK PLL Timing", and
FPGA-TN-02200 (sysCLOCK PLL/DLL design and usage guide). The attributes for the loop filter and the
connections are those of Project Trellis (ecppll), which has them from Lattice's own generator.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product

from amaranth import Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Pll", "PllSettings", "settings_for"]

INPUT_MHZ = (8, 400)
OUTPUT_MHZ = (Fraction(25, 8), 400)
DETECTOR_MHZ = (10, 400)
VCO_MHZ = (400, 800)
"""Lowest and highest frequencies at the PLL's input, outputs, phase detector and oscillator."""

DIVIDERS = range(1, 129)
FEEDBACK_DIVIDERS = range(1, 81)

MIDDLE_MHZ = 600
"""Of the ways to one clock, that with the VCO nearest to the middle of its range is taken."""

TOLERANCE = Fraction(1, 10_000)
"""How far from the wanted clock another one still counts as that: 66.667 MHz means 200/3 MHz."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PllSettings:
    """Dividers of the PLL.

    Attributes
    ----------
    oscillator_mhz : Fraction
        At its input.
    reference_div, feedback_div, feedback_output_div, output_div : int
        As the module's text names them.
    """

    oscillator_mhz: Fraction
    reference_div: int
    feedback_div: int
    feedback_output_div: int
    output_div: int

    @property
    def detector_mhz(self) -> Fraction:
        return self.oscillator_mhz / self.reference_div

    @property
    def vco_mhz(self) -> Fraction:
        return self.detector_mhz * self.feedback_div * self.feedback_output_div

    @property
    def feedback_mhz(self) -> Fraction:
        return self.vco_mhz / self.feedback_output_div

    @property
    def clock_mhz(self) -> Fraction:
        return self.vco_mhz / self.output_div


def settings_for(oscillator_mhz: float, clock_mhz: float) -> PllSettings:
    """Settings that make *clock_mhz* from *oscillator_mhz*.

    Raises ValueError, naming the nearest clocks that can be made, if this one cannot.
    """
    oscillator = Fraction(str(oscillator_mhz))
    if not INPUT_MHZ[0] <= oscillator <= INPUT_MHZ[1]:
        low, high = INPUT_MHZ
        raise ValueError(f"oscillator_mhz must be in {low}..{high}, not {oscillator_mhz:g}")
    wanted = Fraction(str(clock_mhz))
    ways = _ways(oscillator)
    nearest = min(ways, key=lambda clock: (abs(clock - wanted), clock))
    if abs(nearest - wanted) > TOLERANCE * wanted:
        below = max((clock for clock in ways if clock < wanted), default=None)
        above = min((clock for clock in ways if clock > wanted), default=None)
        near = " and ".join(f"{float(clock):.6g}" for clock in (below, above) if clock is not None)
        raise ValueError(
            f"clock_mhz must be one that the PLL can make from {oscillator_mhz:g} MHz, not {clock_mhz:g}; "
            f"nearest: {near}"
        )
    return ways[nearest]


@cache
def _ways(oscillator: Fraction) -> dict[Fraction, PllSettings]:
    """Every clock that can be made, and the best way to it."""
    loops: dict[Fraction, tuple[int, int, int]] = {}
    references = [div for div in DIVIDERS if DETECTOR_MHZ[0] <= oscillator / div <= DETECTOR_MHZ[1]]
    for reference, feedback, output in product(references, FEEDBACK_DIVIDERS, DIVIDERS):
        back = oscillator * feedback / reference
        if VCO_MHZ[0] <= back * output <= VCO_MHZ[1] and OUTPUT_MHZ[0] <= back <= OUTPUT_MHZ[1]:
            # The smallest dividers: the detector compares most often.
            loops.setdefault(back * output, (reference, feedback, output))
    ways: dict[Fraction, PllSettings] = {}
    for vco, (reference, feedback, output) in sorted(
        loops.items(), key=lambda loop: (abs(loop[0] - MIDDLE_MHZ), loop[0])
    ):
        for div in DIVIDERS:
            if OUTPUT_MHZ[0] <= vco / div <= OUTPUT_MHZ[1]:
                found = PllSettings(
                    oscillator_mhz=oscillator,
                    reference_div=reference,
                    feedback_div=feedback,
                    feedback_output_div=output,
                    output_div=div,
                )
                ways.setdefault(vco / div, found)
    return ways


class Pll(wiring.Component):
    """The primitive EHXPLLL.

    Ports
    -----
    oscillator : In(1)
        Clock in.
    clock : Out(1)
        Clock out.
    locked : Out(1)
        The clock has its frequency; asynchronous.

    Parameters
    ----------
    settings : PllSettings
    """

    def __init__(self, settings: PllSettings) -> None:
        self.settings = settings
        super().__init__({"oscillator": In(1), "clock": Out(1), "locked": Out(1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        s = self.settings
        feedback = Signal()
        m.submodules.primitive = Instance(
            "EHXPLLL",
            a_FREQUENCY_PIN_CLKI=f"{float(s.oscillator_mhz):g}",
            a_FREQUENCY_PIN_CLKOP=f"{float(s.feedback_mhz):g}",
            a_FREQUENCY_PIN_CLKOS=f"{float(s.clock_mhz):g}",
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            p_PLLRST_ENA="DISABLED",
            p_INTFB_WAKE="DISABLED",
            p_STDBY_ENABLE="DISABLED",
            p_DPHASE_SOURCE="DISABLED",
            p_OUTDIVIDER_MUXA="DIVA",
            p_OUTDIVIDER_MUXB="DIVB",
            p_OUTDIVIDER_MUXC="DIVC",
            p_OUTDIVIDER_MUXD="DIVD",
            p_CLKI_DIV=s.reference_div,
            p_CLKFB_DIV=s.feedback_div,
            p_FEEDBK_PATH="CLKOP",
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_DIV=s.feedback_output_div,
            p_CLKOP_CPHASE=s.feedback_output_div // 2,
            p_CLKOP_FPHASE=0,
            p_CLKOS_ENABLE="ENABLED",
            p_CLKOS_DIV=s.output_div,
            p_CLKOS_CPHASE=0,
            p_CLKOS_FPHASE=0,
            i_RST=0,
            i_STDBY=0,
            i_CLKI=self.oscillator,
            i_CLKFB=feedback,
            i_PHASESEL0=0,
            i_PHASESEL1=0,
            i_PHASEDIR=1,
            i_PHASESTEP=1,
            i_PHASELOADREG=1,
            i_PLLWAKESYNC=0,
            i_ENCLKOP=0,
            o_CLKOP=feedback,
            o_CLKOS=self.clock,
            o_LOCK=self.locked,
        )
        return m
