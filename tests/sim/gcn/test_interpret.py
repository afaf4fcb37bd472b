"""Programs of the graph core, run by the interpreter, against the golden model of the network."""

from dataclasses import replace

import numpy as np
import pytest
from coreruns import PAIRED
from intgraphs import adjacency, binary, gcn, mixed, random_network
from scipy.sparse import csr_array

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import layout
from pyralis.gen.gcn.arrays import from_arrays
from pyralis.gen.gcn.arrays import gcn as gcn_layer
from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.gen.gcn.features import row_normalised
from pyralis.gen.gcn.intnetwork import IntAdjacency, IntCombine, IntGraphNetwork
from pyralis.gen.gcn.quantize import quantize
from pyralis.gen.gcn.synthetic import synthetic
from pyralis.gen.gcn.traffic import KIND_OF
from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.epilogue import EPILOGUE_SETTINGS
from pyralis.hw.gcn.program import AGGREGATE, COMBINE, Content, Opcode, Source
from pyralis.sim.gcn.descriptors import decode, jobs
from pyralis.sim.gcn.interpret import Outcome, run
from pyralis.sim.gcn.memories import UnwrittenError
from pyralis.sim.gcn.ordering import OrderError, check
from pyralis.sim.golden.gcn import network as golden

CONFIGS = {
    "tiny": PRESETS["tiny"],
    "paired": PAIRED,
    "weighted": GcnConfig(
        columns=4, lanes=4, splits=4, edge_weights=True, gather_ports=8, pe_rows=8, hubs=4, group_bytes=64
    ),
    "wide": GcnConfig(columns=1, lanes=16, splits=4, hubs=0, gather_ports=1, bus_bits=128),
}
COMPACT = GcnConfig(columns=4, hubs=4, bus_bits=256)
"""Lists without values come in short entries."""


def interpret(compiled: Compiled, features, given: bytes | None = None) -> Outcome:
    given = given or compiled.pack_input(features)
    assert len(given) == compiled.input_stride
    size = compiled.output_stride
    return run(compiled.program, compiled.constants, given, compiled.config, output_bytes=size)


def assert_same(network: IntGraphNetwork, features, config: GcnConfig, settings: Settings) -> Compiled:
    compiled = compile_network(network, config, features=features, settings=settings)
    outcome = interpret(compiled, features)
    expected = golden.run(compiled.network.renumbered(compiled.numbering.new), features)
    assert np.array_equal(compiled.unpack_results(outcome.outputs), expected.scores.numpy())
    assert outcome.saturated == any(expected.saturated.values())
    whole = golden.run(network, features)
    assert np.array_equal(expected.scores, whole.scores)
    return compiled


@pytest.mark.parametrize("name", [*CONFIGS, "compact"])
def test_random_networks(name):
    config = CONFIGS.get(name, COMPACT)
    rng = np.random.default_rng(len(name))
    seen = set()
    for _ in range(25):
        network, features = random_network(rng, weighted=config.edge_weights)
        settings = Settings(
            chain=bool(rng.integers(4)),
            hubs=bool(rng.integers(4)),
            cooperative=bool(rng.integers(2)),
        )
        compiled = assert_same(network, features, config, settings)
        for each in compiled.descriptors:
            seen.add((each["opcode"], each.get("source") if each["opcode"] is Opcode.COMBINE else None))
            keys = ("extra", "maximum", "hubs", "splits", "valued", "compact")
            seen |= {key for key in keys if each.get(key)}
            if "epilogue" in each:
                seen.add(("narrow", each["epilogue"]["narrow"]))
    assert {(Opcode.COMBINE, source) for source in Source} <= seen
    assert {"extra", "maximum", "valued", ("narrow", 0), ("narrow", 1)} <= seen
    assert ("splits" in seen) == (config.splits > 1)
    assert ("hubs" in seen) == bool(config.hubs)
    assert ("compact" in seen) == (name == "compact")


