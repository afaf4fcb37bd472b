"""``simulate``: a network through the RTL of a core, compared with the golden model bit for bit."""

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pyralis.gen.doctor import require
from pyralis.gen.errors import UserError
from pyralis.gen.progress import QUIET, Progress, ticking
from pyralis.gen.snn.compile import Compiled
from pyralis.gen.snn.estimate import estimate

if TYPE_CHECKING:
    from pyralis.sim.golden.snn.network import Result
    from pyralis.sim.snn.run import MemorySettings, SimulationResult

__all__ = ["SIMULATOR", "Comparison", "compare", "layer_rows", "require_wave_headers", "simulate"]

SIMULATOR = ("g++", "make", "perl", "verilator", "cocotb", "filelock", "torch")
"""What a simulation needs, for :func:`pyralis.gen.doctor.require`."""

WAVE_HEADERS = ("lz4.h", "zlib.h")
"""What Verilator's FST writer includes and its wheel does not bring."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """The core beside the golden model.

    Attributes
    ----------
    compiled : Compiled
    images : int
    rtl : pyralis.sim.snn.run.SimulationResult
    golden : pyralis.sim.golden.snn.network.Result
        Observed: spikes and potentials of every layer.
    wrong : dict of str to int
        Spikes of each hidden layer, and scores of the last, that differ.
    first : str
        A sentence on the first difference; empty if there is none.
    """

    compiled: Compiled
    images: int
    rtl: "SimulationResult"
    golden: "Result"
    wrong: dict[str, int]
    first: str

    @property
    def bit_exact(self) -> bool:
        """Every spike of every layer and every score is equal, and the core reported no error."""
        return self.rtl.error == "NONE" and not self.first and not any(self.wrong.values())

    @property
    def sentence(self) -> str:
        """The verdict."""
        if self.bit_exact:
            hidden = len(self.wrong) - 1
            images = f"all {self.images} images" if self.images > 1 else "the image"
            layers = f"the spikes of {hidden} hidden layer{'' if hidden == 1 else 's'} and " if hidden else ""
            return f"Bit exact: {images}, {layers}every class score equal the golden model's."
        return f"NOT bit exact: {self.first}"

    def summary(self) -> dict[str, Any]:
        """Plain data for ``--json`` and result.json."""
        rtl, busy = self.rtl, sum(layer.active for layer in self.rtl.layers)
        return {
            "images": self.images,
            "bit_exact": self.bit_exact,
            "verdict": self.sentence,
            "error": rtl.error,
            "error_index": rtl.error_index,
            "saturated": rtl.saturated,
            "saturated_golden": any(self.golden.saturated),
            "cycles": rtl.cycles,
            "cycles_per_image": rtl.cycles / self.images,
            "utilisation": busy / max(rtl.cycles, 1),
            "totals": dict(rtl.totals),
            "simulation_seconds": rtl.seconds,
            "simulated_cycles_per_second": rtl.cycles / rtl.seconds if rtl.seconds else None,
            "layers": layer_rows(self),
        }


def simulate(
    compiled: Compiled,
    inputs: np.ndarray,
    *,
    memory: "MemorySettings | None" = None,
    waves: bool = False,
    progress: Progress = QUIET,
) -> Comparison:
    """Runs *inputs* through the RTL with one start, and through the golden model.

    Raises UserError for inputs that do not fit and for a missing simulator, ToolError if the simulator fails.
    An error that the core reports, or a difference, is in the result.
    """
    inputs = compiled.check_inputs(inputs)
    if not len(inputs):
        raise UserError(
            "There are no inputs to simulate: the array is empty.", "input array", "give at least one"
        )
    require(*SIMULATOR)
    if waves:
        require_wave_headers()
    from pyralis.sim.golden.snn import network as golden_model
    from pyralis.sim.snn import run as simulator

    with progress.step("golden model") as step:
        golden = golden_model.run(compiled.network, inputs.astype(np.int8), observe=True)
        step.note(f"{len(inputs)} images, {sum(golden.spike_counts):,} spikes")
    with progress.step("simulate the RTL") as step, ticking(step):
        settings = memory or simulator.MemorySettings()
        rtl = simulator.simulate(compiled, inputs, memory=settings, observe=True, waves=waves)
        speed = rtl.cycles / rtl.seconds if rtl.seconds else 0
        step.note(f"{len(inputs)} images, {rtl.cycles:,} cycles, {speed:,.0f} cycles/s")
    return compare(compiled, rtl, golden)


def require_wave_headers() -> None:
    """Raises UserError if the compiler lacks a header of the waves."""
    for header in WAVE_HEADERS:
        source = f"#include <{header}>\n"
        found = subprocess.run(
            ["g++", "-E", "-x", "c++", "-"], input=source, capture_output=True, text=True, check=False
        )
        if found.returncode:
            what = f"Waves (FST) need the header {header}, and g++ does not find it."
            hint = "on Debian and Ubuntu: apt install liblz4-dev zlib1g-dev; or leave --waves away"
            raise UserError(what, "this machine", hint)


def compare(compiled: Compiled, rtl: "SimulationResult", golden: "Result") -> Comparison:
    """Compares every hidden layer's spikes, then the scores."""
    names = [plan.name for plan in compiled.layers]
    wrong: dict[str, int] = {}
    first = ""
    if rtl.error != "NONE":
        first = f"the core stopped with error {rtl.error} at descriptor {rtl.error_index}."
    hidden = [np.asarray(spikes) for spikes in golden.spikes[:-1]]
    if rtl.error == "NONE" and len(rtl.spikes) != len(hidden):
        first = f"the core's trace has the spikes of {len(rtl.spikes)} layers, not of {len(hidden)}."
    for name, expected, got in zip(names, hidden, rtl.spikes, strict=False):
        differs = expected != got
        wrong[name] = int(differs.sum())
        if wrong[name] and not first:
            image, step, channel, y, x = place = tuple(map(int, np.argwhere(differs)[0]))
            first = (
                f"{wrong[name]} of {expected.size} spikes of layer {name!r} differ, first in image {image} "
                f"at step {step}, channel {channel}, row {y}, column {x}: "
                f"{int(got[place])} instead of {int(expected[place])}."
            )
    scores = golden.scores.numpy()
    differs = scores != rtl.scores
    wrong[names[-1]] = int(differs.sum())
    if differs.any() and not first:
        image, output = map(int, np.argwhere(differs)[0])
        first = (
            f"{wrong[names[-1]]} of {scores.size} scores differ, first in image {image}, class {output}: "
            f"{int(rtl.scores[image, output])} instead of {int(scores[image, output])}."
        )
    return Comparison(compiled=compiled, images=len(scores), rtl=rtl, golden=golden, wrong=wrong, first=first)


