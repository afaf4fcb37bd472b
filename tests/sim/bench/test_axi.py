"""The AXI monitors see every broken rule and say which (pytest side)."""

from amaranth import Shape

from pyralis.hw.axi.signature import AxiRead, AxiWrite
from pyralis.sim.bench.build import build


def test_monitors():
    """All signals of a port are inputs of an empty module, so the bench plays both sides."""
    signals = {
        **AxiRead(address_bits=32, data_bits=32).members,
        **AxiWrite(address_bits=32, data_bits=32).members,
    }
    ports = [f"input [{Shape.cast(member.shape).width - 1}:0] bus_{name}" for name, member in signals.items()]
    source = f"module probe (input clk, input rst,\n{', '.join(ports)});\nendmodule\n"
    runner, folder = build({"probe.v": source}, "probe")
    runner.test(
        hdl_toplevel="probe",
        test_module="cocotb_axi",
        test_dir=folder,
        build_dir=folder,
        seed=1,
        results_xml=str(folder / "results.xml"),
        extra_env={"COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py"},
    )
