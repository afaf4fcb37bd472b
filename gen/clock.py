"""Steps of a job: on the terminal while they run, with their seconds for the report."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyralis.gen.progress import Progress, Step

__all__ = ["Clock"]


class Clock:
    """Steps on *progress*, kept in ``steps`` as dicts of ``name``, ``seconds``, ``result``."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.began = progress, time.monotonic()
        self.steps: list[dict[str, Any]] = []

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Step]:
        """A step as :meth:`Progress.step`."""
        began = time.monotonic()
        with self.progress.step(name, total) as step:
            yield step
        self.steps.append({"name": name, "seconds": time.monotonic() - began, "result": step.result})

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.began
