"""Building a simulator: what is shared, what Python sees, what is told when it fails."""

import importlib.metadata
import shutil
import subprocess
from pathlib import Path

import pytest

from pyralis.gen.errors import ToolError, UserError
from pyralis.sim.bench.build import MODELS, build

INVERTER = """\
module inverter(clk, a, b);
  input clk;
  input a;
  output b;
  wire hidden;
  assign hidden = ~a;
  assign b = hidden;
endmodule
"""


def test_the_folder_is_named_by_what_goes_in(tmp_path):
    folders = [
        build({"inverter.v": text}, "inverter", root=tmp_path, args=args)[1]
        for text, args in ((INVERTER, ()), (INVERTER, ()), (INVERTER + "\n", ()), (INVERTER, ("-Wno-fatal",)))
    ]
    assert folders[0] == folders[1] and len(set(folders)) == 3
    assert all(folder.is_absolute() and (folder / "inverter").is_file() for folder in folders)


@pytest.mark.parametrize("level", ["-O0", "-O1"])
def test_a_simulator_of_another_level_is_another(tmp_path, monkeypatch, level):
    monkeypatch.delenv("PYRALIS_SIMULATOR_LEVEL", raising=False)
    _, best = build({"inverter.v": INVERTER}, "inverter", root=tmp_path)
    monkeypatch.setenv("PYRALIS_SIMULATOR_LEVEL", level)
    _, other = build({"inverter.v": INVERTER}, "inverter", root=tmp_path)
    logs = [(folder / "build.log").read_text().splitlines() for folder in (best, other)]
    compiled = [next(line.split() for line in log if "-o Vtop__ALL.o" in line) for log in logs]
    assert best != other and "-O2" in compiled[0] and level in compiled[1] and "-O2" not in compiled[1]


def test_python_sees_the_ports_and_nothing_inside(tmp_path):
    _, folder = build({"inverter.v": INVERTER}, "inverter", root=tmp_path)
    assert (folder / "visible.vlt").read_text().splitlines() == [
        "`verilator_config",
        *(f'public_flat_rw -module "inverter" -var "{name}"' for name in ("clk", "a", "b")),
    ]


def test_a_design_that_does_not_build_names_its_log(tmp_path):
    with pytest.raises(ToolError) as caught:
        build({"inverter.v": INVERTER.replace("~a", "~nowhere")}, "inverter", root=tmp_path)
    assert caught.value.what == "The simulator of inverter could not be built."
    log = Path(caught.value.log)
    assert log.parent.parent == tmp_path and "nowhere" in log.read_text()


@pytest.mark.parametrize("tool", ["make", "perl", "verilator"])
def test_a_missing_tool_is_a_clear_sentence(monkeypatch, tmp_path, tool):
    which, version = shutil.which, importlib.metadata.version

    def hidden_version(name):
        if name == tool:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(shutil, "which", lambda name: None if name == tool else which(name))
    monkeypatch.setattr(importlib.metadata, "version", hidden_version)
    with pytest.raises(UserError) as caught:
        build({"inverter.v": INVERTER}, "inverter", root=tmp_path)
    assert caught.value.what == (
        f"{tool} is not installed; 'simulate' needs it (generated hardware under Verilator, golden models)."
    )
    assert not list(tmp_path.iterdir()), "something was begun"


class Wrapper:
    """``objcache.sh`` around a compiler that only writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "calls"
        compiler = folder / "c++"
        compiler.write_text(f"""\
#!/bin/sh
[ "$1" = --version ] && echo "fake 1.0" && exit
echo "$@" >> {self.log}
while [ $# -gt 1 ]; do [ "$1" = -o ] && echo made > "$2"; shift; done
""")
        compiler.chmod(0o755)
        self.compiler = str(compiler)
        self.include = folder / "include"
        self.include.mkdir()
        for name in ("verilated.h", "verilated_dpi.h", "verilated_vpi.h", "verilated_vpi.cpp"):
            (self.include / name).write_text(f"// {name}\n")

    def __call__(self, *arguments: str) -> list[list[str]]:
        """Calls of the compiler for one call of the wrapper."""
        self.log.write_text("")
        subprocess.run(
            ["sh", str(MODELS.with_name("objcache.sh")), self.compiler, *arguments],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "PYRALIS_OBJCACHE": str(self.folder / "cache")},
            check=True,
        )
        return [line.split() for line in self.log.read_text().splitlines()]


@pytest.fixture
def wrapper(tmp_path) -> Wrapper:
    return Wrapper(tmp_path)


def test_the_runtime_is_compiled_once(wrapper):
    runtime = ("-O2", f"-I{wrapper.include}", "-c", "-o", "runtime.o", f"{wrapper.include}/verilated_vpi.cpp")
    assert wrapper(*runtime) == [list(runtime)]
    (wrapper.folder / "runtime.o").unlink()
    assert wrapper(*runtime) == []
    assert (wrapper.folder / "runtime.o").read_text() == "made\n"
    other = ("-O0", *runtime[1:])
    assert wrapper(*other) == [list(other)], "other options, another object"


def test_the_runtimes_headers_are_precompiled_once_for_all_designs(wrapper):
    flags = ("-O2", "-I.", "-MMD", f"-I{wrapper.include}", "-DX=1", "-std=c++20")
    assert wrapper(*flags, "-x", "c++-header", "Vtop__pch.h", "-o", "Vtop__pch.h.fast.gch") == []
    assert (wrapper.folder / "Vtop__pch.h.fast.gch").exists(), "make wants the file"
    design = (*flags, "-include", "Vtop__pch.h.fast", "-c", "Vtop.cpp")
    header, compiled = wrapper(*design)
    base = header[header.index("c++-header") + 1]
    headers = [f'#include "verilated{part}.h"' for part in ("", "_dpi", "_vpi")]
    assert Path(base).read_text().splitlines() == headers
    assert header[: header.index("-x")] == ["-O2", f"-I{wrapper.include}", "-DX=1", "-std=c++20"]
    assert compiled == [*flags, "-include", base, "-include", "Vtop__pch.h", "-c", "Vtop.cpp"]
    assert Path(f"{base}.gch").read_text() == "made\n"
    assert wrapper(*design) == [compiled]
    assert len(wrapper(*("-O0" if flag == "-O2" else flag for flag in design))) == 2
    (wrapper.include / "verilated.h").write_text("// a new version\n")
    assert len(wrapper(*design)) == 2


@pytest.mark.parametrize("source", ["Vtop__ALL.cpp", "/cocotb/share/lib/verilator/verilator.cpp"])
def test_a_small_design_and_the_main_program_read_the_headers_precompiled_too(wrapper, source):
    flags = ("-I.", "-MMD", f"-I{wrapper.include}", "-std=c++20")
    header, compiled = wrapper(*flags, "-O2", "-c", "-o", "it.o", source)
    base = header[header.index("c++-header") + 1]
    assert compiled == ["-include", base, *flags, "-O2", "-c", "-o", "it.o", source]
    assert wrapper(*flags, "-O2", "-c", "-o", "it.o", source) == [compiled], "its object is its own"
    design = wrapper("-O2", *flags, "-include", "Vtop__pch.h.fast", "-c", "Vtop.cpp")
    assert [call[call.index("-include") + 1] for call in design] == [base], "one for all of one level"


def test_what_is_the_designs_own_is_left_alone(wrapper):
    own = ("-O2", "-c", "-o", "Vtop__other.o", "Vtop__other.cpp")
    assert wrapper(*own) == wrapper(*own) == [list(own)]
