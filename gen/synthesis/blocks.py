"""A design block by block: the kept modules of a hierarchy, mapped apart and put together again.

What happens in one module does not depend on the others, so a block that stands in many configurations is
mapped once, whatever it is called there: runs are kept by content, and names are taken out of it before.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyralis.gen.errors import UserError
from pyralis.gen.synthesis import yosys

__all__ = ["Module", "map_blocks", "parse", "split"]

_SPLIT = """\
read_verilog top.v
hierarchy -check -top {top}
proc
tee -o check.txt check
flatten -noscopeinfo
opt_clean -purge
setattr -unset hdlname
setattr -unset src
setattr -mod -unset src
rename -enumerate -pattern _s%_
write_rtlil modules.il
"""

_JOIN = """\
{library}
read_rtlil modules.il
hierarchy -check -top {top}
setattr -mod -unset keep_hierarchy
setattr -unset keep_hierarchy
setattr -unset src
flatten -scopename -noscopeinfo
opt_clean -purge
select {top}
write_json -selected netlist.json
"""

_MODULE = re.compile(r"^((?:attribute [^\n]*\n)*)module (\S+)\n(.*?)^end\n", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"^(  cell )(\\\S+)( )", re.MULTILINE)
_PORT = re.compile(r"^  wire .*\b(?:input|output|inout) \d+ .*\n", re.MULTILINE)
_BLOCK = "\\block"


@dataclass(frozen=True)
class Module:
    """One module in RTLIL.

    Attributes
    ----------
    name : str
        With its backslash.
    attributes, body : str
    """

    name: str
    attributes: str
    body: str

    @property
    def text(self) -> str:
        """The module as RTLIL."""
        return f"{self.attributes}module {self.name}\n{self.body}end\n"

    @property
    def children(self) -> list[str]:
        """Names of the modules that it holds, each once, in the order of their cells."""
        return list(dict.fromkeys(match[2] for match in _CELL.finditer(self.body)))

    def renamed(self, names: Mapping[str, str]) -> "Module":
        """The same with other names of modules; *names* need not have all."""
        body = _CELL.sub(lambda found: f"{found[1]}{names.get(found[2], found[2])}{found[3]}", self.body)
        return Module(names.get(self.name, self.name), self.attributes, body)

    @property
    def stub(self) -> str:
        """Its ports only, so that what holds it can be mapped without it."""
        ports = "".join(_PORT.findall(self.body))
        return f"attribute \\blackbox 1\nmodule {self.name}\n{ports}end\n"


def split(verilog: str, top: str, timeout_s: float | None) -> dict[str, Module]:
    """The modules of a design by name; those without ``keep_hierarchy`` are dissolved into what holds them.

    Raises
    ------
    UserError
        A net is undriven or driven twice; Yosys is not installed.
    ToolError
        Yosys refused the text.
    """
    outputs = ["modules.il", "check.txt"]
    texts = yosys.run(_SPLIT.format(top=top), {"top.v": verilog}, outputs, timeout_s=timeout_s)
    # Optimisation would hide these: an undriven net becomes 0.
    problems = [line for line in texts["check.txt"].splitlines() if line.startswith("Warning: ")]
    if problems:
        first = problems[0].removeprefix("Warning: ").replace("\\", "").rstrip(":.")
        what = f"{first[0].upper()}{first[1:]}."
        raise UserError(what, top, f"mend the design; Yosys sees {len(problems)} such problems in it")
    return parse(texts["modules.il"])


def parse(rtlil: str) -> dict[str, Module]:
    """The modules of *rtlil* by name, without the marks of the top one and of those that are to be kept."""
    modules = {}
    for attributes, name, body in _MODULE.findall(rtlil):
        kept = "".join(line + "\n" for line in attributes.splitlines() if "keep_hierarchy" not in line)
        modules[name] = Module(name, kept.replace("attribute \\top 1\n", ""), body)
    return modules


def map_blocks(
    verilog: str,
    top: str,
    recipe: Callable[[str, str, str], str],
    *,
    library: str = "",
    timeout_s: float | None = None,
) -> str:
    """Maps every module of a design and returns the flat netlist as JSON.

    Parameters
    ----------
    recipe : function
        From the RTLIL of one module, with stubs of what it holds, its name there and its name in the design,
        to the RTLIL of the mapped one.
    library : str
        Yosys command that reads the cells which the recipe maps to.

    Raises
    ------
    As :func:`split`.
    """
    modules = split(verilog, top, timeout_s)
    mapped = []
    for module in modules.values():
        names = {module.name: _BLOCK}
        names |= {child: f"\\child{index}" for index, child in enumerate(module.children)}
        stubs = "".join(Module(names[child], "", modules[child].body).stub for child in module.children)
        text = recipe(stubs + module.renamed(names).text, _BLOCK, module.name.removeprefix("\\"))
        found = {name: Module(name, attributes, body) for attributes, name, body in _MODULE.findall(text)}
        back = {other: name for name, other in names.items()}
        mapped.append(found[_BLOCK].renamed(back).text)
    script = _JOIN.format(top=top, library=library)
    joined = yosys.run(script, {"modules.il": "".join(mapped)}, ["netlist.json"], timeout_s=timeout_s)
    return joined["netlist.json"]
