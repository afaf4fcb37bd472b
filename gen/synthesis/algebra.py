"""Proof that a mapped netlist computes the bilinear or linear form that it should, for all operands.

Each net is a polynomial over GF(2) in the input bits; gates are walked from the inputs on, and what comes out
is compared with the form term by term. This is exact, and takes seconds where SAT fails: a product in GF(2^m)
is bilinear, almost every net of a multiplier is too, and the others stay small.

Source: algebraic rewriting for Galois field circuits, Yu and Ciesielski (arXiv 1802.06870), who rewrite from
the outputs backwards; here it goes forwards, which needs no order to be found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyralis.gen.synthesis.netlist import Netlist
from pyralis.gen.synthesis.polynomial import Polynomial, Space, TooLargeError
from pyralis.gen.synthesis.propagation import Propagation

__all__ = ["Counterexample", "Proof", "TooLargeError", "hankel_form", "prove_bilinear", "prove_linear"]


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
    _check(netlist.inputs, a, b, *(tie or {}))
    _check(netlist.outputs, output)
    space = Space(len(netlist.inputs[a]), len(netlist.inputs[b]))
    form = expected if callable(expected) else expected.__getitem__
    walk = Propagation(netlist, space, (a, b), output, tie or {})
    return _compare(walk, output, lambda bit: space.form(form(bit)))


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
    _check(netlist.inputs, *tie)
    _check(netlist.outputs, output)
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

    return _compare(Propagation(netlist, space, ports, output, tie), output, packed)


def _check(ports: Mapping[str, tuple[int, ...]], *names: str) -> None:
    for name in names:
        if name not in ports:
            raise ValueError(f"there is no port {name!r}; have: {', '.join(ports)}")


def _compare(walk: Propagation, output: str, expected: Callable[[int], int]) -> Proof:
    """Compares each output bit with the mask of its form."""
    for bit, result in enumerate(walk.polynomials()):
        form = expected(bit)
        difference = Polynomial(set(result.terms), result.mask ^ form)
        walk.space.pack(difference)
        if difference.mask or difference.terms:
            found = _counterexample(walk, f"{output}[{bit}]", bit, difference, form)
            return Proof(proven=False, counterexample=found, gates=len(walk.walked), held=walk.held)
    return Proof(proven=True, gates=len(walk.walked), held=walk.held)


def _counterexample(
    walk: Propagation, name: str, bit: int, difference: Polynomial, form: int
) -> Counterexample:
    """Operands for a difference: one of its smallest terms holds no other, so the others are 0 there."""
    term = min([*difference.terms, *walk.space.unpacked(difference.mask)], key=int.bit_count)
    factors = [variable for index, variable in enumerate(walk.variables) if term >> index & 1]
    operands = {port: 0 for port, _ in walk.variables}
    for port, index in factors:
        operands[port] |= 1 << index
    got = walk.evaluate(term, bit)
    expected = sum(not part & ~term for part in walk.space.unpacked(form)) & 1
    if got == expected:
        raise AssertionError(f"{name} has the value that it should, against the algebra")
    label = " ".join(f"{port}[{index}]" for port, index in factors) or "1"
    return Counterexample(output=name, term=label, operands=operands, got=got, expected=expected)
