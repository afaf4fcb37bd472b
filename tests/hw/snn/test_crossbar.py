"""RTL of pyralis.hw.snn.crossbar against pyralis.sim.golden.snn.crossbar (pytest side)."""

import pytest
import torch

from pyralis.hw.snn.crossbar import Crossbar, CrossbarConfig
from pyralis.sim.bench import build
from pyralis.sim.golden.snn.crossbar import crossbar

DSP48E2 = build.MODELS / "DSP48E2.v"


@pytest.fixture(autouse=True)
def _private_signals(monkeypatch):
    """Keeps Verilator from publishing every port of every primitive, which takes minutes to compile."""
    arguments = [*build.VERILATOR_ARGS, "--no-public-flat-rw", "--public-depth", "1"]
    monkeypatch.setattr(build, "VERILATOR_ARGS", arguments)


@pytest.mark.parametrize("cell", ["dsp48e2", "fabric"])
@pytest.mark.parametrize("stages", [1, 3, 8])
def test_against_golden(cell, stages):
    build.run_cocotb(Crossbar(CrossbarConfig(stages=stages, cell=cell)), "cocotb_crossbar", extra=[DSP48E2] if cell == "dsp48e2" else [])


def test_golden_against_a_matrix_product():
    weights, spikes = torch.randint(-128, 128, (50, 16, 4)), torch.randint(0, 2, (50, 16))
    product = torch.bmm(spikes[:, None].double(), weights.double())[:, 0]
    assert torch.equal(crossbar(weights, spikes).double(), product)


def test_config_rejects_a_cascade_that_could_overflow():
    with pytest.raises(ValueError, match=r"stages must be in 1\.\.8 \(a 12-bit lane holds 16 int8 products\), not 9"):
        CrossbarConfig(stages=9)


def test_config_rejects_an_unknown_cell():
    with pytest.raises(ValueError, match="cell must be 'dsp48e2' or 'fabric', not 'dsp58'"):
        CrossbarConfig(cell="dsp58")
