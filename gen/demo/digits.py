"""The digits job: scikit-learn's 1,797 handwritten digits and a small convolutional spiking network for them.

The images (8 x 8, values 0..16; a copy of the test set of the UCI "Optical Recognition of Handwritten
Digits") come inside the scikit-learn package, so nothing is downloaded.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from pyralis.gen.onethread import one_thread

__all__ = [
    "EPOCHS",
    "INPUT_SCALE",
    "INPUT_SHAPE",
    "OUTPUT",
    "TIME_STEPS",
    "Digits",
    "classify",
    "load",
    "train",
]

INPUT_SHAPE = (1, 8, 8)
INPUT_SCALE = 1 / 120
"""Real value of one unit of a pixel: 0..16 becomes -120..120 in steps of 15, real -1..1."""

TIME_STEPS = 4
OUTPUT = "potentials"
"""The class scores are the potentials of the last layer, which leaks but never resets."""

EPOCHS = 30
BATCH = 64
NOISE = 0.15
"""Standard deviation of the noise on training images, whose values are -1..1."""

LEARNING_RATE = 5e-3

Progress = Callable[[int, int, float], None]
"""Called after each epoch with (epochs done, epochs in all, mean training loss)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Digits:
    """Images (B, 1, 8, 8) int8, one unit is ``INPUT_SCALE``, and labels (B,) int64."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    @property
    def train_reals(self) -> np.ndarray:
        """Training images as the float network sees them: (B, 1, 8, 8) float32 in -1..1."""
        return (self.train_images * INPUT_SCALE).astype(np.float32)

    @property
    def test_reals(self) -> np.ndarray:
        """Held-out images as the float network sees them."""
        return (self.test_images * INPUT_SCALE).astype(np.float32)


def load() -> Digits:
    """The digits: 1,437 to train, 360 held out with the same share of every class, always the same ones."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    images = (bunch.images.astype(np.int16) * 15 - 120).astype(np.int8)[:, None]
    labels = bunch.target.astype(np.int64)
    parts = train_test_split(images, labels, test_size=360, stratify=labels, random_state=0)
    return Digits(train_images=parts[0], test_images=parts[1], train_labels=parts[2], test_labels=parts[3])


def build() -> nn.Sequential:
    """The untrained network 16c3-p2-32c3-p2-10, with neurons that learn their leaks."""
    import snntorch as snn

    def leaky(beta: float) -> nn.Module:
        return snn.Leaky(beta=beta, learn_beta=True, init_hidden=True)

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        leaky(0.5),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32),
        leaky(0.6),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 2 * 2, 10),
        snn.Leaky(beta=0.9, init_hidden=True, output=True, reset_mechanism="none"),
    )


def train(seed: int = 0, epochs: int = EPOCHS, progress: Progress | None = None) -> nn.Sequential:
    """Trains the network on the training images; about 15 s on one core.

    The same seed gives the same network on the same machine (PyTorch does not promise equal rounding across
    processors). PyTorch's own random state and thread count are left as they were.

    Parameters
    ----------
    seed : int
        Of the initial weights, the order of the images and the noise on them.
    epochs : int
    progress : callable, optional
        ``progress(done, epochs, loss)`` after every epoch.

    Returns
    -------
    nn.Sequential
        In evaluation mode.
    """
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _fit(build(), load(), epochs, progress)


def classify(module: nn.Module, images: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Scores (B, 10) of real images (B, 1, 8, 8) after TIME_STEPS steps, in snnTorch itself."""
    import snntorch as snn

    images = torch.as_tensor(images)
    for part in module.modules():
        if isinstance(part, snn.Leaky):
            part.mem = torch.zeros(0)
    scores = images.new_zeros(0)
    for _ in range(TIME_STEPS):
        _, scores = module(images)
    return scores


def _fit(module: nn.Sequential, digits: Digits, epochs: int, progress: Progress | None) -> nn.Sequential:
    images, labels = torch.as_tensor(digits.train_reals), torch.as_tensor(digits.train_labels)
    optimizer = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE)
    steps = epochs * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=max(steps, 1))
    module.train()
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(images)).split(BATCH):
            noisy = images[batch] + NOISE * torch.randn_like(images[batch])
            loss = nn.functional.cross_entropy(classify(module, noisy), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        if progress is not None:
            progress(epoch + 1, epochs, total / len(images))
    return module.eval()
