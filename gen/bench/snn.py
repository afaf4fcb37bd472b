"""``bench snn``: SNN-7 at full size through the RTL of a core, with its cycles beside FireFly's."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyralis.gen.bench import snn7
from pyralis.gen.doctor import require
from pyralis.gen.files import json_text, make_folder, write_file
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.simulate import SIMULATOR, Comparison, simulate
from pyralis.gen.snn.compile import Compiled, compile_network
from pyralis.gen.snn.estimate import estimate
from pyralis.hw.snn.config import SnnConfig

if TYPE_CHECKING:
    from pyralis.sim.snn.run import MemorySettings

__all__ = ["bench", "figures"]

OPERATIONS = 16
"""Operations that a DSP48E2 can do in a cycle: eight weights, each gated and added."""


def bench(
    config: SnnConfig,
    path: str | Path,
    *,
    name: str = "custom",
    images: int = 1,
    seed: int = 1,
    memory: "MemorySettings | None" = None,
    facts: tuple[snn7.LayerFacts, ...] = snn7.SNN7,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Runs the workload and writes its figures to *path* as JSON; returns them.

    Parameters
    ----------
    config : SnnConfig
    path : path
    name : str
        Of the configuration.
    images : int
        Images that share one weight load; one run of the program.
    seed : int
        Of the random network and images.
    memory : MemorySettings, optional
    facts : tuple of LayerFacts
        The workload; tests give a smaller one.

    Raises
    ------
    UserError
        *path* cannot be written, or the maps of so many images do not fit the core.
    """
    require(*SIMULATOR)
    from pyralis.sim.snn.run import MemorySettings

    make_folder(Path(path).parent)
    memory = memory or MemorySettings()
    with progress.step("make the workload") as step:
        network, pixels = snn7.build(facts, images=images, seed=seed)
        step.note(f"{sum(layer.weight.size for layer in network.layers):,} random weights, seed {seed}")
    with progress.step("compile") as step:
        compiled = compile_network(network, config, images=images)
        step.note(f"{estimate(compiled).cycles:,} cycles estimated")
    found = simulate(compiled, pixels, memory=memory, progress=progress)
    rates = {fact.name: fact.rate for fact in facts}
    result = {
        "job": "bench snn",
        "workload": network.source["workload"],
        "seed": seed,
        "core": {"name": name, **asdict(config)},
        "memory": asdict(memory),
        **found.summary(),
        **figures(compiled, found),
    }
    for row in result["layers"]:
        row["published_rate"] = rates[row["name"]]
    write_file(path, json_text(result))
    return result


def figures(compiled: Compiled, found: Comparison) -> dict[str, Any]:
    """What is compared with publications: DSP-cycles of one image, and operations per DSP and cycle.

    Operations are those of the dense network without its first layer, whose bit planes would count eightfold;
    its cycles are counted all the same.
    """
    resources = estimate(compiled).resources
    array = resources.array_dsp or compiled.config.cells
    cycles = found.rtl.cycles / found.images
    later = [plan.synaptic_operations for plan in compiled.layers[1:]]
    first = found.rtl.layers[0].cycles / found.images
    ideal = sum(layer["ideal_cycles_per_image"] for layer in found.summary()["layers"])
    return {
        "array_dsp": array,
        "neuron_dsp": resources.neuron_dsp,
        "dsp_cycles_array": array * cycles,
        "dsp_cycles_all": (array + resources.neuron_dsp) * cycles,
        "dsp_cycles_without_first_layer": array * (cycles - first),
        "ideal_cycles_per_image": ideal,
        "synaptic_operations_after_first_layer": sum(later),
        "operations_per_dsp_cycle": 2 * sum(later) / (array * cycles),
        "operations_per_dsp_cycle_peak": OPERATIONS,
        "weight_bytes": len(compiled.weights),
        "published": [asdict(entry) for entry in snn7.PUBLISHED],
    }


def comparison_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Rows (who, DSPs, cycles an image, million DSP-cycles, scope) for a table."""
    own, everything = result["array_dsp"], result["array_dsp"] + result["neuron_dsp"]
    cycles = f"{result['cycles_per_image']:,.0f}"
    rows = [
        ["this core, array", str(own), cycles, _millions(result["dsp_cycles_array"]), "whole network"],
        [
            "this core, with neuron row",
            str(everything),
            cycles,
            _millions(result["dsp_cycles_all"]),
            "whole network",
        ],
    ]
    for entry in result["published"]:
        figures = [str(entry["dsp"]), f"{entry['cycles']:,}", _millions(entry["dsp_cycles"])]
        rows.append([entry["name"], *figures, entry["scope"]])
    return rows


def _millions(value: float) -> str:
    return f"{value / 1e6:.1f} M"
