"""Legality rules of pyralis.hw.gcn.check, one by one, and programs of the compiler.

Every rule is tried on a legal descriptor of which one or two fields are changed, on the last legal and on the
first illegal value where there are two.
"""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator
from intgraphs import binary, gcn, mixed

from pyralis.gen.gcn.compile import Settings, compile_network
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.check import Check
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.draws import SampleKind
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.program import (
    AGGREGATE,
    COMBINE,
    END,
    LOAD,
    STORE,
    VERSION,
    Content,
    ErrorCode,
    Opcode,
    Origin,
    Source,
    Target,
)

CONFIG = GcnConfig(feature_lines=1024)
"""2 columns, 8 lanes, splits up to 2, 4 PE rows, 4,096 words of the row store, 16 hubs, 256 weight rows,
2,048 and 1,024 lines, rows of 64 elements; 8 bytes in a beat."""

OPCODES = {
    id(END): Opcode.END,
    id(LOAD): Opcode.LOAD,
    id(AGGREGATE): Opcode.AGGREGATE,
    id(COMBINE): Opcode.COMBINE,
    id(STORE): Opcode.STORE,
}

EPILOGUE = {"relu": 1, "output": OutputType.UINT8, "shift": 47, "bias_shift": 15}
INTO_ROWS = {
    "epilogue": EPILOGUE,
    "scaled": 1,
    "scale_base": 2037,
    "bias_base": 30,
    "target": Target.ROWS,
    "target_base": 4076 - 22,
    "target_stride": 22,
    "target_hubs": 1,
    "target_hub_base": 8,
    "target_hub_bits": 2,
}
INTO_MEMORY = {
    "epilogue": EPILOGUE | {"output": OutputType.INT16},
    "scale": 77,
    "target": Target.MEMORY,
    "result_address": 800,
    "result_stride": 160,
    "result_last": 16,
    "result_parts": 2,
    "result_group": 3,
}
ROWS = {"rows": 21, "slices": 2}
GATHERED = ROWS | {"start": 2047, "base": 40, "stride": 24, "hubs": 1, "hub_base": 8, "hub_bits": 2}
LISTS = {"source": Source.FEATURES, "valued": 1, "start": 1023, "elements": 1000, "weight_stride": 100}
DENSE = {"source": Source.ROWS, "elements": 20, "boundary": 16, "weight_base": 200, "weight_stride": 20}
DENSE |= {"base": 4074, "stride": 22, "second_base": 2, "second_stride": 44, "cooperative": 1}
LEGAL = {
    "end": (END, {}),
    "edges": (LOAD, {"content": Content.EDGES, "start": 2000, "count": 48, "beats": 192, "source": 8}),
    "features": (LOAD, {"content": Content.FEATURES, "valued": 1, "start": 1, "count": 3, "beats": 24}),
    "weights": (LOAD, {"content": Content.WEIGHTS, "start": 250, "count": 6, "beats": 6, "resident": 1}),
    "biases": (LOAD, {"content": Content.BIASES, "start": 31, "count": 1, "beats": 4, "shift": 47}),
    "scales": (LOAD, {"content": Content.SCALES, "start": 2041, "count": 7, "beats": 4, "engine": 1}),
    "words": (
        LOAD,
        {"content": Content.ROWS, "start": 4090, "count": 6, "beats": 6, "origin": Origin.OUTPUT},
    ),
    "aggregate": (AGGREGATE, GATHERED | {"group_rows": 11} | INTO_ROWS),
    "chained": (AGGREGATE, GATHERED | {"group_rows": 4} | INTO_ROWS | {"target": Target.CHAIN}),
    "sums": (AGGREGATE, GATHERED | {"group_rows": 8} | INTO_MEMORY),
    "added": (AGGREGATE, GATHERED | {"group_rows": 1, "extra": 1, "extra_base": 4074} | INTO_ROWS),
    "narrow": (
        AGGREGATE,
        GATHERED
        | {"group_rows": 1, "slices": 1, "splits": 1}
        | INTO_ROWS
        | {"target_splits": 1, "target_base": 4074},
    ),
    "lists": (COMBINE, ROWS | LISTS | INTO_ROWS),
    "answers": (COMBINE, ROWS | LISTS | INTO_MEMORY),
    "dense": (COMBINE, ROWS | DENSE | INTO_ROWS),
    "whole": (COMBINE, ROWS | DENSE | {"boundary": 20, "second_base": 1, "weight_base": 0} | INTO_ROWS),
    "behind": (COMBINE, ROWS | DENSE | {"source": Source.CHAIN, "base": 1, "stride": 1} | INTO_MEMORY),
}

