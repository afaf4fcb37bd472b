"""What the report shows of a simulated network, as plain data that goes into result.json."""

from typing import TYPE_CHECKING, Any

import numpy as np

from pyralis.gen.check import layer_table
from pyralis.gen.simulate import Comparison, layer_rows
from pyralis.gen.snn.compile import Compiled

if TYPE_CHECKING:
    from pyralis.gen.intnetwork import IntLayer

__all__ = ["layers", "network", "sample"]

BIN = 8
"""Weights per bar of a histogram; int8 makes 32 bars."""

CHANNELS = 32
"""Most channels of a layer that a raster shows."""


def network(compiled: Compiled) -> dict[str, Any]:
    """The network's input and output."""
    n = compiled.network
    return {
        "input_shape": list(n.input_shape),
        "coding": n.coding,
        "time_steps": n.time_steps,
        "output": n.output,
        "input_scale": n.input_scale,
        "potential_bits": n.potential_bits,
        "weights": sum(layer.weight.size for layer in n.layers),
        "synaptic_operations": sum(plan.synaptic_operations for plan in compiled.layers),
        "resident": compiled.resident,
        "weight_bytes": len(compiled.weights),
        "program_bytes": len(compiled.program),
    }


def layers(compiled: Compiled, found: Comparison) -> list[dict[str, Any]]:
    """A row per layer: shapes, counters, estimate, ranges of values against the core's widths, weights."""
    rows = []
    shapes = layer_table(compiled.network, compiled.config)
    for index, (shape, counters) in enumerate(zip(shapes, layer_rows(found), strict=True)):
        plan = compiled.layers[index]
        rows.append({
            **shape,
            **counters,
            "current_range": list(found.golden.current_ranges[index]),
            "current_bound": plan.current_bound,
            "current_bits": compiled.config.current_bits,
            "potential_range": list(found.golden.potential_ranges[index]),
            "potential_bound": plan.potential_bound,
            "potential_bits": compiled.config.potential_bits,
            "threshold_range": _range(compiled.network.layers[index].threshold),
            "bias_range": _range(compiled.network.layers[index].bias),
            "saturated": found.golden.saturated[index],
            "weight_histogram": _histogram(compiled.network.layers[index]),
        })
    return rows


def sample(found: Comparison, images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The first image: its pixels, every layer's spikes as the core stored them, potentials of the outputs.

    ``rasters``: per hidden layer ``spikes[channel][step]`` is a string of 0 and 1, the map row by row.
    """
    golden = found.golden
    rasters = []
    for plan, spikes in zip(found.compiled.layers, found.rtl.spikes, strict=False):
        one = np.asarray(spikes[0])  # (T, C, H, W)
        shown = one[:, :CHANNELS]
        rasters.append({
            "name": plan.name,
            "shape": list(one.shape),
            "channels_shown": shown.shape[1],
            "spikes": [
                ["".join(map(str, shown[step, channel].ravel())) for step in range(len(shown))]
                for channel in range(shown.shape[1])
            ],
            "total": int(one.sum()),
        })
    last = golden.potentials[-1][0].flatten(1)
    return {
        "index": 0,
        "label": int(labels[0]),
        "class": int(found.rtl.classes[0]),
        "pixels": images[0].tolist(),
        "scores": found.rtl.scores[0].tolist(),
        "rasters": rasters,
        "output_potentials": last.T.tolist(),
    }


def _range(values: np.ndarray) -> list[int]:
    return [int(values.min()), int(values.max())]


def _histogram(layer: "IntLayer") -> dict[str, Any]:
    edges = np.arange(-128, 129, BIN)
    counts, _ = np.histogram(layer.weight, bins=edges)
    zero = float((layer.weight == 0).mean())
    return {"edges": edges.tolist(), "counts": counts.tolist(), "range": _range(layer.weight), "zeros": zero}
