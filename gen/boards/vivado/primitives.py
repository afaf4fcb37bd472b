"""What is left of a core when Yosys has mapped it: every cell must be one that the device has.

This stands where Vivado is missing: a module without a definition, a latch that the families do not have or a
memory that nobody can build would show here. Yosys does not place, so nothing is said of the clock.
"""

import importlib.resources
import json
import re

from pyralis.gen.doctor import require
from pyralis.gen.synthesis import yosys
from pyralis.gen.synthesis.flows import FAMILIES

__all__ = ["PRIMITIVES", "count_cells", "foreign", "lutram_library", "mapping", "resources"]

_COMMON = frozenset({
    *(f"LUT{n}" for n in range(1, 7)),
    *("LUT6_2", "INV", "MUXF7", "MUXF8", "CARRY4", "VCC", "GND", "BUFG"),
    *("FDRE", "FDSE", "FDCE", "FDPE", "LDCE", "LDPE"),
    *("SRL16E", "SRLC32E"),
    *("RAM32M", "RAM64M", "RAM32X1D", "RAM64X1D", "RAM128X1D", "RAM256X1D"),
    *("RAM32X1S", "RAM64X1S", "RAM128X1S", "RAM256X1S"),
})

PRIMITIVES = {
    "xcup": _COMMON
    | {"CARRY8", "MUXF9", "RAM32M16", "RAM64M8", "RAM512X1S"}
    | {"DSP48E2", "RAMB18E2", "RAMB36E2", "URAM288", "URAM288_BASE"},
    "xc7": _COMMON | {"DSP48E1", "RAMB18E1", "RAMB36E1"},
}
"""Cells that Vivado knows, by family. Source: AMD UG974 (UltraScale libraries), UG953 (7 series).

CARRY4 is a cell of 7 series that Vivado turns into half a CARRY8 for UltraScale+."""

_SCRIPT = """\
read_verilog top.v
hierarchy -top {top}
proc
opt_clean -purge
{mapping}setattr -mod -unset keep_hierarchy *
flatten -noscopeinfo
delete t:$scopeinfo
opt_clean -purge
check -mapped
tee -o cells.json stat -json -top {top}
"""

_WHOLE = "{command} -top {top}\n"

# What synth_xilinx does for UltraScale+, with memories described by another file.
_MEMORIES = """\
{command} -top {top} -run begin:map_memory
memory_libmap -logic-cost-rom 0.015625 -lib lutrams.txt -lib +/xilinx/brams_xc4v.txt -D HAS_SIZE_36 \
-D HAS_MIXWIDTH_SDP -D HAS_ADDRCE -lib +/xilinx/urams.txt -no-auto-huge
techmap -map +/xilinx/lutrams_xc5v_map.v
techmap -map +/xilinx/brams_xcu_map.v
techmap -map +/xilinx/urams_map.v
{command} -top {top} -run map_ffram:
"""

_RESOURCES = {
    "LUT": {
        **{f"LUT{n}": 1.0 for n in range(1, 7)},
        "LUT6_2": 1.0,
        "INV": 1.0,
        "SRL16E": 1.0,
        "SRLC32E": 1.0,
    },
    "FF": {"FDRE": 1.0, "FDSE": 1.0, "FDCE": 1.0, "FDPE": 1.0, "LDCE": 1.0, "LDPE": 1.0},
    "BRAM": {"RAMB18E1": 0.5, "RAMB36E1": 1.0, "RAMB18E2": 0.5, "RAMB36E2": 1.0},
    "URAM": {"URAM288": 1.0, "URAM288_BASE": 1.0},
    "DSP": {"DSP48E1": 1.0, "DSP48E2": 1.0},
}
# Look-up tables that a cell of distributed memory takes (UG574 and UG474, distributed RAM).
_RESOURCES["LUT"] |= {"RAM32M": 4.0, "RAM64M": 4.0, "RAM32M16": 8.0, "RAM64M8": 8.0, "RAM32X1D": 2.0}
_RESOURCES["LUT"] |= {"RAM64X1D": 2.0, "RAM128X1D": 4.0, "RAM256X1D": 8.0, "RAM32X1S": 1.0, "RAM64X1S": 1.0}
_RESOURCES["LUT"] |= {"RAM128X1S": 2.0, "RAM256X1S": 4.0, "RAM512X1S": 8.0}


def count_cells(verilog: str, top: str, family: str) -> dict[str, int]:
    """How many cells of each type ``synth_xilinx`` makes of the module *top*.

    Memories of which the text says that they are UltraRAM become that. For cores that are too large to be
    mapped as one there is :func:`pyralis.gen.boards.vivado.bymodule.count_modules`.

    Parameters
    ----------
    verilog : str
        All modules but primitives.
    top : str
    family : {"xcup", "xc7"}

    Raises
    ------
    UserError
        Yosys is not installed.
    ToolError
        Yosys refused the text.
    """
    script = _SCRIPT.format(top=top, mapping=mapping(top, family, flat=True))
    text = yosys.run(script, {"top.v": verilog} | lutram_library(family), ["cells.json"])["cells.json"]
    counts = json.loads(text)["design"]["num_cells_by_type"]
    return {cell: counts[cell] for cell in sorted(counts)}


def mapping(top: str, family: str, *, flat: bool) -> str:
    """Yosys commands that map *top*, beside :func:`lutram_library`; *flat*: modules are dissolved."""
    command = FAMILIES[family] if flat else FAMILIES[family].replace(" -flatten", "")
    return (_MEMORIES if family == "xcup" else _WHOLE).format(top=top, command=command)


def lutram_library(family: str) -> dict[str, str]:
    """The file that :func:`mapping` reads, if any: name -> text.

    It is Yosys' description of distributed memories of UltraScale+, mended: the deepest one has 16 address
    bits there (up to Yosys 0.70), and 9 in the map from it to RAM512X1S and on the device, so that Yosys
    stops at a memory of more than 256 words.
    """
    if family != "xcup":
        return {}
    require("pyosys")
    text = importlib.resources.files("pyosys").joinpath("share/xilinx/lutrams_xcu.txt").read_text()
    return {"lutrams.txt": re.sub(r'option "ABITS" 16 \{\s+abits 16;', 'option "ABITS" 9 { abits 9;', text)}


def foreign(cells: dict[str, int], family: str) -> list[str]:
    """Types among *cells* that the family does not have."""
    return sorted(set(cells) - PRIMITIVES[family])


def resources(cells: dict[str, int]) -> dict[str, float]:
    """What *cells* take: ``LUT``, ``FF``, ``BRAM`` (of 36 kbit), ``URAM``, ``DSP``."""
    return {
        name: sum(weights.get(cell, 0.0) * count for cell, count in cells.items())
        for name, weights in _RESOURCES.items()
    }
