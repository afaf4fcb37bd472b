"""Driver of the spiking core."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pyralis.boards.runtime.countersums import CounterSums
from pyralis.boards.runtime.layout import JobLayout
from pyralis.boards.runtime.programdriver import ProgramDriver
from pyralis.boards.runtime.snnerrors import sentence
from pyralis.boards.runtime.transport import Transport

__all__ = ["SnnDriver"]


class SnnDriver(ProgramDriver):
    """Runs one network on one core.

    Parameters
    ----------
    transport : Transport
        Closed by :meth:`close`, and at the end of a ``with`` block.
    registers : path or dict
        ``registers.json`` of the core.
    network : dict
        ``network`` of manifest.json.

    Attributes
    ----------
    layout : JobLayout
    saturated : bool
        In the last :meth:`run` some number was clamped to its width.

    Others are those of :class:`~pyralis.boards.runtime.programdriver.ProgramDriver`.

    Raises
    ------
    WrongCoreError
        The core is another one than the map describes.
    """

    NOUNS: ClassVar[Mapping[str, str]] = {
        "out_lanes": "output lanes",
        "in_lanes": "input lanes",
        "pixel_lanes": "pixel lanes",
        "step_lanes": "step lanes",
        "neuron_lanes": "neuron lanes",
        "current_bits": "bits of current",
        "potential_bits": "bits of potential",
        "leak_bits": "bits of leak",
        "weight_words": "words of weights",
        "map_words": "words of each feature map",
        "parameter_tiles": "tiles of parameters",
        "layer_counters": "counters of layers",
    }

    CLAMPED: ClassVar[str] = (
        "a potential, bias or threshold was clamped to its width, so scores may differ from the network's; "
        "choose a core with more potential_bits"
    )

    def __init__(
        self,
        transport: Transport,
        registers: str | Path | Mapping[str, Any],
        network: Mapping[str, Any],
    ) -> None:
        self.layout = JobLayout.from_json(network)
        super().__init__(
            transport,
            registers,
            input_stride=self.layout.input_stride,
            output_stride=self.layout.output_stride,
            resident=bool(network["resident"]),
        )
        self.layers: list[str] = [layer["name"] for layer in network["layers"]]
        counters = self.registers.reset_of("tiles", "layer_counters")
        self._counts = CounterSums(self.registers, "layer", self.layers, first=1, counters=counters)

    def run(self, images: Any, *, seconds: float = 60.0) -> np.ndarray:
        """Scores of *images*.

        Parameters
        ----------
        images : (B, C, H, W) or (B, T, C, H, W) integers
            As the network takes them: pixels, or frames of events.
        seconds : float
            Longest time for one job, counted by ``transport.now``; many images are several jobs.

        Returns
        -------
        (B, outputs) int64

        Raises
        ------
        DriverError
            Shape, type or range of the images is wrong, or no network is loaded.
        CoreError
            The core stopped with an error. It can be started again.
        TimeLimitError
            The core did not finish in time, and was stopped. It can be started again.
        """
        images = self.layout.check(images)
        per_run = self.layout.images_per_run
        scores = [np.zeros((0, self.layout.outputs), np.int64)]

        def pack(first: int, last: int) -> bytes:
            return self.layout.pack(images[first * per_run : last * per_run])

        for first, last, memory in self._jobs(self.layout.runs(len(images)), seconds, pack):
            count = len(images[first * per_run : last * per_run])
            scores.append(self.layout.unpack(memory, count))
            self._counts.add(count)
        self._warn()
        return np.concatenate(scores)

    def counters(self) -> dict[str, Any]:
        """What the hardware counted in the last :meth:`run`, all jobs together.

        Returns
        -------
        dict
            ``images``, ``totals`` (``cycles``, ``active``, ``weight_stalls``, ``weight_beats``,
            ``read_beats``, ``write_beats``) and ``layers``: a dict each of ``name``, ``cycles``, ``active``,
            ``stalls``, ``spikes``. Without layers if the network has more than the core has counters.
        """
        return {
            "images": self._counts.inputs,
            "totals": self._counts.totals(),
            "layers": self._counts.parts(),
        }

    def _sentence(self, code: str, index: int) -> tuple[str, str]:
        return sentence(code, index, self.layers)

    def _clear_counts(self) -> None:
        self._counts.clear()
