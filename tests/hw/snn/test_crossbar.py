"""RTL of pyralis.hw.snn.crossbar against pyralis.sim.golden.snn.crossbar (pytest side)."""

import os
from pathlib import Path

import pytest
import torch

from pyralis.hw.snn.crossbar import Crossbar, CrossbarConfig
from pyralis.sim.bench import build
from pyralis.sim.golden.snn.crossbar import crossbar

DSP48E2 = build.MODELS / "DSP48E2.v"


@pytest.mark.parametrize("cell", ["dsp48e2", "fabric"])
@pytest.mark.parametrize("stages", [1, 3, 8])
def test_against_golden(cell, stages):
    build.run_cocotb(
        Crossbar(CrossbarConfig(stages=stages, cell=cell)),
        "cocotb_crossbar",
        extra=[DSP48E2] if cell == "dsp48e2" else [],
    )


# A primitive whose control inputs can be spoilt one at a time.
MISUSED = """
module misused #(parameter SIMD = "FOUR12", MULT = "NONE") (
    input clk, rst, input [8:0] opmode, input [3:0] alumode, input [4:0] inmode, input carryin, hold, rstp,
    output [47:0] p
);
  DSP48E2 #(.USE_SIMD(SIMD), .USE_MULT(MULT), .MREG(0)) cell_0 (
    .CLK(clk), .A(30'd1), .B(18'd2), .C(48'd3), .PCIN(48'd4), .P(p), .OPMODE(opmode), .ALUMODE(alumode),
    .INMODE(inmode), .CARRYIN(carryin), .CARRYINSEL(3'd0), .CEA2(1'b1), .CEB2(1'b1), .CEC(1'b1),
    .CEP(!hold), .CECTRL(1'b1), .CEALUMODE(1'b1), .CEINMODE(1'b1), .CECARRYIN(1'b1), .CEA1(1'b0),
    .CEB1(1'b0), .CEAD(1'b0), .CED(1'b0), .CEM(1'b0), .RSTA(1'b0), .RSTB(1'b0), .RSTC(1'b0), .RSTD(1'b0),
    .RSTM(1'b0), .RSTP(rstp), .RSTCTRL(1'b0), .RSTALUMODE(1'b0), .RSTINMODE(1'b0), .RSTALLCARRYIN(1'b0),
    .ACIN(30'd0), .BCIN(18'd0), .D(27'd0), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0)
  );
endmodule
"""


def misuse(setting: str, parameters=None) -> None:
    """Runs the primitive with one input set to a value (``name=number``), the others as they are emitted."""
    runner, folder = build.build({"misused.v": MISUSED}, "misused", extra=[DSP48E2], parameters=parameters)
    runner.test(
        hdl_toplevel="misused",
        test_module="cocotb_dsp48e2",
        test_dir=folder,
        build_dir=folder,
        results_xml=str(folder / "results.xml"),
        extra_env={"SETTING": setting, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent)])},
    )


def test_model_accepts_every_mode_that_is_emitted():
    misuse("opmode=0")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("opmode=0b010000000", "OPMODE 010000000 is not modelled"),  # W = P
        ("opmode=0b100000000", "OPMODE 100000000 is not modelled"),  # W = RND
        ("opmode=0b000100000", "OPMODE 000100000 is not modelled"),  # Z = P
        ("opmode=0b000001100", "OPMODE 000001100 is not modelled"),  # Y = C
        ("opmode=0b000000001", "OPMODE 000000001 is not modelled"),  # X = M
        ("alumode=0b0011", "ALUMODE must be 0000, not 0011"),
        ("inmode=0b10001", "INMODE must be 00000, not 10001"),
        ("carryin=1", "CARRYINSEL must be 000 and CARRYIN 0, not 000 and 1"),
        ("hold=1", "the clock enables of registers in use must be 1"),
        ("rstp=1", "the resets of registers in use must be 0"),
    ],
)
def test_model_stops_on_a_setting_that_is_not_emitted(setting, message, capfd):
    with pytest.raises((SystemExit, RuntimeError)):
        misuse(setting)
    assert f"DSP48E2 model: {message}" in "".join(capfd.readouterr())


def test_model_stops_on_an_attribute_that_is_not_emitted(capfd):
    with pytest.raises((SystemExit, RuntimeError)):
        misuse("opmode=0", {"SIMD": '"ONE48"'})
    assert "DSP48E2 model: USE_SIMD must be FOUR12" in "".join(capfd.readouterr())


def test_golden_against_a_matrix_product():
    weights, spikes = torch.randint(-128, 128, (50, 16, 4)), torch.randint(0, 2, (50, 16))
    product = torch.bmm(spikes[:, None].double(), weights.double())[:, 0]
    assert torch.equal(crossbar(weights, spikes).double(), product)


def test_config_rejects_a_cascade_that_could_overflow():
    with pytest.raises(
        ValueError, match=r"stages must be in 1\.\.8 \(a 12-bit lane holds 16 int8 products\), not 9"
    ):
        CrossbarConfig(stages=9)


def test_config_rejects_an_unknown_cell():
    with pytest.raises(ValueError, match="cell must be 'dsp48e2' or 'fabric', not 'dsp58'"):
        CrossbarConfig(cell="dsp58")
