"""Faults in a mapped netlist: gates that give the wrong value, many simulated side by side.

Every fault owns as many words of the lane axis as the operands have, and is put onto the output of its gate
when the level of that gate has been evaluated; the gates behind then see it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from pyralis.gen.synthesis.netlist import Netlist
from pyralis.sim.netlist.evaluate import ALL_ONES, Evaluator, Planes

__all__ = ["Batch", "Fault", "FaultKind", "FaultSimulator", "Faults"]


class FaultKind(IntEnum):
    """What a faulty net does."""

    FLIP = 0
    """It has the other value: the worst that a transient fault does, in every lane."""
    STUCK0 = 1
    STUCK1 = 2


class Fault(NamedTuple):
    """One faulty net."""

    net: int
    """Number in the netlist; an output of a gate or flip-flop, or an input bit."""
    kind: FaultKind


@dataclass(frozen=True, eq=False)
class Faults:
    """F cases with K faults each, at the same time.

    Attributes
    ----------
    nets : (F, K) int64
    kinds : (F, K) uint8
        :class:`FaultKind`.
    """

    nets: np.ndarray
    kinds: np.ndarray

    @classmethod
    def of(cls, cases: Iterable[Sequence[Fault]]) -> "Faults":
        """From lists of faults, all of the same length."""
        table = np.array([[tuple(fault) for fault in case] for case in cases], np.int64)
        return cls(table[..., 0], table[..., 1].astype(np.uint8))

    @classmethod
    def singles(
        cls, netlist: Netlist, nets: np.ndarray | None = None, kinds: Iterable[FaultKind] = FaultKind
    ) -> "Faults":
        """Every one of *nets* with every one of *kinds*; the kinds of one net follow each other.

        Without *nets* they are the outputs of all flip-flops and gates.
        """
        nets = _sites(netlist) if nets is None else np.asarray(nets, np.int64)
        kinds = np.array(list(kinds), np.uint8)
        return cls(np.repeat(nets, len(kinds))[:, None], np.tile(kinds, len(nets))[:, None])

    @classmethod
    def pairs(
        cls,
        netlist: Netlist,
        count: int,
        seed: int,
        nets: np.ndarray | None = None,
        kinds: Iterable[FaultKind] = FaultKind,
    ) -> "Faults":
        """*count* random pairs of different nets, as in :meth:`singles`, each net with a random kind."""
        nets = _sites(netlist) if nets is None else np.asarray(nets, np.int64)
        if len(nets) < 2:
            raise ValueError(f"a pair needs two nets, not {len(nets)}")
        chance = np.random.default_rng(seed)
        first = chance.integers(len(nets), size=count)
        second = (first + chance.integers(1, len(nets), size=count)) % len(nets)
        chosen = chance.choice(np.array(list(kinds), np.uint8), size=(count, 2))
        return cls(nets[np.stack([first, second], axis=1)], chosen)

    def __len__(self) -> int:
        return len(self.nets)

    def __getitem__(self, case: int) -> tuple[Fault, ...]:
        rows = zip(self.nets[case].tolist(), self.kinds[case].tolist(), strict=True)
        return tuple(Fault(net, FaultKind(kind)) for net, kind in rows)


class Batch(NamedTuple):
    """What some of the cases do."""

    cases: slice
    """Which, as indices into the :class:`Faults`."""
    outputs: dict[str, np.ndarray]
    """Output port -> (cases, bits, words) uint64."""


class FaultSimulator:
    """Simulates one netlist with given operands under many faults.

    Parameters
    ----------
    netlist : Netlist
    inputs : Planes or sequence of Planes
        Operands; with flip-flops the inputs of one clock cycle after the other, and outputs are the last's.

    Attributes
    ----------
    golden : dict
        Output port -> (bits, words) uint64 without a fault.
    """

    def __init__(self, netlist: Netlist, inputs: Planes | Sequence[Planes]) -> None:
        self.netlist = netlist
        self._evaluator = Evaluator(netlist)
        self._cycles = [inputs] if isinstance(inputs, Mapping) else list(inputs)
        self.words = self._evaluator.words_of(self._cycles[0])
        state = self._evaluator.initial_state(self.words)
        for planes in self._cycles:
            self.golden, state = self._evaluator.step(planes, state)

    def run(self, faults: Faults, active: Container[int] | None = None) -> dict[str, np.ndarray]:
        """Output port -> (cases, bits, words) uint64, for all cases at once."""
        batches = [batch.outputs for batch in self.batches(faults, active)]
        return {port: np.concatenate([outputs[port] for outputs in batches]) for port in self.golden}

    def batches(self, faults: Faults, active: Container[int] | None = None) -> Iterator[Batch]:
        """The same in parts that fit into the caches, for campaigns that keep a summary only.

        *active* has the clock cycles, counted from 0, in which the faults are there; None is all of them.
        """
        evaluator = self._evaluator
        size = max(1, evaluator.chunk_words // self.words)
        for start in range(0, len(faults), size):
            cases = slice(start, min(start + size, len(faults)))
            inject = _Injection(evaluator, faults.nets[cases], faults.kinds[cases], self.words)
            yield Batch(cases, self._simulate(inject, cases.stop - cases.start, active))

    def _simulate(
        self, inject: "_Injection", cases: int, active: Container[int] | None
    ) -> dict[str, np.ndarray]:
        evaluator = self._evaluator
        values = evaluator.values(cases * self.words)
        state = evaluator.initial_state(cases * self.words)
        for cycle, planes in enumerate(self._cycles):
            wide = {port: np.tile(plane, (1, cases)) for port, plane in planes.items()}
            evaluator.set_inputs(values, wide)
            evaluator.set_state(values, state)
            evaluator.sweep(values, inject if active is None or cycle in active else None)
            state = evaluator.next_state(values)
        outputs = {}
        for port in self.golden:
            bits = evaluator.output(values, port)
            outputs[port] = bits.reshape(len(bits), cases, self.words).transpose(1, 0, 2)
        return outputs


class _Injection:
    """Puts the faults of one batch onto their nets, level by level."""

    def __init__(self, evaluator: Evaluator, nets: np.ndarray, kinds: np.ndarray, words: int) -> None:
        self.words = words
        rows, level = evaluator.row[nets], evaluator.netlist.net_level[nets]
        case = np.broadcast_to(np.arange(len(nets))[:, None], nets.shape)
        self.at = {
            int(now): [
                (kind, rows[chosen], case[chosen])
                for kind in FaultKind
                if (chosen := (level == now) & (kinds == kind)).any()
            ]
            for now in np.unique(level)
        }

    def __call__(self, level: int, values: np.ndarray) -> None:
        by_case = values.reshape(len(values), -1, self.words)
        for kind, rows, cases in self.at.get(level, ()):
            if kind == FaultKind.FLIP:
                by_case[rows, cases] ^= ALL_ONES
            else:
                by_case[rows, cases] = 0 if kind == FaultKind.STUCK0 else ALL_ONES


def _sites(netlist: Netlist) -> np.ndarray:
    """Nets that gates and flip-flops drive."""
    return np.concatenate([netlist.ff_q, netlist.out]).astype(np.int64)
