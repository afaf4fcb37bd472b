import pytest
from circuits import COUNTER, powers

from pyralis.gen.synthesis.algebra import hankel_form, prove_bilinear
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.unroll import unrolled
from pyralis.sim.netlist.evaluate import Evaluator, pack, unpack

# One bit of b a cycle, the highest first; the polynomial is that of AES.
BIT_SERIAL = """
module top(input clk, input start, input [7:0] a, input [7:0] b, output reg [7:0] c);
reg [7:0] left;
wire [7:0] shifted = {c[6:0], 1'b0} ^ (c[7] ? 8'h1b : 8'h00);
always @(posedge clk) begin
    left <= start ? b : {left[6:0], 1'b0};
    c <= start ? 8'h00 : shifted ^ (left[7] ? a : 8'h00);
end
endmodule
"""


def schedule(cycles: int) -> list[dict[str, int]]:
    return [{"start": 1}, *({"start": 0} for _ in range(cycles))]


def test_a_serial_multiplier_is_proven():
    netlist = map_gates(BIT_SERIAL, "top").netlist
    forms = [
        hankel_form(sum((power >> j & 1) << k for k, power in enumerate(powers(8))), 8, 8) for j in range(8)
    ]
    flat = unrolled(netlist, schedule(9))
    assert flat.flip_flop_count == 0
    assert flat.inputs.keys() == {"a", "b"}
    assert prove_bilinear(flat, forms)
    early = prove_bilinear(unrolled(netlist, schedule(8)), forms)
    assert early.counterexample.output == "c[0]"


def test_the_same_as_step_by_step():
    netlist = map_gates(COUNTER, "top").netlist
    steps = pack(range(16), 4)
    cycles = [{"rst": rst, "en": en} for rst, en in [(0, 1), (0, 1), (1, 0), (0, 0), (0, 1), (0, 1)]]
    evaluator = Evaluator(netlist)
    state = evaluator.initial_state(1)
    for number, values in enumerate(cycles, 1):
        planes = {port: pack([value] * 64, 1) for port, value in values.items()}
        outputs, state = evaluator.step({**planes, "step": steps}, state)
        flat = Evaluator(unrolled(netlist, cycles[:number])).run({"step": steps})
        for port, expected in outputs.items():
            assert unpack(flat[port], 16) == unpack(expected, 16)
    assert unpack(outputs["count"], 16) == [3 + step & 15 for step in range(16)]


def test_levels_and_blocks():
    netlist = map_gates(COUNTER, "top").netlist
    flat = unrolled(netlist, [{"rst": 0, "en": 1}] * 4)
    assert flat.gate_count == 4 * netlist.gate_count
    assert (flat.level[1:] >= flat.level[:-1]).all()
    assert (flat.net_level[flat.fanin].max(axis=1) + 1 == flat.level).all()
    assert flat.levels > netlist.levels
    assert flat.blocks == netlist.blocks


def test_cycles_that_do_not_fit():
    netlist = map_gates(COUNTER, "top").netlist
    with pytest.raises(ValueError, match="there must be at least one cycle"):
        unrolled(netlist, [])
    with pytest.raises(
        ValueError, match="cycle 1 sets none; every cycle must set the same ones of rst, en, step"
    ):
        unrolled(netlist, [{"rst": 0}, {}])
    with pytest.raises(ValueError, match="cycle 0 sets go;"):
        unrolled(netlist, [{"go": 0}])
