"""The nets of a netlist as polynomials over GF(2) in its input bits, from the inputs on.

Nets are walked depth first and a polynomial is dropped after its last use, so few are held at a time.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pyralis.gen.synthesis.netlist import GateKind, Netlist
from pyralis.gen.synthesis.polynomial import Polynomial, Space

__all__ = ["Propagation"]

_NORMAL_FORM: dict[int, tuple[int, int, int, int]] = {
    GateKind.NOT: (1, 1, 0, 0),
    GateKind.AND: (0, 0, 0, 1),
    GateKind.OR: (0, 1, 1, 1),
    GateKind.XOR: (0, 1, 1, 0),
    GateKind.NAND: (1, 0, 0, 1),
    GateKind.NOR: (1, 1, 1, 1),
    GateKind.XNOR: (1, 1, 1, 0),
    GateKind.ANDNOT: (0, 1, 0, 1),
    GateKind.ORNOT: (1, 0, 1, 1),
}
"""Which of 1, A, B and AB are added up. A multiplexer is A + S (A + B)."""

_SUMS = (GateKind.XOR, GateKind.XNOR)


class Propagation:
    """One pass over the gates that an output port depends on.

    Parameters
    ----------
    netlist : Netlist
        Flip-flops are taken as wires.
    space : Space
        Its bits are those of *ports*, in order.
    ports : sequence of str
        Inputs that are variables.
    output : str
        Port.
    tie : mapping
        Value of every other input port.

    Attributes
    ----------
    variables : list of (str, int)
        Port and bit of each bit of the monomials.
    walked : list of int
        Nets of the gates so far, each behind those that it needs.
    held : int
        Most polynomials at a time so far.

    Raises
    ------
    ValueError
        A port is neither variable nor tied, or tied to more than its bits hold; a flip-flop is fed by itself.
    """

    def __init__(
        self, netlist: Netlist, space: Space, ports: Sequence[str], output: str, tie: Mapping[str, int]
    ) -> None:
        if loose := netlist.inputs.keys() - {*ports, *tie}:
            what = f"the input ports {', '.join(sorted(loose))} of {netlist.top} need a value in tie"
            raise ValueError(what)
        self.netlist, self.space = netlist, space
        self._first = netlist.first_gate_net
        self._kinds = netlist.kind.tolist()
        wire = _wires(netlist)
        self._pins = wire[netlist.fanin].tolist()
        self.targets = wire[list(netlist.outputs[output])].tolist()
        bits = [(net, port, bit) for port in ports for bit, net in enumerate(netlist.inputs[port])]
        self.variables = [(port, bit) for _, port, bit in bits]
        self._variables = {net: 1 << index for index, (net, _, _) in enumerate(bits)}
        self._constants = self._decided(tie)
        self._uses: dict[int, int] = {}
        """Net of a gate -> how often it will still be asked for."""
        self._known: dict[int, Polynomial] = {}
        self.walked: list[int] = []
        self.held = 0

    def polynomials(self) -> Iterator[Polynomial]:
        """The bits of the output, one after the other; once only.

        Raises
        ------
        TooLargeError
            A polynomial has too many terms.
        """
        for target, gates in zip(self.targets, self._plan(), strict=True):
            for net in gates:
                self._known[net] = self._polynomial(net)
                self.held = max(self.held, len(self._known))
            self.walked += gates
            result, _ = self._take(target)
            yield result

    def evaluate(self, point: int, bit: int) -> int:
        """Value of an output bit that has been walked to, where just the variables in *point* are 1."""
        values = {net: int(term & point != 0) for net, term in self._variables.items()} | self._constants
        for net in self.walked:
            kind, (a, b, s) = self._kinds[net - self._first], self._pins[net - self._first]
            values[net] = _value(kind, values.get(a, 0), values.get(b, 0), values.get(s, 0))
        return values[self.targets[bit]]

    def _decided(self, tie: Mapping[str, int]) -> dict[int, int]:
        """Net -> value, for the constants, the tied inputs and the gates that they decide."""
        values = {0: 0, 1: 1}
        for port, value in tie.items():
            bits = len(self.netlist.inputs[port])
            if not 0 <= value < 1 << bits:
                raise ValueError(f"{port} has {bits} bits and cannot be tied to {value}")
            values |= {net: value >> bit & 1 for bit, net in enumerate(self.netlist.inputs[port])}
        for net, (kind, (a, b, s)) in enumerate(zip(self._kinds, self._pins, strict=True), self._first):
            if kind == GateKind.MUX:
                if s in values:
                    a = b = b if values[s] else a
                if a in values and values[a] == values.get(b):
                    values[net] = values[a]
            elif a in values or b in values:
                one, of_a, of_b, of_both = _NORMAL_FORM[kind]
                if a not in values:
                    a, b, of_a, of_b = b, a, of_b, of_a
                of_b ^= of_both & values[a]
                if not of_b or b in values:
                    values[net] = one ^ of_a & values[a] ^ of_b & values.get(b, 0)
        return values

    def _needs(self, net: int) -> list[int]:
        """The gates that a gate takes its inputs from."""
        kind, (a, b, s) = self._kinds[net - self._first], self._pins[net - self._first]
        if kind == GateKind.MUX and s in self._constants:
            nets = [b if self._constants[s] else a]
        else:
            nets = [a, b, s]
        return [net for net in nets if net >= self._first and net not in self._constants]

    def _plan(self) -> list[list[int]]:
        """For each target the gates to be walked for it, each behind those that it needs; counts the uses."""
        plan, entered, left = [], set(), set()
        for target in self.targets:
            gates: list[int] = []
            stack = [target] if target >= self._first and target not in self._constants else []
            if stack:
                self._uses[target] = self._uses.get(target, 0) + 1
            while stack:
                net = stack[-1]
                if net in entered:
                    stack.pop()
                    if net not in left:
                        left.add(net)
                        gates.append(net)
                    continue
                entered.add(net)
                needs = self._needs(net)
                for need in needs:
                    self._uses[need] = self._uses.get(need, 0) + 1
                    if need in entered and need not in left:
                        what = f"a flip-flop of {self.netlist.top} is fed by itself; tie its enable"
                        raise ValueError(what)
                # The deepest first: the others are then held for a shorter time.
                stack += sorted((need for need in needs if need not in entered), key=self._level)
            plan.append(gates)
        return plan

    def _level(self, net: int) -> int:
        return int(self.netlist.level[net - self._first])

    def _take(self, net: int) -> tuple[Polynomial, bool]:
        """The polynomial of a net, and whether it is spare."""
        if net in self._constants:
            return Polynomial({0} if self._constants[net] else set()), True
        if net in self._variables:
            return Polynomial({self._variables[net]}), True
        self._uses[net] -= 1
        return (self._known[net], False) if self._uses[net] else (self._known.pop(net), True)

    def _polynomial(self, net: int) -> Polynomial:
        """That of a gate, whose inputs are known."""
        space, kind, (a, b, s) = self.space, self._kinds[net - self._first], self._pins[net - self._first]
        if kind == GateKind.MUX:
            if s in self._constants:
                left, spare = self._take(b if self._constants[s] else a)
                return left if spare else Polynomial(set(left.terms), left.mask)
            (left, _), (right, _), (chosen, _) = self._take(a), self._take(b), self._take(s)
            return space.add(left, space.multiply(chosen, space.add(left, right, False, False)), False, True)
        left, spare = self._take(a)
        if kind == GateKind.NOT:
            return space.invert(left, spare)
        right, right_spare = self._take(b)
        if kind in _SUMS:
            result = space.add(left, right, spare, right_spare)
            return space.invert(result, True) if kind == GateKind.XNOR else result
        one, of_a, of_b, _ = _NORMAL_FORM[kind]
        result = space.multiply(left, right)
        if of_a:
            result = space.add(result, left, True, False)
        if of_b:
            result = space.add(result, right, True, False)
        return space.invert(result, True) if one else result


def _value(kind: int, a: int, b: int, s: int) -> int:
    """Output of a gate."""
    if kind == GateKind.MUX:
        return b if s else a
    one, of_a, of_b, of_both = _NORMAL_FORM[kind]
    return one ^ of_a & a ^ of_b & b ^ of_both & a & b


def _wires(netlist: Netlist) -> np.ndarray:
    """(nets,): each net, or for the output of a flip-flop the net that it comes from."""
    wire = np.arange(netlist.net_count)
    wire[netlist.ff_q] = netlist.ff_d
    # Doubles the length of the chains that are followed each time.
    for _ in range(netlist.flip_flop_count.bit_length()):
        wire = wire[wire]
    if np.isin(wire[netlist.ff_q], netlist.ff_q).any():
        raise ValueError(f"a flip-flop of {netlist.top} is fed by itself alone")
    return wire
