"""Cells of a core, module by module: the same as of the whole, and where they are."""

import pytest

from pyralis.gen.boards.vivado import bymodule
from pyralis.gen.boards.vivado.bymodule import Counted, count_modules, total, within
from pyralis.gen.boards.vivado.primitives import count_cells
from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis import yosys
from pyralis.hw.gcn.tasks import Tasks

NESTED = """
module leaf(input clk, r, input [3:0] d, output reg [3:0] q);
always @(posedge clk) if (r) q <= 0; else q <= d;
endmodule
module pair(input clk, r, input [3:0] d, output [3:0] q, output p);
wire [3:0] u;
leaf a(.clk(clk), .r(r), .d(d), .q(u));
leaf b(.clk(clk), .r(r), .d(u), .q(q));
assign p = u[0] & u[1] & u[2] & u[3] & q[0] & q[1];
endmodule
module top(input clk, r, input [3:0] d, output [3:0] q, output p, s);
wire [3:0] u, v;
pair a(.clk(clk), .r(r), .d(d), .q(u), .p(p));
leaf b(.clk(clk), .r(r), .d(u), .q(v));
pair c(.clk(clk), .r(r), .d(v), .q(q), .p(s));
endmodule
"""

UNUSED = """
module leaf(input clk, input d, output reg q);
always @(posedge clk) q <= d;
endmodule
module top(input clk, input d, output q);
wire u;
leaf a(.clk(clk), .d(d), .q(q));
leaf b(.clk(clk), .d(d), .q(u));
endmodule
"""

ZEROS = """
module top(input clk, input we, input [11:0] a, b, input [71:0] d, output reg [71:0] q);
(* ram_style = "ultra" *) reg [71:0] words [4095:0];
  initial begin : words_filled
    integer i;
    for (i = 0; i < 4096; i = i + 1)
      words[i] = 72'h000000000000000000;
  end
always @(posedge clk) begin
  if (we) words[a] <= d;
  q <= words[b];
end
endmodule
"""


@pytest.mark.parametrize("batch", [bymodule.BATCH, 1])
def test_a_module_is_mapped_once_and_counted_as_often_as_it_stands(batch, monkeypatch):
    monkeypatch.setattr(bymodule, "BATCH", batch)
    counted = count_modules(NESTED, "top", "xcup")
    assert counted == [
        Counted(name="pair", instances=2, cells={"LUT6": 1}, children={"leaf": 2}),
        Counted(name="leaf", instances=5, cells={"FDRE": 4}, children={}),
        Counted(name="top", instances=1, cells={}, children={"leaf": 1, "pair": 2}),
    ]
    assert total(counted) == count_cells(NESTED, "top", "xcup") == {"FDRE": 20, "LUT6": 2}
    assert within(counted) == {
        "pair": {"FDRE": 8, "LUT6": 1},
        "leaf": {"FDRE": 4},
        "top": {"FDRE": 20, "LUT6": 2},
    }


def test_what_nobody_reads_does_not_count():
    assert total(count_modules(UNUSED, "top", "xc7")) == count_cells(UNUSED, "top", "xc7") == {"FDRE": 1}


def test_zeros_are_not_read(monkeypatch):
    texts = []
    run = yosys.run
    monkeypatch.setattr(
        yosys, "run", lambda script, sources, outputs: texts.append(sources) or run(script, sources, outputs)
    )
    assert total(count_modules(ZEROS, "top", "xcup")) == {"URAM288": 1}
    assert "words_filled" not in texts[0]["top.v"]


def test_blocks_of_a_core_are_what_they_are_as_one():
    verilog = emit(Tasks(values=False), "tasks")
    apart, whole = total(count_modules(verilog, "tasks", "xcup")), count_cells(verilog, "tasks", "xcup")
    assert apart["FDRE"] == whole["FDRE"] > 100
    luts = [sum(cells[kind] for kind in cells if kind.startswith("LUT")) for cells in (apart, whole)]
    assert luts[0] == pytest.approx(luts[1], rel=0.1)
