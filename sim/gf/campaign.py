"""Fault campaign: every gate of a protected multiplier flipped and stuck, and what its user would then see.

The gates are those of the mapped datapath, blocks kept apart as in silicon; the faults stay for the whole
calculation. Each fault meets the same random operands, and counts as the worst that it does to any of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gf.measure import gate_netlist, whole
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.synthesis.cells import GateKind
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import element_names
from pyralis.sim.netlist.evaluate import ALL_ONES, Evaluator, pack
from pyralis.sim.netlist.faults import Fault, FaultKind, Faults, FaultSimulator

__all__ = ["GROUPS", "OUTCOMES", "SINGLE_KINDS", "campaign"]

OUTCOMES = ("masked", "corrected", "flagged_right", "flagged_wrong", "miscorrected", "silent")
"""What a user sees, the worse the later.

A product that is flagged as uncorrectable, with an alarm or with an uncorrected error is not used, right or
wrong. Of the others, a right one is ``masked`` or ``corrected`` by its flags, a wrong one ``silent`` or
``miscorrected``: only these two do harm.
"""

SINGLE_KINDS = {"flip": FaultKind.FLIP, "stuck at 0": FaultKind.STUCK0, "stuck at 1": FaultKind.STUCK1}

GROUPS = {
    "multiplier": ("multiplier",),
    "predictor": ("predictor",),
    "checker": ("doubles_comparator", "checker", "syndromes", "error_flag", "comparator", "voter"),
    "corrector": ("key_equation", "root_search", "roots", "rest", "verdict", "flip"),
    "post-check": ("post_check", "parity"),
    "glue": ("",),
}
"""Groups of blocks, by the beginning of their names; the longest one that fits counts."""

DRIVERS = "output gates"
"""Gates, outside the multiplier, whose output is a bit of the product as it leaves."""

WORST = 24
"""Harmful faults that are listed one by one."""


def campaign(
    config: GfConfig,
    *,
    vectors: int = 256,
    doubles: int = 20_000,
    seed: int = 0,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Puts every single fault, and *doubles* random pairs, into the mapped datapath of *config*.

    Parameters
    ----------
    config : GfConfig
        Combinational or pipelined. ``inject`` is left out of the gates that are looked at.
    vectors : int
        Random operand pairs that each fault meets.
    doubles : int
        Random pairs of faults, of any two gates and kinds.
    seed : int
        Of operands and pairs; the same seed gives the same result.
    progress : Progress

    Returns
    -------
    dict
        ``singles``: rows by ``group`` and ``kind`` with ``faults``, how many have each of :data:`OUTCOMES` as
        their worst, and ``runs``, the same over all operands; ``blocks``: the same by block, all kinds
        together; ``doubles``: rows by where the two are; ``operands``: wrong operand bits, by who sees them;
        ``worst``: single faults that do harm, by name; ``summary``.

    Raises
    ------
    UserError
        The configuration works in many cycles (``digit_serial``, ``folded``).
    """
    if whole(config):
        raise UserError(
            "Gate by gate, only datapaths can be looked at; a digit-serial multiplier and a folded corrector "
            "work in many cycles, with a controller.",
            f"multiplier = {config.multiplier!r}, corrector = {config.corrector!r}",
            "take corrector = 'combinational' or 'pipelined', or inject errors into the RTL: "
            "pyralis.sim.gf.injection",
        )
    config = replace(config, inject=False)
    with progress.step("map to gates") as step:
        netlist = gate_netlist(config)
        step.note(f"{netlist.gate_count} gates, {netlist.flip_flop_count} flip-flops")
    bench = _Bench(config, netlist, vectors, seed)
    place = bench.group_of_net

    faults = Faults.singles(netlist)
    singles = bench.run(faults, progress, "single faults")
    group, kind = place[faults.nets[:, 0]], faults.kinds[:, 0]
    names = {value: name for name, value in SINGLE_KINDS.items()}
    single_rows = [
        {"group": name, "kind": names[FaultKind(value)], **_count(singles[chosen])}
        for name in bench.groups
        for value in SINGLE_KINDS.values()
        if (chosen := (group == name) & (kind == value)).any()
    ]
    block = netlist.net_block[faults.nets[:, 0]]
    block_rows = [
        {"block": path or "(top)", "group": _group(path), **_count(singles[block == index])}
        for index, path in enumerate(netlist.blocks)
        if (block == index).any()
    ]

    double_rows = []
    if doubles:
        pairs = Faults.pairs(netlist, doubles, seed)
        found = bench.run(pairs, progress, "double faults")
        inside = (place[pairs.nets] == "multiplier").sum(axis=1)
        labels = ("outside the multiplier", "one in the multiplier", "both in the multiplier")
        double_rows = [
            {"where": label, **_count(found[inside == number])}
            for number, label in enumerate(labels)
            if (inside == number).any()
        ]
    operands = [
        {"seen_by": seen_by, **_count(bench.run(cases, progress, f"operands of {seen_by}"))}
        for seen_by, cases in _operand_faults(config, netlist).items()
    ]
    result = {
        "config": asdict(config),
        "gates": netlist.gate_count,
        "flip_flops": netlist.flip_flop_count,
        "vectors": vectors,
        "pairs": doubles,
        "seed": seed,
        "singles": single_rows,
        "blocks": block_rows,
        "doubles": double_rows,
        "operands": operands,
        "worst": bench.worst(faults, singles),
    }
    return {**result, "summary": _summary(single_rows, config)}


