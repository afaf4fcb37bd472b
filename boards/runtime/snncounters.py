"""Sums of what the spiking core counts, over the jobs of one run."""

from collections.abc import Sequence
from typing import Any

from pyralis.boards.runtime.registers import Registers

__all__ = ["CounterSums"]

SELECT = "layer_select"


class CounterSums:
    """Counters of all jobs since :meth:`clear`.

    Parameters
    ----------
    registers : Registers
    layers : sequence of str
        Names of the network's layers. If the core has counters for fewer, only totals are kept.
    """

    def __init__(self, registers: Registers, layers: Sequence[str]) -> None:
        self._registers = registers
        self._names = list(layers) if len(layers) < registers.reset_of("tiles", "layer_counters") else []
        self._totals = registers.starting_with("total_")
        self._shown = [name for name in registers.starting_with("layer_") if name != SELECT]
        self.clear()

    def clear(self) -> None:
        """Begins anew."""
        self._images = 0
        self._sums = dict.fromkeys(self._totals, 0)
        self._layers = [dict.fromkeys(self._shown, 0) for _ in self._names]

    def add(self, images: int) -> None:
        """Adds the job that has just ended, which took so many images."""
        self._images += images
        self._span(self._totals, self._sums)
        for index, sums in enumerate(self._layers, start=1):
            self._registers.write(SELECT, index)
            self._span(self._shown, sums)

    def _span(self, names: list[str], sums: dict[str, int]) -> None:
        for name, value in self._registers.read_span(names[0], names[-1]).items():
            sums[name] += value

    def facts(self) -> dict[str, Any]:
        """``images``, ``totals``, and ``layers`` with their names."""
        layers = [
            {"name": name, **_short("layer_", sums)}
            for name, sums in zip(self._names, self._layers, strict=True)
        ]
        return {"images": self._images, "totals": _short("total_", self._sums), "layers": layers}


def _short(prefix: str, sums: dict[str, int]) -> dict[str, int]:
    return {name[len(prefix) :]: value for name, value in sums.items()}
