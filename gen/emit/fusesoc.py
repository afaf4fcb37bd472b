"""A generated folder as a core for FuseSoC: its ``.core`` file.

FuseSoC reads it with ``--cores-root FOLDER``; Edalize's flows then lint with Verilator, run the testbench
where there is one, and synthesise with Yosys.

Source: FuseSoC 2.4, CAPI2 (``fusesoc/capi2/json_schema.py``); Edalize 0.6, flows ``lint``, ``sim`` and
``generic``.
"""

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyralis.gen.emit.template import render

__all__ = ["Testbench", "core_description"]

WAIVERS = [
    f"-Wno-{name}"
    for name in (
        *("CASEINCOMPLETE", "CASEOVERLAP", "WIDTHEXPAND", "WIDTHTRUNC", "UNSIGNED"),
        *("CMPCONST", "UNOPTFLAT", "ALWNEVER", "TIMESCALEMOD"),
    )
]
"""What Amaranth's Verilog needs of Verilator."""

XILINX = ["-family xcup"]


@dataclass(frozen=True, kw_only=True)
class Testbench:
    """A testbench that prints ``PASS`` or ``FAIL`` and ends by itself, after ``FAIL`` by ``$fatal``.

    ``files`` are its sources, ``data`` what it reads from the folder that it runs in.
    """

    top: str
    files: Sequence[str]
    data: Sequence[str] = ()


def core_description(
    core: str,
    description: str,
    tops: Mapping[str, str],
    *,
    models: Sequence[str] = (),
    testbench: Testbench | None = None,
    constraints: Sequence[str] = (),
) -> str:
    """Text of ``pyralis_<core>.core``, the core ``pyralis:cores:<core>`` in Pyralis's version.

    Its targets are ``default``, ``sim`` (with a testbench), and for the first top ``lint``, ``synth_xilinx``
    (UltraScale+) and, without vendor primitives, ``synth_ecp5``; for the others the same with their names,
    as ``lint_gf_lite``.

    Parameters
    ----------
    core, description : str
    tops : dict of str to str
        File by module; the first is the one that other cores get that depend on this one.
    models : sequence of str
        Simulation models of vendor primitives of AMD that the tops instantiate.
    testbench : Testbench, optional
    constraints : sequence of str
        For Vivado.
    """
    return render(
        "pyralis.gen.emit",
        "fusesoc.core.j2",
        vlnv=f"pyralis:cores:{core}:{importlib.metadata.version('pyralis')}",
        description=description,
        tops=tops,
        main=next(iter(tops)),
        models=models,
        testbench=testbench,
        constraints=constraints,
        waivers=WAIVERS,
        synthesis={"xilinx": XILINX} if models else {"ecp5": [], "xilinx": XILINX},
    )
