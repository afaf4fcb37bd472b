"""The LiteX module beside the Verilog: a system of LiteX's own parts with both cores, simulated."""

import importlib.util
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pyralis.gen.config import from_toml
from pyralis.gen.emit.litex import wrapper
from pyralis.gen.gf.generate import core_files as gf_files
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.snn.generate import core_files as snn_files
from pyralis.hw.gf.axis import GfAxis
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.registers import register_map as gf_registers
from pyralis.hw.snn.registers import register_map as snn_registers
from pyralis.sim.bench.build import build
from pyralis.sim.golden.snn.network import run as golden
from pyralis.sim.snn.run import lay_out

needs_litex = pytest.mark.skipif(importlib.util.find_spec("litex") is None, reason="LiteX is not installed")

FIELD = GfConfig(m=8, t=2, correct=1)


def test_the_file_stands_on_its_own_and_names_what_lies_beside_it(core_file):
    files = snn_files(from_toml(core_file.read_text()))
    text = files["litex_pyralis_snn.py"].decode()
    compile(text, "litex_pyralis_snn.py", "exec")
    assert 'SOURCES = ["snn_top.v"]\nMODELS = []' in text
    ports = re.findall(
        r"^  (input|output) (?:\[\d+:0\] )?(\w+);", top_of(files["snn_top.v"], "snn_top"), re.MULTILINE
    )
    connected = re.findall(r"^            ([io])_(\w+)=", text, re.MULTILINE)
    assert sorted((direction[0], name) for direction, name in ports) == sorted(connected)
    assert len(connected) > 60


def top_of(verilog: bytes, top: str) -> str:
    """The module *top*."""
    return re.search(rf"^module {top}\(.*?^endmodule", verilog.decode(), re.DOTALL | re.MULTILINE)[0]


def test_a_port_without_an_interface_is_refused():
    with pytest.raises(ValueError, match=r"^LiteX has no interface for the port s_axis_operands_tdata$"):
        wrapper(GfAxis(FIELD), "gf_axis", "gf", sources=["gf_axis.v"])


def make_system(folder: Path, standard: str, width: int, files: dict[str, dict[str, bytes]]) -> list[Path]:
    """Runs litex_system.py; returns the Verilog files of the system, its own first."""
    cores = {}
    for core, contents in files.items():
        cores[core] = str(folder / core)
        (folder / core).mkdir()
        for name, content in contents.items():
            (folder / core / name).write_bytes(content)
    job = {"folder": str(folder), "standard": standard, "width": width, "cores": cores}
    script = Path(__file__).with_name("litex_system.py")
    command = [sys.executable, "-P", "-W", "ignore", script, json.dumps(job)]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    return [folder / "system.v", *map(Path, json.loads((folder / "sources.json").read_text()))]


def host_job(folder: Path, compiled, inputs, *, events: bool) -> dict:
    """What cocotb_litex.py does; without *events* it asks the core whether it has finished."""
    system = json.loads((folder / "csr.json").read_text())
    image, rng = lay_out(compiled, inputs), random.Random(8)
    at = FIELD.field
    ends = [*sorted(image.bases.values())[1:], len(image.data)]
    pairs = [(rng.getrandbits(8), rng.getrandbits(8)) for _ in range(10)]
    maps = {"snn": snn_registers(compiled.config), "gf": gf_registers(FIELD, operands=True)}
    assert all(1 << maps[core].address_bits == system["memories"][f"pyralis_{core}"]["size"] for core in maps)
    return {
        "bases": {
            "memory": system["memories"]["memory"]["base"],
            **{core: system["memories"][f"pyralis_{core}"]["base"] for core in maps},
        },
        "registers": {
            core: {word.name: word.offset for word in registers.words} for core, registers in maps.items()
        },
        "events": events
        and {
            name: system["csr_registers"][f"pyralis_snn_ev_{name}"]["addr"] for name in ("enable", "pending")
        },
        "products": [(a, b, at.multiply(a, b)) for a, b in pairs],
        "network": {
            "places": image.bases,
            "memory": {
                name: image.data[begin:end].hex()
                for (name, begin), end in zip(image.bases.items(), ends, strict=True)
                if name != "output"
            },
            "settings": {
                "input_stride": compiled.input_stride,
                "output_stride": compiled.output_stride,
                "runs": image.runs,
                "resident": int(compiled.resident),
                "timeout": 100_000,
            },
            "output_bytes": image.output_bytes,
        },
        "results": str(folder / "results.bin"),
    }


def simulate(sources: list[Path], folder: Path, job: dict) -> None:
    lines = sources[0].read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("//"))  # where the date stands
    runner, made = build({"system.v": text}, "system", extra=sources[1:], args=["-Wno-fatal"])
    for file in folder.glob("*.init"):
        (made / file.name).write_bytes(file.read_bytes())
    (folder / "job.json").write_text(json.dumps(job))
    runner.test(
        hdl_toplevel="system",
        test_module="cocotb_litex",
        test_dir=made,
        build_dir=made,
        results_xml=str(folder / "results.xml"),
        extra_env={
            "PYRALIS_JOB": str(folder / "job.json"),
            "COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py",
        },
    )


@needs_litex
@pytest.mark.parametrize(
    ("standard", "width"),
    [
        ("wishbone", 32),
        pytest.param("wishbone", 64, marks=pytest.mark.slow),
        pytest.param("axi-lite", 32, marks=pytest.mark.slow),
        pytest.param("axi", 32, marks=pytest.mark.slow),
        pytest.param("axi", 64, marks=pytest.mark.slow),
        pytest.param("wishbone", 128, marks=pytest.mark.slow),
        pytest.param("axi", 128, marks=pytest.mark.slow),
    ],
)
def test_a_system_with_both_cores(standard, width, tmp_path, core_file, network, images):
    """A network and products through LiteX's interconnect, bridges and RAM.

    A core narrower than the bus, as wide, wider. On an AXI bus of 128 bits, LiteX 2024.12 cannot write its
    own control registers (its converter leaves out words without strobes, and then waits for their answers),
    so the event stays off there.
    """
    config = from_toml(core_file.read_text())
    files = {"snn": snn_files(config), "gf": gf_files(FIELD)}
    sources = make_system(tmp_path, standard, width, files)
    compiled = compile_network(network, config)
    events = (standard, width) != ("axi", 128)
    simulate(sources, tmp_path, host_job(tmp_path, compiled, images, events=events))
    scores = compiled.unpack_results((tmp_path / "results.bin").read_bytes(), len(images))
    assert (scores == golden(network, images).scores.reshape(scores.shape)).all()
    assert scores.any()