AT_THE_BOUND = [
    ("edges", {"start": 0, "count": 2048, "beats": 8192}),
    ("edges", {"shift": 63, "engine": 1}),  # mean nothing here
    ("narrow", {"epilogue.narrow": 1}),
    ("features", {"valued": 0, "beats": 12}),
    ("features", {"start": 1023, "count": 1, "beats": 8}),
    ("weights", {"start": 0, "count": 256, "beats": 256}),
    ("biases", {"start": 0, "count": 32, "beats": 128, "shift": 0}),
    ("scales", {"start": 2041, "count": 6, "beats": 3}),
    ("words", {"start": 0, "count": 4096, "beats": 4096}),
    ("aggregate", {"rows": 42, "target_base": 4054, "target_stride": 42, "scale_base": 2027}),
    ("aggregate", {"base": 4094, "stride": 0}),
    ("aggregate", {"stride": 25}),
    ("aggregate", {"hub_base": 0, "hub_bits": 3, "target_hub_base": 0, "target_hub_bits": 3}),
    ("aggregate", {"hubs": 0, "hub_bits": 15, "target_hubs": 0, "target_hub_bits": 15}),
    ("aggregate", {"extra_base": 1, "result_address": 1}),  # mean nothing here
    ("aggregate", {"group_rows": 65535, "maximum": 1, "by_row": 1}),
    ("narrow", {"target_base": 4074, "rows": 22}),
    ("sums", {"result_last": 1, "result_parts": 2}),
    ("sums", {"result_parts": 5, "result_last": 9}),
    ("sums", {"group_rows": 64, "result_group": 6}),
    ("sums", {"rows": 131070, "scale_base": 65535}),
    ("answers", {"result_group": 6}),
    ("answers", {"elements": 65535}),
    ("lists", {"weight_base": 156}),
    ("lists", {"boundary": 65535}),
    ("dense", {"elements": 64, "weight_stride": 64, "weight_base": 192}),
    ("behind", {"result_parts": 7}),
    ("behind", {"result_group": 15}),
    ("whole", {"elements": 1, "boundary": 1, "weight_stride": 1}),
]