class _Bench:
    """A netlist, its operands, and who sees what."""

    def __init__(self, config: GfConfig, netlist: Netlist, vectors: int, seed: int) -> None:
        if vectors < 1:
            raise ValueError(f"vectors must be at least 1, not {vectors}.")
        self.netlist, self.vectors = netlist, vectors
        self.simulator = FaultSimulator(netlist, _operands(config, netlist, vectors, seed))
        self.lanes = np.full(self.simulator.words, ALL_ONES)
        if rest := vectors % 64:
            self.lanes[-1] = (1 << rest) - 1
        self.groups, self.group_of_net = _groups(netlist)

    def run(self, faults: Faults, progress: Progress, name: str) -> np.ndarray:
        """(cases, outcomes) int64: operands with each outcome."""
        counts = np.zeros((len(faults), len(OUTCOMES)), np.int64)
        with progress.step(name, total=len(faults)) as step:
            for batch in self.simulator.batches(faults):
                planes = self._classify(batch.outputs) & self.lanes
                counts[batch.cases] = np.bitwise_count(planes).sum(axis=2).T
                step.advance(batch.cases.stop - batch.cases.start)
            harmful = int((counts[:, OUTCOMES.index("miscorrected") :].sum(axis=1) > 0).sum())
            step.note(f"{len(faults)} cases, {harmful} do harm")
        return counts

    def _classify(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """(outcomes, cases, words) uint64."""
        changed = outputs["product"] ^ self.simulator.golden["product"]
        wrong = np.bitwise_or.reduce(changed, axis=1)
        error, corrected, uncorrectable, alarm = (
            outputs[flag][:, 0] for flag in ("error", "corrected", "uncorrectable", "alarm")
        )
        doubt = alarm | uncorrectable | error & ~corrected
        claimed, quiet = corrected & ~doubt, ~(corrected | doubt)
        planes = (quiet & ~wrong, claimed & ~wrong, doubt & ~wrong, doubt & wrong, claimed & wrong)
        return np.stack([*planes, quiet & wrong])

    def worst(self, faults: Faults, counts: np.ndarray) -> list[dict[str, Any]]:
        """The single faults that do harm, the worst first."""
        harm = counts[:, OUTCOMES.index("miscorrected") :]
        order = np.lexsort((np.arange(len(harm)), -harm.sum(axis=1), -harm[:, -1]))
        rows = []
        for case in order[:WORST].tolist():
            if not harm[case].any():
                break
            (fault,) = faults[case]
            rows.append({
                "gate": _name(self.netlist, fault.net),
                "group": str(self.group_of_net[fault.net]),
                "kind": next(name for name, kind in SINGLE_KINDS.items() if kind == fault.kind),
                "silent": int(harm[case, 1]) / self.vectors,
                "miscorrected": int(harm[case, 0]) / self.vectors,
            })
        return rows


def _operands(config: GfConfig, netlist: Netlist, vectors: int, seed: int) -> list[dict[str, np.ndarray]]:
    """Inputs, the same in each cycle until the result is there."""
    chance = np.random.default_rng(seed)
    planes: dict[str, np.ndarray] = {}
    for name in ("a", "b"):
        bits = chance.integers(2, size=(vectors, config.m), dtype=np.uint8)
        words = [int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little") for row in bits]
        planes[name] = pack(words, config.m)
    for name in element_names(config):
        planes[name] = planes[name[0]]
    words = planes["a"].shape[1]
    if "enable" in netlist.inputs:
        planes["enable"] = np.full((1, words), ALL_ONES)
    if "rst" in netlist.inputs:
        planes["rst"] = np.zeros((1, words), np.uint64)
    return [planes] * _cycles(netlist, planes)


def _cycles(netlist: Netlist, planes: Mapping[str, np.ndarray]) -> int:
    """Clock cycles after which held inputs have gone through all registers."""
    evaluator = Evaluator(netlist)
    before, cycles = evaluator.initial_state(len(planes["a"][0])), 1
    while not np.array_equal(before, state := evaluator.step(planes, before)[1]):
        before, cycles = state, cycles + 1
    return cycles


def _group(path: str) -> str:
    """Group of the block *path*."""
    name = path.split(".")[0]
    fits = [
        (len(start), group)
        for group, starts in GROUPS.items()
        for start in starts
        if name == start or (start and name.startswith(start))
    ]
    return max(fits)[1] if fits else "glue"


def _groups(netlist: Netlist) -> tuple[list[str], np.ndarray]:
    """The groups that there are, and the group of what drives each net."""
    of_block = np.array([*map(_group, netlist.blocks), ""], object)
    group = of_block[netlist.net_block]  # the last one is for inputs and constants
    outside = [net for net in netlist.outputs["product"] if group[net] not in ("multiplier", "")]
    group[outside] = DRIVERS
    return [name for name in (*GROUPS, DRIVERS) if (group == name).any()], group


def _operand_faults(config: GfConfig, netlist: Netlist) -> dict[str, Faults]:
    """Each operand bit flipped, by who sees it so."""
    ports: dict[str, list[tuple[str, ...]]] = {"multiplier and predictor": [("a",), ("b",)]}
    if config.separate_operands:
        ports = {
            "multiplier": [("a",), ("b",)],
            "predictor": [("a_check",), ("b_check",)],
            "multiplier and predictor": [("a", "a_check"), ("b", "b_check")],
        }
    elif config.protect in ("none", "dwc", "diverse_dwc", "tmr"):
        ports = {"all multipliers": ports["multiplier and predictor"]}
    return {
        seen_by: Faults.of(
            [Fault(net, FaultKind.FLIP) for net in nets]
            for group in groups
            for nets in zip(*(netlist.inputs[port] for port in group), strict=True)
        )
        for seen_by, groups in ports.items()
    }


def _count(counts: np.ndarray) -> dict[str, Any]:
    """Row of a table from (cases, outcomes): cases by their worst outcome, and all runs."""
    worst = len(OUTCOMES) - 1 - (counts[:, ::-1] > 0).argmax(axis=1)
    cases = np.bincount(worst, minlength=len(OUTCOMES)).tolist()
    return {
        "cases": len(counts),
        "faults": dict(zip(OUTCOMES, cases, strict=True)),
        "runs": dict(zip(OUTCOMES, counts.sum(axis=0).tolist(), strict=True)),
    }


def _summary(singles: Iterable[Mapping[str, Any]], config: GfConfig) -> dict[str, Any]:
    """The figures that such a campaign is made for."""

    def total(rows: Iterable[Mapping[str, Any]], *outcomes: str) -> int:
        return sum(row["faults"][outcome] for row in rows for outcome in outcomes)

    singles = list(singles)
    flips = [row for row in singles if row["group"] == "multiplier" and row["kind"] == "flip"]
    inside = [row for row in singles if row["group"] != DRIVERS]
    drivers = [row for row in singles if row["group"] == DRIVERS]
    every = max(1, sum(row["cases"] for row in flips))
    return {
        "multiplier_flips": sum(row["cases"] for row in flips),
        "multiplier_flips_corrected": total(flips, "masked", "corrected") / every,
        "multiplier_flips_flagged": total(flips, "flagged_right", "flagged_wrong") / every,
        "silent": total(inside, "silent"),
        "miscorrected": total(inside, "miscorrected"),
        "silent_output_gates": total(drivers, "silent", "miscorrected"),
        "post_check": config.post_check,
    }


def _name(netlist: Netlist, net: int) -> str:
    """Block, kind and number of what drives *net*, and which outputs it is."""
    gate = net - netlist.first_gate_net
    kind = GateKind(netlist.kind[gate]).name if gate >= 0 else "flip-flop"
    path = netlist.blocks[netlist.net_block[net]] or "(top)"
    ports = [f"{port}[{nets.index(net)}]" for port, nets in netlist.outputs.items() if net in nets]
    return f"{path}: {kind} {net}" + (f" = {', '.join(ports)}" if ports else "")
