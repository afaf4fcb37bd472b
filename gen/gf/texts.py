"""Texts beside the Verilog of a finite-field core: testbench, assertions, constraints, a short how-to.

The templates are the files ``*.j2`` of this folder; what stands in them comes from the component's ports and
from the configuration.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from amaranth.lib import data

from pyralis.gen.emit.template import render
from pyralis.gen.emit.verilog import ports_of
from pyralis.gen.gf.vectors import FLAGS, Vector
from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.ports import Operands, Result, element_names

__all__ = [
    "assertions",
    "constraints",
    "describe",
    "disturbed",
    "formal",
    "how_to",
    "slices",
    "testbench",
    "vector_lines",
    "vector_table",
]


def slices(layout: data.Layout) -> dict[str, str]:
    """Where the fields of *layout* lie in its bits: ``{"a": "44:0", "inject.reduced": "134:90"}``."""
    return {
        name: str(low) if width == 1 else f"{low + width - 1}:{low}" for name, low, width in _fields(layout)
    }


def _fields(layout: data.Layout, prefix: str = "", base: int = 0) -> Iterator[tuple[str, int, int]]:
    """(name, lowest bit, width) of every field of *layout*, nested ones too."""
    for name, field in layout:
        if isinstance(field.shape, data.Layout):
            yield from _fields(field.shape, f"{prefix}{name}.", base + field.offset)
        else:
            yield f"{prefix}{name}", base + field.offset, field.width


def describe(config: GfConfig) -> str:
    """What the protection does, in a sentence."""
    kinds = {
        "none": "It is not protected.",
        "dwc": "Two equal multipliers are compared; a difference is an uncorrectable error.",
        "diverse_dwc": "Two different multipliers are compared; a difference is an uncorrectable error.",
        "tmr": "Three multipliers vote.",
    }
    if config.protect not in CODED:
        return kinds[config.protect]
    code = f"{config.protect}, t = {config.t}"
    bits = f"wrong bits of the {'unreduced ' if config.protect == 'residue_bch' else ''}product"
    if not config.correct:
        return f"Up to {2 * config.t} {bits} are detected and none corrected ({code})."
    return (
        f"Up to {config.correct} {bits} are corrected and up to {2 * config.t - config.correct} detected "
        f"({code}, {config.corrector} corrector)."
    )


def testbench(core: GfMultiplier, top: str, vectors: Sequence[Vector]) -> str:
    """A testbench in Verilog that reads :func:`vector_lines`."""
    cycles = core.cycles + core.correction_cycles
    return _render(
        "testbench.v.j2", core, top, vectors=len(vectors), limit=1000 + 4 * len(vectors) * (cycles + 4)
    )


def assertions(core: GfMultiplier, top: str) -> str:
    """Properties in SystemVerilog with a ``bind``."""
    config = core.config
    return _render(
        "assertions.sv.j2",
        core,
        top,
        depth=core.cycles + 4,
        polynomial=f"{config.polynomial ^ 1 << config.m:x}",
        fields=slices(Operands(config)),
        result=slices(Result(config)),
        disturbed=disturbed(config),
    )


def formal(core: GfMultiplier, top: str, *, closed: bool) -> str:
    """A wrapper with properties that Yosys reads.

    *closed* adds what relates the count of products to the output register, for proofs by induction.
    """
    config = core.config
    corrects = config.correct > 0 if config.protect in CODED else config.protect == "tmr"
    return _render(
        "formal.sv.j2",
        core,
        top,
        ports=ports_of(core),
        result=slices(Result(config)),
        disturbed=disturbed(config),
        closed=closed,
        corrects=config.inject and corrects,
    )


def constraints(core: GfMultiplier, top: str) -> dict[str, str]:
    """Constraints by file name."""
    return {f"{top}.{kind}": _render(f"constraints.{kind}.j2", core, top) for kind in ("xdc", "tcl")}


def how_to(core: GfMultiplier, top: str, title: str, files: Mapping[str, str]) -> str:
    """The README; *files* are names with what they hold."""
    config = core.config
    return _render(
        "readme.txt.j2",
        core,
        top,
        title=title,
        files=files,
        ports=ports_of(core),
        polynomial_text=poly.text(config.polynomial),
        protection=describe(config),
        operand_fields=slices(Operands(config)),
        result_fields=slices(Result(config)),
    )


def vector_lines(config: GfConfig, vectors: Sequence[Vector]) -> str:
    """A hexadecimal number a vector: flags, product, raw product, operand payload from the highest bit."""
    payload_bits = Operands(config).size
    digits = -(-(len(FLAGS) + 2 * config.m + payload_bits) // 4)
    lines = []
    for vector in vectors:
        word = sum(vector.flags[name] << index for index, name in enumerate(FLAGS))
        word = (word << config.m | vector.product) << config.m | vector.raw
        lines.append(f"{word << payload_bits | vector.payload:0{digits}x}\n")
    return "".join(lines)


def vector_table(config: GfConfig, vectors: Sequence[Vector]) -> str:
    """The vectors for people and for other testbenches."""
    digits = -(-config.m // 4)
    lines = [f"# a b product raw flipped {' '.join(FLAGS)}"]
    for vector in vectors:
        elements = [f"{value:0{digits}x}" for value in (vector.a, vector.b, vector.product, vector.raw)]
        lines.append(" ".join([*elements, str(vector.weight), *(str(vector.flags[name]) for name in FLAGS)]))
    return "\n".join(lines) + "\n"


def disturbed(config: GfConfig) -> str:
    """Verilog for: the operands are not equal for multiplier and predictor, or errors are injected."""
    fields, names = slices(Operands(config)), element_names(config)
    parts = [
        f"(operands__payload[{bits}] != 0)" for name, bits in fields.items() if name.startswith("inject.")
    ]
    parts += [
        f"(operands__payload[{fields[name]}] != operands__payload[{fields[name.removesuffix('_check')]}])"
        for name in names[2:]
    ]
    return " || ".join(parts)


def _render(template: str, core: GfMultiplier, top: str, **values: Any) -> str:
    config = core.config
    return render(
        "pyralis.gen.gf",
        template,
        top=top,
        m=config.m,
        cycles=core.cycles,
        correction=core.correction_cycles,
        reflected=config.order == "ghash",
        operands_width=Operands(config).size,
        result_width=Result(config).size,
        **slices(Result(config)),
        **values,
    )
