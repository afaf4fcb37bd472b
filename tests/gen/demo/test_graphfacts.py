"""What the report shows of a graph: degrees, accuracies, and the node that its neighbours would mislead."""

from types import SimpleNamespace

import numpy as np

from pyralis.gen.demo import graphfacts
from pyralis.gen.demo.graphfacts import Trained
from pyralis.gen.gcn.graph import Graph

EDGES = np.array([[0, 1, 2, 3, 0, 1], [4, 4, 4, 0, 5, 5]])


def graph() -> Graph:
    """Node 4 gathers 0, 1 and 2, of which one has its label; node 5 gathers 0 and 1, of which one has."""
    return Graph.from_edge_index(
        EDGES,
        np.eye(6, 4, dtype=np.float32),
        labels=np.array([0, 1, 1, 0, 0, 0]),
        masks={"train": np.arange(6) < 3, "test": np.arange(6) > 2},
        name="six",
    )


def trained(scores) -> Trained:
    report = SimpleNamespace(accuracy_int=0.5, agreement=0.75)
    network = SimpleNamespace(operations=[SimpleNamespace(unit=0.5)])
    return Trained(
        seed=7, scores=np.asarray(scores), quantized=SimpleNamespace(report=report, network=network)
    )


def test_degrees_and_densities():
    facts = graphfacts.of_graph(graph())
    assert (facts["nodes"], facts["edges"], facts["isolated"], facts["classes"]) == (6, 6, 0, 2)
    assert facts["degree_bounds"] == [0, 1, 2, 3, 4]
    assert facts["degree_counts"] == [3, 1, 1, 1]
    assert facts["degree_range"] == [0, 3]
    assert facts["feature_density"] == 4 / 24
    assert facts["masks"] == {"train": 3, "test": 3}


def test_many_degrees_are_joined_by_powers_of_two():
    star = np.array([np.arange(100), np.zeros(100, dtype=np.int64)])
    facts = graphfacts.of_graph(Graph.from_edge_index(star, np.eye(100, 2, dtype=np.float32)))
    assert facts["degree_bounds"] == [0, 1, 2, 4, 8, 16, 32, 64, 128]
    assert facts["degree_counts"] == [99, 0, 0, 0, 0, 0, 0, 1]


def test_accuracies_are_of_the_test_nodes():
    scores = np.array([[1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [1, 0]])
    logits = np.array([[1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1]])
    found = graphfacts.accuracies(graph(), [trained(scores)] * 2, SimpleNamespace(logits=logits))
    assert found["accuracy_float"] == 2 / 3
    assert found["accuracy_rtl"] == 1 / 3
    assert found["agreement"] == 5 / 6
    assert found["mean"] == {"accuracy_float": 2 / 3, "accuracy_int": 0.5, "agreement": 0.75}


def test_the_sample_is_right_against_its_neighbours():
    right = np.array([[9, 0], [0, 9], [0, 9], [9, 0], [9, 2], [9, 0]])
    found = graphfacts.sample(graph(), trained(right * 0.25), SimpleNamespace(logits=right))
    assert (found["node"], found["label"], found["class"]) == (4, 0, 0)
    assert found["neighbours"] == [{"node": 0, "label": 0}, {"node": 1, "label": 1}, {"node": 2, "label": 1}]
    assert found["logits"] == [9, 2]
    assert found["float_logits"] == [4.5, 1.0], "in units of the last operation"
    assert found["pictures"] == []
    wrong = right.copy()
    wrong[4] = 0, 9
    assert graphfacts.sample(graph(), trained(right), SimpleNamespace(logits=wrong))["node"] == 5