@pytest.mark.parametrize(("features", "compact"), [(1500, True), (20000, False)])
def test_gaps_that_are_wider_than_an_entry_can_say(features, compact):
    """Escapes are read and add nothing; lists of which most entries would be escapes are plain."""
    rng = np.random.default_rng(5)
    network = gcn(rng, nodes=40, features=features)
    rows = csr_array((rng.random((40, features)) < 4 / features) | (np.arange(features) < 9), dtype=np.int8)
    config = replace(COMPACT, weight_rows=1 << 15)
    compiled = assert_same(network, rows, config, Settings())
    loads = [each for each in compiled.descriptors if each["opcode"] is Opcode.LOAD]
    lists = {each["content"]: each for each in loads if each["content"] in (Content.EDGES, Content.FEATURES)}
    assert {content: each["compact"] for content, each in lists.items()} == {
        Content.EDGES: 1,
        Content.FEATURES: int(compact),
    }
    entries, known = layout.input_entries(config, network.input, rows)
    assert known == compact == compiled.layout.compact
    assert (entries.sum() > rows.nnz) == compact
    outcome = interpret(compiled, rows)
    gathers = next(each["index"] for each in compiled.descriptors if each.get("source") is Source.FEATURES)
    assert outcome.entries[gathers] == rows.nnz * layout.slices(config, 5)
    for content, kind in KIND_OF.items():
        if content in lists:
            assert outcome.read[content] == compiled.traffic.first[kind] >= compiled.traffic.compulsory[kind]


@pytest.mark.parametrize("chain", [True, False])
def test_contract_b_on_lists_and_on_rows(chain):
    rng = np.random.default_rng(1)
    network, features = gcn(rng), binary(rng, 20, 24)
    for given, values in ((network, csr_array(features)), (network, features)):
        assert_same(given, values, GcnConfig(), Settings(chain=chain))
    dense = replace(network, input=replace(network.input, sparse=False))
    compiled = assert_same(dense, features, GcnConfig(), Settings(chain=chain))
    assert not compiled.plan.sparse_input
    sources = [each["source"] for each in decode(compiled.program) if each["opcode"] is Opcode.COMBINE]
    assert sources == [Source.ROWS, Source.CHAIN if chain else Source.ROWS]


def test_rows_that_are_too_wide_to_be_combined_whole_come_as_lists():
    rng = np.random.default_rng(2)
    network = gcn(rng, nodes=20, features=100)
    dense = replace(network, input=replace(network.input, sparse=False))
    assert assert_same(dense, binary(rng, 20, 100), GcnConfig(), Settings()).plan.sparse_input


def test_one_of_everything_but_samples():
    rng = np.random.default_rng(3)
    network = mixed(rng)
    operations = tuple(
        each if isinstance(each, IntCombine) else replace(each, sample=None) for each in network.operations
    )
    features = rng.integers(-128, 128, (17, 6), dtype=np.int8)
    assert_same(replace(network, operations=operations), features, CONFIGS["weighted"], Settings())


def test_a_memory_that_is_too_small_for_all_constants_holds_them_in_turn():
    rng = np.random.default_rng(4)
    network, features = gcn(rng, features=20, hidden=5), binary(rng, 20, 20)
    second = adjacency(rng, 20, 1.5)
    operations = (*network.operations[:3], replace(network.operations[3], adjacency="second"))
    network = replace(network, adjacencies=network.adjacencies | {"second": second}, operations=operations)
    for edge_lines, later in ((64, 0), (32, 1)):
        config = GcnConfig(columns=1, weight_rows=32, edge_lines=edge_lines, hubs=0)
        compiled = assert_same(network, features, config, Settings())
        loads = [each for each in compiled.descriptors if each.get("content") is Content.EDGES]
        assert [each["resident"] for each in loads] == [1 - later] * 2
        assert (loads[1]["start"] == 0) == later
        assert loads[1]["after_aggregate"] == later
        assert (compiled.traffic.later["edges"] > 0) == later


SMALL = {"weight_rows": 64, "edge_lines": 32, "feature_lines": 16, "group_bytes": 64}
"""Memories that hold a part of the lists and weights of the networks below."""


