"""Verilog to gates, and Verilog to look-up tables: the two mappings that every figure comes from.

Modules that carry ``keep_hierarchy`` are mapped one by one, so redundancy between them survives and each gate
is known to belong to one of them; all others are dissolved into the module that holds them first.
"""

import json
from collections import Counter
from dataclasses import dataclass

from pyralis.gen.errors import UserError
from pyralis.gen.synthesis import yosys
from pyralis.gen.synthesis.graph import block_of, longest_path
from pyralis.gen.synthesis.netlist import Netlist

__all__ = ["FAMILIES", "GATE_SETS", "LutReport", "Mapped", "map_gates", "map_luts"]

GATE_SETS = {
    "and_xor": "AND,XOR,NAND,NOR,XNOR",
    "nand": "NAND,XNOR",
    "nand_only": "NAND",
}
"""Gates that may be used, beside the inverter. ``nand`` is the form of a multiplier whose products are NAND
gates and whose sums are XNOR gates (arXiv 2306.13347)."""

FAMILIES = {
    "xcup": "synth_xilinx -family xcup -flatten -noiopad -noclkbuf",
    "ecp5": "synth_ecp5 -noiopad",
}
"""FPGA families: AMD UltraScale+ and Lattice ECP5."""

_FLIP_FLOPS = ("FD", "TRELLIS_FF")
_MEMORIES = ("SRL", "RAM", "URAM", "DPR16", "TRELLIS_DPR", "DP16", "PDPW")

_READ = """\
read_verilog top.v
hierarchy -check -top {top}
proc
tee -o check.txt check
"""

_PREPARE = """\
flatten -noscopeinfo
opt_clean -purge
setattr -unset hdlname
"""

# Enables and resets become gates, so that they are counted. Every opt after that must leave them so.
_PLAIN_FLIP_FLOPS = """\
setundef -zero
dfflegalize -cell $_DFF_P_ 01
opt -fast -nodffe -nosdff
"""

_GATES = (
    _PREPARE
    + "synth -run coarse:check -top {top} -nofsm -noshare -noabc -latches error\n"
    + _PLAIN_FLIP_FLOPS
    + "abc -g {gates}\n"
    + "opt -fast -nodffe -nosdff\n"
)

_STRUCTURE = _PREPARE + "opt_expr\nopt_clean\nmemory\ntechmap\n" + _PLAIN_FLIP_FLOPS

