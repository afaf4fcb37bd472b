"""nextpnr's report: what of the device is used, the clock reached, and the longest path by names of signals.

Yosys names cells by the signal next to them (``x_LUT4_D_Z_TRELLIS_FF_Q_3``), so the signal is what stands
before the first cell type. Source: nextpnr ``common/kernel/report.cc``, Yosys ``passes/cmds/autoname.cc``.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyralis.gen.errors import ToolError

__all__ = ["RESOURCES", "Report", "read_report", "signal_of"]

RESOURCES = {"LUT": "TRELLIS_COMB", "FF": "TRELLIS_FF", "BRAM": "DP16KD", "DSP": "MULT18X18D"}
"""Our names and nextpnr's. A look-up table of memory, and half a carry block, each count as one LUT."""

CELLS = "TRELLIS_FF|LUT4|PFUMX|L6MUX21|CCU2C|DP16KD|PDPW16KD|TRELLIS_DPR16X4|TRELLIS_COMB|MULT18X18D|ALU54B"
_DERIVED = re.compile(rf"_(?:{CELLS})_.*")
_NUMBER = re.compile(r"\$\d+(?=[.\[]|$)")
"""Amaranth's number behind a name that occurs twice."""
_UNNAMED = re.compile(r"(?:^|\.)(?:port\$\d+\$\d+|\$[^.]*)$")
"""A wire between two operators; the module that it lies in is what can be said of it."""

ROUNDED = 1e-6
"""Relative error of the clock reached, a 32-bit float."""

SAME = 1e-3
"""How far from the clock asked for nextpnr's own may be: its periods are whole picoseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What place and route has made.

    Attributes
    ----------
    resources : list of dict
        ``name``, ``detail`` (what nextpnr calls it), ``used``, ``available``.
    clock : dict
        ``name``, ``asked_mhz``, ``reached_mhz``, ``met``.
    paths : list of dict
        The longest path between two flip-flops of the clock: ``clock``, ``from``, ``to``, ``delay_ns``,
        ``logic_ns``, ``routing_ns``, ``asked_ns``, ``steps`` (``kind``, ``cell``, ``delay_ns``).
    """

    resources: list[dict[str, Any]]
    clock: dict[str, Any]
    paths: list[dict[str, Any]]

    @property
    def verdict(self) -> str:
        """The clock in a sentence; by how much and where it is missed."""
        asked, reached = self.clock["asked_mhz"], self.clock["reached_mhz"]
        if self.clock["met"]:
            return f"Asked for {asked:.6g} MHz, reached {reached:.1f} MHz."
        path = self.paths[0]
        late = 1000 / reached - 1000 / asked
        return (
            f"Asked for {asked:.6g} MHz, reached {reached:.1f} MHz: {late:.2f} ns too slow "
            f"from {path['from']} to {path['to']}."
        )

    @property
    def hint(self) -> str:
        """The next step where the clock is missed."""
        return f"--clock {math.floor(self.clock['reached_mhz'])} or less, or another --seed"


def signal_of(name: str) -> str:
    """The signal that a cell or net is named after, or the module of one without a name of its own.

    >>> signal_of("shell.core.count_TRELLIS_FF_Q_3_DI_LUT4_Z")
    'shell.core.count'
    """
    name = _DERIVED.sub("", name.removeprefix("$glbnet$"))
    return _NUMBER.sub("", _UNNAMED.sub("", name)) or name


def read_report(text: str, clock_mhz: float) -> Report:
    """Reads the JSON that ``nextpnr-ecp5 --report`` has written for a design with a clock of *clock_mhz*.

    Raises ToolError if the report is about another clock, or about several.
    """
    content = json.loads(text)
    clocks = content["fmax"]
    if len(clocks) != 1 or abs(next(iter(clocks.values()))["constraint"] / clock_mhz - 1) > SAME:
        found = ", ".join(f"{name} {entry['constraint']:.6g} MHz" for name, entry in clocks.items())
        raise ToolError(f"nextpnr speaks of the clocks {found or 'none'}, not of one of {clock_mhz:.6g} MHz.")
    ((net, entry),) = clocks.items()
    clock = {
        "name": signal_of(net),
        "asked_mhz": clock_mhz,
        "reached_mhz": entry["achieved"],
        "met": entry["achieved"] >= clock_mhz * (1 - ROUNDED),
    }
    used = content["utilization"]
    resources = [
        {"name": name, "detail": kind, "used": used[kind]["used"], "available": used[kind]["available"]}
        for name, kind in RESOURCES.items()
    ]
    edge = f"posedge {net}"
    paths = [
        _path(path["path"], clock)
        for path in content["critical_paths"]
        if path["from"] == path["to"] == edge and path["path"]
    ]
    return Report(resources=resources, clock=clock, paths=paths)


def _path(steps: Sequence[Mapping[str, Any]], clock: Mapping[str, Any]) -> dict[str, Any]:
    routing = sum(step["delay"] for step in steps if step["type"] == "routing")
    delay = sum(step["delay"] for step in steps)
    return {
        "clock": clock["name"],
        "from": _source(steps),
        "to": signal_of(steps[-1]["to"]["cell"]),
        "delay_ns": delay,
        "logic_ns": delay - routing,
        "routing_ns": routing,
        "asked_ns": 1000 / clock["asked_mhz"],
        "steps": [{"kind": step["type"], "cell": _cell(step), "delay_ns": step["delay"]} for step in steps],
    }


def _source(steps: Sequence[Mapping[str, Any]]) -> str:
    """The signal at the path's start: the net that leaves the flip-flop, as it has the number of the bit."""
    net = next((step["net"] for step in steps if step["type"] == "routing"), "")
    return signal_of(net if net and not _DERIVED.search(net) else steps[0]["from"]["cell"])


def _cell(step: Mapping[str, Any]) -> str:
    return signal_of(step["net"] if step["type"] == "routing" else step["from"]["cell"])
