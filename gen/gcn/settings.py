"""What a program of the graph core leaves to choose."""

from dataclasses import dataclass
from typing import Literal

from pyralis.gen.gcn.shards import Windows
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.hw.gcn.program import LOAD

__all__ = ["MOST_HEIGHT", "Mode", "Settings"]

Mode = Literal["none", "window", "rows"]

MOST_HEIGHT = (1 << LOAD["height"].width) - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a program leaves to choose, results being the same.

    Attributes
    ----------
    chain : bool
        An aggregation hands its rows to the combination behind it, where that is possible.
    hubs : bool
        Cores hold copies of the first rows.
    cooperative : bool
        Modules of a dense combination pass weights on.
    by_row : bool
        Tasks go to cores by the number of their row.
    keep_input : bool
        Lists of features stay on chip: every run of a job has the same input, which only the first one reads.
    elimination : {"none", "window", "rows"}, optional
        Which rows of a dense input that is gathered are not loaded: those outside of the windows of the
        Sparsity Eliminator, or all that an interval does not gather. Without, ``rows`` where the input does
        not fit into the row store as a whole, else ``none``.
    window_height : int
        Rows of a window at most.
    interval_rows : int
        Rows of a destination interval, rounded up to what a descriptor can begin with; 0: as many as fit.
    """

    chain: bool = True
    hubs: bool = True
    cooperative: bool = False
    by_row: bool = False
    keep_input: bool = False
    elimination: Mode | None = None
    window_height: int = 64
    interval_rows: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.window_height <= MOST_HEIGHT:
            raise ValueError(f"window_height must be in 1..{MOST_HEIGHT}, not {self.window_height}")

    @property
    def windows(self) -> Windows | None:
        """The same for :func:`pyralis.gen.gcn.plan.draft`."""
        if self.elimination == "none":
            return None
        return Windows(
            mode=Elimination[(self.elimination or "rows").upper()],
            height=self.window_height,
            rows=self.interval_rows,
            always=self.elimination is not None,
        )
