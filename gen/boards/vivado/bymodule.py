"""Cells of a core that is too large to be mapped as one: some modules at a time, each batch by its own Yosys.

A graph core of 16 columns is 14 MB of Verilog, and one Yosys needs more than 15 GB for all of it. What a
module becomes does not depend on the others as long as they are not joined, so it is mapped once, however
often it stands in the design, beside stubs of what it holds. Nothing is merged across modules, and no shift
register is found that goes through several, so that some cells more are counted.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass

from pyralis.gen.boards.vivado.primitives import lutram_library, mapping, resources
from pyralis.gen.synthesis import yosys
from pyralis.gen.synthesis.blocks import Module, parse

__all__ = ["Counted", "count_modules", "total", "within"]

BATCH = 1_500_000
"""Characters of RTLIL that one Yosys maps; a larger module is alone. It takes 1 to 3 GB for them."""

_READ = """\
read_verilog top.v
hierarchy -top {top}
setattr -unset src
setattr -mod -unset src
write_rtlil modules.il
"""

_MAP = """\
read_rtlil batch.il
proc
opt_clean -purge
{mapping}tee -o cells.json stat -json
"""

_TOP = "batch_top"

_ZEROS = re.compile(
    r"^  initial begin : \S+ *\n    integer i;\n    for [^\n]*\n      [^\n]*\[i\] = \d+'h0+;\n  end\n",
    re.MULTILINE,
)
"""Memories of zeros: a memory without contents is the same there, and Yosys makes a cell for each word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What one module becomes, without what it holds.

    Attributes
    ----------
    name : str
    instances : int
        How often it stands in the design.
    cells : dict of str to int
        By type, of one instance.
    children : dict of str to int
        Instances of other modules in it.
    """

    name: str
    instances: int
    cells: dict[str, int]
    children: dict[str, int]

    @property
    def luts(self) -> int:
        """Look-up tables of all its instances."""
        return int(resources(self.cells)["LUT"]) * self.instances


def count_modules(verilog: str, top: str, family: str) -> list[Counted]:
    """The cells that ``synth_xilinx`` makes of each module, those with most look-up tables first.

    Parameters
    ----------
    verilog : str
        All modules but primitives; none has parameters.
    top : str
    family : {"xcup", "xc7"}

    Raises
    ------
    UserError
        Yosys is not installed.
    ToolError
        Yosys refused the text.
    """
    sources = {"top.v": _ZEROS.sub("", verilog)}
    modules = parse(yosys.run(_READ.format(top=top), sources, ["modules.il"])["modules.il"])
    found: dict[str, dict[str, int]] = {}
    for batch in _batches(modules):
        found |= _mapped(batch, modules, family)
    own = {name.removeprefix("\\") for name in modules}
    children = {name: {cell: n for cell, n in cells.items() if cell in own} for name, cells in found.items()}
    instances = _instances(top, children)
    counted = [
        Counted(
            name=name,
            instances=instances[name],
            cells={cell: n for cell, n in cells.items() if cell not in own},
            children=children[name],
        )
        for name, cells in found.items()
        if instances[name]
    ]
    return sorted(counted, key=lambda module: (-module.luts, module.name))


def total(counted: list[Counted]) -> dict[str, int]:
    """Cells of the whole design by type."""
    cells: Counter[str] = Counter()
    for module in counted:
        for cell, count in module.cells.items():
            cells[cell] += count * module.instances
    return dict(sorted(cells.items()))


def within(counted: list[Counted]) -> dict[str, dict[str, int]]:
    """Cells of one instance of each module with all that it holds, by name and type."""
    modules = {module.name: module for module in counted}
    found: dict[str, Counter[str]] = {}

    def visit(name: str) -> Counter[str]:
        if name not in found:
            cells = Counter(modules[name].cells)
            for child, instances in modules[name].children.items():
                for cell, count in visit(child).items():
                    cells[cell] += count * instances
            found[name] = cells
        return found[name]

    return {name: dict(sorted(visit(name).items())) for name in modules}


def _batches(modules: dict[str, Module]) -> list[list[str]]:
    """Names of all modules, small ones together."""
    batches: list[list[str]] = []
    size = BATCH
    for name in sorted(modules, key=lambda name: (len(modules[name].body), name)):
        length = len(modules[name].body)
        if size + length > BATCH:
            batches.append([])
            size = 0
        batches[-1].append(name)
        size += length
    return batches


def _mapped(batch: list[str], modules: dict[str, Module], family: str) -> dict[str, dict[str, int]]:
    """Cells of each module of *batch* by type, other modules among them, by names without backslash."""
    held = {child for name in batch for child in modules[name].children if child in modules}
    stubs = "".join(modules[name].stub for name in sorted(held - set(batch)))
    texts = "".join(modules[name].text for name in batch)
    uses = "".join(f"  attribute \\keep 1\n  cell {name} \\u{k}\n  end\n" for k, name in enumerate(batch))
    sources = {"batch.il": f"{stubs}{texts}module \\{_TOP}\n{uses}end\n"} | lutram_library(family)
    script = _MAP.format(mapping=mapping(_TOP, family, flat=False))
    found = json.loads(yosys.run(script, sources, ["cells.json"])["cells.json"])["modules"]
    return {name.removeprefix("\\"): found[name]["num_cells_by_type"] for name in batch}


def _instances(top: str, children: dict[str, dict[str, int]]) -> Counter[str]:
    """How often each module stands in *top*."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for child in children[name]:
                visit(child)
            order.append(name)

    visit(top)
    instances = Counter({top: 1})
    for name in reversed(order):
        for child, count in children[name].items():
            instances[child] += instances[name] * count
    return instances
