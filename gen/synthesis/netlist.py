"""A mapped design as arrays: gates in topological order, flip-flops, and the block each gate came from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.synthesis.cells import CELLS, FLIP_FLOP_EQUIVALENTS, GateKind
from pyralis.gen.synthesis.graph import block_of, levels, loop_error, names_of

__all__ = ["GateKind", "Netlist"]

_KINDS = {cell.name: kind for kind, cell in CELLS.items()}
_CONSTANTS = {"0": 0, "1": 1}
_FLIP_FLOP = "$_DFF_P_"


@dataclass(frozen=True, kw_only=True, eq=False)
class Netlist:
    """Gates, flip-flops and ports of one flat design with at most one clock.

    Nets are numbers: 0 and 1 are the constants, then come input bits, outputs of flip-flops, and outputs of
    gates in the order of the gates. That order is by level, so each gate stands behind its inputs.

    Attributes
    ----------
    top : str
        Name of the module.
    inputs, outputs : dict
        Port -> its nets, least significant bit first. The clock is no input.
    clock : str
        Port of the clock, empty without flip-flops.
    kind : (G,) uint8
        :class:`GateKind` of each gate.
    fanin : (G, 3) int32
        Nets at its inputs, in the order of ``CELLS[kind].pins``; inputs that it has not are net 0.
    out : (G,) int32
        Net that it drives.
    level : (G,) int32
        Gates on the longest path to it from a port or flip-flop, itself included; ascending.
    block : (G,) int32
        Index in ``blocks``.
    ff_d, ff_q : (F,) int32
        Nets at input and output of each flip-flop.
    ff_init : (F,) uint8
        Its value at the start.
    ff_block : (F,) int32
        Index in ``blocks``.
    blocks : tuple of str
        Paths of the instances that were kept, joined by points; empty for the top.
    """

    top: str
    inputs: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]]
    clock: str
    kind: np.ndarray
    fanin: np.ndarray
    out: np.ndarray
    level: np.ndarray
    block: np.ndarray
    ff_d: np.ndarray
    ff_q: np.ndarray
    ff_init: np.ndarray
    ff_block: np.ndarray
    blocks: tuple[str, ...]

    @classmethod
    def from_json(cls, text: str, top: str) -> "Netlist":
        """Reads module *top* of what ``write_json`` wrote; it must be flat and made of :data:`CELLS`.

        Raises
        ------
        UserError
            There is a combinational loop, a net without a driver or with two, a second clock, or a cell that
            is no gate.
        """
        return _read(json.loads(text)["modules"][top], top)

    @property
    def net_count(self) -> int:
        """Nets, the two constants included."""
        return self.first_gate_net + self.gate_count

    @property
    def first_gate_net(self) -> int:
        """Net that the first gate drives."""
        return 2 + sum(map(len, self.inputs.values())) + len(self.ff_q)

    @property
    def gate_count(self) -> int:
        """Combinational gates, inverters included."""
        return len(self.kind)

    @property
    def flip_flop_count(self) -> int:
        """Flip-flops."""
        return len(self.ff_q)

    @cached_property
    def net_level(self) -> np.ndarray:
        """(nets,) int32: gates on the longest path to each net; 0 for constants, inputs and flip-flops."""
        return np.concatenate([np.zeros(self.first_gate_net, np.int32), self.level])

    @cached_property
    def net_block(self) -> np.ndarray:
        """(nets,) int32: index in ``blocks`` of what drives each net; -1 for constants and inputs."""
        outside = np.full(self.first_gate_net - self.flip_flop_count, -1, np.int32)
        return np.concatenate([outside, self.ff_block, self.block])

    @property
    def levels(self) -> int:
        """Gates on the longest path from input or flip-flop to output or flip-flop."""
        return max([*self.port_levels.values(), int(self.net_level[self.ff_d].max(initial=0))], default=0)

    @property
    def port_levels(self) -> dict[str, int]:
        """Output port -> gates on the longest path to it."""
        return {port: self.level_of(*nets) for port, nets in self.outputs.items()}

    def level_of(self, *nets: int) -> int:
        """Gates on the longest path to any of *nets*."""
        return int(self.net_level[list(nets)].max(initial=0))

    @property
    def gate_equivalents(self) -> float:
        """Area in units of a two-input NAND, flip-flops included."""
        return self.equivalents_within("")

    @property
    def kind_counts(self) -> dict[str, int]:
        """Name of a kind -> gates of it, for the kinds that occur."""
        counts = np.bincount(self.kind, minlength=len(GateKind))
        return {kind.name: int(counts[kind]) for kind in GateKind if counts[kind]}

    @property
    def block_counts(self) -> dict[str, int]:
        """Path of a block -> gates in it, without those of blocks within it."""
        counts = np.bincount(self.block, minlength=len(self.blocks))
        return dict(zip(self.blocks, counts.tolist(), strict=True))

    def gates_within(self, path: str) -> np.ndarray:
        """Gates of the block *path* and of all within it, ascending; of everything if it is empty.

        Raises
        ------
        KeyError
            No gate and no flip-flop is in such a block.
        """
        return np.flatnonzero(self._inside(path)[self.block])

    def flip_flops_within(self, path: str) -> np.ndarray:
        """As :meth:`gates_within`, for flip-flops."""
        return np.flatnonzero(self._inside(path)[self.ff_block])

    def equivalents_within(self, path: str) -> float:
        """As :meth:`gates_within`, their area in units of a two-input NAND, flip-flops included."""
        counts = np.bincount(self.kind[self.gates_within(path)], minlength=len(GateKind))
        area = sum(CELLS[kind].equivalents * int(counts[kind]) for kind in GateKind)
        return area + FLIP_FLOP_EQUIVALENTS * len(self.flip_flops_within(path))

    def levels_within(self, path: str) -> int:
        """Gates on the longest path inside the block *path*; what comes from elsewhere counts 0."""
        gates = self.gates_within(path)
        depth = np.zeros(self.net_count, np.int32)
        # One step per level: gates of one level do not feed each other.
        for step in np.split(gates, np.flatnonzero(np.diff(self.level[gates])) + 1):
            depth[self.out[step]] = depth[self.fanin[step]].max(axis=1, initial=0) + 1
        return int(depth.max())

    def _inside(self, path: str) -> np.ndarray:
        """(blocks,) bool: the block is *path* or within it."""
        inside = [not path or name == path or name.startswith(path + ".") for name in self.blocks]
        if path and not any(inside):
            raise KeyError(f"{self.top} has no block {path!r}; it has {', '.join(filter(None, self.blocks))}")
        return np.array(inside, bool)


def _read(module: Mapping[str, Any], top: str) -> Netlist:
    cells = module["cells"].values()
    flip_flops = [cell for cell in cells if cell["type"] == _FLIP_FLOP]
    gates = [cell for cell in cells if cell["type"] in _KINDS]
    if strange := {cell["type"] for cell in cells} - {_FLIP_FLOP, *_KINDS}:
        what = f"The mapped design holds cells that are no gates: {', '.join(sorted(strange))}."
        raise UserError(what, top, "latches, asynchronous resets and black boxes cannot be mapped to gates")
    kinds = np.array([_KINDS[cell["type"]] for cell in gates], np.uint8)
    fanin = np.zeros((len(gates), 3), np.int64)
    for gate, cell in enumerate(gates):
        pins = cell["connections"]
        for position, pin in enumerate(CELLS[_KINDS[cell["type"]]].pins):
            fanin[gate, position] = _net(pins[pin][0])
    out = _nets(cell["connections"]["Y"][0] for cell in gates)
    ff_d = _nets(cell["connections"]["D"][0] for cell in flip_flops)
    ff_q = _nets(cell["connections"]["Q"][0] for cell in flip_flops)
    clock, clock_nets = _clock(module, {cell["connections"]["C"][0] for cell in flip_flops}, top)
    ports = {
        direction: {
            name: _nets(port["bits"])
            for name, port in module["ports"].items()
            if port["direction"] == direction and name != clock
        }
        for direction in ("input", "output")
    }

    # The order of the gates: by level, then as they come.
    drives = _drivers(module, top, clock_nets, *ports["input"].values(), ff_q, out)
    driver = np.full(len(drives), -1)
    driver[out] = np.arange(len(gates))
    source, target = driver[fanin].ravel(), np.repeat(np.arange(len(gates)), 3)
    source, target = source[source >= 0], target[source >= 0]
    level = levels(len(gates), source, target)
    if error := loop_error(module, top, level, source, target, (out - 1).tolist()):
        raise error
    order = np.argsort(level, kind="stable")

    # Nets are counted again: constants, inputs, flip-flops, gates.
    counted = np.concatenate([[0, 1], *ports["input"].values(), ff_q, out[order]]).astype(np.int64)
    number = np.full(len(drives), -1, np.int32)
    number[counted] = np.arange(len(counted))
    used = np.concatenate([fanin.ravel(), ff_d, *ports["output"].values()]).astype(np.int64)
    if loose := set(used[number[used] < 0].tolist()):
        what = f"There are nets that are used and not driven: {_labels(module, loose)}."
        raise UserError(what, top, "drive them, or give them a constant")

    paths = [block_of(cell) for cell in gates]
    ff_paths = [block_of(cell) for cell in flip_flops]
    blocks = sorted({"", *paths, *ff_paths})
    index = {path: position for position, path in enumerate(blocks)}
    initial = _initial(module)
    return Netlist(
        top=top,
        inputs={name: tuple(number[nets].tolist()) for name, nets in ports["input"].items()},
        outputs={name: tuple(number[nets].tolist()) for name, nets in ports["output"].items()},
        clock=clock,
        kind=kinds[order],
        fanin=number[fanin[order]],
        out=number[out[order]],
        level=level[order] + 1,
        block=np.array([index[path] for path in paths], np.int32)[order],
        ff_d=number[ff_d],
        ff_q=number[ff_q],
        ff_init=np.array([initial.get(net, 0) for net in ff_q.tolist()], np.uint8),
        ff_block=np.array([index[path] for path in ff_paths], np.int32),
        blocks=tuple(blocks),
    )


# Yosys counts nets from 2; here they begin one later, behind the two constants and the undefined bit.
_UNKNOWN = 2


def _net(bit: int | str) -> int:
    return bit + 1 if isinstance(bit, int) else _CONSTANTS.get(bit, _UNKNOWN)


def _labels(module: Mapping[str, Any], nets: set[int]) -> str:
    return names_of(module, {net - 1 for net in nets} | ({"x", "z"} if _UNKNOWN in nets else set()))


def _nets(bits) -> np.ndarray:
    return np.array([_net(bit) for bit in bits], np.int64)


def _clock(module: Mapping[str, Any], nets: set, top: str) -> tuple[str, np.ndarray]:
    """Name of the port that all flip-flops have as clock, and its net; empty without flip-flops."""
    if not nets:
        return "", _nets([])
    for name, port in module["ports"].items():
        if port["direction"] == "input" and port["bits"] == list(nets):
            return name, _nets(nets)
    what = f"The flip-flops are clocked by {names_of(module, nets)}."
    raise UserError(what, top, "give them one clock, which is an input port of one bit, and its rising edge")


def _drivers(module: Mapping[str, Any], top: str, *drivers: np.ndarray) -> np.ndarray:
    """How often each net is driven; an error if one is driven twice."""
    highest = max((_net(bit) for net in module["netnames"].values() for bit in net["bits"]), default=0)
    count = np.bincount(np.concatenate(drivers), minlength=max(highest, _UNKNOWN) + 1)
    if twice := set(np.flatnonzero(count > 1).tolist()):
        what = f"There are nets with several drivers: {_labels(module, twice)}."
        raise UserError(what, top, "leave one")
    return count


def _initial(module: Mapping[str, Any]) -> dict[int, int]:
    """Net -> value at the start, for the nets that have one."""
    values = {}
    for net in module["netnames"].values():
        text = net["attributes"].get("init", "")
        for bit, value in zip(net["bits"], reversed(text), strict=False):
            if value in _CONSTANTS:
                values[_net(bit)] = _CONSTANTS[value]
    return values
