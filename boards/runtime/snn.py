"""Driver of the spiking core."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.runtime.closing import Closing
from pyralis.boards.runtime.errors import (
    CoreError,
    DriverError,
    SaturationWarning,
    TimeLimitError,
)
from pyralis.boards.runtime.identity import check_identity
from pyralis.boards.runtime.jobbuffers import JobBuffers
from pyralis.boards.runtime.layout import JobLayout
from pyralis.boards.runtime.memory import put
from pyralis.boards.runtime.registers import Registers
from pyralis.boards.runtime.snncounters import CounterSums
from pyralis.boards.runtime.snnerrors import sentence
from pyralis.boards.runtime.transport import Buffer, ResettableTransport, Transport

__all__ = ["SnnDriver"]

NOUNS = {
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


class SnnDriver(Closing):
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
    idle_cycles : int
        Cycles without activity after which the core gives up by itself; 0: never.
    settle_seconds : float
        How long a stopped core may take until the bus owes it nothing.
    written : dict of str to int
        Bytes that the last :meth:`load` had to write, by part.

    Raises
    ------
    WrongCoreError
        The core is another one than the map describes.
    """

    def __init__(
        self,
        transport: Transport,
        registers: str | Path | Mapping[str, Any],
        network: Mapping[str, Any],
    ) -> None:
        self.transport = transport
        self.registers = Registers(transport, registers)
        self.layout = JobLayout.from_json(network)
        self.layers: list[str] = [layer["name"] for layer in network["layers"]]
        self.saturated = False
        self.idle_cycles = self.registers.reset_of("timeout")
        self.settle_seconds = 0.05
        self.written: dict[str, int] = {}
        self._resident = bool(network["resident"])
        self._addresses: dict[str, int] = {}
        self._own: dict[str, Buffer] = {}
        self._buffers = JobBuffers(transport, self.layout.input_stride, self.layout.output_stride)
        self._counts = CounterSums(self.registers, self.layers)
        check_identity(self.registers, NOUNS)

    def close(self) -> None:
        """Gives back memory and transport; a second call does nothing."""
        self.release()
        self.transport.close()

    def release(self) -> None:
        """Gives back all memory, for a driver of another network on the same transport."""
        self._buffers.free()
        self._addresses.clear()
        while self._own:
            self._own.popitem()[1].free()

    def load(self, program: bytes, weights: bytes) -> None:
        """Puts a compiled network where the core finds it.

        What the bitstream has put there is read back, and written only where it differs.

        Raises MemoryFullError if there is no room.
        """
        contents = {"program": program, "weights": weights}
        for name, content in contents.items():
            if not content:
                raise DriverError(f"{name}.bin is empty", "take it from the folder of the network")
        self._make_ready()
        self.release()
        for name, content in contents.items():
            place = self.transport.preloaded.get(name)
            if place is not None and place.size >= len(content):
                self.written[name] = put(place, content)
            else:
                self._own[name] = place = self.transport.allocate(len(content))
                place.write(content)
                self.written[name] = len(content)
            self._addresses[name] = place.address

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
        if len(self._addresses) < 2:
            raise DriverError("no network is loaded", "call load(program, weights) first")
        self.saturated = False
        self._counts.clear()
        self._make_ready()
        scores = [np.zeros((0, self.layout.outputs), np.int64)]
        begin = 0
        while begin < len(images):
            source, target, runs = self._buffers.reserve(self.layout.runs(len(images) - begin))
            batch = images[begin : begin + runs * self.layout.images_per_run]
            source.write(self.layout.pack(batch))
            runs = self.layout.runs(len(batch))
            self._job(source, target, runs, seconds)
            scores.append(self.layout.unpack(target.read(runs * self.layout.output_stride), len(batch)))
            self._counts.add(len(batch))
            begin += len(batch)
        if self.saturated:
            warnings.warn(
                "a potential, bias or threshold was clamped to its width, so scores may differ from the "
                "network's; choose a core with more potential_bits",
                SaturationWarning,
                stacklevel=2,
            )
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
        return self._counts.facts()

    def abort(self) -> None:
        """Stops whatever runs, and waits until the core can be started again.

        Raises TimeLimitError if it does not get there within ``settle_seconds``.
        """
        self.registers.write_field("control", "abort", 1)
        if self._settled():
            return
        if isinstance(self.transport, ResettableTransport):
            self.transport.reset()
            if self._settled():
                return
        raise TimeLimitError(
            f"the memory still owes the core answers, {self.settle_seconds:g} s after it was stopped",
            "load the bitstream again",
        )

    def _settled(self) -> bool:
        """Waits until nothing runs or is due; says whether that was reached."""
        deadline = self.transport.now() + self.settle_seconds
        while True:
            self._clear()
            status = self.registers.read_fields("status")
            if not status["busy"] and not status["draining"]:
                return True
            if self.transport.now() >= deadline:
                return False
            self.transport.wait(self.settle_seconds / 100)

    def _clear(self) -> None:
        self.registers.write_field("interrupt", "finished", 1)
        self.registers.write_field("flags", "saturated", 1)

    def _make_ready(self) -> None:
        """Stops what a job before, perhaps of another program, has left running."""
        status = self.registers.read_fields("status")
        if status["busy"] or status["draining"]:
            self.abort()

    def _job(self, source: Buffer, target: Buffer, runs: int, seconds: float) -> None:
        """Starts the core and waits until it has ended."""
        r = self.registers
        r.write("program_address", self._addresses["program"])
        r.write("weights_address", self._addresses["weights"])
        r.write("input_address", source.address)
        r.write("output_address", target.address)
        r.write("input_stride", self.layout.input_stride)
        r.write("output_stride", self.layout.output_stride)
        r.write("resident", int(self._resident))
        r.write("runs", runs)
        r.write("timeout", self.idle_cycles)
        self._clear()
        r.write_field("interrupt_enable", "finished", 1)
        r.write_field("control", "start", 1)
        deadline = self.transport.now() + seconds
        while (status := r.read_fields("status"))["busy"]:
            left = deadline - self.transport.now()
            if left <= 0:
                done = r.read("runs_done")
                self.abort()
                raise TimeLimitError(
                    f"the core had ended {done} of {runs} runs when the {seconds:g} s given to it were over",
                    "give run() more seconds, or fewer images; the core was stopped and can be started again",
                )
            self.transport.wait(left)
        self.saturated |= bool(r.read_field("flags", "saturated"))
        r.write_field("interrupt", "finished", 1)
        if status["done"]:
            return
        error = r.read_fields("error")
        if not self._settled():
            self.abort()
        raise CoreError(*sentence(r.value_name("error", "code", error["code"]), error["index"], self.layers))
