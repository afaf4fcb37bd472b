"""Seeded graphs of the size of Cora, Citeseer, Pubmed and NELL, for runs where their files are not at hand.

What the hardware sees of a data set is matched: nodes, edges, the largest degree, the share of the edges
that the 64 largest hubs carry, nodes without edges or without features, non-zeros of the features and their
largest number in a row. Degrees follow a power law of the rank (Zipf and Mandelbrot), ``largest * ((1 +
shift) / (rank + shift)) ** exponent``, with both constants fitted. What is not matched is who is whose
neighbour: a random graph of the given degrees has no communities and hardly any triangles. Nodes have no
labels, since nothing can be learned from chance.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.graph import Graph

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["HUBS", "PROFILES", "Profile", "degree_sequence", "random_graph_of_degrees", "synthetic"]

HUBS = 64
"""Nodes that :attr:`Profile.hub_share` speaks of."""

SPREAD = 0.32
"""Standard deviation of the features in a row, in means: Cora's."""

ROUNDS = 2000
"""Attempts to exchange the ends of edges that may not stay."""

ROWS = 512
"""Rows of features that are drawn at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """What is known of a data set.

    Attributes
    ----------
    nodes, features, classes : int
    edges : int
        Entries of the symmetric adjacency, without self loops.
    max_degree : int
    isolated : int
        Nodes without edges.
    hub_share : float
        Share of all entries, self loops included, whose source is one of the 64 most gathered nodes.
    non_zeros : int
        Of the features.
    max_non_zeros : int
        Of a row.
    empty : int
        Nodes without features.
    one_hot : int
        Nodes that have one feature each, which no other node has; the others share the rest.
    binary : bool
        Whether all features are 0 or 1; else they are positive reals.
    hidden : tuple of int
        Hidden widths that publications use.
    """

    nodes: int
    edges: int
    max_degree: int
    features: int
    non_zeros: int
    max_non_zeros: int
    classes: int
    hub_share: float
    hidden: tuple[int, ...] = (16, 128)
    isolated: int = 0
    empty: int = 0
    one_hot: int = 0
    binary: bool = True


PROFILES = {
    "cora": Profile(
        nodes=2708,
        edges=10556,
        max_degree=168,
        features=1433,
        non_zeros=49216,
        max_non_zeros=30,
        classes=7,
        hub_share=0.127,
    ),
    "citeseer": Profile(
        nodes=3327,
        edges=9104,
        max_degree=99,
        features=3703,
        non_zeros=105165,
        max_non_zeros=54,
        classes=6,
        hub_share=0.099,
        isolated=48,
        empty=15,
    ),
    "pubmed": Profile(
        nodes=19717,
        edges=88648,
        max_degree=171,
        features=500,
        non_zeros=987822,
        max_non_zeros=128,
        classes=3,
        hub_share=0.042,
        binary=False,
    ),
    "nell": Profile(
        nodes=65755,
        edges=251550,
        max_degree=4549,
        features=61278,
        non_zeros=426664,
        max_non_zeros=80,
        classes=186,
        hub_share=0.219,
        hidden=(64,),
        one_hot=55864,
    ),
}
"""Counted on the files, except the hub shares (measured on them elsewhere), Pubmed's non-zeros (published
density 10.02 %) and ``max_non_zeros`` of Pubmed and NELL (chosen)."""


def synthetic(profile: str | Profile, seed: int = 0) -> Graph:
    """A graph like *profile* (a name of :data:`PROFILES`), the same one for the same *seed*.

    It is symmetric and has no self loops and no repeated edges.
    """
    if isinstance(profile, str) and profile not in PROFILES:
        hint = f"choose one of {', '.join(PROFILES)}"
        raise UserError(f"There is no synthetic graph {profile!r}.", "synthetic graph", hint)
    name = profile if isinstance(profile, str) else "synthetic"
    wanted = PROFILES[profile] if isinstance(profile, str) else profile
    random = np.random.default_rng(seed)
    degrees = np.zeros(wanted.nodes, dtype=np.int64)
    places = random.permutation(wanted.nodes)[: wanted.nodes - wanted.isolated]
    degrees[places] = degree_sequence(wanted)
    edge_index = random_graph_of_degrees(degrees, random)
    return Graph.from_edge_index(
        edge_index, _features(wanted, random), nodes=wanted.nodes, name=f"{name}-like"
    )


def degree_sequence(profile: Profile) -> np.ndarray:
    """(nodes - isolated,) int64: degrees, falling, at least 1, with the sum and the largest of *profile*.

    The degrees of the 64 largest sum to ``hub_share`` of the entries, as nearly as the law allows.
    """
    ranks = np.arange(1, profile.nodes - profile.isolated + 1, dtype=np.float64)
    hubs = profile.hub_share * (profile.edges + profile.nodes) - HUBS

    def law(shift: float) -> np.ndarray:
        def degrees(exponent: float) -> np.ndarray:
            return np.maximum(profile.max_degree * ((1 + shift) / (ranks + shift)) ** exponent, 1.0)

        low, high = 0.0, 50.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if degrees(middle).sum() > profile.edges else (low, middle)
        return degrees(high)

    low, high = -0.99, 1000.0  # the larger the shift, the flatter the head and the steeper the tail
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if law(middle)[:HUBS].sum() < hubs else (low, middle)
    total = np.rint(np.cumsum(law(high))).astype(np.int64)
    total[-1] = profile.edges
    return np.diff(total, prepend=0)


def random_graph_of_degrees(degrees: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(2, E) int64: both directions of the edges of a random simple graph in which node v has ``degrees[v]``.

    Ends of edges are paired at random (configuration model); where that makes a self loop or an edge that is
    there already, the edge exchanges one end with a random other edge, until there is none.

    Raises UserError if no such graph is found.
    """
    nodes = degrees.size
    ends = random.permutation(np.repeat(np.arange(nodes, dtype=np.int64), degrees))
    pairs = ends[: ends.size // 2 * 2].reshape(-1, 2)
    for _ in range(0 if ends.size % 2 else ROUNDS):
        low, high = pairs.min(axis=1), pairs.max(axis=1)
        _, first = np.unique(low * nodes + high, return_index=True)
        good = np.zeros(len(pairs), dtype=bool)
        good[first] = True
        good &= low != high
        wrong = np.flatnonzero(~good)
        if not wrong.size:
            return np.concatenate([pairs, pairs[:, ::-1]]).T
        chosen = random.permutation(np.flatnonzero(good))[: wrong.size]
        if chosen.size < wrong.size:
            pairs = random.permutation(ends).reshape(-1, 2)
        else:
            pairs[wrong, 1], pairs[chosen, 1] = pairs[chosen, 1], pairs[wrong, 1]
    what = f"no simple graph was found for {nodes} degrees with the sum {int(degrees.sum())}"
    raise UserError(what, "synthetic graph", "the sum must be even, and no node can have all others twice")


def _features(profile: Profile, random: np.random.Generator) -> "csr_array":
    """Features (nodes, features); which node has which features does not depend on its degree."""
    from scipy.sparse import coo_array

    order = random.permutation(profile.nodes)
    many, single, _ = np.split(
        order, [profile.nodes - profile.one_hot - profile.empty, profile.nodes - profile.empty]
    )
    counts = _row_counts(many.size, profile.non_zeros - profile.one_hot, profile.max_non_zeros, random)
    shared = profile.features - profile.one_hot
    columns = np.concatenate([_drawn(counts, shared, random), shared + np.arange(single.size)])
    rows = np.concatenate([np.repeat(many, counts), single])
    values = np.ones(rows.size, dtype=np.float32)
    if not profile.binary:
        values = random.gamma(2.0, 0.02, rows.size).astype(np.float32)
    return coo_array((values, (rows, columns)), shape=(profile.nodes, profile.features)).tocsr()


def _row_counts(rows: int, total: int, most: int, random: np.random.Generator) -> np.ndarray:
    """(rows,) int64 in 1..*most*, about normal, with the sum *total*; one of them is *most*."""
    mean = total / rows
    counts = np.clip(np.rint(random.normal(mean, SPREAD * mean, rows)), 1, most).astype(np.int64)
    counts[0] = most
    while (missing := total - int(counts.sum())) != 0:
        step = 1 if missing > 0 else -1
        free = 1 + np.flatnonzero((counts[1:] + step >= 1) & (counts[1:] + step <= most))
        if not free.size:
            what = f"{total} non-zeros do not fit into {rows} rows of 1 to {most}"
            raise UserError(what, "synthetic graph", "change non_zeros or max_non_zeros")
        counts[random.permutation(free)[: abs(missing)]] += step
    return counts


def _drawn(counts: np.ndarray, width: int, random: np.random.Generator) -> np.ndarray:
    """``counts[i]`` different columns for each row i, one row after the other.

    The frequency of a column falls with its rank like ``rank**-0.5 * exp(-2.5 * rank / width)``, as that of
    the words of Cora does; ranks are spread over the columns at random. Drawing without putting back is
    taking the largest of ``log(frequency)`` plus Gumbel noise (Efraimidis and Spirakis, 2006).
    """
    ranks = random.permutation(width) + 1.0
    weight = -0.5 * np.log(ranks) - 2.5 * ranks / width
    most = min(int(counts.max(initial=0)), width)
    drawn = []
    for start in range(0, counts.size, ROWS):
        part = counts[start : start + ROWS]
        keys = weight - np.log(random.standard_exponential((part.size, width)))
        best = np.argpartition(-keys, most - 1, axis=1)[:, :most]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(keys, best, axis=1), axis=1), axis=1)
        drawn.append(best[np.arange(most) < part[:, None]])
    return np.concatenate(drawn) if drawn else np.zeros(0, dtype=np.int64)
