"""What the snnTorch front end says of each module, instead of stopping at the first one that it refuses."""

from dataclasses import dataclass

import snntorch as snn
from torch import nn

from pyralis.gen.errors import UserError
from pyralis.gen.frontend.snntorch import LEAVES, _leaves, _Reader
from pyralis.gen.geometry import Shape

__all__ = ["Verdict", "judge"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One module.

    Attributes
    ----------
    name, kind : str
        Its path in the network and its class.
    shape : (C, H, W)
        Map after it.
    verdict : {"ok", "refused", "unknown"}
        ``unknown``: a module before it was refused in a way that hides what this one would get.
    what, hint : str
        Why it was refused and what to do; empty otherwise.
    """

    name: str
    kind: str
    shape: Shape
    verdict: str
    what: str = ""
    hint: str = ""


def judge(module: nn.Module, input_shape: tuple[int, ...]) -> list[Verdict]:
    """Reads every module of *module* in order; see :func:`pyralis.gen.frontend.snntorch.from_snntorch`.

    After a refused neuron an ordinary one is assumed, and a refused module of unknown kind is passed over, so
    that one call finds as much as it can.
    """
    flat = len(input_shape) == 1
    if len(input_shape) not in (1, 3):
        what = f"input_shape must be (C, H, W) or (features,), not {tuple(input_shape)}"
        raise UserError(what, "check", "give it, for example --input-shape 1,28,28")
    shape: Shape = (input_shape[0], 1, 1) if flat else (input_shape[0], input_shape[1], input_shape[2])
    reader = _Reader(shape, flat)
    verdicts: list[Verdict] = []
    lost = False
    for name, leaf in _leaves(module, ""):
        kind, state, what, hint = type(leaf).__name__, "unknown" if lost else "ok", "", ""
        if not lost:
            try:
                reader.read(name, leaf)
            except UserError as error:
                state, what, hint = "refused", error.what, error.hint
                lost = not _recover(reader, name, leaf)
        verdicts.append(
            Verdict(name=name, kind=kind, shape=reader.shape, verdict=state, what=what, hint=hint)
        )
    return verdicts


def _recover(reader: _Reader, name: str, leaf: nn.Module) -> bool:
    """Brings *reader* past the refused *leaf*; False if what follows would be judged wrongly."""
    if not isinstance(leaf, LEAVES):
        return True
    if isinstance(leaf, snn.Leaky) and reader.linear is not None:
        reader.read(name, snn.Leaky(beta=0.5))
        return True
    return False