_WRITE = """\
setattr -mod -unset keep_hierarchy
setattr -unset keep_hierarchy
setattr -unset src
flatten -scopename -noscopeinfo
opt_clean -purge
write_json netlist.json
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapped:
    """Gates of a design.

    Attributes
    ----------
    netlist : Netlist
        The flat netlist; its ``blocks`` are the paths of the modules that were kept.
    gates : str
        Gates that were allowed, empty if the structure was taken as written.
    version : str
        Version of Yosys.
    """

    netlist: Netlist
    gates: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LutReport:
    """Cells of a design on an FPGA.

    Attributes
    ----------
    family : str
        Key of :data:`FAMILIES`.
    luts, flip_flops, muxes, carries : int
        Look-up tables of any size (a table used as shift register counts), flip-flops, wide multiplexers and
        carry blocks (each block of ECP5 has two tables, counted among the carries only). Tables that serve as
        memories stand in ``cells`` only.
    levels : int
        Cells on the longest path between flip-flops or ports; each table, multiplexer and carry block is one.
    cells : dict
        Cell type -> number.
    blocks : dict
        Path of each kept module, empty for the top -> cell type -> number in it, blocks within it left out.
    version : str
        Version of Yosys.
    """

    family: str
    luts: int
    flip_flops: int
    muxes: int
    carries: int
    levels: int
    cells: dict[str, int]
    blocks: dict[str, dict[str, int]]
    version: str


def map_gates(
    verilog: str,
    top: str,
    *,
    gates: str = GATE_SETS["and_xor"],
    structural: bool = False,
    timeout_s: float | None = None,
) -> Mapped:
    """Maps module *top* of the text *verilog* to two-input gates and plain flip-flops.

    Parameters
    ----------
    verilog : str
        All modules. Those with the attribute ``keep_hierarchy`` are mapped one by one.
    top : str
        Name of the module.
    gates : str
        Key of :data:`GATE_SETS`, or gate types of Yosys' ``abc -g``, joined by commas.
    structural : bool
        Takes the gates as the text writes them, without logic optimisation: for designs too large for ABC,
        which takes 3 minutes for 53,000 gates. Two-input gates, inverters and multiplexers then.
    timeout_s : float, optional
        Wall time after which the run is ended.

    Raises
    ------
    UserError
        Yosys is not installed, or the design has a combinational loop, several clocks, an undriven net or a
        cell that is no gate (a latch, say).
    ToolError
        Yosys refused the text.
    """
    allowed = "" if structural else GATE_SETS.get(gates, gates)
    script = _READ + (_STRUCTURE if structural else _GATES) + _WRITE
    text = _run(script.format(top=top, gates=allowed), verilog, top, timeout_s)
    return Mapped(netlist=Netlist.from_json(text, top), gates=allowed, version=yosys.version())


def map_luts(verilog: str, top: str, family: str, *, timeout_s: float | None = None) -> LutReport:
    """Maps module *top* of the text *verilog* to the cells of an FPGA; parameters as for :func:`map_gates`.

    There is no place and route here: ``levels`` is what can be said of its speed.

    Raises
    ------
    UserError
        The family is unknown, Yosys is not installed, or the design has a combinational loop.
    ToolError
        Yosys refused the text.
    """
    if family not in FAMILIES:
        what = f"There is no FPGA family {family!r} to map to."
        raise UserError(what, top, f"have: {', '.join(FAMILIES)}")
    script = (_READ + "opt_clean -purge\n" + FAMILIES[family] + " -top {top}\n" + _WRITE).format(top=top)
    module = json.loads(_run(script, verilog, top, timeout_s))["modules"][top]
    blocks: dict[str, Counter[str]] = {}
    for cell in module["cells"].values():
        blocks.setdefault(block_of(cell), Counter())[cell["type"]] += 1
    total = sum(blocks.values(), Counter())
    return LutReport(
        family=family,
        luts=_count(total, "LUT", "INV", "SRL"),
        flip_flops=_count(total, *_FLIP_FLOPS),
        muxes=_count(total, "MUXF", "PFUMX", "L6MUX"),
        carries=_count(total, "CARRY", "CCU2"),
        levels=longest_path(module, top, _FLIP_FLOPS + _MEMORIES),
        cells=dict(sorted(total.items())),
        blocks={path: dict(sorted(cells.items())) for path, cells in sorted(blocks.items())},
        version=yosys.version(),
    )


def _run(script: str, verilog: str, top: str, timeout_s: float | None) -> str:
    """The flat netlist as JSON; an error if the text leaves a net undriven, or drives one twice."""
    texts = yosys.run(script, {"top.v": verilog}, ["netlist.json", "check.txt"], timeout_s=timeout_s)
    # Optimisation would hide these: an undriven net becomes 0.
    problems = [line for line in texts["check.txt"].splitlines() if line.startswith("Warning: ")]
    if problems:
        first = problems[0].removeprefix("Warning: ").replace("\\", "").rstrip(":.")
        what = f"{first[0].upper()}{first[1:]}."
        raise UserError(what, top, f"mend the design; Yosys sees {len(problems)} such problems in it")
    return texts["netlist.json"]


def _count(cells: Counter[str], *kinds: str) -> int:
    """How many of *cells* have a type that begins with one of *kinds*."""
    return sum(number for name, number in cells.items() if name.startswith(kinds))