FAULTS = [
    ("edges", {"content": 6}),
    ("edges", {"content": 7}),
    ("edges", {"origin": 3}),
    *(("edges", {"source": offset}) for offset in (1, 2, 4)),
    ("edges", {"count": 0, "beats": 0}),
    ("edges", {"after_store": 1}),
    ("edges", {"valued": 1, "beats": 384}),
    *((name, {"valued": 1}) for name in ("edges", "weights", "biases", "scales", "words")),
    ("edges", {"start": 2001}),
    ("edges", {"start": 0, "count": 2049, "beats": 8196}),
    ("edges", {"start": 1 << 31}),
    ("edges", {"count": 1 << 20 | 48}),
    ("edges", {"beats": 191}),
    ("edges", {"beats": 193}),
    ("edges", {"beats": 1 << 31 | 192}),
    ("features", {"start": 1022}),
    ("features", {"beats": 12}),
    ("weights", {"start": 251}),
    ("weights", {"beats": 7}),
    ("biases", {"start": 32}),
    ("biases", {"shift": 48}),
    ("biases", {"beats": 5}),
    ("scales", {"start": 2042}),
    ("scales", {"beats": 3}),
    ("words", {"start": 4091, "count": 5, "beats": 5}),
    ("words", {"start": 4092}),
    ("words", {"beats": 5}),
    # What both engines have.
    *((name, {"rows": 0}) for name in ("aggregate", "sums", "lists", "dense")),
    *((name, {"slices": 0}) for name in ("aggregate", "sums", "lists", "dense")),
    ("sums", {"rows": 131071}),
    ("answers", {"rows": 1 << 31}),
    *((name, {"bias_base": 31}) for name in ("aggregate", "lists", "dense", "chained")),
    *((name, {"scale_base": 2038}) for name in ("aggregate", "lists", "dense", "chained")),
    *((name, {"epilogue.shift": 48}) for name in ("aggregate", "answers")),
    *((name, {"target": 3}) for name in ("aggregate", "answers", "dense")),
    *((name, {"after_store": 1}) for name in ("aggregate", "lists")),
    *((name, {"epilogue.output": 2}) for name in ("aggregate", "chained", "lists", "dense")),
    ("aggregate", {"epilogue.output": 3}),
    *((name, {"target_base": 4055}) for name in ("aggregate", "dense")),
    *((name, {"target_base": 4076}) for name in ("aggregate", "lists")),
    *((name, {"target_stride": 23}) for name in ("aggregate", "dense")),
    *((name, {"target_stride": 20}) for name in ("aggregate", "lists")),
    ("aggregate", {"target_splits": 1}),
    ("narrow", {"target_splits": 2}),
    ("narrow", {"target_splits": 3}),
    ("aggregate", {"target_hub_base": 9}),
    ("aggregate", {"target_hub_bits": 3}),
    ("narrow", {"target_hub_base": 0, "target_hub_bits": 5}),
    *(("sums", {"result_address": 800 + offset}) for offset in (1, 2, 4)),
    *(("answers", {"result_stride": 160 + offset}) for offset in (1, 2, 4)),
    ("sums", {"result_last": 0}),
    ("sums", {"result_last": 17}),
    ("behind", {"epilogue.output": 1}),  # 16 bytes of 8
    ("sums", {"result_parts": 1}),
    ("sums", {"epilogue.output": 3, "result_parts": 2}),
    ("sums", {"result_group": 4}),
    ("sums", {"result_parts": 6}),
    ("sums", {"group_rows": 128, "result_group": 7}),
    ("answers", {"result_group": 7}),
    ("behind", {"result_parts": 8}),
    ("behind", {"result_parts": 10}),
    # Of one engine.
    ("aggregate", {"start": 2048}),
    ("aggregate", {"group_rows": 0}),
    ("chained", {"group_rows": 8}),
    ("aggregate", {"splits": 1}),
    ("narrow", {"splits": 2}),
    ("narrow", {"splits": 3}),
    ("lists", {"epilogue.narrow": 1}),
    ("sums", {"epilogue.narrow": 1}),
    ("aggregate", {"hub_base": 9}),
    ("aggregate", {"hub_bits": 3}),
    ("aggregate", {"hub_bits": 15, "hub_base": 0}),
    ("aggregate", {"base": 41}),
    ("aggregate", {"base": 4096}),
    ("aggregate", {"base": 41}),
    ("added", {"extra_base": 4075}),
    ("added", {"extra_base": 4076}),
    ("added", {"extra_stride": 1}),
    ("lists", {"source": 3}),
    ("dense", {"source": 3}),
    *((name, {"elements": 0, "weight_stride": 0, "boundary": 0}) for name in ("lists", "dense")),
    ("lists", {"start": 1024}),
    ("lists", {"cooperative": 1}),
    ("lists", {"weight_base": 157}),
    ("dense", {"weight_base": 237}),
    ("whole", {"elements": 65, "boundary": 65, "weight_stride": 65}),
    ("dense", {"weight_stride": 19}),
    ("dense", {"boundary": 0}),
    ("dense", {"boundary": 21}),
    *(("dense", {"boundary": 16 + offset}) for offset in (1, 2)),
    ("dense", {"boundary": 12}),
    ("dense", {"base": 4075}),
    ("dense", {"base": 4076}),
    ("dense", {"stride": 1}),
    ("dense", {"second_base": 3}),
    ("behind", {"second_base": 4076}),
    ("behind", {"second_stride": 45}),
    ("dense", {"target": Target.CHAIN.value}),
]


