"""The entries that a sample takes, for calibration and for references; the model is in the golden sampler."""

import numpy as np

from pyralis.gen.gcn.intnetwork import IntSample

__all__ = ["taken"]


def taken(indptr: np.ndarray, sample: IntSample | None) -> tuple[np.ndarray, np.ndarray]:
    """Entries of an adjacency that count, and where each row's begin among them.

    Parameters
    ----------
    indptr : (N + 1,) int64
    sample : IntSample, or None for all entries

    Returns
    -------
    entries : (T,) int64
        Places in ``indices``, row by row.
    starts : (N + 1,) int64
        An ``indptr`` of the sample.
    """
    if sample is None:
        return np.arange(indptr[-1]), indptr
    degrees = np.diff(indptr)
    starts = np.concatenate([[0], np.cumsum(sample.sizes(degrees))]).astype(np.int64)
    rows = np.repeat(np.arange(len(degrees)), np.diff(starts))
    draws = np.arange(starts[-1]) - starts[rows]
    if sample.kind == "predefined":
        places = sample.start + draws * sample.step
    else:
        fractions = _fractions(len(degrees), sample)[rows, draws]
        drawn = (draws << 16 | fractions) * degrees[rows] // sample.count >> 16
        places = np.where(degrees[rows] > sample.count, drawn, draws)
    return indptr[rows] + places, starts


def _fractions(nodes: int, sample: IntSample) -> np.ndarray:
    """States of every node's shift register after each step: (nodes, count) int64."""
    state = (sample.seed ^ np.arange(nodes, dtype=np.int64) * 0x9E37) & 0xFFFF
    state = np.where(state == 0, 0xACE1, state)
    states = np.empty((nodes, sample.count), dtype=np.int64)
    for i in range(sample.count):
        state = state >> 1 ^ (state & 1) * 0xB400
        states[:, i] = state
    return states
