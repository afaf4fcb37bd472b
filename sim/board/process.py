"""A simulator in a process of its own that carries out requests, one at a time.

Both ends hold one socket of a pair. The simulation stands still until a request comes, and ends when the
other end is closed, so that it never outlives its parent, however that ends.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from pyralis.boards.runtime.errors import TimeLimitError, TransportError
from pyralis.sim.bench.core import CoreBench

__all__ = ["Simulation"]

START_SECONDS = 120.0
"""A simulator that has not come up by then never will; a busy machine takes some seconds."""
END_SECONDS = 10.0


class Simulation:
    """A running simulator.

    Parameters
    ----------
    bench : CoreBench
    test_module : str
        Its half of the work: finds the descriptor of its socket in ``PYRALIS_SOCKET``, sends a line of JSON
        when it is ready, and then one for each line that it gets: ``{"refused": sentence}`` or anything else.
    limit : float
        Seconds of wall time for one answer.
    plusargs, extra_env, pass_fds
        For the simulator.

    Attributes
    ----------
    greeting : dict
        What its half of the work said when it was ready.
    folder : Path
        Where it runs; ``simulation.log`` is its log. :meth:`close` leaves nothing of it.

    Raises
    ------
    TransportError
        The simulator did not come up.
    """

    def __init__(
        self,
        bench: CoreBench,
        test_module: str,
        *,
        limit: float = 60.0,
        plusargs: Iterable[str] = (),
        extra_env: Mapping[str, str] | None = None,
        pass_fds: Iterable[int] = (),
    ) -> None:
        self.name = bench.top
        self.folder = bench.folder / f"board-{os.getpid()}-{time.monotonic_ns()}"
        self.folder.mkdir(parents=True)
        self.log = self.folder / "simulation.log"
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = bench.runner.start(
                bench.top,
                test_module,
                build_dir=bench.folder,
                test_dir=self.folder,
                log_file=self.log,
                plusargs=plusargs,
                extra_env={**(extra_env or {}), "PYRALIS_SOCKET": str(theirs.fileno())},
                pass_fds=(theirs.fileno(), *pass_fds),
            )
        self._socket, self._lines = ours, ours.makefile("rb")
        self._end = weakref.finalize(self, _end, self._socket, self._lines, self._process)
        ours.settimeout(START_SECONDS)
        self.greeting = self._answer()
        ours.settimeout(limit)

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends *request* and returns its answer.

        Raises
        ------
        TransportError
            The simulation was closed or has failed, or it refused the request.
        TimeLimitError
            It did not answer in time. It is ended then.
        """
        if not self._end.alive:
            raise TransportError(f"the simulation of {self.name} is closed", "make a new one")
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise self._failure() from error
        return self._answer()

    def close(self) -> None:
        """Ends the simulator and removes its folder; a second call does nothing."""
        if self._end.alive:
            self._end()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _answer(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except TimeoutError as error:
            limit = self._socket.gettimeout()
            self._end()
            what = f"the simulation of {self.name} did not answer within {limit:g} s"
            raise TimeLimitError(what, f"read {self.log}") from error
        except OSError as error:
            raise self._failure() from error
        if not line.endswith(b"\n"):
            raise self._failure()
        answer = json.loads(line)
        if "refused" in answer:
            raise TransportError(answer["refused"], "see the map of its registers")
        return answer

    def _failure(self) -> TransportError:
        self._end()
        return TransportError(f"the simulation of {self.name} has failed", f"read {self.log}")


def _end(connection: socket.socket, lines, process: subprocess.Popen) -> None:
    lines.close()
    connection.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