def large(rng: np.random.Generator, nodes: int, features: int, hidden: int, *, valued: bool):
    """A network of two layers, and features, with many entries a row and no row of more than 40."""
    network, words = gcn(rng, nodes=nodes, features=features, hidden=hidden), binary(rng, nodes, features)
    degrees = rng.integers(0, 41, nodes)
    indptr = np.concatenate([[0], np.cumsum(degrees)])
    graph = IntAdjacency(indptr=indptr, indices=rng.integers(0, nodes, indptr[-1]))
    if valued:
        words = words.astype(np.int8) * rng.integers(-128, 128, words.shape, dtype=np.int8)
        network = replace(network, input=replace(network.input, values="int8"))
    return replace(network, adjacencies={"graph": graph}), csr_array(words)


def read_by_kind(outcome: Outcome) -> dict[str, int]:
    found: dict[str, int] = {}
    for content, size in outcome.read.items():
        found[KIND_OF[content]] = found.get(KIND_OF[content], 0) + size
    return found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", CONFIGS)
def test_networks_that_are_larger_than_the_memories(name, seed):
    config = replace(CONFIGS[name], **SMALL)
    rng = np.random.default_rng(seed)
    nodes, width, hidden = int(rng.integers(80, 200)), int(rng.integers(30, 50)), int(rng.integers(1, 41))
    network, features = large(rng, nodes, width, hidden, valued=bool(rng.integers(2)))
    settings = Settings(chain=bool(rng.integers(4)), hubs=bool(rng.integers(4)))
    compiled = assert_same(network, features, config, settings)
    assert not compiled.plan.lists["graph"].together
    assert not compiled.plan.lists["x"].together or name == "weighted"  # of eight streams of features
    outcome = interpret(compiled, features)
    moved = {kind: size for kind, size in compiled.traffic.first.items() if kind != "outputs"}
    assert read_by_kind(outcome) == moved


def test_random_networks_in_small_memories():
    """Those whose longest rows and widest weights fit, in as many parts as it takes."""
    rng = np.random.default_rng(10)
    config = replace(CONFIGS["weighted"], weight_rows=32, edge_lines=16, feature_lines=16)
    parted = 0
    for _ in range(60):
        network, features = random_network(rng, weighted=True)
        try:
            compiled = assert_same(network, features, config, Settings(chain=bool(rng.integers(4))))
        except UserError:
            continue
        parted += len(compiled.plan.steps) > len(compiled.network.operations)
    assert parted > 5


def test_weights_come_in_turns():
    rng = np.random.default_rng(9)
    network, features = large(rng, 40, 24, 40, valued=False)
    config = GcnConfig(weight_rows=64)
    compiled = assert_same(network, features, config, Settings())
    found = decode(compiled.program)
    first = [each for each in found if each.get("source") is Source.FEATURES]
    assert [each["slices"] for each in first] == [1] * 5
    loads = [each for each in found if each.get("content") is Content.WEIGHTS]
    assert [each["count"] for each in loads] == [24] * 5 + [40]
    # two are there at a time: the third one waits for the first combination
    assert [each["after_combine"] for each in loads[:4]] == [0, 0, 1, 2]
    assert sum(each.get("content") is Content.FEATURES for each in found) == 1, "they stay"


def test_the_order_of_parts_reads_fewer_bytes():
    """Weights in groups and features in intervals: one of them is read again and again, the smaller sum."""
    rng = np.random.default_rng(11)
    config = GcnConfig(weight_rows=64, feature_lines=32)
    for hidden, again in ((24, "weights"), (16, "features")):
        network, features = large(rng, 100, 40, hidden, valued=False)
        compiled = assert_same(network, features, config, Settings())
        moved, intervals, groups = compiled.traffic.first, compiled.plan.lists["x"].lines, hidden // 8
        once = {"weights": 40 * hidden, "features": sum(intervals) * 2 * 16}
        assert len(intervals) > 1
        read = {
            "weights": len(intervals) * once["weights"] + once["features"],
            "features": once["weights"] + groups * once["features"],
        }
        assert moved["weights"] + moved["features"] - 8 * hidden == read[again] == min(read.values())


