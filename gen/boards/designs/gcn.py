"""The graph core for a board: with a graph and a network in its memory, and features to check it by."""

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.base import Board, ZynqBoard
from pyralis.gen.boards.design import Design
from pyralis.gen.clock import Clock
from pyralis.gen.doctor import require
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.capacity import counted
from pyralis.gen.gcn.compile import Compiled, Settings, compile_network
from pyralis.gen.gcn.generate import NUMBERING, TOP, core_files, network_facts
from pyralis.gen.gcn.intnetwork import IntGraphNetwork
from pyralis.gen.progress import QUIET, Progress
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.registers import register_map
from pyralis.hw.gcn.top import GcnTop

__all__ = ["CORE", "LEVELS", "design", "digits", "for_board", "samples"]

CORE = "gcn"

LEVELS = 4
"""Values that a pixel has on a board that has block RAM only: features are half as long then, and lie there
beside the graph and the results."""


def for_board(config: GcnConfig, board: Board) -> GcnConfig:
    """*config*, no wider than the ports of the processor if *board* has one."""
    if not isinstance(board, ZynqBoard):
        return config
    return replace(
        config,
        address_bits=min(config.address_bits, board.address_bits),
        bus_bits=min(config.bus_bits, board.bus_bits),
    )


def design(
    config: GcnConfig,
    name: str,
    compiled: Compiled | None = None,
    samples: dict[str, np.ndarray] | None = None,
    network: IntGraphNetwork | None = None,
    *,
    sample_seed: int = 0,
) -> Design:
    """The core *config*, called *name*, and *compiled* for it.

    Parameters
    ----------
    config : GcnConfig
    name : str
    compiled : Compiled, optional
        The network whose program and constants lie in memory from the start.
    samples : dict of str to array, optional
        As :func:`samples` makes them.
    network : IntGraphNetwork, optional
        What *compiled* was made from: a file of the deploy folder.
    sample_seed : int
        Of the driver at first, for its register of that name.
    """
    facts: dict[str, Any] = {"core": {"name": name, **asdict(config)}}
    memory: dict[str, bytes] = {}
    attachments: dict[str, bytes] = {}
    if network is not None:
        attachments["network.npz"] = intfile.content(network)
    if compiled is not None:
        facts["network"] = {**network_facts(compiled), "sample_seed": sample_seed}
        memory = {"program": compiled.program, "weights": compiled.constants}
        attachments[NUMBERING] = compiled.layout.numbering_bytes()
    return Design(
        core=CORE,
        name=name,
        top=TOP,
        component=lambda: GcnTop(config),
        registers=register_map(config),
        files=lambda: core_files(config),
        memory=memory,
        facts=facts,
        samples=samples or {},
        attachments=attachments,
        need=partial(counted, name, config),
        dma=config.handler.dma,
    )


def samples(
    network: IntGraphNetwork, features: Any, labels: np.ndarray | None = None, *, sample_seed: int = 0
) -> dict[str, np.ndarray]:
    """What ``validate.py`` runs, one run of the whole graph.

    Returns
    -------
    dict
        ``inputs`` (1, nodes, features) int8, golden ``scores`` (1, nodes, width) int64, and ``labels``
        (1, nodes) if given, below 0 for nodes that do not count.
    """
    require("torch")
    from pyralis.sim.golden.gcn import network as golden_model

    rows = features.toarray() if hasattr(features, "toarray") else np.asarray(features)
    scores = golden_model.run(network, features, sample_seed=sample_seed).scores.numpy().astype(np.int64)
    found = {"inputs": rows.astype(np.int8)[None], "scores": scores[None]}
    return found if labels is None else {**found, "labels": labels[None]}


def digits(
    config: GcnConfig,
    board: Board,
    folder: Path,
    progress: Progress = QUIET,
    *,
    settings: Settings | None = None,
) -> tuple[IntGraphNetwork, Compiled, dict[str, np.ndarray]]:
    """A network for the graph of digits, compiled for *config*, and samples with its golden scores.

    The graph of the demo, its pixels rounded to :data:`LEVELS` values where the board has block RAM only.
    Trains once; the trained network is kept in *folder*.

    Raises
    ------
    UserError
        PyTorch Geometric or scikit-learn is missing, or the core is too small.
    """
    require("scikit-learn", "torch-geometric", "scipy", "torch")
    from pyralis.gen.demo import digitgraph
    from pyralis.gen.demo.gcn import trained
    from pyralis.gen.demo.graphtraining import EPOCHS
    from pyralis.gen.files import make_folder

    graph, levels = digitgraph.load(), 0 if isinstance(board, ZynqBoard) else LEVELS
    made = trained(graph, make_folder(folder), 0, EPOCHS, Clock(progress), levels=levels)
    quantized = made.quantized
    network, features = quantized.network, quantized.features
    compiled = compile_network(network, config, features=features, settings=settings)
    assert graph.labels is not None
    labels = np.where(graph.masks["test"], graph.labels, -1)
    return network, compiled, samples(network, features, labels)
