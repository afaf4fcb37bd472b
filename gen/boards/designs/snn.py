"""The spiking core for a board: with a network in its memory, and images to check it by."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.gen.boards.design import Design
from pyralis.gen.doctor import require
from pyralis.gen.networkfile import content
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.snn.capacity import need
from pyralis.gen.snn.compile import Compiled
from pyralis.gen.snn.generate import TOP, core_files, network_facts
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.registers import register_map
from pyralis.hw.snn.top import SnnTop

__all__ = ["CORE", "design", "digits", "samples"]

CORE = "snn"


def design(
    config: SnnConfig,
    name: str,
    compiled: Compiled | None = None,
    samples: dict[str, np.ndarray] | None = None,
) -> Design:
    """The core *config*, called *name*, and *compiled* for it.

    Parameters
    ----------
    config : SnnConfig
    name : str
    compiled : Compiled, optional
        The network whose program and weights lie in memory from the start.
    samples : dict of str to array, optional
        As :func:`samples` makes them.
    """
    facts: dict[str, Any] = {"core": {"name": name, **asdict(config)}}
    if compiled is not None:
        facts["network"] = network_facts(compiled)
    return Design(
        core=CORE,
        name=name,
        top=TOP,
        component=lambda: SnnTop(config),
        registers=register_map(config),
        files=lambda: core_files(config),
        memory={"program": compiled.program, "weights": compiled.weights} if compiled else {},
        facts=facts,
        samples=samples or {},
        attachments={"network.npz": content(compiled.network)} if compiled else {},
        need=partial(need, config),
        dma=config.dma,
    )


def samples(
    compiled: Compiled, inputs: np.ndarray, labels: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """What ``validate.py`` runs: ``inputs``, golden ``scores`` (B, outputs) int64, and ``labels`` if given.

    Raises UserError if the inputs do not fit the network, or torch is missing.
    """
    require("torch")
    from pyralis.sim.golden.snn import network as golden_model

    inputs = compiled.check_inputs(inputs).astype(np.int8)
    scores = golden_model.run(compiled.network, inputs).scores.numpy()
    return {"inputs": inputs, "scores": scores, **({} if labels is None else {"labels": labels})}


def digits(
    config: SnnConfig, folder: Path, progress: Progress = QUIET
) -> tuple[Compiled, dict[str, np.ndarray]]:
    """The demo's network compiled for *config*, and its held-out images with their golden scores.

    Trains once; the trained network is kept in *folder*.

    Raises
    ------
    UserError
        snnTorch or scikit-learn is missing, or the core is too small.
    """
    require("snntorch", "scikit-learn", "torch")
    from pyralis.gen.demo.digits import load
    from pyralis.gen.demo.snn import digits_network
    from pyralis.gen.snn.compile import compile_network

    compiled = compile_network(digits_network(folder, config, progress=progress), config)
    data = load()
    return compiled, samples(compiled, data.test_images, data.test_labels)
