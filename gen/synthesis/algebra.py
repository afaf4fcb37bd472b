"""Proof that a mapped netlist computes the bilinear or linear form that it should, for all operands.

Each net is a polynomial over GF(2) in the input bits; gates are walked from the inputs on, and what comes out
is compared with the form term by term. This is exact, and takes seconds where SAT fails: a product in GF(2^m)
is bilinear, almost every net of a multiplier is too, and the others stay small. Nets are walked depth first
and a polynomial is dropped after its last use, so few are held at a time.

Source: algebraic rewriting for Galois field circuits, Yu and Ciesielski (arXiv 1802.06870), who rewrite from
the outputs backwards; here it goes forwards, which needs no order to be found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pyralis.gen.synthesis.netlist import GateKind, Netlist
from pyralis.gen.synthesis.polynomial import Polynomial, Space, TooLargeError

__all__ = ["Counterexample", "Proof", "TooLargeError", "hankel_form", "prove_bilinear", "prove_linear"]

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Counterexample:
    """Operands for which the netlist does something else than it should; checked by evaluating it.

    Attributes
    ----------
    output : str
        The first wrong output bit, as ``c[3]``.
    term : str
        A product of input bits in which netlist and form differ, as ``a[1] b[2]``; 1 for the constant.
    operands : dict
        Input port -> value.
    got, expected : int
        Value of the output bit for these operands.
    """

    output: str
    term: str
    operands: dict[str, int]
    got: int
    expected: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Result of a proof; true if the netlist computes the form.

    Attributes
    ----------
    proven : bool
        Every output bit has exactly the terms that it should.
    counterexample : Counterexample or None
        If it does not.
    gates : int
        Gates that were walked.
    held : int
        Most polynomials that were held at a time.
    """

    proven: bool
    counterexample: Counterexample | None = None
    gates: int
    held: int

    def __bool__(self) -> bool:
        return self.proven


def hankel_form(weights: int, left: int, right: int) -> list[int]:
    """Rows of the form in which a_i b_j has the coefficient bit i + j of *weights*.

    With d = A B unreduced this is the sum of the d_k that *weights* names: an output bit of any multiplier.

    >>> hankel_form(0b010, 2, 2)
    [2, 1]
    """
    mask = (1 << right) - 1
    return [weights >> i & mask for i in range(left)]


def prove_bilinear(
    netlist: Netlist,
    expected: Sequence[Sequence[int]] | Callable[[int], Sequence[int]],
    *,
    a: str = "a",
    b: str = "b",
    output: str = "c",
    tie: Mapping[str, int] | None = None,
) -> Proof:
    """Proves or refutes that each bit of port *output* is a given bilinear form of ports *a* and *b*.

    Parameters
    ----------
    netlist : Netlist
        Flip-flops are taken as wires: the proof is about what comes out once the operands have been held for
        long enough.
    expected : sequence or callable
        Index of the output bit -> its form, a row for each bit of *a*: bit j of row i is the coefficient of
        a_i b_j. :func:`hankel_form` makes one.
    a, b, output : str
        Ports.
    tie : mapping, optional
        Value of every other input port (``{"enable": 1, "flip_c": 0}``).

    Raises
    ------
    ValueError
        A port is unknown, or not tied, or flip-flops are fed by themselves.
    TooLargeError
        The netlist is too far from bilinear for this method; nothing is known about it.
    """
    space = Space(len(_port(netlist.inputs, a)), len(_port(netlist.inputs, b)))
    form = expected if callable(expected) else expected.__getitem__
    return _Walk(netlist, space, (a, b), output, tie or {}).compare(lambda bit: space.form(form(bit)))


def prove_linear(
    netlist: Netlist,
    expected: Sequence[Mapping[str, int]] | Callable[[int], Mapping[str, int]],
    *,
    output: str,
    tie: Mapping[str, int] | None = None,
) -> Proof:
    """Proves or refutes that each bit of port *output* is a given sum of input bits.

    As :func:`prove_bilinear`, but *expected* has for each output bit a mapping input port -> mask of the bits
    that are added up; ports that are not tied and not named in it are not added.
    """
    tie = tie or {}
    ports = tuple(port for port in netlist.inputs if port not in tie)
    offset, bits = {}, 0
    for port in ports:
        offset[port], bits = bits, bits + len(netlist.inputs[port])
    form = expected if callable(expected) else expected.__getitem__
    space = Space(0, bits)

    def packed(bit: int) -> int:
        masks = form(bit)
        if unknown := masks.keys() - offset.keys():
            raise ValueError(f"{netlist.top} has no free input port {', '.join(sorted(unknown))}")
        return space.form([], sum(mask << offset[port] for port, mask in masks.items()))

    return _Walk(netlist, space, ports, output, tie).compare(packed)


def _port(ports: Mapping[str, tuple[int, ...]], name: str) -> tuple[int, ...]:
    if name not in ports:
        raise ValueError(f"there is no port {name!r}; have: {', '.join(ports)}")
    return ports[name]


