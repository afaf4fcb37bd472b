import pytest
from circuits import COUNTER, compared, two_step

from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.synthesis.flows import FAMILIES, GATE_SETS, map_gates, map_luts

LOOP = """
module top(input a, input b, output y);
wire u, v;
assign u = (v & a) | b;
assign v = u ^ b;
assign y = v;
endmodule
"""

HIDDEN_LOOP = """
(* keep_hierarchy = "yes" *)
module half(input a, input b, output y);
assign y = a & b;
endmodule
module top(input a, output y);
wire u;
half left(.a(a), .b(y), .y(u));
half right(.a(u), .b(a), .y(y));
endmodule
"""


def test_two_identical_kept_copies_survive():
    single = map_gates(two_step(8), "multiplier").netlist
    double = map_gates(compared(8), "top").netlist
    assert len(double.gates_within("x0")) == len(double.gates_within("x1")) == single.gate_count
    assert double.block_counts["x0.p"] == single.block_counts["p"]
    assert double.gate_count == 2 * single.gate_count + double.block_counts[""]


def test_without_the_attribute_one_copy_is_left():
    # What the test above would not see if it could not fail: the comparison folds to a constant.
    single = map_gates(two_step(8, kept=False), "multiplier").netlist
    double = map_gates(compared(8, kept=False), "top").netlist
    assert double.blocks == ("",)
    assert double.gate_count < 1.1 * single.gate_count


def test_the_multiplier_of_45_bits_has_the_known_size():
    mapped = map_gates(two_step(45), "multiplier")
    assert mapped.netlist.gate_count == pytest.approx(4119, rel=0.02)
    assert mapped.netlist.gate_equivalents == pytest.approx(6740, rel=0.03)
    assert mapped.netlist.levels <= 12
    assert mapped.gates == GATE_SETS["and_xor"]
    assert mapped.netlist.levels_within("r") < mapped.netlist.levels_within("p") < mapped.netlist.levels


def test_the_structure_has_the_gates_of_the_text():
    netlist = map_gates(two_step(45), "multiplier", structural=True).netlist
    assert netlist.kind_counts == {"AND": 45 * 45, "XOR": 44 * 44 + netlist.block_counts["r"]}
    assert netlist.block_counts["p"] == 45 * 45 + 44 * 44


@pytest.mark.parametrize(
    ("gates", "kinds"), [("nand", {"NOT", "NAND", "XNOR"}), ("AND,XOR", {"NOT", "AND", "XOR"})]
)
def test_other_gates(gates, kinds):
    netlist = map_gates(two_step(8), "multiplier", gates=gates).netlist
    assert set(netlist.kind_counts) <= kinds
    assert netlist.gate_count > 100


@pytest.mark.parametrize("structural", [False, True])
def test_enable_and_reset_become_gates(structural):
    netlist = map_gates(COUNTER, "top", structural=structural).netlist
    assert netlist.flip_flop_count == 5
    assert sorted(netlist.ff_init.tolist()) == [0, 0, 1, 1, 1]
    assert set(netlist.inputs) == {"rst", "en", "step"}
    assert netlist.clock == "clk"
    assert netlist.gate_count > 20


@pytest.mark.parametrize("family", FAMILIES)
def test_tables_of_two_kept_copies(family):
    report = map_luts(compared(8), "top", family)
    assert report.blocks["x0.p"] == report.blocks["x1.p"]
    assert report.luts == sum(n for name, n in report.cells.items() if name.startswith("LUT"))
    assert 88 <= report.luts <= 200
    assert report.flip_flops == 0
    assert 3 <= report.levels <= 12
    assert sum(map(sum, (cells.values() for cells in report.blocks.values()))) == sum(report.cells.values())


def test_flip_flops_of_an_fpga():
    report = map_luts(COUNTER, "top", "ecp5")
    assert report.flip_flops == 5
    assert report.luts >= 5


def test_a_loop_is_refused():
    with pytest.raises(UserError, match=r"Found logic loop in module top\."):
        map_gates(LOOP, "top")
    with pytest.raises(UserError, match=r"combinational loop of 2 cells, through y, left\."):
        map_gates(HIDDEN_LOOP, "top")


def test_an_undriven_net_does_not_become_zero():
    text = "module top(input a, output y);\nwire u;\nassign y = a ^ u;\nendmodule\n"
    with pytest.raises(UserError, match=r"Wire top\.u is used but has no driver\."):
        map_gates(text, "top")
    with pytest.raises(UserError, match=r"Wire top\.u is used but has no driver\."):
        map_luts(text, "top", "ecp5")


def test_latches_are_refused():
    text = "module top(input a, input e, output reg y);\nalways @* if (e) y = a;\nendmodule\n"
    with pytest.raises(ToolError, match="D latches are not supported"):
        map_gates(text, "top")


def test_broken_text():
    with pytest.raises(ToolError, match="syntax error") as caught:
        map_gates("module top(input a, output y);\nassign y = ;\nendmodule\n", "top")
    assert caught.value.log.endswith("yosys.log")


def test_an_unknown_family():
    with pytest.raises(UserError, match="no FPGA family 'ice40'") as caught:
        map_luts(COUNTER, "top", "ice40")
    assert caught.value.hint == "have: xcup, xc7, ecp5"
