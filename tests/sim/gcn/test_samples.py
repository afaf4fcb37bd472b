"""Networks that sample in every run: programs interpreted, and on the RTL, against the golden model."""

from dataclasses import replace

import numpy as np
import pytest
from intgraphs import adjacency, mixed, random_network, weights

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import arrays
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.estimate import estimate
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.intnetwork import (
    Epilogue,
    IntAdjacency,
    IntAggregate,
    IntCombine,
    IntGraphNetwork,
    IntInput,
    IntSample,
)
from pyralis.gen.gcn.quantize import quantize
from pyralis.gen.gcn.sampling import sampled
from pyralis.hw.gcn.config import PRESETS, GcnConfig
from pyralis.hw.gcn.program import Content
from pyralis.sim.gcn import interpret
from pyralis.sim.gcn.run import simulate
from pyralis.sim.golden.gcn import network as golden

CONFIG = GcnConfig(sampler=True)
WEIGHTED = GcnConfig(
    columns=4,
    lanes=4,
    splits=4,
    edge_weights=True,
    gather_ports=8,
    pe_rows=8,
    hubs=4,
    group_bytes=64,
    sampler=True,
)


def random_sample(rng: np.random.Generator) -> IntSample:
    count = int(rng.choice([1, 2, 3, 5, 8, 25, 255]))
    if rng.integers(3):
        return IntSample(count=count, seed=int(rng.integers(1 << 16)))
    start, step = int(rng.choice([0, 1, 4, 65535])), int(rng.choice([1, 2, 9, 65535]))
    return IntSample(count=count, kind="predefined", start=start, step=step)


def with_samples(network: IntGraphNetwork, rng: np.random.Generator) -> IntGraphNetwork:
    """*network* with samples in about two thirds of its aggregations."""
    operations = tuple(
        replace(each, sample=random_sample(rng))
        if isinstance(each, IntAggregate) and rng.integers(3)
        else each
        for each in network.operations
    )
    return replace(network, operations=operations)


def sage(
    rng: np.random.Generator,
    reduce: str = "sum",
    nodes: int = 90,
    count: int = 5,
    width: int = 12,
    graph: IntAdjacency | None = None,
) -> IntGraphNetwork:
    """GraphSAGE: a sampled mean or maximum, root weights, and a second layer with another sample."""

    def mean(samples: IntSample, graph) -> np.ndarray | int:
        sizes = np.maximum(samples.sizes(graph.degrees), 1)
        return (40_000 // sizes).astype(np.uint16) if reduce == "sum" else 20_000

    graph = graph or adjacency(rng, nodes, 8.0)
    one, two = IntSample(count=count, seed=7), IntSample(count=2 * count, seed=9)
    rows = {"first": one, "second": two}
    operations = []
    source, inputs = "x", width
    for name, samples in rows.items():
        gathered = IntAggregate(
            name=f"{name}.neighbours",
            source=source,
            adjacency="graph",
            reduce=reduce,
            sample=samples,
            epilogue=Epilogue(scale=mean(samples, graph), shift=15),
        )
        outputs = 10 if name == "first" else 4
        output = "int8" if name == "first" else "int16"
        made = IntCombine(
            name=name,
            source=gathered.name,
            weight=weights(rng, inputs, outputs),
            second_source=source,
            second_weight=weights(rng, inputs, outputs),
            epilogue=Epilogue(shift=9 if name == "first" else 4, output=output),
        )
        operations += [gathered, made]
        source, inputs = name, outputs
    return IntGraphNetwork(
        nodes=nodes,
        input=IntInput(features=width),
        adjacencies={"graph": graph},
        operations=tuple(operations),
    )


def rows_of(rng: np.random.Generator, network: IntGraphNetwork) -> np.ndarray:
    return rng.integers(-128, 128, (network.nodes, network.input.features), dtype=np.int8)


def interpreted(compiled, features, sample_seed: int = 0) -> np.ndarray:
    outcome = interpret.run(
        compiled.program,
        compiled.constants,
        compiled.pack_input(features),
        compiled.config,
        output_bytes=compiled.output_stride,
        sample_seed=sample_seed,
    )
    return compiled.unpack_results(outcome.outputs)


@pytest.mark.parametrize("config", [CONFIG, WEIGHTED], ids=["plain", "weighted"])
def test_programs_of_random_networks(config):
    rng = np.random.default_rng(config.columns)
    drawn = 0
    for number in range(25):
        network, features = random_network(rng, weighted=config.edge_weights)
        network = with_samples(network, rng)
        compiled = compile_network(network, config, features=features)
        drawn += any(getattr(each, "sample", None) for each in compiled.network.operations)
        for seed in (0, 1 + 997 * number):
            want = golden.run(network, features, sample_seed=seed).scores.numpy()
            assert np.array_equal(interpreted(compiled, features, seed), want)
    assert drawn > 10


def test_lists_in_parts():
    """Headers count, each interval has those of its rows, and a list is there with headers and without."""
    rng = np.random.default_rng(8)
    nodes, degrees = 1100, rng.poisson(6, 1100)
    indptr = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64)
    graph = IntAdjacency(indptr=indptr, indices=rng.integers(0, nodes, indptr[-1]))
    network = sage(rng, nodes=nodes, graph=graph)
    first, *others = network.operations
    again = replace(first, name="all", sample=None, epilogue=Epilogue(scale=300, shift=15))
    last = replace(others[-1], second_source="all", second_weight=weights(rng, 12, 4))
    network = replace(network, operations=(first, again, *others[:-1], last))
    features = rows_of(rng, network)
    config = replace(CONFIG, edge_lines=512, store_rows=4096)
    compiled = compile_network(network, config, features=features)
    with_headers, whole = compiled.plan.lists.values()
    assert whole.together and not with_headers.together, "the headers are what is too much"
    assert np.array_equal(interpreted(compiled, features), golden.run(network, features).scores.numpy())