@pytest.fixture(scope="module")
def cora_like():
    """A quantised GCN of 16 hidden elements on the graph that resembles Cora."""
    rng = np.random.default_rng(5)
    graph = synthetic("cora")
    graph = replace(graph, features=row_normalised(graph.features))
    width = graph.features.shape[1]
    first = gcn_layer(rng.normal(0, 0.1, (width, 16)), rng.normal(0, 0.1, 16), relu=True)
    second = gcn_layer(rng.normal(0, 0.3, (16, 7)), rng.normal(0, 0.1, 7))
    return quantize(from_arrays([first, second]), graph, product_bits=24)


@pytest.mark.parametrize("chain", [True, False])
def test_a_network_of_the_size_of_cora(cora_like, chain):
    config = PRESETS["z32"]
    compiled = assert_same(cora_like.network, cora_like.features, config, Settings(chain=chain))
    outcome = interpret(compiled, cora_like.features)
    moved, later = compiled.traffic.first, compiled.traffic.later
    read = outcome.read
    assert moved["edges"] == read[Content.EDGES]
    assert moved["features"] == read[Content.FEATURES]
    assert moved["weights"] == read[Content.WEIGHTS]
    assert later["edges"] == later["weights"] == later["scales"] == 0
    assert moved["features"] < 1.1 * compiled.traffic.compulsory["features"]
    assert moved["edges"] < 1.1 * compiled.traffic.compulsory["edges"]
    combine, aggregate = list(outcome.entries.values())[:2]
    counted = list(compiled.traffic.operations.values())
    assert [16 * combine, 16 * aggregate] == counted[:2]
    assert combine == cora_like.features.nnz


def test_an_entry_without_a_row_is_found():
    rng = np.random.default_rng(6)
    network, features = gcn(rng), binary(rng, 20, 24)
    compiled = compile_network(network, GcnConfig(), features=features)
    wrong = bytearray(compiled.pack_input(features))
    wrong[0:2] = (200).to_bytes(2, "little")
    with pytest.raises(UnwrittenError, match=r"^the Weight Buffer is read where nothing has been written$"):
        interpret(compiled, features, bytes(wrong))


def test_rows_that_are_called_narrow_and_are_not_are_found():
    rng = np.random.default_rng(8)
    network, features = gcn(rng, hidden=6), binary(rng, 20, 24)
    compiled = compile_network(network, GcnConfig(), features=features)
    layout = {Opcode.AGGREGATE: AGGREGATE, Opcode.COMBINE: COMBINE}
    narrow = {}
    for number, each in enumerate(compiled.descriptors):
        if each["opcode"] not in layout:
            continue
        narrow[number] = each["epilogue"]["narrow"]
        settings = layout[each["opcode"]]["epilogue"]
        bit = 8 * DESCRIPTOR_BYTES * number + settings.offset + EPILOGUE_SETTINGS["narrow"].offset
        wrong = bytearray(compiled.program)
        wrong[bit // 8] |= 1 << bit % 8
        changed = replace(compiled, program=bytes(wrong))
        if narrow[number]:
            assert changed.program == compiled.program
        else:
            with pytest.raises(AssertionError, match="narrow rows are not narrow"):
                interpret(changed, features)
    assert list(narrow.values()) == [0, 0, 1, 1], "rows of 6 elements, then of 3"


@pytest.mark.parametrize("chain", [True, False])
def test_no_wait_is_longer_than_it_must_be(chain):
    rng = np.random.default_rng(7)
    network, features = gcn(rng), binary(rng, 20, 24)
    settings = Settings(chain=chain)
    compiled = compile_network(network, GcnConfig(), features=features, settings=settings)
    program = jobs(decode(compiled.program), compiled.config)
    check(program)
    shortened = 0
    for number, job in enumerate(program):
        for unit, count in job.after.items():
            if not count:
                continue
            shorter = replace(job, after=job.after | {unit: count - 1})
            with pytest.raises(OrderError):
                check([*program[:number], shorter, *program[number + 1 :]])
            shortened += 1
    assert shortened >= 5
