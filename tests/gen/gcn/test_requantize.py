"""Epilogues that are chosen: results stand for the real values within half a unit, and fields hold."""

import numpy as np
import pytest

from pyralis.gen.gcn.evaluate import epilogue
from pyralis.gen.gcn.intnetwork import RANGES, Epilogue
from pyralis.gen.gcn.requantize import Target, candidates


def case(seed: int, nodes=50, width=6):
    rng = np.random.default_rng(seed)
    unit, sums = 10.0 ** rng.uniform(-6, 3), rng.integers(-60_000, 60_000, (nodes, width))
    factor = 10.0 ** rng.uniform(-1.5, 0, nodes) if seed % 2 else 10.0 ** rng.uniform(-2, 2)
    real = sums * unit * (factor[:, None] if np.ndim(factor) else factor)
    bias = rng.normal(size=width) * np.abs(real).max() / 3 if seed % 3 else None
    extra = rng.integers(0, 256, (nodes, width)) if seed % 4 else None
    extra_unit = float(np.abs(real).max() / 500)
    real = real + (0 if bias is None else bias) + (0 if extra is None else extra * extra_unit)
    relu = seed % 5 > 2
    return sums, unit, factor, bias, extra, extra_unit, np.maximum(real, 0) if relu else real, relu


@pytest.mark.parametrize("requantisation", ["power-of-two", "full"])
@pytest.mark.parametrize("output", ["int8", "uint8", "int16"])
@pytest.mark.parametrize("seed", range(12))
def test_results_stand_for_the_reals(seed, output, requantisation):
    sums, unit, factor, bias, extra, extra_unit, real, relu = case(seed)
    peak = float(np.abs(real).max())
    target = Target(
        unit=unit,
        factor=factor,
        peak=peak,
        bias=bias,
        extra=None if extra is None else "e",
        extra_unit=extra_unit,
        relu=relu,
        output=output,
    )
    settings, step = candidates(target, requantisation)[0]
    rows, saturated = epilogue(sums, settings, extra)
    low, top = RANGES[output]
    exact = real / step
    others = 0 if extra is None else np.abs(extra)  # each integer in the epilogue is off by a half at most
    slack = 0.5 + 0.501 * (np.abs(sums) + others + (1 << settings.bias_shift)) / 2.0**settings.shift
    assert (np.abs(rows - exact.clip(low, top)) <= slack).all()
    assert slack.max() < (150 if output == "int16" else 1.5)
    assert saturated <= np.count_nonzero((exact < low + slack) | (exact > top - slack))
    used = peak / step / top
    assert (0.499 if requantisation == "power-of-two" else 0.999) < used <= 1 + 0.5 / top


def test_one_factor_is_a_power_of_two():
    target = Target(unit=0.3, factor=1.0, peak=900.0, bias=np.array([1.0]))
    for settings, unit in candidates(target, "power-of-two"):
        assert settings.scale & settings.scale - 1 == 0
        assert np.log2(unit / 0.3) == round(np.log2(unit / 0.3))


def test_sums_that_fit_stay_as_they_are():
    target = Target(unit=0.25, factor=1.0, peak=31.5, output="int8")
    for mode in ("power-of-two", "full"):
        settings, unit = candidates(target, mode)[0]
        assert (settings.scale, settings.shift, settings.bias, unit) == (1, 0, None, 0.25)
    target = Target(unit=0.25, factor=1.0, peak=32.0, output="int8")
    assert candidates(target, "full")[0][0].shift > 0


def test_later_candidates_are_coarser():
    target = Target(unit=1e-3, factor=np.array([1.0, 0.1]), peak=50.0, bias=np.array([3.0, -5.0]))
    found = candidates(target, "power-of-two")
    assert [int(np.max(settings.scale)) for settings, _ in found][:4] == [65535, 32767, 16383, 8191]
    assert all(isinstance(settings, Epilogue) for settings, _ in found)


def test_a_bias_beyond_all_fields_has_no_epilogue():
    assert not candidates(Target(unit=1e-9, factor=1.0, peak=1e-9, bias=np.array([-1e12]), relu=True), "full")


def test_nothing_but_zeros():
    settings, unit = candidates(Target(unit=0.5, factor=np.zeros(3), peak=0.0), "power-of-two")[0]
    assert (settings.scale.tolist(), unit > 0) == ([0, 0, 0], True)