def test_what_depends_on_the_numbers_of_nodes():
    """Samples are those of the caller's numbers on every core, and those of a network drawn once."""
    rng = np.random.default_rng(9)
    network = sage(rng)
    features = rows_of(rng, network)
    want = golden.run(network, features).scores.numpy()
    for columns in (1, 4, 8):
        config = replace(CONFIG, columns=columns, bus_bits=64)
        compiled = compile_network(network, config, features=features)
        assert not np.array_equal(compiled.numbering.old, np.arange(network.nodes))
        assert np.array_equal(interpreted(compiled, features), want)
    software = compile_network(sampled(network), replace(CONFIG, sampler=False), features=features)
    assert np.array_equal(interpreted(software, features), want)


@pytest.mark.parametrize("aggr", ["mean", "max"])
def test_from_plain_arrays(aggr):
    """A layer's sample is drawn by cores with a Sampler, and for others once: the same integers."""
    rng = np.random.default_rng(10)
    features = rng.normal(size=(120, 10)).astype(np.float32)
    graph = Graph.from_edge_index(rng.integers(0, 120, (2, 1500)), features, nodes=120)
    shapes = ((10, 6), (10, 6), (6, 3), (6, 3))
    w = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    layers = [
        arrays.sage(w[0], w[1], relu=True, aggr=aggr, sample=4),
        arrays.sage(w[2], w[3], aggr=aggr, sample=9),
    ]
    found = quantize(arrays.from_arrays(layers, graph), graph, seed=3)
    network, features = found.network, found.features
    want = golden.run(network, features).scores.numpy()
    compiled = compile_network(network, replace(CONFIG, feature_values=True), features=features)
    assert np.array_equal(interpreted(compiled, features), want)
    assert not np.array_equal(interpreted(compiled, features, 1), want)
    with pytest.raises(UserError, match="this core has no Sampler"):
        compile_network(network, GcnConfig(), features=features)
    once = compile_network(sampled(network), GcnConfig(), features=features)
    assert np.array_equal(interpreted(once, features), want)


@pytest.mark.parametrize("name", ["z8", "z32", "z64"])
def test_presets_with_a_sampler(name):
    """Lists with headers have long entries, beside short ones of what was drawn in software."""
    rng = np.random.default_rng(3)
    network = sage(rng)
    features = rows_of(rng, network)
    want = golden.run(network, features).scores.numpy()
    for given, compact in ((network, 0), (sampled(network), 1)):
        compiled = compile_network(given, PRESETS[name], features=features)
        assert {each.get("compact") for each in compiled.descriptors if _is_edges(each)} == {compact}
        assert np.array_equal(interpreted(compiled, features), want)


def _is_edges(descriptor: dict) -> bool:
    return descriptor.get("content") is Content.EDGES


def assert_simulated(network, features, config, seeds=(0,), **options):
    compiled = compile_network(network, config, features=features)
    found = []
    for seed in seeds:
        outcome = simulate(compiled, [features], sample_seed=seed, **options)
        assert outcome.error == "NONE", (outcome.error, outcome.error_index)
        want = golden.run(network, features, sample_seed=seed).scores.numpy()
        assert np.array_equal(outcome.results[0], want)
        found.append(outcome)
    return compiled, found


def test_seeds_have_16_bits():
    rng = np.random.default_rng(3)
    network = sage(rng)
    features = rows_of(rng, network)
    compiled = compile_network(network, CONFIG, features=features)
    for call in (
        lambda: simulate(compiled, [features], sample_seed=65536),
        lambda: golden.run(network, features, sample_seed=-1),
    ):
        with pytest.raises(UserError, match=r"(?m)^sample_seed must be in 0\.\.65535, not (65536|-1)$"):
            call()


@pytest.mark.parametrize("reduce", ["sum", "max"])
def test_sage_on_the_core(reduce):
    """Two seeds: two samples, and the golden model knows both; the same program on one Verilator build."""
    rng = np.random.default_rng(3)
    network = sage(rng, reduce)
    features = rows_of(rng, network)
    compiled, (one, two) = assert_simulated(network, features, CONFIG, seeds=(0, 0x5EED))
    assert not np.array_equal(one.results, two.results)
    taken = sum(
        int(np.maximum(each.sample.sizes(network.adjacencies["graph"].degrees), 1).sum()) * slices
        for each, slices in zip(network.operations[::2], (2, 2), strict=True)
    )
    assert one.totals["entries"] == taken
    assert one.totals["edges_beats"] * 8 == compiled.traffic.first["edges"]
    assert estimate(compiled, features).cycles_first <= one.cycles


@pytest.mark.parametrize("seed", range(6))
def test_random_networks_on_the_core(seed):
    rng = np.random.default_rng(seed)
    network, features = random_network(rng, weighted=False)
    assert_simulated(with_samples(network, rng), features, CONFIG, seeds=(seed * 777,))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_random_networks_on_the_core(seed):
    rng = np.random.default_rng(seed)
    config = WEIGHTED if seed % 2 else CONFIG
    network, features = random_network(rng, weighted=config.edge_weights)
    assert_simulated(with_samples(network, rng), features, config, seeds=(seed * 399,))


def test_everything_of_mixed():
    rng = np.random.default_rng(5)
    network = mixed(rng)
    features = rows_of(rng, network)
    compiled = compile_network(network, replace(WEIGHTED, columns=2), features=features)
    assert np.array_equal(interpreted(compiled, features), golden.run(network, features).scores.numpy())