def layer_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """A row of plain facts per layer: counters of the core, per image, beside estimate and golden model."""
    c = comparison
    runs = -(-c.images // c.compiled.images)
    rows = []
    estimates = estimate(c.compiled).layers
    for index, (plan, counts, guess) in enumerate(
        zip(c.compiled.layers, c.rtl.layers, estimates, strict=True)
    ):
        ideal = guess.ideal_cycles * runs
        neurons = int(np.prod(plan.out_shape)) * c.compiled.network.time_steps * c.images
        golden = c.golden.spike_counts[index]
        last = index == len(c.compiled.layers) - 1
        rows.append({
            "name": plan.name,
            "out_shape": list(plan.out_shape),
            "cycles_per_image": counts.cycles / c.images,
            "ideal_cycles_per_image": ideal / c.images,
            "active_per_image": counts.active / c.images,
            "utilisation": counts.active / max(counts.cycles, 1),
            "weight_stalls_per_image": counts.weight_stalls / c.images,
            "estimated_cycles_per_image": guess.cycles * runs / c.images,
            "bound": guess.bound,
            "weight_bytes": plan.weight_bytes,
            "spikes_per_image": golden / c.images,
            "spikes_counted": counts.spikes,
            "spikes_golden": golden,
            "spike_rate": golden / neurons,
            "compared": "scores" if last else "spikes",
            "differences": c.wrong.get(plan.name),
        })
    return rows
