"""Golden model of :mod:`pyralis.hw.gcn.sampler`: which entries of a row an aggregation takes.

**Uniform.** A row with more than ``count`` entries is cut into ``count`` equal parts, and one entry is drawn
from each. The length of a part has 16 bits behind its point, and is never too long::

    length = degree * ((2**26 - 1) // count) >> 10
    position = (i * length + (u * (length >> 5) >> 16 << 5)) >> 16

for entry i of the sample: u, a fraction of 16 bits, is the state of a linear-feedback shift register after
i + 1 steps. The register starts from the seed and the number of the row alone, so samples do not depend on
the order in which rows are worked on. In the mean over all u, every entry is drawn ``count / degree`` times,
up to rounding. Where ``degree / count`` is no integer an entry may lie on the border of two parts, and can
then be drawn from both. A row with at most ``count`` entries is taken as it is.

**Predefined.** The entries at positions ``start + i * step``, i in 0..count-1, below the degree.

No row has more than 32,767 entries in hardware; the formula holds for any degree.
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
    """State of the register before the first step for each of *rows*, numbers of nodes in int64.

    Of a row's number times ``SPREAD`` 15 bits count, which is what an entry of a list can hold. Bit 15 is the
    parity of bits 2, 6 and 10: with these, over all rows, the highest ten bits of every one of 255 draws take
    all their values equally often, whatever the seed.
    """
    spread = rows * SPREAD & 0x7FFF
    state = (spread | ((spread >> 2 ^ spread >> 6 ^ spread >> 10) & 1) << 15) ^ seed
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
    length = degrees * (((1 << 26) - 1) // sample.count) >> 10
    state, columns = seeds(rows, sample.seed), []
    for i in range(sample.count):
        state = step(state)
        columns.append((i * length + (state * (length >> 5) >> 16 << 5)) >> 16)
    return torch.stack(columns, dim=1)


def taken(
    indptr: torch.Tensor, sample: IntSample | None, numbers: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Entries of an adjacency that count, row by row in the order of the sample.

    Parameters
    ----------
    indptr : (N + 1,) int64
    sample : IntSample, or None for all entries
    numbers : (N,) int64, optional
        Number of each row, which its draws follow from; without, 0, 1 and so on.

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
    drawn = positions(rows if numbers is None else numbers, degrees, sample)
    places = torch.where(whole[:, None], torch.where(all_of < degrees[:, None], all_of, -1), drawn)
    is_taken = places >= 0
    return (first[:, None] + places)[is_taken], rows[:, None].expand_as(places)[is_taken]
