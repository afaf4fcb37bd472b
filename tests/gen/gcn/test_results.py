"""Numbers of rows of results, and the sentence with which rows that are too wide are refused."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import adjacency, weights

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.intnetwork import Epilogue, IntAggregate, IntCombine, IntGraphNetwork, IntInput
from pyralis.hw.gcn.config import PRESETS
from pyralis.hw.gcn.program import Opcode, Target

TINY = PRESETS["tiny"]
WIDE = replace(PRESETS["z32"], columns=8, pe_rows=16, gather_ports=8)


def last_descriptor(config, nodes: int, width: int, output: str, *, dense: bool) -> dict:
    """The one that writes results of a network of one combination, or of an aggregation behind it."""
    rng = np.random.default_rng(1)
    adjacencies = {"a": adjacency(rng, nodes, 2.0)}
    combine = IntCombine(
        name="c",
        source="x",
        weight=weights(rng, 4, width),
        epilogue=Epilogue(shift=20, output=output if dense else "int8"),
    )
    operations = (combine,)
    if not dense:
        last = Epilogue(shift=20, output=output)
        operations += (IntAggregate(name="a", source="c", adjacency="a", epilogue=last),)
    network = IntGraphNetwork(
        nodes=nodes, input=IntInput(features=4), adjacencies=adjacencies, operations=operations
    )
    compiled = compile_network(network, config, features=np.ones((nodes, 4), dtype=np.int8))
    made = [each for each in compiled.descriptors if each.get("target") is Target.MEMORY]
    assert made == [compiled.descriptors[-2]]
    assert compiled.output_stride == config.columns * made[0]["result_stride"]
    return made[0]


# Of z32: 8 columns, 16 lanes, 16 rows at a time, 64 bytes a beat, 512 words of reorder memory.
@pytest.mark.parametrize(
    ("nodes", "width", "output", "fields"),
    [
        (8, 1, "int8", {"last": 1, "parts": 0, "group": 1, "stride": 64}),
        (40, 1, "int8", {"last": 1, "parts": 0, "group": 2, "stride": 64}),
        (2708, 7, "int16", {"last": 14, "parts": 0, "group": 8, "stride": 4800}),
        (2708, 9, "int16", {"last": 18, "parts": 1, "group": 7, "stride": 6144}),
        (300, 16, "int32", {"last": 64, "parts": 2, "group": 5, "stride": 2432}),
        (300, 33, "uint8", {"last": 1, "parts": 2, "group": 5, "stride": 1280}),
        (300, 512, "int32", {"last": 64, "parts": 7, "group": 1, "stride": 38 * 2048}),
    ],
)
def test_rows_of_an_aggregation(nodes, width, output, fields):
    made = last_descriptor(WIDE, nodes, width, output, dense=False)
    assert made["opcode"] is Opcode.AGGREGATE
    assert {name: made[f"result_{name}"] for name in fields} == fields
    assert made["group_rows"] == 1 << fields["group"]
    assert made["result_address"] == 0


def test_rows_of_a_dense_combination_come_by_groups_of_the_module():
    made = last_descriptor(WIDE, 300, 40, "int32", dense=True)
    assert made["opcode"] is Opcode.COMBINE
    assert (made["result_last"], made["result_parts"], made["result_group"]) == (32, 4, 4)


def test_traffic_is_that_of_whole_beats_of_each_column():
    rng = np.random.default_rng(2)
    combine = IntCombine(name="c", source="x", weight=weights(rng, 4, 3), epilogue=Epilogue(shift=20))
    network = IntGraphNetwork(nodes=17, input=IntInput(features=4), adjacencies={}, operations=(combine,))
    compiled = compile_network(network, replace(TINY, columns=4), features=np.ones((17, 4), dtype=np.int8))
    # rows: 5 and three times 4, of 3 bytes
    assert compiled.result_stride == 16
    assert compiled.traffic.first["outputs"] == compiled.traffic.later["outputs"] == 4 * 16
    less = compile_network(
        replace(network, nodes=9), replace(TINY, columns=4), features=np.ones((9, 4), dtype=np.int8)
    )
    assert less.result_stride == 16  # three rows, and of the others two
    assert less.traffic.first["outputs"] == 16 + 3 * 8


def test_rows_that_are_too_wide_for_the_reorder_memory_are_refused():
    with pytest.raises(UserError) as caught:
        last_descriptor(WIDE, 300, 130, "int32", dense=True)
    assert (caught.value.what, caught.value.where, caught.value.hint) == (
        "16 rows of results at a time take 1024 words of 16 bytes, and the reorder memory has 512",
        "operation 'c'",
        "use a narrower layer or a smaller type of output",
    )
