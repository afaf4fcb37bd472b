"""What the drivers of all cores that run programs have in common: memory, start, wait, stop, restart."""

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from pyralis.boards.runtime.closing import Closing
from pyralis.boards.runtime.errors import CoreError, DriverError, SaturationWarning, TimeLimitError
from pyralis.boards.runtime.identity import check_identity
from pyralis.boards.runtime.jobbuffers import JobBuffers
from pyralis.boards.runtime.memory import put
from pyralis.boards.runtime.registers import Registers
from pyralis.boards.runtime.transport import Buffer, ResettableTransport, Transport

__all__ = ["ProgramDriver"]


class ProgramDriver(Closing):
    """Runs one compiled program on one core.

    Parameters
    ----------
    transport : Transport
        Closed by :meth:`close`, and at the end of a ``with`` block.
    registers : path or dict
        ``registers.json`` of the core.
    input_stride, output_stride : int
        Bytes of one run.
    resident : bool
        Whether runs after a job's first one find on chip what stays there.

    Attributes
    ----------
    saturated : bool
        In the last job some number was clamped to its width.
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

    NOUNS: ClassVar[Mapping[str, str]] = {}
    """What the number in a capability field counts."""

    CLAMPED: ClassVar[str] = ""
    """What a saturation means, and what to do."""

    INPUTS: ClassVar[str] = "images"
    """What a run takes."""

    def __init__(
        self,
        transport: Transport,
        registers: str | Path | Mapping[str, Any],
        *,
        input_stride: int,
        output_stride: int,
        resident: bool,
    ) -> None:
        self.transport = transport
        self.registers = Registers(transport, registers)
        self.saturated = False
        self.idle_cycles = self.registers.reset_of("timeout")
        self.settle_seconds = 0.05
        self.written: dict[str, int] = {}
        self._strides = {"input": input_stride, "output": output_stride}
        self._resident = resident
        self._addresses: dict[str, int] = {}
        self._own: dict[str, Buffer] = {}
        self._buffers = JobBuffers(transport, input_stride, output_stride)
        check_identity(self.registers, self.NOUNS)

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

    @abstractmethod
    def _sentence(self, code: str, index: int) -> tuple[str, str]:
        """What the error *code* at descriptor *index* means, and the next step."""

    @abstractmethod
    def _clear_counts(self) -> None:
        """Begins to count anew."""

    def _prepare(self) -> None:
        """Writes registers that only this core has, before a job."""

    def _jobs(
        self, runs: int, seconds: float, pack: Callable[[int, int], bytes]
    ) -> Iterator[tuple[int, int, bytes]]:
        """Carries out *runs* runs, in jobs of as many as memory holds.

        *pack* makes the input of the runs from one number up to another. Yields both numbers and the bytes of
        the results, for each job when it has ended; warns at the end if something was clamped.
        """
        if len(self._addresses) < 2:
            raise DriverError("no network is loaded", "call load(program, weights) first")
        self.saturated = False
        self._clear_counts()
        self._make_ready()
        first = 0
        while first < runs:
            source, target, count = self._buffers.reserve(runs - first)
            source.write(pack(first, first + count))
            self._job(source, target, count, seconds)
            yield first, first + count, target.read(count * self._strides["output"])
            first += count

    def _warn(self) -> None:
        """Warns the caller of ``run`` if something was clamped."""
        if self.saturated:
            warnings.warn(self.CLAMPED, SaturationWarning, stacklevel=3)

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
        for name, stride in self._strides.items():
            r.write(f"{name}_stride", stride)
        r.write("resident", int(self._resident))
        r.write("runs", runs)
        r.write("timeout", self.idle_cycles)
        self._prepare()
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
                    f"give run() more seconds, or fewer {self.INPUTS}; the core was stopped and can be "
                    "started again",
                )
            self.transport.wait(left)
        self.saturated |= bool(r.read_field("flags", "saturated"))
        r.write_field("interrupt", "finished", 1)
        if status["done"]:
            return
        error = r.read_fields("error")
        if not self._settled():
            self.abort()
        raise CoreError(*self._sentence(r.value_name("error", "code", error["code"]), error["index"]))
