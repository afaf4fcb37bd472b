"""The folder of a finite-field core: complete, reproducible, and its testbench and assertions can fail."""

import functools
import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from pyralis.gen.emit.verilog import emit, ports_of
from pyralis.gen.gf import texts
from pyralis.gen.gf.config import from_toml
from pyralis.gen.gf.generate import TOP, core_files, generate
from pyralis.gen.gf.vectors import make_vectors
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.ports import Operands, Result
from pyralis.sim.bench.build import use_verilator

SMALL = GfConfig(m=8, t=2, correct=1, inject=True)

# The core under another name, between its ports and a fault that a run chooses.
FAULTS = """
module gf_mul({names});
{ports}
  wire [{high}:0] payload;
  wire valid;
  integer fault = 0;
  initial if (!$value$plusargs("fault=%d", fault)) fault = 0;
  reg stalled = 0, late = 0;
  always @(posedge clk) begin
    stalled <= result__valid && !result__ready;
    late <= valid && !(result__valid && result__ready);
  end
  wire ready = result__ready && (fault != 7 || late);
  assign result__payload = payload
    ^ (fault == 1 ? stalled << {product} : 0) ^ (fault == 2 ? 1 << {product} : 0)
    ^ (fault == 3 ? 3 << {error} : 0) ^ (fault == 4 ? 1 << {alarm} : 0) ^ (fault == 5 ? 1 << {corrected} : 0);
  assign result__valid = fault == 6 ? 1'b1 : valid && (fault != 7 || late);
  gf_mul_core core ({connections});
endmodule
"""

CAUGHT = {
    1: "result_stays",
    2: "right_product",
    3: "no_false_error",
    4: "no_false_alarm",
    5: "error_has_verdict",
    6: "no_result_of_nothing",
    7: "not_too_late",
}
"""The assertion that finds each fault."""


@functools.cache
def core(config: GfConfig) -> GfMultiplier:
    """The component, made and elaborated once: Amaranth warns of one that is not used."""
    component = GfMultiplier(config)
    emit(component, TOP)
    return component


