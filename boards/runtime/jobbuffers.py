"""Memory for the inputs and results of a job, as large as there is room for."""

from pyralis.boards.runtime.errors import MemoryFullError
from pyralis.boards.runtime.transport import Buffer, Transport

__all__ = ["JobBuffers"]

MOST_BYTES = 1 << 24
"""Of inputs, or of results, in one job."""


class JobBuffers:
    """Two buffers that are kept from job to job.

    Parameters
    ----------
    transport : Transport
    input_bytes, output_bytes : int
        What one run takes.
    """

    def __init__(self, transport: Transport, input_bytes: int, output_bytes: int) -> None:
        self._transport = transport
        self._bytes = input_bytes, output_bytes
        self._held: tuple[Buffer, ...] = ()
        self._runs, self._most = 0, max(1, MOST_BYTES // max(self._bytes))

    def reserve(self, runs: int) -> tuple[Buffer, Buffer, int]:
        """Buffers for inputs and for results, and the runs that they take: so many, or as many as fit.

        Raises MemoryFullError if there is no room for a single run.
        """
        wanted = min(runs, self._most)
        if wanted > self._runs and (full := self._allocate(wanted)) is not None:
            fits, fails = 0, wanted
            while fails - fits > 1 + fits // 8:  # as many as fit, or little less
                middle = (fits + fails) // 2
                if (error := self._allocate(middle)) is None:
                    fits = middle
                else:
                    fails, full = middle, error
            if fits == 0:
                raise MemoryFullError(
                    f"one run needs {self._bytes[0]} bytes for its input and {self._bytes[1]} for its "
                    f"results, and {full.what}",
                    full.hint,
                )
            self._most = fits
            if self._runs != fits and (error := self._allocate(fits)) is not None:
                raise error
        source, target = self._held
        return source, target, min(wanted, self._runs)

    def free(self) -> None:
        """Gives the buffers back; there may be more room next time."""
        self._release()
        self._most = max(1, MOST_BYTES // max(self._bytes))

    def _release(self) -> None:
        for buffer in self._held:
            buffer.free()
        self._held, self._runs = (), 0

    def _allocate(self, runs: int) -> MemoryFullError | None:
        """Replaces the buffers; returns why there is no room, and holds none then."""
        self._release()
        try:
            for size in self._bytes:
                self._held += (self._transport.allocate(runs * size),)
        except MemoryFullError as error:
            self._release()
            return error
        self._runs = runs
        return None
