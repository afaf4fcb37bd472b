"""What ``bench gf`` measures: protections, modes and baselines, by degree of the field."""

import gc
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from amaranth.hdl import UnusedElaboratable

from pyralis.gen.bench.gf_baseline import ParallelBch
from pyralis.gen.emit.verilog import emit
from pyralis.gen.gf import measure
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.datapath import Datapath

__all__ = ["DEGREES", "FULL_DEGREES", "SCOPES", "Design", "Scope", "designs", "plain"]

Scope = Literal["quick", "default", "full"]
SCOPES: tuple[Scope, ...] = ("quick", "default", "full")

DEGREES = (45, 8, 16, 32, 64, 128, 163)
"""The field of the papers first."""

FULL_DEGREES = (*DEGREES, 571)

WIDE = 64
"""Largest degree of which everything is measured; beyond it the multiplier is nearly all there is."""

DEEPEST = 40
"""Most levels of a stage that are tried where a block has more than are asked for."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """One design to measure.

    Attributes
    ----------
    name : str
        For people; one of a kind at one m.
    protect : str
        As in the configuration, ``parallel_bch``, or ``parallel_newer``, the same with smaller blocks.
    mode : {"none", "detect", "combinational", "pipelined", "folded"}
    config : GfConfig
        Of a rebuilt design that of the nearest core here.
    core : bool
        Measured as the stream core.
    """

    name: str
    protect: str
    mode: str
    config: GfConfig
    core: bool

    @property
    def t(self) -> int:
        """Errors that are corrected, or that the code could correct if it only detects; 0 without a code."""
        return self.config.t if self.coded else 0

    @property
    def coded(self) -> bool:
        """Whether there is a code."""
        return self.protect not in ("none", "dwc", "diverse_dwc", "tmr")

    @property
    def rebuilt(self) -> bool:
        """Whether it is a design of earlier papers."""
        return self.protect.startswith("parallel_")

    def verilog(self) -> str:
        """Its text, kept modules marked."""
        if self.rebuilt:
            newer = self.protect == "parallel_newer"
            design = ParallelBch(self.config.field, self.config.t, newer=newer)
            return emit(design, measure.TOP, keep_hierarchy=True)
        return measure.verilog(self.config, core=self.core)


def plain(m: int, multiplier: str = "two_step", *, core: bool = False) -> Design:
    """A multiplier without protection."""
    config = _config(m, protect="none", multiplier=multiplier, correct=0, corrector="none")
    name = f"{multiplier}{' core' if core and multiplier != 'digit_serial' else ''}, no protection"
    return Design(name=name, protect="none", mode="none", config=config, core=core)


def designs(m: int, scope: Scope) -> tuple[list[Design], list[dict[str, Any]]]:
    """(designs, those that do not exist with the reason) for one m; those to compare with come first."""
    found: list[Design] = []
    missing: list[dict[str, Any]] = []
    for make, values in _wanted(m, scope):
        try:
            found.append(make(m, **values))
        except ValueError as error:
            missing.append({"m": m, **values, "reason": str(error)})
    return found, missing


def _wanted(m: int, scope: Scope) -> Iterator[tuple[Any, dict[str, Any]]]:
    quick, every = scope == "quick", scope == "full" or (m == DEGREES[0] and scope == "default")
    narrow = m <= WIDE
    yield plain, {}
    yield plain, {"multiplier": "karatsuba"}
    if every or (not quick and narrow):
        yield plain, {"multiplier": "mastrovito"}
    yield plain, {"core": True}
    if every:
        yield plain, {"multiplier": "digit_serial", "core": True}
    for protect in ("dwc", "diverse_dwc", "tmr") if not quick else ("dwc", "tmr"):
        yield _copies, {"protect": protect}
    yield _coded, {"protect": "hamming", "t": 1, "mode": "combinational"}
    if every:
        yield _coded, {"protect": "hamming", "t": 1, "mode": "detect"}
    all_t, some_t = (1, 2, 3, 4, 5), (1, 3, 5)
    for t in all_t if every else some_t if m == DEGREES[0] else (1,) if narrow else ():
        yield _coded, {"protect": "majority", "t": t, "mode": "combinational"}
    for t in all_t if every else some_t:
        yield _coded, {"protect": "residue_bch", "t": t, "mode": "detect"}
    yield _coded, {"protect": "residue_bch", "t": 1, "mode": "combinational", "duplicate": True}
    for t in all_t if every else some_t if narrow else (1,):
        yield _coded, {"protect": "product_bch", "t": t, "mode": "detect"}
    if every:
        for t in all_t if scope == "full" else some_t:
            yield _coded, {"protect": "product_bch", "t": t, "mode": "combinational"}
        for t in all_t[1:]:
            yield _coded, {"protect": "residue_bch", "t": t, "mode": "combinational"}
        for protect in ("residue_bch", "product_bch"):
            for mode in ("pipelined", "folded"):
                for t in some_t if scope == "full" or protect == "residue_bch" else some_t[-1:]:
                    yield _coded, {"protect": protect, "t": t, "mode": mode}
        yield _parallel, {"t": 3}
        yield _parallel, {"t": 5}
        yield _parallel, {"t": 5, "newer": True}
    elif narrow or not quick:
        if narrow:
            yield _coded, {"protect": "product_bch", "t": 5, "mode": "combinational"}
            yield _coded, {"protect": "residue_bch", "t": 5, "mode": "combinational"}
        if m == DEGREES[0]:
            yield _coded, {"protect": "residue_bch", "t": 5, "mode": "pipelined"}
            yield _parallel, {"t": 5}
            yield _parallel, {"t": 5, "newer": True}
        yield _coded, {"protect": "residue_bch", "t": 5, "mode": "folded"}


def _config(m: int, **values: Any) -> GfConfig:
    return GfConfig(m=m, digit=min(m, GfConfig.digit), **values)


def _copies(m: int, protect: Any) -> Design:
    config = _config(m, protect=protect, correct=0, corrector="none")
    names = {"dwc": "two copies", "diverse_dwc": "two copies, different", "tmr": "three copies, voted"}
    mode = "combinational" if protect == "tmr" else "detect"
    return Design(name=names[protect], protect=protect, mode=mode, config=config, core=False)


def _coded(m: int, protect: Any, t: int, mode: Any, duplicate: bool | None = None) -> Design:
    detect = mode == "detect"
    config = _config(
        m,
        protect=protect,
        t=t,
        correct=0 if detect else t,
        corrector="none" if detect else mode,
        duplicate=duplicate,
    )
    _ = config.code.length if protect != "majority" else 0  # ValueError if there is none
    if mode == "pipelined":
        config = _with_levels(config)
    what = f"{protect.removesuffix('_bch')} t = {t}, {'detect' if detect else 'correct'}"
    name = what if detect or mode == "combinational" else f"{what}, {mode}"
    name += ", hardened" if duplicate else ""
    return Design(name=name, protect=protect, mode=mode, config=config, core=measure.whole(config))


def _parallel(m: int, t: int, newer: bool = False) -> Design:
    config = _config(m, protect="product_bch", t=t, correct=t)
    _ = config.code
    name = f"parallel BCH t = {t}, correct ({'with newer blocks' if newer else 'earlier papers, rebuilt'})"
    protect = "parallel_newer" if newer else "parallel_bch"
    return Design(name=name, protect=protect, mode="combinational", config=config, core=False)


def _with_levels(config: GfConfig) -> GfConfig:
    """*config* with the fewest levels a stage, from those asked for on, that its blocks allow."""
    with warnings.catch_warnings():  # only their levels are looked at
        warnings.simplefilter("ignore", UnusedElaboratable)
        for levels in range(config.levels, DEEPEST + 1):
            tried = replace(config, levels=levels)
            try:
                Datapath(tried)
            except ValueError as error:
                reason = str(error)  # the error itself would keep the blocks
            else:
                return tried
            finally:
                gc.collect()
    raise ValueError(reason)
