"""The stream drivers carry every payload, also through stalls; the monitor sees each broken rule."""

from pathlib import Path

import pytest

from pyralis.sim.bench.build import build
from pyralis.sim.bench.stream import pack, unpack

PORTS = """input clk, input rst, input fault,
    input [15:0] words__payload, input words__valid, output words__ready,
    output [15:0] copies__payload, output copies__valid, input copies__ready"""

# One register between two streams; `fault` changes a waiting payload (PAYLOAD = 1) or takes valid back
# (PAYLOAD = 0).
RELAY = f"""
module relay #(parameter PAYLOAD = 1) ({PORTS});
    reg valid; reg [15:0] payload; wire bad = fault & valid & ~copies__ready;
    assign words__ready = copies__ready | ~valid;
    assign copies__valid = valid & ~(bad & PAYLOAD == 0);
    assign copies__payload = payload ^ (bad & PAYLOAD == 1);
    always @(posedge clk) begin
        if (words__ready) begin valid <= words__valid; payload <= words__payload; end
        if (rst) valid <= 0;
    end
endmodule
"""


@pytest.mark.parametrize("payload", [0, 1])
def test_drivers_and_monitor(payload):
    runner, folder = build(
        {"relay.v": RELAY}, "relay", parameters={"PAYLOAD": payload}, root=Path("build/sim")
    )
    results = folder / "results.xml"
    runner.test(
        hdl_toplevel="relay",
        test_module="cocotb_stream",
        test_dir=folder,
        build_dir=folder,
        seed=1,
        results_xml=str(results),
        extra_env={"COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py"},
    )


def test_pack_is_two_s_complement_and_unpack_reads_it_back():
    word = pack([-1, 3, -8], 4)
    assert word == 0x83F
    assert unpack(word, 4, 3) == [15, 3, 8]
    assert unpack(word, 4, 3, signed=True) == [-1, 3, -8]
