"""Features in and rows out, in the caller's numbers of the nodes; and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from intgraphs import binary, gcn, random_network
from scipy.sparse import coo_array, csr_array

from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.graphlayout import GraphLayout, digest_of, entries_of
from pyralis.gen.gcn.compile import compile_network
from pyralis.hw.gcn.config import PRESETS

TINY = PRESETS["tiny"]


@pytest.fixture(scope="module")
def lists():
    rng = np.random.default_rng(1)
    features = binary(rng, 20, 24)
    return compile_network(gcn(rng), TINY, features=csr_array(features)), features


def refused(layout, features) -> tuple[str, str]:
    with pytest.raises(DriverError) as caught:
        layout.pack(features)
    return caught.value.what, caught.value.hint


def test_through_json_it_is_the_same(lists):
    compiled, features = lists
    facts = json.loads(json.dumps(compiled.layout.to_json()))
    again = GraphLayout.from_json({**facts, "more": 1}, compiled.layout.numbering_bytes())
    assert again.to_json() == compiled.layout.to_json()
    assert again.pack(features) == compiled.pack_input(features)
    memory = np.random.default_rng(0).integers(0, 256, compiled.output_stride, np.uint8).tobytes()
    assert np.array_equal(again.unpack(memory), compiled.unpack_results(memory))


def test_sparse_and_dense_features_are_the_same_bytes(lists):
    compiled, features = lists
    packed = compiled.layout.pack(features)
    assert len(packed) == compiled.input_stride
    assert compiled.layout.pack(csr_array(features)) == compiled.layout.pack(coo_array(features)) == packed
    dense = replace(compiled.network, input=replace(compiled.network.input, sparse=False))
    rows = compile_network(dense, TINY).layout
    assert rows.pack(features) == rows.pack(csr_array(features)) != packed


def test_values_and_stored_zeros():
    rng = np.random.default_rng(3)
    network, features = random_network(rng, weighted=False)
    layout = compile_network(network, TINY, features=features).layout
    stored = csr_array(np.ones_like(features))
    stored.data = features[np.nonzero(np.ones_like(features))]
    assert layout.pack(stored) == layout.pack(features)
    indptr, indices, values = entries_of(stored)
    assert np.array_equal(csr_array((values, indices, indptr), features.shape).toarray(), features)


def test_what_is_refused(lists):
    layout, features = lists[0].layout, lists[1]
    assert refused(layout, features.T) == ("features must be of shape (20, 24), not (24, 20)", "")
    assert refused(layout, features / 2) == (
        "features must be integers, not float64",
        "quantise them with the network's unit",
    )
    assert refused(layout, features * 3) == ("values must be in 0..1, not 0..3", "")
    assert refused(layout, np.ones_like(features)) == (
        f"the features take 30 lines of a cluster, and the program loads {layout.intervals[0][1]}",
        "compile the network with these features",
    )


def test_facts_of_another_version_and_numbers_of_another_graph(lists):
    layout = lists[0].layout
    facts, numbering = layout.to_json(), layout.numbering_bytes()
    with pytest.raises(DriverError) as caught:
        GraphLayout.from_json({name: facts[name] for name in facts if name != "intervals"}, numbering)
    assert (caught.value.what, caught.value.hint) == (
        "the network's facts in manifest.json have no 'intervals'",
        "generate the core again with the version of Pyralis that this driver comes from",
    )
    for wrong in (numbering[4:], numbering + bytes(4), numbering[:4] + numbering[:-4], numbering[1:]):
        with pytest.raises(DriverError) as caught:
            GraphLayout.from_json(facts, wrong)
        assert caught.value.what == "the numbering is not that of a graph with 20 nodes"


def test_features_that_are_a_part_of_the_program():
    """Through JSON too; others are refused, in any form."""
    features = binary(np.random.default_rng(2), 20, 24)
    core = replace(PRESETS["z8"], weight_rows=16)
    layout = compile_network(gcn(np.random.default_rng(1)), core, features=features).layout
    again = GraphLayout.from_json(json.loads(json.dumps(layout.to_json())), layout.numbering_bytes())
    assert again.digest == layout.digest == digest_of(csr_array(features.astype(np.int8)))
    assert again.pack(features) == again.pack(csr_array(features)) == bytes(core.bus_bits // 8)
    others = features.copy()
    others[3, 4] ^= 1
    expected = (
        "the lists of the features are a part of the program, and these are others",
        "compile the network with these features",
    )
    assert refused(again, others) == refused(again, csr_array(others)) == expected
