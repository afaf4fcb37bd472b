"""Stand-ins for the DMA engines, for benches of components that end at their streams.

A job is {address: address_bits, beats: 32}, a read beat {data: bus_bits, last: 1}
(:mod:`pyralis.hw.axi.read`, :mod:`pyralis.hw.axi.write`).
"""

from collections.abc import Iterable

import cocotb

from pyralis.sim.bench.stream import StreamSink, StreamSource

__all__ = ["ReadServer", "WriteServer"]


class _DroppingSource(StreamSource):
    """A source whose shown payload can vanish, as that of a flushed DMA does."""

    def clear(self) -> None:
        super().clear()
        self._shown = False
        self.valid.value = 0


class _Server:
    def __init__(
        self, jobs: StreamSink, beats, memory: bytearray, *, bus_bits: int, address_bits: int
    ) -> None:
        self.job_port, self.beat_port = jobs, beats
        self.memory = memory
        self.jobs: list[tuple[int, int]] = []
        self._beat_bytes, self._address_bits = bus_bits // 8, address_bits
        self._task = cocotb.start_soon(self._run())

    def set_pause_generators(self, jobs: Iterable[bool] | None, beats: Iterable[bool] | None) -> None:
        self.job_port.set_pause_generator(jobs)
        self.beat_port.set_pause_generator(beats)

    def flush(self) -> None:
        """Forgets the job in progress, those that wait, the beats that are queued and the one that is shown.

        Call it after the edge at which the design sees its flush, and once more after the next edge.
        """
        self._task.cancel()
        self.job_port.clear()
        self.beat_port.clear()
        self._task = cocotb.start_soon(self._run())

    async def _job(self) -> tuple[int, int]:
        payload = await self.job_port.recv_int()
        address, beats = payload & (1 << self._address_bits) - 1, payload >> self._address_bits
        assert address % self._beat_bytes == 0, (
            f"job at {address:#x} is not aligned to {self._beat_bytes} bytes"
        )
        assert address + beats * self._beat_bytes <= len(self.memory), (
            f"job at {address:#x} leaves the memory"
        )
        self.jobs.append((address, beats))
        return address, beats

    async def _run(self) -> None:
        raise NotImplementedError


class ReadServer(_Server):
    """Answers the jobs of stream port *jobs* of *dut* with the beats of *memory* on stream port *beats*.

    Attributes
    ----------
    jobs : list of (address, beats)
        Every job so far.
    """

    def __init__(self, dut, jobs: str, beats: str, memory: bytearray, **sizes: int) -> None:
        super().__init__(StreamSink(dut, jobs), _DroppingSource(dut, beats), memory, **sizes)

    async def _run(self) -> None:
        size = self._beat_bytes
        while True:
            address, beats = await self._job()
            for n in range(beats):
                word = int.from_bytes(self.memory[address + n * size :][:size], "little")
                await self.beat_port.send_int(word | (n == beats - 1) << 8 * size)


class WriteServer(_Server):
    """Puts the beats of stream port *beats* of *dut* where the jobs of stream port *jobs* say.

    Attributes
    ----------
    jobs : list of (address, beats)
        Every job so far.
    """

    def __init__(self, dut, jobs: str, beats: str, memory: bytearray, **sizes: int) -> None:
        super().__init__(StreamSink(dut, jobs), StreamSink(dut, beats), memory, **sizes)

    async def _run(self) -> None:
        size = self._beat_bytes
        while True:
            address, beats = await self._job()
            for n in range(beats):
                word = await self.beat_port.recv_int()
                self.memory[address + n * size : address + (n + 1) * size] = word.to_bytes(size, "little")
