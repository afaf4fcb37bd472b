"""A line for every step of a long job, and a bar while it runs.

A step prints one line when it ends (name, seconds, what came out), on a terminal and in a file alike. The bar
that moves meanwhile is drawn on a terminal only. A hundred lines, because nothing else here needs a library.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["QUIET", "Progress", "Step", "ticking"]

BAR = 24
"""Width of a bar in characters."""

REDRAW = 0.1
"""Shortest time between two drawings of a bar, in seconds."""

TICK = 0.5
"""Seconds between two drawings of the clock of a step that cannot say how far it is."""


class Step:
    """A running step; made by :meth:`Progress.step`."""

    def __init__(self, name: str, total: int | None, redraw: Callable[["Step"], None]) -> None:
        self.name, self.total, self.done, self.result = name, total, 0, ""
        self._redraw = redraw

    def advance(self, count: int = 1) -> None:
        """Counts *count* more of ``total`` as done."""
        self.done += count
        self._redraw(self)

    def note(self, result: str) -> None:
        """Sets what the line of this step says at its end, for example ``"accuracy 97.8 %"``."""
        self.result = result


class Progress:
    """Reports steps on *stream*; a Progress without a stream says nothing.

    Functions that take long have a parameter ``progress: Progress = QUIET`` and write::

        with progress.step("simulate", total=len(images)) as step:
            for image in images:
                ...
                step.advance()
            step.note(f"{cycles} cycles")
    """

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._bars = stream is not None and stream.isatty()
        self._started = self._drawn = 0.0

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Step]:
        """Runs one step; its line is printed when the block ends, also by an exception."""
        step = Step(name, total, self._draw)
        self._started, self._drawn = self._clock(), -REDRAW
        self._draw(step)
        try:
            yield step
        except BaseException:
            self._end(step, "failed")
            raise
        self._end(step, step.result)

    def say(self, text: str) -> None:
        """Prints *text* as a line of its own."""
        if self._stream:
            print(text, file=self._stream, flush=True)

    def _draw(self, step: Step) -> None:
        now = self._clock()
        if not self._bars or now - self._drawn < REDRAW:
            return
        self._drawn = now
        line = f"{step.name:28}{now - self._started:8.1f} s"
        if step.total:
            filled = min(BAR, BAR * step.done // step.total)
            line += f"  {'#' * filled}{'.' * (BAR - filled)} {step.done}/{step.total}"
        print(f"\r{line}\x1b[K", end="", file=self._stream, flush=True)

    def _end(self, step: Step, result: str) -> None:
        line = f"{step.name:28}{self._clock() - self._started:8.1f} s  {result}".rstrip()
        self.say(f"\r{line}\x1b[K" if self._bars else line)


QUIET = Progress()


@contextmanager
def ticking(step: Step) -> Iterator[None]:
    """Keeps the clock of *step* moving on a terminal while something else works."""
    done = threading.Event()

    def tick() -> None:
        while not done.wait(TICK):
            step.advance(0)

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
