"""The mapped decoder of a configuration, run on many error patterns at once."""

from collections.abc import Mapping, Sequence

import numpy as np

from pyralis.gen.emit.verilog import emit
from pyralis.gen.synthesis.flows import map_gates
from pyralis.hw.gf.config import GfConfig
from pyralis.sim.gf.behind import Behind, error_columns
from pyralis.sim.netlist.evaluate import ALL_ONES, Evaluator

__all__ = ["Decoder"]


class Decoder:
    """Gates of :class:`~pyralis.sim.gf.behind.Behind`, with the product 0 as the right one.

    The code is linear, and all that a decoder sees of the product is its syndrome, so what it does to the
    errors of one product it does to those of all.

    Attributes
    ----------
    positions : int
        At which an error can stand.
    gates : int
    """

    def __init__(self, config: GfConfig) -> None:
        behind = Behind(config)
        self.config, self.folded, self.cycles = config, behind.folded, behind.cycles
        self.netlist = map_gates(emit(behind, "decoder", keep_hierarchy=True), "decoder").netlist
        self.gates = self.netlist.gate_count
        self._evaluator = Evaluator(self.netlist)
        self._ports = [port for port in self.netlist.inputs if port not in ("enable", "start", "rst")]
        rows = [self._row(column) for column in error_columns(config)]
        self._columns = np.array(rows, np.uint8)
        self.positions = len(rows)

    def _row(self, column: Mapping[str, int]) -> list[int]:
        """Input bits, all ports one after the other."""
        inputs = self.netlist.inputs
        return [column.get(port, 0) >> bit & 1 for port in self._ports for bit in range(len(inputs[port]))]

    def planes(self, patterns: np.ndarray) -> np.ndarray:
        """(input bits, words) uint64 for (N, weight) positions; lanes behind the last have no error."""
        lanes = -(-len(patterns) // 64) * 64
        bits = np.zeros((lanes, self._columns.shape[1]), np.uint8)
        for column in patterns.T:
            bits[: len(patterns)] ^= self._columns[column]
        return _packed(bits.T)

    def planes_of_words(self, errors: np.ndarray) -> np.ndarray:
        """The same for (N, positions) error bits."""
        product = errors.astype(np.float32) @ self._columns.astype(np.float32)
        return _packed((product.astype(np.int64) & 1).astype(np.uint8).T)

    def constant(self, positions: Sequence[int]) -> np.ndarray:
        """(input bits, 1) uint64: what errors there change in all lanes."""
        bits = np.bitwise_xor.reduce(self._columns[list(positions)], axis=0)
        return np.where(bits, ALL_ONES, np.uint64(0))[:, None]

    def run(self, planes: np.ndarray) -> dict[str, np.ndarray]:
        """Output port -> (bits, words) uint64."""
        words, offset = planes.shape[1], 0
        inputs = {}
        for port in self._ports:
            bits = len(self.netlist.inputs[port])
            inputs[port] = planes[offset : offset + bits]
            offset += bits
        zero, one = np.zeros((1, words), np.uint64), np.full((1, words), ALL_ONES)
        control = {"rst": zero, "enable": one, "start": one}
        inputs |= {port: plane for port, plane in control.items() if port in self.netlist.inputs}
        state = self._evaluator.initial_state(words)
        for _ in range(self.cycles):
            state = self._evaluator.step(inputs, state)[1]
            inputs |= {"start": zero} if self.folded else {}
        return self._evaluator.step(inputs, state)[0]


def _packed(bits: np.ndarray) -> np.ndarray:
    """(rows, lanes) of 0 and 1 to (rows, words) uint64; lanes a multiple of 64."""
    octets = np.packbits(np.ascontiguousarray(bits), axis=1, bitorder="little")
    return octets.view("<u8").astype(np.uint64, copy=False)
