"""Settings of the PLL against every setting there is."""

from fractions import Fraction
from itertools import pairwise, product

import pytest

from pyralis.boards.ulx3s.pll import PllSettings, settings_for

LIMITS = {
    "detector_mhz": (10, 400),
    "vco_mhz": (400, 800),
    "feedback_mhz": (3.125, 400),
    "clock_mhz": (3.125, 400),
}


def legal(settings: PllSettings) -> bool:
    """Source: FPGA-DS-02012, sysCLOCK PLL Timing."""
    return all(low <= getattr(settings, name) <= high for name, (low, high) in LIMITS.items())


@pytest.mark.parametrize("clock", [62.5, 100, 60, 66.667, 25, 3.125, 400, 50, 80, 12.5, 133.333])
def test_a_clock_is_made_within_the_limits(clock):
    settings = settings_for(25, clock)
    assert legal(settings)
    assert float(settings.clock_mhz) == pytest.approx(clock, rel=1e-4)
    dividers = (settings.reference_div, settings.feedback_output_div, settings.output_div)
    assert all(1 <= div <= 128 for div in dividers) and 1 <= settings.feedback_div <= 80


def test_every_clock_that_can_be_made_is_made_and_no_other():
    # With 25 MHz the reference is 25 or 12.5 MHz, so the VCO runs at multiples of 12.5 MHz.
    clocks = {Fraction(25, 2) * n / div for n, div in product(range(32, 65), range(1, 129))}
    clocks = sorted(clock for clock in clocks if 60 <= clock <= 70)
    assert len(clocks) > 20
    for clock, following in pairwise(clocks):
        assert settings_for(25, float(clock)).clock_mhz == clock
        between = float(clock + following) / 2
        if following - clock > clock / 1000:
            with pytest.raises(ValueError, match="nearest"):
                settings_for(25, between)


def test_brute_force_finds_nothing_nearer():
    oscillator, wanted = Fraction(48), Fraction("61.44")
    clocks = {
        oscillator * feedback * output / reference / div
        for reference, feedback, output in product(range(1, 5), range(1, 81), range(1, 129))
        if 400 <= oscillator * feedback * output / reference <= 800
        and 3.125 <= oscillator * feedback / reference <= 400
        for div in range(1, 129)
    }
    below, above = max(c for c in clocks if c < wanted), min(c for c in clocks if c > wanted)
    with pytest.raises(ValueError, match=f"nearest: {float(below):.6g} and {float(above):.6g}$"):
        settings_for(48, 61.44)
    assert settings_for(48, float(above)).clock_mhz == above


@pytest.mark.parametrize(
    ("clock", "sentence"),
    [
        (61.3, "not 61.3; nearest: 61.25 and 61.3636"),
        (1, "not 1; nearest: 3.125"),
        (500, "not 500; nearest: 400"),
    ],
)
def test_what_it_cannot_make_names_the_nearest(clock, sentence):
    with pytest.raises(ValueError, match="clock_mhz") as caught:
        settings_for(25, clock)
    assert str(caught.value) == f"clock_mhz must be one that the PLL can make from 25 MHz, {sentence}"


def test_an_oscillator_out_of_range():
    with pytest.raises(ValueError, match=r"oscillator_mhz must be in 8\.\.400, not 5"):
        settings_for(5, 62.5)
