"""Whether a module's own ``forward`` does what the order of its children says.

A front end that reads children in order cannot see a ``forward`` that calls them in another order, leaves one
out, or changes maps between them with functions. One trial run with zeros shows these, where ``forward`` can
be called with images, or a sequence of images, alone.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from pyralis.gen.errors import UserError

__all__ = ["Turn", "check_forward"]

REFUSALS = (TypeError, ValueError, RuntimeError, IndexError, KeyError, AttributeError, NotImplementedError)
"""What a ``forward`` raises that wants other arguments."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Turn:
    """A module in its place, and how many values per image the modules before it make."""

    name: str
    module: nn.Module
    values: int


def check_forward(
    module: nn.Module, turns: Sequence[Turn], input_shape: tuple[int, ...], time_steps: int
) -> None:
    """Raises UserError if ``forward`` shows that *turns* are not what it does.

    Says nothing where ``forward`` cannot be called with zeros of shape (B, ...), (T, B, ...) or (B, T, ...).
    The module's states and modes are as before.
    """
    if isinstance(module, nn.Sequential) or len({id(turn.module) for turn in turns}) < len(turns):
        return
    calls = _trial(module, turns, input_shape, time_steps)
    if not calls:
        return
    for place, turn in enumerate(turns):
        where = f"layer {turn.name!r} ({type(turn.module).__name__})"
        if turn.name not in calls:
            raise UserError("forward does not call it", where, "remove it, or export the part that is used")
        first = list(calls)[place]  # every turn before this one stood in its place
        if first != turn.name:
            what = f"forward calls {first!r} before it, although it was registered first"
            raise UserError(what, where, "register the modules in the order in which forward calls them")
        for values in calls[turn.name]:
            if values != turn.values:
                what = f"forward gives it {values} values, but the modules before it make {turn.values}"
                hint = "use modules instead of functions between layers, and one module for each place"
                raise UserError(what, where, hint)


def _trial(
    module: nn.Module, turns: Sequence[Turn], input_shape: tuple[int, ...], time_steps: int
) -> dict[str, list[int]]:
    """Values per image that each module got in each call, in order of the first calls; empty if unknown."""
    images = next(count for count in (3, 5, 7, 11, 13) if count not in (time_steps, *input_shape))
    for leading in ((images,), (time_steps, images), (images, time_steps)):
        shapes: dict[str, list[torch.Size]] = {}
        with _as_before(module), _recorded(turns, shapes), torch.no_grad(), suppress(*REFUSALS):
            module(torch.zeros(*leading, *input_shape))
            batch = next(iter(shapes.values()))[0]
            understood = batch[0] in (images, images * time_steps)
            if understood and batch.numel() == batch[0] * torch.Size(input_shape).numel():
                return {
                    name: [shape.numel() // batch[0] for shape in got if shape[0] == batch[0]]
                    for name, got in shapes.items()
                }
    return {}


@contextmanager
def _as_before(module: nn.Module) -> Iterator[None]:
    """Evaluation mode and fresh neurons inside; what was there before afterwards."""
    modes = {part: part.training for part in module.modules()}
    states: dict[Any, Any] = {part: part.mem for part in module.modules() if hasattr(part, "mem")}
    try:
        module.eval()
        for part in states:
            part.mem = torch.zeros(0)
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode
        for part, state in states.items():
            part.mem = state


@contextmanager
def _recorded(turns: Sequence[Turn], shapes: dict[str, list[torch.Size]]) -> Iterator[None]:
    """Notes the shape of the first argument of every call inside."""

    def record(name: str):
        def hook(_: nn.Module, arguments: tuple[Any, ...]) -> None:
            shapes.setdefault(name, []).append(arguments[0].shape)

        return hook

    handles = [turn.module.register_forward_pre_hook(record(turn.name)) for turn in turns]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