def bits(layout, fields: dict) -> int:
    return layout.const({"opcode": OPCODES[id(layout)], "version": VERSION, **fields}).as_bits()


def put(layout, descriptor: int, **fields: int) -> int:
    """Overwrites fields by raw values, which enumerations would refuse; ``a.b`` is field b of field a."""
    for name, value in fields.items():
        outer, _, inner = name.partition(".")
        field, offset = layout[outer], layout[outer].offset
        if inner:
            field = field.shape[inner]
            offset += field.offset
        mask = (1 << field.width) - 1
        assert value & mask == value, f"{name} cannot hold {value}"
        descriptor = descriptor & ~(mask << offset) | value << offset
    return descriptor


def codes(config: GcnConfig, descriptors: list[int]) -> list[ErrorCode]:
    check = Check(config)
    found = []

    async def bench(context):
        for descriptor in descriptors:
            context.set(check.descriptor, descriptor)
            await context.tick()
            found.append(ErrorCode(context.get(check.code)))

    simulator = Simulator(check)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return found


def changed(cases: list[tuple[str, dict]]) -> list[int]:
    return [put(LEGAL[name][0], bits(*LEGAL[name]), **change) for name, change in cases]


def test_legal_descriptors_and_their_bounds():
    cases = [(name, {}) for name in LEGAL] + AT_THE_BOUND
    found = codes(CONFIG, changed(cases))
    assert not [case for case, code in zip(cases, found, strict=True) if code != ErrorCode.NONE]


def test_every_fault_is_found():
    found = codes(CONFIG, changed(FAULTS))
    assert not [case for case, code in zip(FAULTS, found, strict=True) if code != ErrorCode.FIELD]


def test_header():
    changes = [{"version": VERSION + 1}, {"version": 0}, {"opcode": 5}, {"opcode": 255}]
    changes += [{"opcode": Opcode.STORE.value}, {"opcode": 5, "version": VERSION + 1}]
    expected = [ErrorCode.VERSION] * 2 + [ErrorCode.OPCODE] * 3 + [ErrorCode.VERSION]
    for layout, fields in LEGAL.values():
        descriptor = bits(layout, fields)
        assert codes(CONFIG, [put(layout, descriptor, **change) for change in changes]) == expected
    assert codes(CONFIG, [0, (1 << 1024) - 1]) == [ErrorCode.VERSION] * 2, "empty or erased memory"


