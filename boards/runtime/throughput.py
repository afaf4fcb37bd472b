"""Reads the hardware's own cycle counters while it runs stored samples."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.runtime.commandline import run_job
from pyralis.boards.runtime.deployment import Driver
from pyralis.boards.runtime.errors import DriverError, SaturationWarning
from pyralis.boards.runtime.gcn import GcnDriver
from pyralis.boards.runtime.gf import GfDriver
from pyralis.boards.runtime.snn import SnnDriver

__all__ = ["main", "throughput"]


def throughput(driver: Driver, samples: Mapping[str, Any]) -> dict[str, Any]:
    """Runs *samples* once and says how long the hardware took.

    Parameters
    ----------
    driver : SnnDriver, GcnDriver or GfDriver
    samples : dict of arrays
        ``inputs``, or ``a`` and ``b``.

    Returns
    -------
    dict
        ``ok``, ``samples``, ``clock_mhz``; ``cycles_per_sample`` and ``samples_per_second`` from the core's
        counters at its clock, between start and end of a job; ``host_seconds`` and
        ``host_samples_per_second`` by the clock of the transport, with all transfers. Of the spiking core
        also ``busy_share`` (cycles in which the array had work), ``stall_share`` (cycles that waited for
        weights), ``bytes_per_sample`` and ``layers``; of the graph core, whose sample is a graph,
        ``aggregate_share`` and ``combine_share`` (cycles in which the engines had a descriptor),
        ``bytes_per_sample`` and ``descriptors``.
    """
    count = len(samples["a"] if isinstance(driver, GfDriver) else samples["inputs"])
    if not count:
        raise DriverError("there are no samples to run", "write the deploy folder with some")
    clock = driver.transport.clock_hz
    before = driver.transport.now()
    facts = _run(driver, samples)
    seconds = driver.transport.now() - before
    cycles = facts["cycles_per_sample"]
    return {
        "ok": True,
        "samples": count,
        "clock_mhz": clock / 1e6,
        "samples_per_second": clock / cycles if cycles else None,
        "host_seconds": seconds,
        "host_samples_per_second": count / seconds if seconds else None,
        **facts,
    }


def _run(driver: Driver, samples: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(driver, GfDriver):
        return _products(driver, samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SaturationWarning)  # the scores are not looked at
        driver.run(samples["inputs"])
    return _images(driver) if isinstance(driver, SnnDriver) else _graphs(driver)


def _graphs(driver: GcnDriver) -> dict[str, Any]:
    counts = driver.counters()
    runs, totals, beat = counts["runs"], counts["totals"], driver.layout.beat_bytes
    clients = ("program", "edges", "features", "weights")
    return {
        "cycles_per_sample": totals["cycles"] / runs,
        "aggregate_share": totals["aggregate_cycles"] / totals["cycles"],
        "combine_share": totals["combine_cycles"] / totals["cycles"],
        "bytes_per_sample": {
            **{name: totals[f"{name}_beats"] * beat / runs for name in clients},
            "results": totals["write_beats"] * beat / runs,
        },
        "descriptors": [
            {
                "name": f"{each['kind']} {each['name']}",
                "cycles_per_sample": each["cycles"] / runs,
            }
            for each in counts["descriptors"]
        ],
    }


def _images(driver: SnnDriver) -> dict[str, Any]:
    counts = driver.counters()
    images, totals, beat = counts["images"], counts["totals"], driver.layout.beat_bytes
    return {
        "cycles_per_sample": totals["cycles"] / images,
        "busy_share": totals["active"] / totals["cycles"],
        "stall_share": totals["weight_stalls"] / totals["cycles"],
        "bytes_per_sample": {
            "weights": totals["weight_beats"] * beat / images,
            "program_and_input": totals["read_beats"] * beat / images,
            "results": totals["write_beats"] * beat / images,
        },
        "layers": [
            {
                "name": layer["name"],
                "cycles_per_sample": layer["cycles"] / images,
                "busy_share": layer["active"] / max(layer["cycles"], 1),
                "stall_share": layer["stalls"] / max(layer["cycles"], 1),
                "spikes_per_sample": layer["spikes"] / images,
            }
            for layer in counts["layers"]
        ],
    }


def _products(driver: GfDriver, samples: Mapping[str, Any]) -> dict[str, Any]:
    driver.multiply(np.asarray(samples["a"]), np.asarray(samples["b"]))
    cycles = [product.cycles for product in driver.products if product.cycles is not None]
    if not cycles:
        return {"cycles_per_sample": None}
    return {
        "cycles_per_sample": sum(cycles) / len(cycles),
        "least_cycles": min(cycles),
        "most_cycles": max(cycles),
    }


def _lines(facts: Mapping[str, Any]) -> list[str]:
    lines = []
    if facts["cycles_per_sample"] is not None:
        lines.append(
            f"{facts['cycles_per_sample']:,.1f} cycles a sample by the hardware's counters: "
            f"{facts['samples_per_second']:,.0f} a second at {facts['clock_mhz']:g} MHz."
        )
    if facts["host_samples_per_second"]:
        lines.append(
            f"{facts['host_samples_per_second']:,.1f} samples a second for the host, with all transfers."
        )
    if "busy_share" in facts:
        lines.append(
            f"The array was busy in {facts['busy_share']:.1%} of the cycles and waited for weights in "
            f"{facts['stall_share']:.1%}."
        )
    if "aggregate_share" in facts:
        lines.append(
            f"The Aggregation Engine was at work in {facts['aggregate_share']:.1%} of the cycles, the "
            f"Combination Engine in {facts['combine_share']:.1%}."
        )
    lines += [
        f"  {each['name']}: {each['cycles_per_sample']:,.1f} cycles" for each in facts.get("descriptors", ())
    ]
    lines += [
        f"  {layer['name']}: {layer['cycles_per_sample']:,.1f} cycles, busy {layer['busy_share']:.1%}, "
        f"{layer['spikes_per_sample']:,.1f} spikes"
        for layer in facts.get("layers", ())
    ]
    return lines


def main(folder: str | Path, argv: Sequence[str] | None = None) -> int:
    """``throughput.py`` of a deploy folder."""
    return run_job(folder, argv, __doc__ or "", throughput, _lines)
