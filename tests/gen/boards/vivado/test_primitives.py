"""What Yosys makes of a core for a board, down to cells that the device has."""

import pytest
from zynqcores import TOP, probe

from pyralis.boards.base import all_boards
from pyralis.gen.boards.designs import gf, snn
from pyralis.gen.boards.vivado.primitives import count_cells, foreign, resources
from pyralis.gen.snn.capacity import for_board
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.snn.config import PRESETS

KEPT = """
(* keep_hierarchy = "yes" *)
module inner(input clk, input d, output reg q);
always @(posedge clk) q <= d;
endmodule
module top(input clk, input d, output q);
wire u;
inner a(.clk(clk), .d(d), .q(u));
inner b(.clk(clk), .d(u), .q(q));
endmodule
"""

DEEP = """
module top(input clk, input we, input [8:0] a, input [3:0] d, output [3:0] q);
reg [3:0] words [511:0];
assign q = words[a];
always @(posedge clk) if (we) words[a] <= d;
endmodule
"""


def test_primitives_of_the_text_and_of_the_mapping_are_counted():
    verilog = probe().files()[f"{TOP}.v"].decode()
    cells = count_cells(verilog, TOP, "xcup")
    assert cells == {"DSP48E2": 1, "FDRE": 1}
    assert foreign(cells, "xcup") == []
    assert foreign(cells, "xc7") == ["DSP48E2"]
    assert resources(cells) == {"LUT": 0, "FF": 1, "BRAM": 0, "URAM": 0, "DSP": 1}


ULTRA = """
module top(input clk, input we, input [11:0] a, b, input [71:0] d, output reg [71:0] q);
(* ram_style = "ultra" *) reg [71:0] words [4095:0];
always @(posedge clk) begin
  if (we) words[a] <= d;
  q <= words[b];
end
endmodule
"""


def test_kept_blocks_are_counted_too():
    assert count_cells(KEPT, "top", "xc7") == {"FDRE": 2}


def test_a_memory_that_shall_be_ultraram():
    cells = count_cells(ULTRA, "top", "xcup")
    assert resources(cells) == {"LUT": 0, "FF": 0, "BRAM": 0, "URAM": 1, "DSP": 0}
    assert foreign(cells, "xcup") == []


def test_a_deep_memory_of_look_up_tables():
    # Yosys' own library makes a cell of it for which it has no map.
    assert count_cells(DEEP, "top", "xcup")["RAM512X1S"] == 4


def test_what_no_device_has_is_named():
    assert foreign({"LUT6": 3, "$mem_v2": 1, "unknown": 1}, "xcup") == ["$mem_v2", "unknown"]


def test_resources_in_units_of_the_data_sheets():
    cells = {
        "LUT6": 10,
        "INV": 1,
        "RAM64M8": 2,
        "FDRE": 5,
        "FDSE": 1,
        "RAMB18E2": 3,
        "RAMB36E2": 1,
        "URAM288": 2,
        "DSP48E2": 4,
    }
    assert resources(cells) == {"LUT": 27, "FF": 6, "BRAM": 2.5, "URAM": 2, "DSP": 4}


def test_a_protected_multiplier_on_7_series():
    design = gf.design(GfConfig(m=4, protect="residue_bch", t=1, correct=1))
    cells = count_cells(design.files()["gf_lite.v"].decode(), "gf_lite", "xc7")
    assert foreign(cells, "xc7") == []
    assert cells["FDRE"] > 100


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kv260", "pynq_z2", "zcu104"])
def test_the_spiking_core_of_a_board_fits_it(name):
    board = all_boards()[name]
    preset = board.presets["snn"]
    design = snn.design(for_board(PRESETS[preset], board), preset)
    cells = count_cells(design.files()[f"{design.top}.v"].decode(), design.top, board.family)
    assert foreign(cells, board.family) == []
    used, device = resources(cells), board.resources
    assert used["LUT"] < 0.8 * device.luts
    assert used["FF"] < 0.8 * device.flip_flops
    assert used["BRAM"] < device.block_rams
    assert used["DSP"] < device.dsps
    if not board.fabric_cell:
        assert cells["DSP48E2"] >= PRESETS[preset].cells
