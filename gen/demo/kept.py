"""Trained networks of the demos, kept so that a second run does not train."""

import hashlib
import inspect
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import nn

from pyralis.gen.clock import Clock

__all__ = ["trained"]

DAMAGED = (RuntimeError, KeyError, EOFError, OSError, pickle.UnpicklingError)
"""What torch raises for a file that it cannot read, or that holds another network."""

Progress = Callable[[int, int, float], None]


def trained(
    folder: Path,
    recipe: ModuleType,
    build: Callable[[], nn.Module],
    train: Callable[[Progress], nn.Module],
    *,
    seed: int,
    epochs: int,
    data: Iterable[np.ndarray] = (),
    framework: str,
    clock: Clock,
) -> nn.Module:
    """The trained network, from *folder* if the same code has trained it before.

    It is kept under a hash of the code, the seed, the epochs, the version of PyTorch and *data*. A file that
    is damaged is made again.

    Parameters
    ----------
    folder : Path
    recipe : module
        Whose code trains.
    build : callable
        Makes the untrained network.
    train : callable
        Trains one; takes a function that it calls after each epoch with (epochs done, epochs in all, loss).
    seed, epochs : int
    data : iterable of ndarray
        What it is trained on, where the code does not say.
    framework : str
        What trains, for the terminal.
    clock : Clock

    Returns
    -------
    nn.Module
        In evaluation mode.
    """
    key = hashlib.sha256(repr((inspect.getsource(recipe), seed, epochs, torch.__version__)).encode())
    for array in data:
        key.update(np.ascontiguousarray(array).tobytes())
    file = folder / f"trained-{key.hexdigest()[:16]}.pt"
    if file.exists():
        with clock.step("load the trained network") as step:
            module = build()
            try:
                module.load_state_dict(torch.load(file, weights_only=True))
            except DAMAGED:
                file.unlink()
            else:
                step.note(f"kept from before in {file.name}")
                return module.eval()
    with clock.step(f"train with {framework}", total=epochs) as step:

        def show(done: int, total: int, loss: float) -> None:
            step.advance(done - step.done)
            step.note(f"{total} epochs, seed {seed}, loss {loss:.4f}")

        module = train(show)
    temporary = file.with_suffix(".tmp")
    torch.save(module.state_dict(), temporary)
    temporary.replace(file)
    return module
