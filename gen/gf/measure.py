"""What a configuration costs: gates, levels, look-up tables, and how much more than a bare multiplier.

Everything comes from Yosys on the Verilog that a user would get, blocks kept apart. A configuration that is
combinational or pipelined is measured as its datapath, from operands to result; with the folded corrector or
the digit-serial multiplier, which need a controller, as the whole stream core. It is compared with a
multiplier without protection that is measured in the same way, so that what both have cancels.

``gates`` are two-input gates, registers left out; gate equivalents count everything.
"""

import gc
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from amaranth.hdl import UnusedElaboratable

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis import yosys
from pyralis.gen.synthesis.flows import DEEPER, map_gates, map_luts
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.hw.gf.config import GfConfig, MultiplierName
from pyralis.hw.gf.core import GfMultiplier
from pyralis.hw.gf.datapath import Datapath

__all__ = [
    "FAMILIES",
    "STRUCTURAL",
    "TIME_LIMIT",
    "TOP",
    "cycles",
    "deeper",
    "figures",
    "gate_netlist",
    "measure",
    "overhead",
    "plain",
    "verilog",
    "whole",
]

TOP = "gf_mul"
AS_WRITTEN = r"multiplier_\d+"
"""Blocks that keep their structure: a gate of a multiplier shall disturb one bit of the unreduced product."""

FAMILIES = ("xcup", "ecp5")
"""FPGA families that reports show."""

STRUCTURAL = 283
"""Degree from which reports count gates as written: optimising them takes long and changes little."""

TIME_LIMIT = 900.0
"""Seconds that reports give the optimisation of one block; then its design is counted as written."""


def whole(config: GfConfig) -> bool:
    """Whether *config* is measured as the stream core and not as its datapath."""
    return config.corrector == "folded" or config.multiplier == "digit_serial"


def verilog(config: GfConfig, *, core: bool | None = None) -> str:
    """Verilog of what is measured, kept modules marked; *core* overrides :func:`whole`."""
    core = whole(config) if core is None else core
    return emit(GfMultiplier(config) if core else Datapath(config), TOP, keep_hierarchy=True)


def plain(config: GfConfig, multiplier: MultiplierName | None = None) -> GfConfig:
    """The configuration without protection; *multiplier* puts another architecture in its place."""
    kept = {name: getattr(config, name) for name in ("m", "polynomial", "digit", "stages")}
    return GfConfig(
        **kept, multiplier=multiplier or config.multiplier, protect="none", correct=0, corrector="none"
    )


def gate_netlist(config: GfConfig, *, core: bool | None = None, structural: bool = False) -> Netlist:
    """Gates of *config*; ``structural`` leaves out logic optimisation, for very large fields."""
    text = verilog(config, core=core)
    return map_gates(text, TOP, structural=structural, as_written=AS_WRITTEN, deeper=deeper(config)).netlist


def deeper(config: GfConfig) -> float:
    """How much depth may be given for area: none between the registers of a pipeline."""
    return 1.0 if config.corrector == "pipelined" else DEEPER


def measure(
    config: GfConfig,
    *,
    core: bool | None = None,
    families: Iterable[str] = (),
    structural: bool = False,
    timeout_s: float | None = None,
) -> dict[str, Any]:
    """Figures of one configuration, as plain data.

    Parameters
    ----------
    config : GfConfig
    core : bool, optional
        Measure the stream core (True) or the datapath (False), whatever :func:`whole` says.
    families, structural, timeout_s
        As for :func:`figures`.

    Returns
    -------
    dict
        What :func:`figures` gives; ``config``; ``cycles`` of the stream core.
    """
    found = figures(
        verilog(config, core=core),
        families=families,
        structural=structural,
        deeper=deeper(config),
        timeout_s=timeout_s,
    )
    return {"config": asdict(config), **found, "cycles": cycles(config)}


def figures(
    text: str,
    *,
    families: Iterable[str] = (),
    structural: bool = False,
    deeper: float = DEEPER,
    timeout_s: float | None = None,
) -> dict[str, Any]:
    """Figures of the Verilog *text*, as plain data.

    Parameters
    ----------
    text : str
        With the top module :data:`TOP`.
    families : iterable of str
        FPGA families to map to, keys of :data:`pyralis.gen.synthesis.flows.FAMILIES`.
    structural : bool
        As for :func:`gate_netlist`.
    deeper : float
        As for :func:`pyralis.gen.synthesis.flows.map_gates`.
    timeout_s : float, optional
        Time for one block. Gates are counted as written where optimising them takes longer; look-up tables
        are not counted then.

    Returns
    -------
    dict
        ``mapping`` ("optimised" or "structural"), ``gates``, ``flip_flops``, ``gate_equivalents`` (flip-flops
        counted), ``levels`` (longest path between registers or ports), ``paths`` (levels to each output, of
        combinational logic), ``blocks`` (the same for each block), ``luts`` by family, None if not counted.
    """
    try:
        netlist = map_gates(
            text,
            TOP,
            structural=structural,
            as_written=AS_WRITTEN,
            deeper=deeper,
            timeout_s=timeout_s,
        ).netlist
    except yosys.OutOfTimeError:
        netlist, structural = map_gates(text, TOP, structural=True).netlist, True
    paths = {} if netlist.flip_flop_count else netlist.port_levels
    names = sorted({path.split(".")[0] for path in netlist.blocks if path})
    return {
        "mapping": "structural" if structural else "optimised",
        **_figures(netlist, ""),
        "paths": {name: levels for name, levels in paths.items() if levels},
        "blocks": {name: _figures(netlist, name) for name in names},
        "luts": {family: _luts(text, family, timeout_s) for family in families},
    }


def cycles(config: GfConfig) -> dict[str, int]:
    """Latency of the stream core in cycles: without an error, and what an error adds."""
    with warnings.catch_warnings():  # the core is only asked, and Amaranth wants everything elaborated
        warnings.simplefilter("ignore", UnusedElaboratable)
        core = GfMultiplier(config)
        found = {"result": core.cycles, "correction": core.correction_cycles}
        del core
        gc.collect()
    return found


def overhead(
    found: Mapping[str, Any], reference: Mapping[str, Any], bare: Mapping[str, Any] | None = None
) -> dict[str, float]:
    """What the figures *found* add to those of *reference*, in gates and in gate equivalents.

    As shares of *bare*, by default of *reference*: what protection adds to a stream core is related to the
    multiplier alone, as it is for a datapath.
    """
    bare = bare or reference
    return {name: (found[name] - reference[name]) / bare[name] for name in ("gates", "gate_equivalents")}


def _figures(netlist: Netlist, path: str) -> dict[str, Any]:
    return {
        "gates": len(netlist.gates_within(path)),
        "flip_flops": len(netlist.flip_flops_within(path)),
        "gate_equivalents": round(netlist.equivalents_within(path), 1),
        "levels": netlist.levels_within(path) if path else netlist.levels,
    }


def _luts(text: str, family: str, timeout_s: float | None) -> dict[str, Any] | None:
    try:
        report = map_luts(text, TOP, family, timeout_s=timeout_s)
    except yosys.OutOfTimeError:
        return None
    found = asdict(report)
    return {name: found[name] for name in ("luts", "flip_flops", "muxes", "carries", "levels")}