def test_what_a_core_does_not_have_is_refused():
    legal = changed([(name, {}) for name in ("features", "lists", "aggregate")])
    assert codes(replace(CONFIG, feature_values=False), legal) == [
        ErrorCode.FIELD,
        ErrorCode.FIELD,
        ErrorCode.NONE,
    ]
    wide = replace(CONFIG, bus_bits=256, columns=4)
    short = {"compact": 1, "start": 0, "count": 3, "source": 32}
    streams = 4 * wide.clusters
    expected = [ErrorCode.FIELD, ErrorCode.NONE, ErrorCode.FIELD, ErrorCode.NONE, ErrorCode.FIELD]
    for name, lines, size in (("features", 3 * streams, 80), ("edges", 3 * 4, 104)):
        need, plain = -(-lines * size // 256), lines * 128 // 256
        cases = [(name, short | {"valued": 0, "beats": beats}) for beats in (need - 1, need, need + 1)]
        cases += [(name, short | {"valued": 0, "compact": 0, "beats": plain})]
        cases += [(name, short | {"valued": 1, "beats": 2 * plain})]
        assert codes(wide, changed(cases)) == expected
        assert codes(replace(wide, bus_bits=128), changed([(name, short | {"beats": 2 * need})])) == [
            ErrorCode.FIELD
        ]
    plain = changed([("features", {"valued": 0, "beats": 12}), ("lists", {"valued": 0})])
    assert codes(replace(CONFIG, feature_values=False), plain) == [ErrorCode.NONE] * 2
    cases = [("aggregate", {}), ("aggregate", {"hubs": 0}), ("aggregate", {"hubs": 0, "target_hubs": 0})]
    expected = [ErrorCode.FIELD, ErrorCode.FIELD, ErrorCode.NONE]
    assert codes(replace(CONFIG, hubs=0), changed(cases)) == expected
    valued = changed([("edges", {"valued": 1, "beats": 384}), ("edges", {})])
    assert codes(replace(CONFIG, edge_weights=True), valued) == [ErrorCode.NONE] * 2
    assert codes(CONFIG, eliminating([{}, {"eliminate": 2}, {"eliminate": 0, "beats": 640}])) == [
        ErrorCode.FIELD,
        ErrorCode.FIELD,
        ErrorCode.NONE,
    ]


def test_samples():
    drawn = {"kind": SampleKind.UNIFORM, "count": 255, "seed": 65535}
    every = {"kind": SampleKind.PREDEFINED, "count": 1, "start": 32767, "step": 1}
    fields = LEGAL["aggregate"][1]
    uniform, predefined = (bits(AGGREGATE, fields | {"sample": sample}) for sample in (drawn, every))
    legal = [
        *(uniform, predefined, put(AGGREGATE, uniform, **{"sample.count": 1})),
        put(AGGREGATE, uniform, **{"sample.kind": 0, "sample.count": 0}),
        put(AGGREGATE, predefined, **{"sample.start": 0, "sample.step": 32767}),
    ]
    wrong = [
        *(put(AGGREGATE, each, **{"sample.count": 0}) for each in (uniform, predefined)),
        put(AGGREGATE, uniform, **{"sample.kind": 3}),
        put(AGGREGATE, predefined, **{"sample.step": 0}),
    ]
    config = replace(CONFIG, sampler=True)
    assert codes(config, legal) == [ErrorCode.NONE] * len(legal)
    assert codes(config, wrong) == [ErrorCode.FIELD] * len(wrong)
    without = put(AGGREGATE, uniform, **{"sample.kind": 0})
    expected = [ErrorCode.FIELD, ErrorCode.FIELD, ErrorCode.NONE]
    assert codes(CONFIG, [uniform, predefined, without]) == expected


SOME = {"content": Content.ROWS, "start": 4000, "count": 640, "beats": 96, "height": 8, "occupancy": 54}
SOME |= {"eliminate": Elimination.WINDOW}


def eliminating(changes: list[dict]) -> list[int]:
    """A load of some of 640 rows, and what is made of it."""
    descriptor = bits(LOAD, SOME)
    return [
        put(LOAD, descriptor, **({"start": 3000} if not each.get("eliminate", 1) else {}) | each)
        for each in changes
    ]


def test_rows_that_are_left_out_and_their_bitmaps():
    config = replace(CONFIG, occupancy_words=64)
    legal = [
        *({}, {"eliminate": 2}, {"beats": 0}, {"beats": 1, "start": 4094}, {"count": 577}, {"count": 1}),
        *({"beats": 4096, "start": 0}, {"height": 4096}, {"height": 1}, {"occupancy": 0, "count": 4096}),
        {"eliminate": 0, "beats": 640, "height": 0, "occupancy": 65535},
    ]
    wrong = [
        *({"eliminate": 3}, {"height": 0}, {"height": 4097}, {"occupancy": 55}, {"count": 641}),
        *({"beats": 97}, {"beats": 4097, "start": 0}, {"beats": 1 << 31}, {"start": 4001, "beats": 1}),
        *({"count": 0}, {"content": 2, "beats": 640, "start": 0}, {"eliminate": 0, "beats": 96}),
    ]
    assert codes(config, eliminating(legal)) == [ErrorCode.NONE] * len(legal)
    assert codes(config, eliminating(wrong)) == [ErrorCode.FIELD] * len(wrong)
    bitmap = {"content": Content.OCCUPANCY, "start": 60, "count": 4, "beats": 4}
    cases = [
        {},
        {"start": 61},
        {"beats": 5},
        {"start": 0, "count": 64, "beats": 64},
        {"eliminate": 1, "height": 1},
    ]
    found = codes(config, [put(LOAD, bits(LOAD, bitmap), **change) for change in cases])
    expected = [ErrorCode.NONE, ErrorCode.FIELD, ErrorCode.FIELD, ErrorCode.NONE, ErrorCode.FIELD]
    assert found == expected
    # four rows a beat, and two beats a row
    wide = replace(config, columns=16, lanes=16, bus_bits=512, store_rows=128, group_bytes=64)
    cases = [{"start": 4000, "beats": 24}, {"start": 4000, "beats": 25}]
    assert codes(wide, eliminating(cases)) == [ErrorCode.NONE, ErrorCode.FIELD]
    narrow = replace(config, bus_bits=32)
    cases = [{"start": 4000, "beats": beats} for beats in (192, 193, 194)]
    assert codes(narrow, eliminating(cases)) == [ErrorCode.NONE, ErrorCode.FIELD, ErrorCode.FIELD]
    # the largest row store, with four beats a row: a load of all its words, and one beside it
    largest = replace(config, store_rows=8192, lanes=16, bus_bits=32, group_bytes=64)
    assert largest.rows == 1 << 15 and largest.row_bits == 4 * largest.bus_bits
    cases = [{"start": start, "beats": 1 << 17} for start in (0, 2)]
    cases += [{"start": 2, "beats": (1 << 17) - 8}, {"start": 2, "beats": (1 << 17) - 4}]
    expected = [ErrorCode.NONE, ErrorCode.FIELD, ErrorCode.NONE, ErrorCode.FIELD]
    assert codes(largest, eliminating(cases)) == expected


@pytest.mark.parametrize(
    ("bus_bits", "lanes", "wanted"),
    [(32, 4, {"scales": 7, "weights": 6}), (256, 16, {"scales": 1, "weights": 3}), (64, 8, {"scales": 4})],
)
def test_beats_follow_from_counts(bus_bits, lanes, wanted):
    config = replace(CONFIG, bus_bits=bus_bits, lanes=lanes, group_bytes=64)
    for name, beats in wanted.items():
        cases = [(name, {"beats": n, "source": 0}) for n in (beats - 1, beats, beats + 1)]
        found = codes(config, changed(cases))
        assert found == [ErrorCode.FIELD, ErrorCode.NONE, ErrorCode.FIELD], name


CONFIGS = {
    "tiny": GcnConfig(),
    "z32": PRESETS["z32"],
    "weighted": GcnConfig(
        columns=4, lanes=4, splits=4, edge_weights=True, gather_ports=8, pe_rows=8, hubs=4, group_bytes=64
    ),
    "wide": GcnConfig(lanes=16, splits=4, hubs=0, gather_ports=1, bus_bits=256),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_programs_of_the_compiler_are_legal(name):
    config, rng = CONFIGS[name], np.random.default_rng(5)
    programs = []
    for number in range(6):
        network = gcn(rng, int(rng.integers(2, 60)), int(rng.integers(2, 40)), int(rng.integers(1, 30)))
        features = binary(rng, network.nodes, network.input.features)
        settings = Settings(
            chain=number % 2 == 0, hubs=number % 3 != 0, cooperative=number > 3, by_row=number == 2
        )
        programs.append(compile_network(network, config, features=features, settings=settings))
    if config.edge_weights:
        for number in range(4):
            network = mixed(rng, nodes=int(rng.integers(2, 40)))
            operations = [
                replace(each, sample=None) if hasattr(each, "sample") else each for each in network.operations
            ]
            network = replace(network, operations=tuple(operations))
            programs.append(compile_network(network, config, settings=Settings(chain=number % 2 == 0)))
    kinds = {(each["opcode"], each.get("target")) for made in programs for each in made.descriptors}
    assert {target for opcode, target in kinds if opcode is Opcode.AGGREGATE} >= {Target.CHAIN, Target.MEMORY}
    descriptors = [
        int.from_bytes(made.program[at : at + DESCRIPTOR_BYTES], "little")
        for made in programs
        for at in range(0, len(made.program), DESCRIPTOR_BYTES)
    ]
    assert len(descriptors) > 60
    found = codes(config, descriptors)
    assert not [n for n, code in enumerate(found) if code != ErrorCode.NONE]
