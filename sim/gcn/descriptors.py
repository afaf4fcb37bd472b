"""Programs of the graph core, read back: fields, waits, and what each descriptor touches."""

from dataclasses import replace
from typing import Any

from amaranth.lib import data

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.eliminator import WORD, Elimination
from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.program import (
    AGGREGATE,
    COMBINE,
    LOAD,
    STORE,
    VERSION,
    Content,
    Opcode,
    Origin,
    Source,
    Target,
)
from pyralis.sim.gcn.ordering import UNITS, Job, OrderError, Touch

__all__ = ["SIZES", "decode", "dense_slices", "eliminates", "engines_of", "jobs", "loaded_words"]

SIZES = {OutputType.INT8: 1, OutputType.UINT8: 1, OutputType.INT16: 2, OutputType.INT32: 4}
"""Bytes of an element."""

LAYOUTS = {Opcode.LOAD: LOAD, Opcode.AGGREGATE: AGGREGATE, Opcode.COMBINE: COMBINE, Opcode.STORE: STORE}


def decode(program: bytes) -> list[dict[str, Any]]:
    """Descriptors up to the one that ends the program.

    Raises ValueError if one has another version or an opcode that there is not.
    """
    found: list[dict[str, Any]] = []
    for at in range(0, len(program), DESCRIPTOR_BYTES):
        bits = int.from_bytes(program[at : at + DESCRIPTOR_BYTES], "little")
        opcode, version = Opcode(bits & 0xFF), bits >> 8 & 0xFF
        if version != VERSION:
            raise ValueError(f"descriptor {at // DESCRIPTOR_BYTES} is of version {version}")
        if opcode is Opcode.END:
            return found
        found.append(_fields(LAYOUTS[opcode], bits))
    raise ValueError("the program does not end")


def _fields(layout: data.StructLayout, bits: int) -> dict[str, Any]:
    view = layout.from_bits(bits)
    found: dict[str, Any] = {}
    for name, shape in layout.members.items():
        nested = isinstance(shape, data.StructLayout)
        found[name] = {each: view[name][each] for each in shape.members} if nested else view[name]
    return found


def jobs(descriptors: list[dict[str, Any]], config: GcnConfig) -> list[Job]:
    """What each descriptor waits for and touches."""
    found = []
    for number, each in enumerate(descriptors):
        job = _job(each, config)
        if job.lines:  # how far rows go is in the lines; they end where those of their load do
            ends = [
                load["start"] + load["count"]
                for load in descriptors[:number]
                if load["opcode"] is Opcode.LOAD
                and load["content"].name.lower() == job.lines
                and load["start"] <= each["start"] < load["start"] + load["count"]
            ]
            if not ends:
                raise OrderError(f"descriptor {number} reads {job.lines} that nothing in front of it loads")
            touch = Touch(job.lines, each["start"], ends[-1], False)
            job = replace(job, touches=(*job.touches, touch))
        if each["opcode"] is Opcode.AGGREGATE and each["slices"] > 1 and each["stride"] == 1:
            job = replace(job, touches=(*job.touches, *_side_by_side(each, descriptors[:number], config)))
        found.append(job)
    return found


def _side_by_side(aggregate: dict[str, Any], before: list[dict[str, Any]], c: GcnConfig) -> list[Touch]:
    """Rows whose slices are words side by side: how many there are is said by the load that brought them.

    None if nothing did; then a matrix of one row, on a core of one column, has this stride.
    """
    for load in reversed(before):
        loads = load["opcode"] is Opcode.LOAD and load["content"] is Content.ROWS
        if loads and load["start"] == aggregate["base"]:
            return [Touch("rows", load["start"], load["start"] + loaded_words(load, c), False)]
    return []


def _rows_touches(
    base: int, stride: int, slices: int, rows: int, c: GcnConfig, *, writes: bool = False
) -> list[Touch]:
    """The first *rows* rows of each slice; the row store begins again behind its last word."""
    found = []
    for s in range(slices):
        low = (base + s * stride) % c.rows
        found.append(Touch("rows", low, min(low + rows, c.rows), writes))
        if low + rows > c.rows:
            found.append(Touch("rows", 0, low + rows - c.rows, writes))
    return found


def engines_of(load: dict[str, Any]) -> tuple[int, ...]:
    """Engines that a load of biases or scales is for."""
    return (0, 1) if load["content"] is Content.SCALES and load["both"] else (load["engine"],)


