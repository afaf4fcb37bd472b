"""Networks that are kept: when a second run trains, and when it does not."""

import numpy as np
import pytest
import torch
from torch import nn

from pyralis.gen.clock import Clock
from pyralis.gen.demo import curve, ghash, kept
from pyralis.gen.progress import Progress


class Trainer:
    """Trains by counting how often it is asked to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, show) -> nn.Module:
        self.calls += 1
        show(1, 2, 0.5)
        module = nn.Linear(1, 1)
        nn.init.constant_(module.weight, self.calls)
        return module.eval()


@pytest.fixture
def trainer():
    return Trainer()


def run(folder, trainer, *, recipe=curve, seed=0, epochs=2, data=(), build=lambda: nn.Linear(1, 1)):
    clock = Clock(Progress())
    module = kept.trained(
        folder, recipe, build, trainer, seed=seed, epochs=epochs, data=data, framework="fingers", clock=clock
    )
    assert not module.training
    return module.weight.item(), [(step["name"], step["result"]) for step in clock.steps]


def test_the_second_run_loads(trainer, tmp_path):
    assert run(tmp_path, trainer) == (1, [("train with fingers", "2 epochs, seed 0, loss 0.5000")])
    (file,) = tmp_path.iterdir()
    assert run(tmp_path, trainer) == (1, [("load the trained network", f"kept from before in {file.name}")])
    assert trainer.calls == 1


def test_everything_that_matters_is_in_the_name(trainer, tmp_path):
    one = np.arange(4)
    for changes in ({}, {"seed": 1}, {"epochs": 3}, {"recipe": ghash}, {"data": [one]}, {"data": [one + 1]}):
        before = trainer.calls
        run(tmp_path, trainer, **changes)
        assert trainer.calls == before + 1, changes
    assert len(list(tmp_path.iterdir())) == trainer.calls


def test_a_damaged_file_is_made_again(trainer, tmp_path):
    run(tmp_path, trainer)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for content in (b"", whole[:100], whole[: len(whole) // 2], b"no network"):
        file.write_bytes(content)
        value, steps = run(tmp_path, trainer)
        assert value == trainer.calls
        assert [name for name, _ in steps] == ["load the trained network", "train with fingers"]
    torch.save(nn.Linear(3, 3).state_dict(), file)  # of another shape
    assert run(tmp_path, trainer)[0] == trainer.calls == 6
    assert len(list(tmp_path.iterdir())) == 1
