"""Golden model of :mod:`pyralis.hw.gcn.sampler`: which entries of a row an aggregation takes.

**Uniform.** A row with more than ``count`` entries is cut into ``count`` equal parts, and one entry is drawn
from each. Entry i of the sample is at position ``((i << 16 | u) * degree // count) >> 16``: u, a fraction of
16 bits, is the state of a linear-feedback shift register after i + 1 steps. The register starts from the seed
and the number of the row alone, so samples do not depend on the order in which rows are worked on. In the
mean over all u, every entry is drawn ``count / degree`` times, up to rounding. Where ``degree / count`` is
no integer an entry may lie on the border of two parts, and can then be drawn from both. A row with at most
``count`` entries is taken as it is.

**Predefined.** The entries at positions ``start + i * step``, i in 0..count-1, below the degree.
"""

import torch

from pyralis.gen.gcn.intnetwork import IntSample

__all__ = ["TAPS", "positions", "seeds", "step", "taken"]

TAPS = 0xB400
"""Feedback of the Galois register: x^16 + x^14 + x^13 + x^11 + 1, of the greatest period 65,535."""

SPREAD = 0x9E37
"""Factor that spreads the numbers of rows over the states: 65536 divided by the golden ratio, made odd."""

INSTEAD_OF_ZERO = 0xACE1
"""Start where seed and row give the one state that the register never leaves."""


def seeds(rows: torch.Tensor, seed: int) -> torch.Tensor:
    """State of the register before the first step for each of *rows*, numbers of nodes in int64."""
    state = (rows * SPREAD ^ seed) & 0xFFFF
    return torch.where(state == 0, INSTEAD_OF_ZERO, state)


def step(state: torch.Tensor) -> torch.Tensor:
    """The state after one shift."""
    return state >> 1 ^ (state & 1) * TAPS


def positions(rows: torch.Tensor, degrees: torch.Tensor, sample: IntSample) -> torch.Tensor:
    """Positions within each row that the sample takes, -1 where it takes none: (R, count) int64.

    Parameters
    ----------
    rows, degrees : (R,) int64
        Numbers of the nodes, and entries of their rows.
    sample : IntSample
        A uniform sample is asked for rows with more than its ``count`` entries only.
    """
    draws = torch.arange(sample.count, device=rows.device)
    if sample.kind == "predefined":
        found = (sample.start + draws * sample.step).expand(len(rows), -1)
        return torch.where(found < degrees[:, None], found, -1)
    state, columns = seeds(rows, sample.seed), []
    for i in range(sample.count):
        state = step(state)
        columns.append((i << 16 | state) * degrees // sample.count >> 16)
    return torch.stack(columns, dim=1)


def taken(indptr: torch.Tensor, sample: IntSample | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Entries of an adjacency that count, row by row in the order of the sample.

    Parameters
    ----------
    indptr : (N + 1,) int64
    sample : IntSample, or None for all entries

    Returns
    -------
    entries, rows : (T,) int64
        Place in ``indices`` and row of each.
    """
    degrees, first = indptr.diff(), indptr[:-1]
    rows = torch.arange(len(degrees), device=indptr.device)
    if sample is None:
        return torch.arange(int(indptr[-1]), device=indptr.device), rows.repeat_interleave(degrees)
    whole = (degrees <= sample.count) & (sample.kind == "uniform")
    all_of = torch.arange(sample.count, device=indptr.device).expand(len(rows), -1)
    drawn = positions(rows, degrees, sample)
    places = torch.where(whole[:, None], torch.where(all_of < degrees[:, None], all_of, -1), drawn)
    is_taken = places >= 0
    return (first[:, None] + places)[is_taken], rows[:, None].expand_as(places)[is_taken]
