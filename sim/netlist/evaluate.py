"""Values of a mapped netlist, 64 operands to a machine word.

A *plane* holds one bit of every operand: lane i of a port is bit ``i % 64`` of word ``i // 64``. Gates are
evaluated level by level, all gates of one kind in a few array operations.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pyralis.gen.synthesis.netlist import GateKind, Netlist

__all__ = ["Evaluator", "Planes", "pack", "unpack", "unpack_words"]

Planes = Mapping[str, np.ndarray]
"""Port -> (bits, words) uint64, least significant bit first."""

ALL_ONES = np.uint64(0xFFFF_FFFF_FFFF_FFFF)

_Group = tuple[GateKind, slice, np.ndarray]
"""Kind, rows of the outputs, rows of the inputs (3, gates)."""

_BINARY = {
    GateKind.AND: (np.bitwise_and, False, False),
    GateKind.OR: (np.bitwise_or, False, False),
    GateKind.XOR: (np.bitwise_xor, False, False),
    GateKind.NAND: (np.bitwise_and, False, True),
    GateKind.NOR: (np.bitwise_or, False, True),
    GateKind.XNOR: (np.bitwise_xor, False, True),
    GateKind.ANDNOT: (np.bitwise_and, True, False),
    GateKind.ORNOT: (np.bitwise_or, True, False),
}
"""Operation of a kind, whether its second input is inverted, and whether its output is."""

CHUNK_BYTES = 8 << 20
"""Values of this size are held at a time: about what the caches take."""


class Evaluator:
    """Evaluates a netlist on many operands at once.

    Parameters
    ----------
    netlist : Netlist
        With or without flip-flops.

    Attributes
    ----------
    row : (nets,) int64
        Where the value of each net of the netlist stands in the array that :meth:`sweep` fills.
    """

    def __init__(self, netlist: Netlist) -> None:
        self.netlist = netlist
        first = netlist.first_gate_net
        order = np.lexsort((netlist.kind, netlist.level))
        self.row = np.arange(netlist.net_count)
        self.row[netlist.out[order]] = first + np.arange(netlist.gate_count)
        # Gates of one level and kind stand side by side, so their outputs are one slice.
        kind, level = netlist.kind[order], netlist.level[order]
        ends = np.flatnonzero(np.diff(kind.astype(int)) | np.diff(level)) + 1
        self._groups: list[list[tuple[GateKind, slice, np.ndarray]]] = [
            [] for _ in range(level.max(initial=0))
        ]
        for gates in np.split(np.arange(len(order)), ends):
            if gates.size:
                rows = slice(first + int(gates[0]), first + int(gates[-1]) + 1)
                inputs = np.ascontiguousarray(self.row[netlist.fanin[order[gates]]].T)
                self._groups[level[gates[0]] - 1].append((GateKind(kind[gates[0]]), rows, inputs))

    def run(self, inputs: Planes) -> dict[str, np.ndarray]:
        """Outputs for *inputs*; flip-flops have their initial values.

        Parameters
        ----------
        inputs : Planes
            One array for every input port, all of the same number of words.

        Returns
        -------
        dict
            Output port -> (bits, words) uint64.

        Raises
        ------
        ValueError
            A port is missing or unknown, or an array has another shape.
        """
        return self.step(inputs, self.initial_state(self.words_of(inputs)))[0]

    def step(self, inputs: Planes, state: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """One clock cycle: the outputs before its edge, and the state behind it.

        *state* is (flip-flops, words) uint64, from :meth:`initial_state` or the last step.
        """
        words = self.words_of(inputs)
        netlist = self.netlist
        outputs = {port: np.empty((len(nets), words), np.uint64) for port, nets in netlist.outputs.items()}
        after = np.empty_like(state)
        chunk = self.chunk_words
        for start in range(0, words, chunk):
            part = slice(start, start + chunk)
            values = self.values(min(chunk, words - start))
            self.set_inputs(values, {port: planes[:, part] for port, planes in inputs.items()})
            self.set_state(values, state[:, part])
            self.sweep(values)
            for port, planes in outputs.items():
                planes[:, part] = self.output(values, port)
            after[:, part] = self.next_state(values)
        return outputs, after

    def initial_state(self, words: int) -> np.ndarray:
        """(flip-flops, words) uint64: the values at the start, in all lanes."""
        column = np.where(self.netlist.ff_init, ALL_ONES, np.uint64(0))
        return np.repeat(column[:, None], words, axis=1)

    # What a fault simulation is built from.

    @property
    def chunk_words(self) -> int:
        """Words that are evaluated at a time."""
        return max(8, CHUNK_BYTES // (8 * self.netlist.net_count))

    def values(self, words: int) -> np.ndarray:
        """(nets, words) uint64 with the constants set and all else undefined; rows as in :attr:`row`."""
        values = np.empty((self.netlist.net_count, words), np.uint64)
        values[0], values[1] = 0, ALL_ONES
        return values

    def set_inputs(self, values: np.ndarray, inputs: Planes) -> None:
        """Writes input ports, each (bits, words) or one that broadcasts to it, into *values*."""
        for port, nets in self.netlist.inputs.items():
            values[list(nets)] = inputs[port]

    def set_state(self, values: np.ndarray, state: np.ndarray) -> None:
        """Writes the outputs of the flip-flops into *values*."""
        values[self.netlist.ff_q] = state

    def sweep(self, values: np.ndarray, inject: Callable[[int, np.ndarray], None] | None = None) -> None:
        """Fills in the values of all gates.

        *inject* is called with each level and *values* once the nets of that level stand: 0 for inputs and
        flip-flops, then 1, 2, ... for the gates. What it changes is seen by the gates behind.
        """
        if inject:
            inject(0, values)
        for level, groups in enumerate(self._groups, 1):
            for kind, rows, inputs in groups:
                _evaluate(kind, values, values[rows], inputs)
            if inject:
                inject(level, values)

    def output(self, values: np.ndarray, port: str) -> np.ndarray:
        """(bits, words) uint64: an output port."""
        return values[self.row[list(self.netlist.outputs[port])]]

    def next_state(self, values: np.ndarray) -> np.ndarray:
        """(flip-flops, words) uint64: what the flip-flops take over at the edge."""
        return values[self.row[self.netlist.ff_d]]

    def words_of(self, inputs: Planes) -> int:
        """How many words *inputs* have; checks their names and shapes."""
        ports = self.netlist.inputs
        if inputs.keys() != ports.keys():
            have, want = ", ".join(sorted(inputs)) or "none", ", ".join(sorted(ports)) or "none"
            raise ValueError(f"the inputs of {self.netlist.top} are {want}, not {have}")
        words = {planes.shape[1] for planes in inputs.values()} or {1}
        for port, planes in inputs.items():
            if len(planes) != len(ports[port]) or len(words) > 1:
                shape = f"({len(ports[port])}, words)"
                raise ValueError(f"{port} must be {shape} with words the same for all, not {planes.shape}")
        return words.pop()


def _evaluate(kind: GateKind, values: np.ndarray, out: np.ndarray, inputs: np.ndarray) -> None:
    """Values *out* (gates, words) of gates of one kind whose inputs are the rows *inputs* (3, gates)."""
    # mode="clip" writes without a buffer in between; all rows exist.
    np.take(values, inputs[0], axis=0, out=out, mode="clip")
    if kind == GateKind.NOT:
        np.invert(out, out=out)
        return
    other = values.take(inputs[1], axis=0)
    if kind == GateKind.MUX:
        other ^= out
        other &= values.take(inputs[2], axis=0)
        out ^= other
        return
    operation, second_inverted, output_inverted = _BINARY[kind]
    if second_inverted:
        np.invert(other, out=other)
    operation(out, other, out=out)
    if output_inverted:
        np.invert(out, out=out)


def pack(operands: Sequence[int] | np.ndarray, bits: int) -> np.ndarray:
    """Planes of *operands*: (bits, words) uint64, lanes behind the last operand 0.

    Parameters
    ----------
    operands : sequence of int, or (N,) or (N, W) uint64
        Numbers of any size, or numbers of W words, least significant word first.
    bits : int
        Width of the port.

    Raises
    ------
    ValueError
        An operand does not fit into *bits*.
    """
    if isinstance(operands, np.ndarray) and operands.dtype != object:
        words = np.ascontiguousarray(operands.reshape(len(operands), -1), dtype="<u8")
        octets = words.view(np.uint8).reshape(len(words), -1)
    else:
        size = max([bits, *(int(operand).bit_length() for operand in operands)]) + 7 >> 3
        text = b"".join(int(operand).to_bytes(size, "little") for operand in operands)
        octets = np.frombuffer(text, np.uint8).reshape(len(operands), size)
    columns = np.unpackbits(octets, axis=1, bitorder="little")
    if columns[:, bits:].any():
        lane = int(np.flatnonzero(columns[:, bits:].any(axis=1))[0])
        raise ValueError(f"operand {lane} does not fit into {bits} bits")
    lanes = -(-max(len(octets), 1) // 64) * 64
    planes = np.zeros((bits, lanes), np.uint8)
    held = min(bits, columns.shape[1])
    planes[:held, : len(octets)] = columns[:, :held].T
    return np.packbits(planes, axis=1, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def unpack_words(planes: np.ndarray, lanes: int) -> np.ndarray:
    """As :func:`unpack`, but (lanes, W) uint64 with the least significant word first."""
    octets = np.ascontiguousarray(planes, dtype="<u8").view(np.uint8).reshape(len(planes), -1)
    columns = np.unpackbits(octets, axis=1, count=lanes, bitorder="little").T
    padded = np.zeros((lanes, -(-max(len(planes), 1) // 64) * 64), np.uint8)
    padded[:, : len(planes)] = columns
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def unpack(planes: np.ndarray, lanes: int) -> list[int]:
    """The numbers in the first *lanes* lanes of (bits, words) planes, as Python integers."""
    words = unpack_words(planes, lanes).astype("<u8")
    return [int.from_bytes(row.tobytes(), "little") for row in words]
