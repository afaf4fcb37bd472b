"""What the compiler decides, and the sentences with which it refuses; results are in sim/gcn."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import adjacency, binary, gcn, mixed, weights

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import Settings, compile_network
from pyralis.gen.gcn.intnetwork import Epilogue, IntAggregate, IntCombine, IntGraphNetwork, IntInput
from pyralis.gen.gcn.plan import DRAW
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Content, Opcode, Target
from pyralis.hw.gcn.programstore import PAGE

USUAL = GcnConfig()
RNG = np.random.default_rng(0)
GCN, WORDS = gcn(RNG), binary(RNG, 20, 24)


def chained(network: IntGraphNetwork, config: GcnConfig = USUAL, **settings) -> list[str]:
    compiled = compile_network(network, config, features=WORDS, settings=Settings(**settings))
    return [step.operation.name for step in compiled.plan.steps if step.chained]


def refused(network: IntGraphNetwork, config: GcnConfig = USUAL, features=WORDS) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        compile_network(network, config, features=features)
    return caught.value.what, caught.value.where, caught.value.hint


def with_operation(number: int, **changes) -> IntGraphNetwork:
    operations = list(GCN.operations)
    operations[number] = replace(operations[number], **changes)
    return replace(GCN, operations=tuple(operations))


def one_combine(width: int, features: int = 4, **epilogue) -> IntGraphNetwork:
    weight = weights(np.random.default_rng(1), features, width)
    made = IntCombine(name="c", source="x", weight=weight, epilogue=Epilogue(shift=20, **epilogue))
    return IntGraphNetwork(nodes=5, input=IntInput(features=features), adjacencies={}, operations=(made,))


def test_aggregations_are_chained_only_to_the_one_reader_behind_them():
    assert chained(GCN) == ["h1"]
    assert chained(GCN, chain=False) == []
    # read by two
    extra = replace(GCN.operations[3].epilogue, extra="h1", extra_scale=1)
    wide = replace(GCN.operations[2], weight=weights(RNG, 5, 5))
    twice = (*GCN.operations[:2], wide, replace(GCN.operations[3], epilogue=extra))
    assert chained(replace(GCN, operations=twice)) == []
    # into a buffer of four elements less than a row has
    narrow = replace(USUAL, lanes=4, group_bytes=4)
    assert chained(GCN, replace(narrow, group_bytes=8)) == ["h1"]
    assert refused(GCN, narrow)[0].startswith("rows that are combined have 5 elements")


def test_loads_run_ahead_and_wait_for_nothing():
    compiled = compile_network(GCN, USUAL, features=WORDS)
    assert len(compiled.descriptors) == 15
    assert len(compiled.program) == DESCRIPTOR_BYTES * 16  # four whole pages
    assert [each["index"] for each in compiled.descriptors] == list(range(len(compiled.descriptors)))
    waits = {
        count
        for each in compiled.descriptors
        if each["opcode"] is Opcode.LOAD
        for key, count in each.items()
        if key.startswith("after")
    }
    assert waits == {0}
    combine = next(each for each in compiled.descriptors if each["opcode"] is Opcode.COMBINE)
    assert combine["follows"] == 1
    assert compiled.descriptors[combine["index"] - 1]["content"] is Content.FEATURES
    last = compiled.descriptors[-2]
    assert last["target"] is Target.MEMORY
    assert "follows" not in last  # its lines have been there since the first aggregation
    scales = [each for each in compiled.descriptors if each.get("content") is Content.SCALES]
    assert [each["both"] for each in scales] == [0, 1]  # three of four are the same, of both engines
    assert len({each["start"] for each in scales}) == 2


def test_scales_that_do_not_all_stay_are_loaded_for_each_engine():
    tight, rng = replace(USUAL, store_rows=16), np.random.default_rng(2)
    network = gcn(rng, nodes=32)
    *others, last = network.operations
    other = replace(last, epilogue=replace(last.epilogue, scale=rng.integers(1, 9, 32).astype(np.uint16)))
    network = replace(network, operations=(*others, other))  # three of 16, where 32 have a place
    compiled = compile_network(network, tight, features=binary(rng, 32, 24))
    scales = [each for each in compiled.descriptors if each.get("content") is Content.SCALES]
    assert [(each["engine"], each["both"]) for each in scales] == [(1, 0), (1, 0), (0, 0), (0, 0)]


def test_programs_are_filled_up_to_whole_pages():
    sizes = set()
    for hidden, settings in ((5, Settings()), (5, Settings(chain=False)), (20, Settings())):
        compiled = compile_network(
            gcn(np.random.default_rng(6), hidden=hidden), USUAL, features=WORDS, settings=settings
        )
        size = DESCRIPTOR_BYTES * len(compiled.descriptors)
        sizes.add(size % (PAGE * DESCRIPTOR_BYTES))
        assert len(compiled.program) == -(-size // (PAGE * DESCRIPTOR_BYTES)) * PAGE * DESCRIPTOR_BYTES
        end = compiled.program[size - DESCRIPTOR_BYTES : size]
        assert end[0] == Opcode.END.value
        assert compiled.program[size:] == end * ((len(compiled.program) - size) // DESCRIPTOR_BYTES)
    one = compile_network(one_combine(3), USUAL, features=np.zeros((5, 4), dtype=np.int8))
    sizes.add(DESCRIPTOR_BYTES * len(one.descriptors) % (PAGE * DESCRIPTOR_BYTES))
    assert len(sizes) > 1, "nothing had to be filled up"


def test_what_nothing_depends_on_is_left_out():
    more = IntCombine(name="unused", source="h1", weight=weights(RNG, 5, 3), epilogue=Epilogue(shift=20))
    network = replace(GCN, operations=(*GCN.operations[:2], more, *GCN.operations[2:]))
    compiled = compile_network(network, USUAL, features=WORDS)
    assert [each.name for each in compiled.network.operations] == ["xw1", "h1", "xw2", "h2"]


def test_hubs_come_first_and_take_turns():
    compiled = compile_network(GCN, USUAL, features=WORDS)
    gathered = np.bincount(compiled.network.adjacencies["graph"].indices, minlength=20)
    assert gathered[:16].min() >= gathered[16:].max()
    hubs = [matrix.hubs for matrix in compiled.plan.matrices.values()]
    assert [(each.base, each.size) for each in hubs] == [(0, 8), (8, 8)]
    without = compile_network(GCN, USUAL, features=WORDS, settings=Settings(hubs=False))
    assert [matrix.hubs for matrix in without.plan.matrices.values()] == [None, None]


def test_narrow_rows_are_written_to_every_part():
    compiled = compile_network(GCN, replace(USUAL, splits=4, contexts=4), features=WORDS)
    assert {name: matrix.splits for name, matrix in compiled.plan.matrices.items()} == {"xw1": 0, "xw2": 1}


def test_traffic_is_that_of_the_descriptors():
    compiled = compile_network(GCN, USUAL, features=WORDS)
    t = compiled.traffic
    entries = len(GCN.adjacencies["graph"].indices)
    assert t.compulsory == {
        "edges": 2 * entries,
        "features": 2 * int(WORDS.sum()),
        "weights": 24 * 5 + 5 * 3,
        "scales": 2 * 2 * 20,
        "biases": 4 * 5,
        "outputs": 20 * 3 * 2,
    }
    assert t.operations == {
        "xw1": 5 * int(WORDS.sum()),
        "h1": 5 * entries,
        "xw2": 20 * 5 * 3,
        "h2": 3 * entries,
    }
    loads = [each for each in compiled.descriptors if each["opcode"] is Opcode.LOAD]
    assert sum(each["beats"] for each in loads) * 8 + t.first["outputs"] == sum(t.first.values())
    assert {kind for kind, count in t.later.items() if count} == {"features", "outputs"}
    assert t.first["outputs"] == 2 * 64  # 10 rows of 6 bytes in each column, in beats of 8
    assert all(t.first[kind] >= t.compulsory[kind] for kind in t.first)
    assert str(t).splitlines()[-1] == f"h2: {3 * entries:,} operations"


def test_inputs_are_checked():
    compiled = compile_network(GCN, USUAL, features=WORDS)
    for features, message in (
        (WORDS[:4], "features must be of shape (20, 24), not (4, 24)"),
        (WORDS.astype(np.float32), "features must be integers, not float32"),
        (WORDS * 2, "values must be in 0..1, not 0..2"),
        (np.ones_like(WORDS), "the features take 30 lines of a cluster, and the program loads "),
    ):
        with pytest.raises(UserError) as caught:
            compiled.pack_input(features)
        assert caught.value.what.startswith(message)
    assert refused(GCN, features=None) == (
        "the core reads this network's input as lists of its elements, and no features are given",
        "input",
        "give the features of the graph, --features FILE.npy: they say how long the lists are",
    )


def test_what_the_hardware_cannot_do_is_refused():
    everything = mixed(np.random.default_rng(1))
    assert refused(everything, features=None) == (
        "adjacency 'weighted' has weights, and this core has no multipliers for them",
        "operation 'sum'",
        "use contract B, or a configuration with edge_weights",
    )
    assert refused(everything, replace(USUAL, edge_weights=True), features=None) == (
        "3 neighbours are sampled in every run, and this core has no Sampler",
        "operation 'sampled'",
        f"choose preset z8, z32 or z64, or {DRAW}",
    )
    assert refused(one_combine(4, extra="x", extra_scale=1), features=None) == (
        "a combination adds the rows of 'x', and this core adds rows only after an aggregation",
        "operation 'c'",
        "add them in an aggregation over self loops",
    )
    assert refused(one_combine(257), features=None) == (
        "rows have 257 elements, and this core makes rows of at most 256",
        "operation 'c'",
        "use a narrower layer",
    )
    second = with_operation(0, second_source="x", second_weight=weights(RNG, 24, 5))
    assert refused(second) == (
        "rows stored as lists of their elements cannot be combined together with other rows",
        "operation 'xw1'",
        "make the input not sparse",
    )
    values = replace(GCN, input=replace(GCN.input, values="int8"))
    assert refused(values, replace(USUAL, feature_values=False)) == (
        "features have values, and this core counts every entry as 1",
        "input",
        "use a configuration with feature_values",
    )


def test_what_does_not_fit_is_refused():
    hint = "choose a larger preset"
    rng = np.random.default_rng(2)
    many = gcn(rng, nodes=5000)
    assert refused(many, features=binary(rng, 5000, 24)) == (
        "the graph has 5000 nodes, and this core has room for 4096 rows",
        "network",
        hint,
    )
    some = gcn(rng, nodes=2500)
    beside = "its rows and those that are needed beside them take"
    assert refused(some, features=binary(rng, 2500, 24)) == (
        f"{beside} 5000 words of the row store, and this core has 4096",
        "operation 'xw2'",
        hint,
    )
    assert refused(GCN, replace(USUAL, weight_rows=16)) == (
        "it needs 24 rows of the Weight Buffer, and this core has 16",
        "operation 'xw1'",
        hint,
    )
    dense = adjacency(RNG, 20, 40.0)
    what, where, _ = refused(replace(GCN, adjacencies={"graph": dense}), replace(USUAL, edge_lines=16))
    assert what.endswith(" lines of a column for its adjacency, and this core has 16")
    # in parts of four rows of a column, which fill whole beats with results: the longest of them
    assert int(what.split()[2]) in range(dense.degrees.max() // 8, len(dense.indices) // 8)
    assert where == "operation 'h1'"
    full = np.ones((200, 150), dtype=np.uint8)
    assert refused(gcn(rng, nodes=200, features=150), replace(USUAL, feature_lines=16), full) == (
        "features that must be there at a time take 19 lines of a cluster, and this core has 16",
        "input",
        hint,
    )
    wide = IntGraphNetwork(
        nodes=5,
        input=IntInput(features=70),
        adjacencies={"a": adjacency(rng, 5, 2.0)},
        operations=(
            IntAggregate(name="a", source="x", adjacency="a", epilogue=Epilogue(shift=4)),
            IntCombine(name="c", source="a", weight=weights(rng, 70, 3), epilogue=Epilogue(shift=9)),
        ),
    )
    assert refused(wide, features=None) == (
        "rows that are combined have 70 elements, and the Aggregation Buffer holds 64 of a row",
        "operation 'c'",
        hint,
    )


def test_sums_are_proved_for_the_widths_of_the_core():
    rng = np.random.default_rng(3)
    hub = gcn(rng, nodes=200)
    what, where, _ = refused(hub, replace(USUAL, accumulator_bits=16), binary(rng, 200, 24))
    assert what == "the sum can reach 127000, beyond the 16 bits of -32768..32767"
    assert where == "operation 'h1'"
