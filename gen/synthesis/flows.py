"""Verilog to gates, and Verilog to look-up tables: the two mappings that every figure comes from.

Modules that carry ``keep_hierarchy`` are mapped one by one, so redundancy between them survives and each gate
is known to belong to one of them; all others are dissolved into the module that holds them first.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass

from pyralis.gen.errors import UserError
from pyralis.gen.synthesis import yosys
from pyralis.gen.synthesis.blocks import map_blocks
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
    "xc7": "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf",
    "ecp5": "synth_ecp5 -noiopad",
}
"""FPGA families: AMD UltraScale+ and 7 series, and Lattice ECP5."""

# The multiplier block of UltraScale+ is among the further cells.
_XILINX = "read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v"
_LIBRARIES = {
    "xcup": _XILINX,
    "xc7": _XILINX,
    "ecp5": "read_verilog -lib +/ecp5/cells_sim.v",
}
_FLIP_FLOPS = ("FD", "TRELLIS_FF")
_MEMORIES = ("SRL", "RAM", "URAM", "DPR16", "TRELLIS_DPR", "DP16", "PDPW")

_GATE = re.compile(r"^  cell \$_(?!DFF)", re.MULTILINE)

_BEGIN = "read_rtlil block.il\nhierarchy -top {name}\n"

# Enables and resets become gates, so that they are counted. Every opt after that must leave them so.
_PLAIN_FLIP_FLOPS = """\
setundef -zero
dfflegalize -cell $_DFF_P_ 01
opt -fast -nodffe -nosdff
"""

_LOGIC = (
    _BEGIN
    + "synth -run coarse:check -top {name} -nofsm -noshare -noabc -latches error\n"
    + _PLAIN_FLIP_FLOPS
    + "design -save logic\n"
)

_EFFORT = """\
design -load logic
abc -g {gates} -script {effort}.abc
opt -fast -nodffe -nosdff
opt_clean -purge
rename -enumerate -pattern _m%_
select {name}
tee -o {effort}.txt ltp -noff
write_rtlil -selected {effort}.il
select -clear
"""

_STRUCTURE = (
    _BEGIN
    + "opt_expr\nopt_clean\nmemory\ntechmap\n"
    + _PLAIN_FLIP_FLOPS
    + "rename -enumerate -pattern _m%_\nselect {name}\nwrite_rtlil -selected structure.il\n"
)

# ABC's usual script begins with SAT sweeping, which takes minutes on sums of products in small fields, and it
# maps for depth, which copies XOR trees. These take seconds; which one is best depends on the block.
EFFORTS = {
    "keep": "strash\nmap -a\n",
    "choices": "strash\ndch -f -C 20\nmap -a\n",
    "rewrite": "strash\nifraig -C 20\ndc2\ndch -f -C 20\nmap -a\n",
    "depth": "strash\nifraig -C 20\ndc2\ndch -f -C 20\nmap\n",
}
"""Scripts of ABC that each block is mapped with. Of the results that are at most a quarter deeper than the
shallowest, the one with the fewest gates counts."""

DEEPER = 1.25


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
    as_written: str = "",
    deeper: float = DEEPER,
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
    as_written : str
        A regular expression: blocks whose name ends so keep the gates of the text, as with *structural*. ABC
        would join sums that must stay apart for a fault of one gate to disturb one of them.
    deeper : float
        How much deeper than the shallowest result of a block a smaller one may be; 1 where depth counts.
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

    def recipe(text: str, name: str, origin: str) -> str:
        if structural or (as_written and re.search(f"(?:{as_written})$", origin)):
            return _only(_STRUCTURE.format(name=name), text, timeout_s)
        script = _LOGIC.format(name=name)
        script += "".join(_EFFORT.format(name=name, gates=allowed, effort=effort) for effort in EFFORTS)
        sources = {"block.il": text} | {f"{effort}.abc": commands for effort, commands in EFFORTS.items()}
        outputs = [f"{effort}.{kind}" for effort in EFFORTS for kind in ("il", "txt")]
        results = yosys.run(script, sources, outputs, timeout_s=timeout_s)
        levels = {effort: _levels(results[f"{effort}.txt"]) for effort in EFFORTS}
        bound = deeper * min(levels.values())
        return min((results[f"{effort}.il"] for effort in EFFORTS if levels[effort] <= bound), key=_gates)

    text = map_blocks(verilog, top, recipe, timeout_s=timeout_s)
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
    script = _BEGIN + FAMILIES[family] + " -top {name}\nrename -enumerate -pattern _m%_\nselect {name}\n"
    script += "write_rtlil -selected mapped.il\n"

    def recipe(text: str, name: str, _origin: str) -> str:
        return _only(script.format(name=name), text, timeout_s)

    text = map_blocks(verilog, top, recipe, library=_LIBRARIES[family], timeout_s=timeout_s)
    module = json.loads(text)["modules"][top]
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


def _only(script: str, text: str, timeout_s: float | None) -> str:
    """What *script* writes as its only result."""
    name = script.split()[-1]
    return yosys.run(script, {"block.il": text}, [name], timeout_s=timeout_s)[name]


def _levels(report: str) -> int:
    """The longest path in what ``ltp`` prints, 0 for a module without logic."""
    return max((int(length) for length in re.findall(r"length=(\d+)", report)), default=0)


def _gates(text: str) -> int:
    """Gates in RTLIL of mapped modules."""
    return len(_GATE.findall(text))


def _count(cells: Counter[str], *kinds: str) -> int:
    """How many of *cells* have a type that begins with one of *kinds*."""
    return sum(number for name, number in cells.items() if name.startswith(kinds))
