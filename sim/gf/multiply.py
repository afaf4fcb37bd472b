"""A protected multiplier in simulation that an algorithm in Python calls, while faults are injected.

The algorithm is a function ``job(multiply, **arguments)`` whose answer fits into JSON; it runs inside the
simulator, each call of *multiply* is a transfer through the core's streams, and it cannot tell the core from
a function on integers.
"""

import json
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pyralis.gen.emit.verilog import emit
from pyralis.gen.errors import ToolError
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.ports import Injection
from pyralis.sim.bench.build import build, use_verilator

__all__ = ["TOP", "Faults", "Outcome", "Session"]

TOP = "gf_mul"


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Which products are disturbed, and how; the same for every configuration of a field.

    Attributes
    ----------
    seed : int
    share : float
        Of the products.
    single : float
        Of the disturbed ones, with one flipped bit; the others have 2 to *most*, equally often.
    most : int
        Flipped bits of one product.
    prediction : float
        Of the disturbed ones: a bit of the first predictor is flipped and the product is left alone.
    """

    seed: int = 0
    share: float = 0.0
    single: float = 0.6
    most: int = 1
    prediction: float = 0.0

    def draw(self, config: GfConfig, index: int) -> tuple[str, dict[str, int]]:
        """What hits product number *index*: a name of its kind, and the bits to flip by net.

        The kind is ``""`` for nothing, ``"predictor"``, or the number of bits.
        """
        rng = random.Random(f"{self.seed} {index}")
        if rng.random() >= self.share:
            return "", {}
        members = Injection(config).members
        if rng.random() < self.prediction:
            place = rng.random()
            if "prediction" not in members:
                return "predictor", {}
            return "predictor", {"prediction": 1 << int(place * members["prediction"])}
        weight = 1 if self.most == 1 or rng.random() < self.single else rng.randint(2, self.most)
        flips = {"reduced": 0, "unreduced": 0}
        for position in rng.sample(range(2 * config.m - 1), weight):
            reduced = position < config.m and rng.random() < 0.5
            flips["reduced" if reduced else "unreduced"] |= 1 << position
        return str(weight), flips


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a job did.

    Attributes
    ----------
    answer : Any
        What the job returned.
    events : list of dict
        A row for each product with a fault or a flag: ``product`` (its number), ``kind`` (as
        :meth:`Faults.draw`), ``error``, ``corrected``, ``uncorrectable``, ``alarm`` (flags of its first
        transfer), ``repeated`` (how often it was asked for again), ``wrong`` (what the job got was wrong).
    products, transfers : int
        Calls of *multiply*, and with repetitions.
    cycles : int
        From the first operands to the last result, stalls included.
    waits : int
        Of them, a result waited for its consumer.
    latency : dict
        ``clean``, ``corrected``: fewest cycles from operands to a result without error, and to a corrected
        one; None if there was none.
    seconds : float
        Wall time of the simulation without the build. An aside: machines differ.
    """

    answer: Any
    events: list[dict[str, Any]]
    products: int
    transfers: int
    cycles: int
    waits: int
    latency: dict[str, int | None]
    seconds: float


class Session:
    """One configuration, built once; every :meth:`run` is a fresh simulation.

    Parameters
    ----------
    config : GfConfig
        With ``inject``.
    root : Path
        Where simulators are built.

    Attributes
    ----------
    core : GfMultiplier
    verilog : str
        What is simulated.

    Raises
    ------
    UserError
        A program that a simulation needs is missing.
    ToolError
        The simulator could not be built.
    """

    def __init__(self, config: GfConfig, *, root: Path = Path("build/sim")) -> None:
        use_verilator()  # what is missing is said before the long work
        if not config.inject:
            raise ValueError("A session needs a configuration with inject = True.")
        self.config, self.core = config, GfMultiplier(config)
        self.verilog = emit(self.core, TOP, keep_hierarchy=True)
        self._runner, self._folder = build({f"{TOP}.v": self.verilog}, TOP, root=root)

    def run(
        self,
        job: Callable[..., Any],
        arguments: Mapping[str, Any] | None = None,
        *,
        faults: Faults = Faults(),
        stall: float = 0.0,
        attempts: int = 3,
    ) -> Outcome:
        """Runs *job*, a function of a module, with *arguments*.

        Parameters
        ----------
        faults : Faults
            Each hits the first transfer of a product only.
        stall : float
            Share of cycles in which the consumer of results is not ready.
        attempts : int
            Times that a product is asked for while it comes as uncorrectable or with an alarm.

        Raises ToolError, naming the log, if the simulation itself fails.
        """
        work = self._folder / f"run-{os.getpid()}-{time.monotonic_ns()}"
        work.mkdir(parents=True)
        task = {
            "config": asdict(self.config),
            "job": [job.__module__, job.__qualname__],
            "arguments": dict(arguments or {}),
            "faults": asdict(faults),
            "stall": stall,
            "attempts": attempts,
            "answer": str(work / "answer.json"),
        }
        (work / "job.json").write_text(json.dumps(task))
        log = work / "simulation.log"
        began = time.perf_counter()
        try:
            self._runner.test(
                hdl_toplevel=TOP,
                test_module="pyralis.sim.gf.cocotb_multiply",
                test_dir=work,
                build_dir=self._folder,
                seed=faults.seed,
                results_xml=str(work / "results.xml"),
                log_file=log,
                extra_env={
                    "PYRALIS_JOB": str(work / "job.json"),
                    "COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py",
                },
            )
        except (SystemExit, RuntimeError) as error:
            raise ToolError(f"the simulation of {TOP} failed", str(log)) from error
        seconds = time.perf_counter() - began
        return Outcome(**json.loads((work / "answer.json").read_text()), seconds=seconds)
