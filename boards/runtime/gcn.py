"""Driver of the graph core."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pyralis.boards.runtime.countersums import CounterSums
from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.gcnerrors import sentence
from pyralis.boards.runtime.graphlayout import GraphLayout, is_listed
from pyralis.boards.runtime.programdriver import ProgramDriver
from pyralis.boards.runtime.transport import Transport

__all__ = ["GcnDriver"]


class GcnDriver(ProgramDriver):
    """Runs one graph network, compiled for one graph, on one core.

    Parameters
    ----------
    transport : Transport
        Closed by :meth:`close`, and at the end of a ``with`` block.
    registers : path or dict
        ``registers.json`` of the core.
    network : dict
        ``network`` of manifest.json.
    numbering : bytes
        Content of ``numbering.bin``.

    Attributes
    ----------
    layout : GraphLayout
    descriptors : list of dict
        ``kind`` and ``name`` of each descriptor of the program.
    by_priority, by_batch, by_need : bool
        How the Memory Handler orders what it reads; all are the core's defaults. Results do not depend on
        them, cycles do.
    sample_seed : int
        What the seeds of samples are changed by, 0..65535: with another one the core draws others. That of
        *network* first.
    saturated : bool
        In the last :meth:`run` the clamp of an epilogue has changed a value.

    Others are those of :class:`~pyralis.boards.runtime.programdriver.ProgramDriver`.

    Raises
    ------
    WrongCoreError
        The core is another one than the map describes.
    DriverError
        The facts, or the numbers of the nodes, are not those of a network.
    """

    NOUNS: ClassVar[Mapping[str, str]] = {
        "columns": "columns",
        "cores": "cores in a column",
        "splits": "parts of a word",
        "lanes": "lanes",
        "pe_rows": "rows of processing elements",
        "gather_ports": "gather ports",
        "banks": "banks in a column",
        "rounds": "rounds for a bank",
        "contexts": "rows in flight in a core",
        "accumulator_bits": "bits of a sum",
        "product_bits": "bits of a product's sum",
        "hubs": "hubs",
        "descriptor_counters": "counters of descriptors",
    }

    CLAMPED: ClassVar[str] = (
        "a value was clamped to the type of its row, so results may differ from the network's; quantise it "
        "with features whose values reach as far as these"
    )

    INPUTS: ClassVar[str] = "matrices of features"

    def __init__(
        self,
        transport: Transport,
        registers: str | Path | Mapping[str, Any],
        network: Mapping[str, Any],
        numbering: bytes,
    ) -> None:
        self.layout = GraphLayout.from_json(network, numbering)
        super().__init__(
            transport,
            registers,
            input_stride=self.layout.input_stride,
            output_stride=self.layout.output_stride,
            resident=True,  # each load says itself whether what it brings stays
        )
        self.descriptors: list[dict[str, str]] = list(network["descriptors"])
        self.by_priority, self.by_batch, self.by_need = (
            bool(self.registers.reset_of("memory", name)) for name in ("priority", "batch", "need")
        )
        self.sample_seed = int(network.get("sample_seed", 0))
        self._counts = CounterSums(
            self.registers,
            "descriptor",
            [each["name"] for each in self.descriptors if each["kind"] != "end"],
            first=0,
            counters=self.registers.reset_of("tables", "descriptor_counters"),
        )

    def run(self, features: Any, *, seconds: float = 60.0) -> np.ndarray:
        """Rows that the last operation of the network makes for *features*.

        Parameters
        ----------
        features : (nodes, features) integers, or a sequence of such
            An array or a sparse matrix of scipy; an array (runs, nodes, features) and a list are many.
        seconds : float
            Longest time for one job, counted by ``transport.now``; many matrices are several jobs.

        Returns
        -------
        (nodes, width) int64, or (runs, nodes, width)
            In the caller's numbers of the nodes.

        Raises
        ------
        DriverError
            Shape, type or range of the features is wrong, or no network is loaded.
        CoreError
            The core stopped with an error. It can be started again.
        TimeLimitError
            The core did not finish in time, and was stopped. It can be started again.
        """
        matrices, single = _matrices(features)
        checked = [self.layout.check(each) for each in matrices]
        rows = np.zeros((len(checked), self.layout.nodes, self.layout.width), np.int64)

        def pack(first: int, last: int) -> bytes:
            return b"".join(self.layout.pack(each) for each in checked[first:last])

        for first, last, memory in self._jobs(len(checked), seconds, pack):
            for run in range(first, last):
                begin = (run - first) * self.layout.output_stride
                rows[run] = self.layout.unpack(memory[begin : begin + self.layout.output_stride])
            self._counts.add(last - first)
        self._warn()
        return rows[0] if single else rows

    def counters(self) -> dict[str, Any]:
        """What the hardware counted in the last :meth:`run`, all jobs together.

        Returns
        -------
        dict
            ``runs``, ``totals`` (see :data:`pyralis.hw.gcn.counters.TOTALS`) and ``descriptors``: a dict each
            of ``index``, ``kind``, ``name`` and ``cycles`` from its begin to its end; units overlap, so that
            these do not add up. Without descriptors if the program has more than the core has counters.
        """
        parts = enumerate(self._counts.parts())
        return {
            "runs": self._counts.inputs,
            "totals": self._counts.totals(),
            "descriptors": [{"index": n, "kind": self.descriptors[n]["kind"], **part} for n, part in parts],
        }

    def _prepare(self) -> None:
        """The order of reading; images as they are, whatever a program before has chosen."""
        order = int(self.by_priority) | int(self.by_batch) << 1 | int(self.by_need) << 3
        self.registers.write("memory", order)
        if not 0 <= self.sample_seed < 1 << 16:
            raise DriverError(f"sample_seed must be in 0..65535, not {self.sample_seed}")
        self.registers.write("sample_seed", self.sample_seed)

    def _sentence(self, code: str, index: int) -> tuple[str, str]:
        return sentence(code, index, self.descriptors)

    def _clear_counts(self) -> None:
        self._counts.clear()


def _matrices(features: Any) -> tuple[Sequence[Any], bool]:
    """The matrices in *features*, and whether it is a single one."""
    if is_listed(features):
        return [features], True
    if isinstance(features, (list, tuple)) and any(is_listed(each) for each in features):
        return features, False
    array = np.asarray(features)
    return (list(array), False) if array.ndim == 3 else ([array], True)