def write(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def build(folder: Path) -> None:
    """Builds the testbench of *folder* with its assertions, as README.txt there says."""
    use_verilator()
    command = ["verilator", "--binary", "--timing", "--assert", "-Wno-fatal", "-Wno-lint"]
    command += ["-CFLAGS", "-std=c++20", "--top-module", f"{TOP}_tb"]  # the wheel does not know its compiler
    command += [f"{TOP}.v", f"{TOP}_tb.v", f"{TOP}_sva.sv"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "%Warning" not in result.stderr


def run(folder: Path, *arguments: str, fails: bool = False) -> str:
    command = [folder / "obj_dir" / f"V{TOP}_tb", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (result.returncode != 0) == fails, result.stdout + result.stderr
    return result.stdout + result.stderr


def with_faults(files: dict[str, bytes], config: GfConfig) -> dict[str, bytes]:
    """The same folder, with the module of :data:`FAULTS` around the core."""
    ports = {port.name: (port.width, port.is_input) for port in ports_of(core(config))}
    ports |= {"clk": (1, True), "rst": (1, True)}
    inner = {"result__payload": "payload", "result__valid": "valid", "result__ready": "ready"}
    result = texts.slices(Result(config))
    wrapper = FAULTS.format(
        names=", ".join(ports),
        ports="\n".join(
            f"  {'input' if is_input else 'output'} [{width - 1}:0] {name};"
            for name, (width, is_input) in ports.items()
        ),
        connections=", ".join(f".{name}({inner.get(name, name)})" for name in ports),
        high=Result(config).size - 1,
        product=result["product"].partition(":")[2],
        **{flag: result[flag] for flag in ("error", "alarm", "corrected")},
    )
    text = files[f"{TOP}.v"].decode().replace(f"module {TOP}(", f"module {TOP}_core(")
    return {**files, f"{TOP}.v": (text + wrapper).encode()}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return core_files(SMALL)


@pytest.fixture(scope="module")
def built(files, tmp_path_factory) -> Path:
    folder = write(with_faults(files, SMALL), tmp_path_factory.mktemp("gf"))
    build(folder)
    return folder


def test_the_testbench_passes(built):
    count = len(make_vectors(SMALL))
    assert re.search(rf"^PASS: {count} products in \d+ cycles$", run(built), re.MULTILINE)


def test_the_testbench_finds_a_wrong_product_and_a_wrong_flag(built):
    path = built / f"{TOP}_vectors.hex"
    right = path.read_text()
    lines = right.splitlines()
    bits = 4 + 2 * SMALL.m + Operands(SMALL).size
    try:
        for place in (bits - 1, bits - 5, bits - 5 - SMALL.m):  # a flag, the product, the raw product
            word = int(lines[20], 16) ^ 1 << place
            path.write_text("\n".join([*lines[:20], f"{word:0{len(lines[20])}x}", *lines[21:]]))
            assert f"FAIL: 1 differences in {len(lines)} products" in run(built, fails=True)
    finally:
        path.write_text(right)


@pytest.mark.parametrize("fault", CAUGHT)
def test_an_assertion_finds_each_fault(built, fault):
    text = run(built, f"+fault={fault}", fails=True)
    assert "Assertion failed" in text
    assert CAUGHT[fault] in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "config",
    [
        GfConfig(m=45, t=3, correct=2, corrector="folded", inject=True),
        GfConfig(m=16, t=3, correct=3, corrector="pipelined", separate_operands=True, inject=True),
        GfConfig(m=16, multiplier="digit_serial", digit=5, t=2, correct=2, corrector="folded", inject=True),
        GfConfig(m=128, order="ghash", multiplier="karatsuba", stages=2, t=2, correct=0, corrector="none"),
        GfConfig(m=12, protect="product_bch", multiplier="mastrovito", t=2, correct=2, inject=True),
        GfConfig(m=9, protect="tmr", inject=True),
        GfConfig(m=9, protect="diverse_dwc", inject=True),
        GfConfig(m=8, protect="none"),
    ],
    ids=str,
)
def test_other_configurations_pass(config, tmp_path):
    folder = write(core_files(config), tmp_path)
    build(folder)
    assert re.search(r"^PASS: ", run(folder), re.MULTILINE)


def test_the_folder_is_complete(files):
    assert set(files) == {
        *("gf_mul.v", "gf_axis.v", "gf_lite.v", "gf_mul_tb.v", "gf_mul_vectors.hex", "gf_mul_vectors.txt"),
        *("gf_mul_sva.sv", "gf_mul.xdc", "gf_mul.tcl", "config.toml", "README.txt"),
        *("registers.json", "registers.h", "registers.svd", "litex_pyralis_gf.py", "pyralis_gf.core"),
    }
    assert from_toml(files["config.toml"].decode()) == SMALL
    for top in ("gf_mul", "gf_axis", "gf_lite"):
        modules = re.findall(r"^(.*)\nmodule (\S+) ?\(", files[f"{top}.v"].decode(), re.MULTILINE)
        assert [name for line, name in modules if "keep_hierarchy" not in line] == [top]
        assert len(modules) > 5
    assert json.loads(files["registers.json"])["name"] == "gf"


def test_the_readme_names_every_file_and_port(files):
    text = files["README.txt"].decode()
    assert all(f"\n{flag}: " in text for flag in ("error", "alarm"))
    assert "-CFLAGS -std=c++20" in text
    listed = set(re.findall(r"^(\S+\.\w+) ", text, re.MULTILINE))
    assert listed == files.keys() - {"README.txt"}
    assert all(re.search(rf" {port.name} +{port.width} bits", text) for port in ports_of(core(SMALL)))
    assert "Up to 1 wrong bits of the unreduced product are corrected and up to 3 detected" in text
    assert "A result comes 1 cycle after its operands.\n" in text


def test_the_manifest_lists_every_file(files, tmp_path):
    manifest = generate(SMALL, tmp_path / "deep" / "rtl", name="mine")
    written = {path.name: path.read_bytes() for path in (tmp_path / "deep" / "rtl").iterdir()}
    assert json.loads(written.pop("manifest.json")) == manifest
    assert written.keys() == files.keys() == manifest["files"].keys()
    for name, facts in manifest["files"].items():
        assert facts["sha256"] == hashlib.sha256(written[name]).hexdigest()
        assert name == "README.txt" or written[name] == files[name], "the same bytes every time"
    assert manifest["core"]["name"] == "mine"
    assert manifest["core"]["m"] == 8


def test_constraints_name_the_blocks(files):
    text = files["gf_mul.v"].decode()
    assert "module \\gf_mul.front" in text, "the pattern in the constraints"
    assert "set_property KEEP_HIERARCHY yes [get_cells -hierarchical -filter {ORIG_REF_NAME =~ gf_mul.*" in (
        files["gf_mul.xdc"].decode()
    )
    assert "set_ungroup $blocks false" in files["gf_mul.tcl"].decode()