class _Walk:
    """One pass over the gates that port *output* depends on; *ports* hold the variables, in order."""

    def __init__(
        self, netlist: Netlist, space: Space, ports: Sequence[str], output: str, tie: Mapping[str, int]
    ) -> None:
        if loose := netlist.inputs.keys() - {*ports, *tie}:
            what = f"the input ports {', '.join(sorted(loose))} of {netlist.top} need a value in tie"
            raise ValueError(what)
        self.netlist, self.space, self.output = netlist, space, output
        self.first = netlist.first_gate_net
        self.kinds = netlist.kind.tolist()
        wire = _wires(netlist)
        self.pins = wire[netlist.fanin].tolist()
        self.targets = wire[list(_port(netlist.outputs, output))].tolist()
        bits = [(net, port, bit) for port in ports for bit, net in enumerate(netlist.inputs[port])]
        self.variables = {net: 1 << index for index, (net, _, _) in enumerate(bits)}
        self.names = [(port, bit) for _, port, bit in bits]
        self.constants = self._constants(tie)
        self.uses: dict[int, int] = {}
        """Net of a gate -> how often it will still be asked for."""
        self.known: dict[int, Polynomial] = {}
        self.held = 0

    def compare(self, expected: Callable[[int], int]) -> Proof:
        """Walks to each output bit in turn and compares it with the mask of its form."""
        plan = self._plan()
        walked: list[int] = []
        for bit, (target, gates) in enumerate(zip(self.targets, plan, strict=True)):
            for net in gates:
                self.known[net] = self._polynomial(net)
                self.held = max(self.held, len(self.known))
            walked += gates
            result, _ = self._take(target)
            difference = Polynomial(set(result.terms), result.mask ^ expected(bit))
            self.space.pack(difference)
            if difference.mask or difference.terms:
                found = self._counterexample(bit, difference, expected(bit), walked)
                return Proof(proven=False, counterexample=found, gates=len(walked), held=self.held)
        return Proof(proven=True, gates=len(walked), held=self.held)

    def _constants(self, tie: Mapping[str, int]) -> dict[int, int]:
        """Net -> value, for the constants, the tied inputs and the gates that they decide."""
        values = {0: 0, 1: 1}
        for port, value in tie.items():
            values |= {net: value >> bit & 1 for bit, net in enumerate(_port(self.netlist.inputs, port))}
        for net, (kind, (a, b, s)) in enumerate(zip(self.kinds, self.pins, strict=True), self.first):
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
        kind, (a, b, s) = self.kinds[net - self.first], self.pins[net - self.first]
        if kind == GateKind.MUX and s in self.constants:
            nets = [b if self.constants[s] else a]
        else:
            nets = [a, b, s]
        return [net for net in nets if net >= self.first and net not in self.constants]

    def _plan(self) -> list[list[int]]:
        """For each target the gates to be walked for it, each behind those that it needs; counts the uses."""
        plan, entered, left = [], set(), set()
        for target in self.targets:
            gates: list[int] = []
            stack = [target] if target >= self.first and target not in self.constants else []
            if stack:
                self.uses[target] = self.uses.get(target, 0) + 1
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
                    self.uses[need] = self.uses.get(need, 0) + 1
                    if need in entered and need not in left:
                        what = f"a flip-flop of {self.netlist.top} is fed by itself; tie its enable"
                        raise ValueError(what)
                # The deepest first: the others are then held for a shorter time.
                stack += sorted((need for need in needs if need not in entered), key=self._level)
            plan.append(gates)
        return plan

    def _level(self, net: int) -> int:
        return int(self.netlist.level[net - self.first])

    def _take(self, net: int) -> tuple[Polynomial, bool]:
        """The polynomial of a net, and whether it is spare."""
        if net in self.constants:
            return Polynomial({0} if self.constants[net] else set()), True
        if net in self.variables:
            return Polynomial({self.variables[net]}), True
        self.uses[net] -= 1
        return (self.known[net], False) if self.uses[net] else (self.known.pop(net), True)

    def _polynomial(self, net: int) -> Polynomial:
        """That of a gate, whose inputs are known."""
        space, kind, (a, b, s) = self.space, self.kinds[net - self.first], self.pins[net - self.first]
        if kind == GateKind.MUX:
            if s in self.constants:
                left, spare = self._take(b if self.constants[s] else a)
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

    def _counterexample(
        self, bit: int, difference: Polynomial, expected: int, walked: Sequence[int]
    ) -> Counterexample:
        """Operands for a difference: one of its smallest terms holds no other, so the others are 0 there."""
        term = min([*difference.terms, *self.space.unpacked(difference.mask)], key=int.bit_count)
        names = [name for index, name in enumerate(self.names) if term >> index & 1]
        operands = {port: 0 for port, _ in self.names}
        for port, index in names:
            operands[port] |= 1 << index
        values = {net: term & variable != 0 for net, variable in self.variables.items()} | self.constants
        for net in walked:
            kind, (a, b, s) = self.kinds[net - self.first], self.pins[net - self.first]
            values[net] = _value(kind, values.get(a, 0), values.get(b, 0), values.get(s, 0))
        got = int(values[self.targets[bit]])
        wanted = sum(not part & ~term for part in self.space.unpacked(expected)) & 1
        if got == wanted:
            raise AssertionError(f"{self.output}[{bit}] has the value that it should, against the algebra")
        return Counterexample(
            output=f"{self.output}[{bit}]",
            term=" ".join(f"{port}[{index}]" for port, index in names) or "1",
            operands=operands,
            got=got,
            expected=wanted,
        )


_SUMS = (GateKind.XOR, GateKind.XNOR)


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
