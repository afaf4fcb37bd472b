"""``check``: which layers of a model can be built, and whether it fits a core."""

from dataclasses import asdict
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.model import ModelSource
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.snn.layout import map_words
from pyralis.hw.snn.config import SnnConfig

__all__ = ["check_model", "check_network", "layer_table"]


def check_model(source: ModelSource, config: SnnConfig) -> dict[str, Any]:
    """Checks a torch module: a verdict per module, then the fit of its layers on *config*.

    The fit is of weights quantised with a provisional input scale: sizes do not depend on it, bounds hardly.
    """
    from pyralis.gen.frontend.verdict import judge
    from pyralis.gen.quantize import quantize

    modules = [asdict(verdict) for verdict in judge(source.module, source.input_shape)]
    result: dict[str, Any] = {"model": source.text, "modules": modules, "layers": [], "faults": []}
    refused = [entry for entry in modules if entry["verdict"] != "ok"]
    if refused:
        return result | {"ok": False, "fits": False}
    try:
        network = source.network()
        direct = source.coding == "direct"
        shape = network.input_shape if direct else (network.time_steps, *network.input_shape)
        scale = (source.input_scale or 1 / 127) if direct else None
        integers, _ = quantize(
            network, np.zeros((1, *shape)), input_scale=scale, potential_bits=config.potential_bits
        )
    except UserError as error:
        return result | {"ok": False, "fits": False, "faults": [_fault(error)]}
    return result | check_network(integers, config)


def check_network(network: IntNetwork, config: SnnConfig) -> dict[str, Any]:
    """Checks the fit of an integer network: a row per layer, and what does not fit.

    ``strips`` of a row: in how many parts the layer runs, more than one where its maps exceed the buffers;
    None if the network does not fit.
    """
    faults, facts = [], {}
    strips: list[int | None] = [None] * len(network.layers)
    try:
        compiled = compile_network(network, config)
        facts = {"resident": compiled.resident, "weight_bytes": len(compiled.weights)}
        strips = [len(plan.strips) for plan in compiled.layers]
    except UserError as error:
        faults.append(_fault(error))
    layers = layer_table(network, config)
    broken = {fault["where"].removeprefix("layer ").strip("'") for fault in faults}
    for row, count in zip(layers, strips, strict=True):
        row["strips"] = count
        row["verdict"] = "does not fit" if row["name"] in broken else "ok" if not faults else "see above"
    seen = False
    for row in layers:
        seen |= row["verdict"] == "does not fit"
        if faults and row["verdict"] == "see above":
            row["verdict"] = "not reached" if seen else "ok"
    return {"ok": not faults, "fits": not faults, "faults": faults, "layers": layers, **facts}


def layer_table(network: IntNetwork, config: SnnConfig) -> list[dict[str, Any]]:
    """Rows of plain facts: shapes, neuron, weights, and the map words that each input takes on *config*."""
    rows = []
    shapes = network.shapes()
    for index, layer in enumerate(network.layers):
        steps = 8 if index == 0 and network.coding == "direct" else network.time_steps
        channels, height, width = shapes[index]
        tiles, groups = map_words(config, channels, steps)
        rows.append({
            "name": layer.name,
            "kind": layer.kind,
            "kind_text": kind_text(layer),
            "weight_shape": list(layer.weight.shape),
            "stride": layer.stride,
            "padding": list(layer.padding),
            "pool": layer.pool,
            "pool_stride": layer.pool_stride,
            "pool_of": layer.pool_of,
            "neuron": neuron_text(layer.neuron),
            "out_shape": list(shapes[index + 1]),
            "weights": int(layer.weight.size),
            "input_words": height * width * tiles * groups,
            "map_words": config.map_words,
        })
    return rows


def kind_text(layer: Any) -> str:
    """A few words for people: ``conv``, ``conv, pool 2``, ``conv, max pool 3/2 of currents``."""
    if (layer.pool, layer.pool_stride) == (1, 1):
        return layer.kind
    window = f"{layer.pool}" if layer.pool_stride == layer.pool else f"{layer.pool}/{layer.pool_stride}"
    pooling = f"pool {window}" if layer.pool_of == "spikes" else f"max pool {window} of currents"
    return f"{layer.kind}, {pooling}"


def neuron_text(neuron: Any) -> str:
    """One line for people: ``LIF 0.60, subtract (delayed), v > th``."""
    leak = {
        "none": "IF",
        "shift": f"LIF 1 - 2^-{neuron.leak_value}",
        "multiply": f"LIF {neuron.leak_value / (1 << neuron.leak_bits):.4f}",
    }[neuron.leak]
    timing = "" if neuron.timing == "immediate" or neuron.reset == "none" else f" ({neuron.timing})"
    reset = "no reset" if neuron.reset == "none" else f"reset {neuron.reset}{timing}"
    return f"{leak}, {reset}, v {'>=' if neuron.inclusive else '>'} th"


def _fault(error: UserError) -> dict[str, str]:
    return {"what": error.what, "where": error.where, "hint": error.hint}