def eliminates(load: dict[str, Any]) -> bool:
    """Whether some of the rows that a load could bring are left out."""
    return load["eliminate"] is not Elimination.NONE


def loaded_words(load: dict[str, Any], c: GcnConfig) -> int:
    """Words of the row store that a load of rows writes."""
    return load["beats"] * c.bus_bits // c.row_bits if eliminates(load) else load["count"]


def _job(d: dict[str, Any], c: GcnConfig) -> Job:
    opcode = d["opcode"]
    after = {unit: d[f"after_{unit}"] for unit in UNITS}
    if opcode is Opcode.LOAD:
        memory = d["content"].name.lower()
        memories = [memory]
        if d["content"] in (Content.BIASES, Content.SCALES):
            memories = [f"{memory}{engine}" for engine in engines_of(d)]
        end = d["start"] + (loaded_words(d, c) if d["content"] is Content.ROWS else d["count"])
        touches = [Touch(each, d["start"], end, True) for each in memories]
        if d["origin"] is Origin.OUTPUT:
            size = d["count"] * c.lanes * (c.group_words if d["grouped"] else 1)
            touches.append(Touch("outputs", d["source"], d["source"] + size, False))
        if eliminates(d):
            touches.append(Touch("occupancy", d["occupancy"], d["occupancy"] - -d["count"] // WORD, False))
        return Job(unit="load", after=after, touches=tuple(touches), after_writes=bool(d["after_writes"]))
    if opcode is Opcode.STORE:
        stored = Touch("rows", d["base"], d["base"] + d["words"], False)
        return Job(unit="store", after=after, touches=(stored,))
    engine = int(opcode is Opcode.COMBINE)
    touches = [Touch(f"biases{engine}", d["bias_base"], d["bias_base"] + d["slices"], False)]
    if d["scaled"]:
        rows = -(-d["rows"] // c.columns)
        touches.append(Touch(f"scales{engine}", d["scale_base"], d["scale_base"] + rows, False))
    if d["target"] is Target.MEMORY:  # from the first column's rows to the last one's
        size = (d["slices"] - 1) * c.lanes * SIZES[d["epilogue"]["output"]] + d["result_last"]
        end = d["result_address"] + (c.columns - 1) * d["result_stride"] + -(-d["rows"] // c.columns) * size
        touches.append(Touch("outputs", d["result_address"], end, True))
    if d["target"] is Target.ROWS:
        target = (d["target_base"], d["target_stride"], d["slices"], d["rows"])
        touches += _rows_touches(*target, c, writes=True)
        if d["target_hubs"]:
            base = d["target_hub_base"]
            touches.append(Touch("hubs", base, base + (d["slices"] << d["target_hub_bits"]), True))
    lines = ""
    if not engine:
        lines = "edges"
        # any of the source's rows, of which there are no more than from one slice to the next
        touches += _rows_touches(d["base"], d["stride"], d["slices"], d["stride"], c)
        if d["extra"]:
            touches += _rows_touches(d["extra_base"], d["extra_stride"], d["slices"], d["rows"], c)
        if d["hubs"]:
            base = d["hub_base"]
            touches.append(Touch("hubs", base, base + (d["slices"] << d["hub_bits"]), False))
    else:
        size = d["slices"] * (d["weight_stride"] if d["source"] is Source.FEATURES else d["elements"])
        touches.append(Touch("weights", d["weight_base"], d["weight_base"] + size, False))
        lines = "features" if d["source"] is Source.FEATURES else ""
        first, second = dense_slices(d, c)
        if d["source"] is Source.ROWS:
            touches += _rows_touches(d["base"], d["stride"], first, d["rows"], c)
        if second and d["source"] is not Source.FEATURES:
            touches += _rows_touches(d["second_base"], d["second_stride"], second, d["rows"], c)
    return Job(
        unit="combine" if engine else "aggregate",
        after=after,
        touches=tuple(touches),
        follows=bool(d["follows"]),
        to_chain=d["target"] is Target.CHAIN,
        from_chain=bool(engine) and d["source"] is Source.CHAIN,
        lines=lines,
    )


def dense_slices(d: dict[str, Any], c: GcnConfig) -> tuple[int, int]:
    """Slices of the rows of both sources of a dense combination."""
    boundary = min(d["boundary"], d["elements"])
    return -(-boundary // c.lanes), -(-(d["elements"] - boundary) // c.lanes)
