"""What the blocks of a protected multiplier must compute, and its proof on their gates, for all operands.

A product of GF(2^m), its unreduced form, the predicted check bits and the syndrome are bilinear or linear
maps that the field and the code define. The whole datapath is proven as well: without a fault its product is
the field's and its flags are 0, whatever the corrector behind it is made of.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from amaranth.lib import wiring

from pyralis.gen.emit.verilog import emit
from pyralis.gen.gf.measure import gate_netlist
from pyralis.gen.synthesis.algebra import Proof, TooLargeError, hankel_form, prove_bilinear, prove_linear
from pyralis.gen.synthesis.flows import map_gates
from pyralis.gen.synthesis.netlist import Netlist
from pyralis.gen.synthesis.unroll import unrolled
from pyralis.hw.gf import polynomial as poly
from pyralis.hw.gf.arithmetic import build_multiplier
from pyralis.hw.gf.code import BchCode
from pyralis.hw.gf.config import CODED, GfConfig
from pyralis.hw.gf.flip import Flip
from pyralis.hw.gf.linear import linear_rows, transpose
from pyralis.hw.gf.majority import MajorityPredictor, latin_checks
from pyralis.hw.gf.product_code import ProductChecker, ProductPredictor, Syndromes, best_predictor
from pyralis.hw.gf.residue import ResidueChecker, ResiduePredictor
from pyralis.hw.gf.scheme import multiplier_kinds, syndrome_bits
from pyralis.hw.gf.verdict import RestSyndrome, rest_channels

__all__ = ["Claim", "block_claims", "datapath_claims", "prove_claim"]

LinearForm = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One output port and what it must be.

    Attributes
    ----------
    block : str
        Where it is, "datapath" for all of it.
    output : str
        Port.
    says : str
        The claim in words.
    netlist : callable
        Gives the gates; mapped when they are asked for.
    weights : tuple of int or None
        For each output bit which bits of the unreduced product a b are added up; None for a linear claim.
    linear : tuple of mapping
        For each output bit the input bits that are added up, by port.
    tie : mapping
        Value of the other input ports, those that there are.
    """

    block: str
    output: str
    says: str
    netlist: Callable[[], Netlist]
    weights: tuple[int, ...] | None = None
    linear: tuple[LinearForm, ...] = ()
    tie: Mapping[str, int] = field(default_factory=dict)


def prove_claim(claim: Claim) -> dict[str, Any]:
    """``ok`` (None if the method cannot tell), ``detail`` and the number of ``gates`` walked."""
    netlist = claim.netlist()
    tie = {port: value for port, value in claim.tie.items() if port in netlist.inputs}
    try:
        if claim.weights is None:
            proof = prove_linear(netlist, claim.linear, output=claim.output, tie=tie)
        else:
            weights, left, right = claim.weights, len(netlist.inputs["a"]), len(netlist.inputs["b"])
            proof = prove_bilinear(
                netlist, lambda bit: hankel_form(weights[bit], left, right), output=claim.output, tie=tie
            )
    except TooLargeError as error:
        return {"ok": None, "detail": f"not decided: {error}", "gates": netlist.gate_count}
    return {"ok": proof.proven, "detail": _detail(proof), "gates": proof.gates}


def _detail(proof: Proof) -> str:
    found = proof.counterexample
    if found is None:
        return f"{proof.gates:,} gates"
    operands = ", ".join(f"{port} = {value:#x}" for port, value in found.operands.items())
    return f"{found.output} is {found.got} and not {found.expected} for {operands}"


def block_claims(config: GfConfig, *, structural: bool = False) -> Iterator[Claim]:
    """Claims about the blocks of *config*, each mapped by itself."""
    yield from _multipliers(config, structural)
    if config.protect in CODED:
        yield _prediction(config, structural)
        yield from _checks(config, structural)
    bch = config.protect in CODED and config.protect != "majority"
    if bch and config.corrector in ("combinational", "pipelined"):
        yield from _corrections(config, structural)


def datapath_claims(config: GfConfig, *, structural: bool = False) -> Iterator[Claim]:
    """Claims about the whole datapath without a fault; none with the digit-serial multiplier."""
    if config.multiplier == "digit_serial":
        return
    netlist = _once(lambda: _joined(gate_netlist(config, core=False, structural=structural)))
    product, flags = _product(config), ("error", "corrected", "uncorrectable", "alarm")
    outputs = dict.fromkeys(("early", "product"), product) | dict.fromkeys(flags, (0,))
    outputs["syndrome"] = (0,) * syndrome_bits(config)
    for output, weights in outputs.items():
        yield Claim(
            block="datapath",
            output=output,
            says="a b mod f" if weights is product else "0",
            netlist=netlist,
            weights=weights,
            tie={"enable": 1, "rst": 0, "inject": 0, "a_check": 0, "b_check": 0},
        )


def _joined(netlist: Netlist) -> Netlist:
    """With ``a_check`` being ``a``, and so for ``b``: both are the same operand."""
    wire = np.arange(netlist.net_count)
    for port in ("a", "b"):
        if (copy := f"{port}_check") in netlist.inputs:
            wire[list(netlist.inputs[copy])] = netlist.inputs[port]
    return replace(netlist, fanin=wire[netlist.fanin], ff_d=wire[netlist.ff_d])


def _once(make: Callable[[], Netlist]) -> Callable[[], Netlist]:
    """*make*, called when it is first needed and not again."""
    kept: list[Netlist] = []

    def get() -> Netlist:
        if not kept:
            kept.append(make())
        return kept[0]

    return get


def _mapped(make: Callable[[], wiring.Component], structural: bool) -> Callable[[], Netlist]:
    return _once(lambda: _gates(make(), structural))


def _gates(block: wiring.Component, structural: bool) -> Netlist:
    return map_gates(emit(block, "block", keep_hierarchy=True), "block", structural=structural).netlist


def _product(config: GfConfig) -> tuple[int, ...]:
    """Bits of the reduced product, as sums of bits of the unreduced one."""
    return linear_rows(config.field.reduce, 2 * config.m - 1, config.m)


def _multipliers(config: GfConfig, structural: bool) -> Iterator[Claim]:
    m, f = config.m, config.field.polynomial
    kinds = multiplier_kinds(config)
    for index, kind in enumerate(kinds):
        if kind in kinds[:index]:
            continue  # a copy, the same text

        def gates(kind=kind) -> Netlist:
            block = build_multiplier(config, kind=kind)
            found = map_gates(
                emit(block, "block", keep_hierarchy=True), "block", structural=structural
            ).netlist
            if kind != "digit_serial":
                return found
            controls = {"rst": 0} if "rst" in found.inputs else {}
            return unrolled(found, [{**controls, "start": 1}] + [{**controls, "start": 0}] * block.cycles)

        netlist, block = _once(gates), f"multiplier {kind}"
        outputs = {"c": (_product(config), "a b mod f")}
        if kind in ("two_step", "karatsuba"):
            outputs["high"] = (tuple(1 << k for k in range(m, 2 * m - 1)), "a b, bits m and up")
        elif kind == "digit_serial":
            rows = linear_rows(lambda d: poly.divide(d, f)[0], 2 * m - 1, m - 1)
            outputs["quotient"] = (rows, "a b divided by f")
        for output, (weights, says) in outputs.items():
            tie = {"enable": 1, "rst": 0}
            yield Claim(block=block, output=output, says=says, netlist=netlist, weights=weights, tie=tie)


def _prediction(config: GfConfig, structural: bool) -> Claim:
    field, m = config.field, config.m
    if config.protect == "majority":
        checks = latin_checks(m, config.t)
        weights = linear_rows(
            lambda d: sum(((mask & field.reduce(d)).bit_count() & 1) << n for n, mask in enumerate(checks)),
            2 * m - 1,
            len(checks),
        )
        return _predictor(
            lambda: MajorityPredictor(field, config.t), weights, "sums of bits of a b", structural
        )
    code = config.code
    if config.protect == "residue_bch":
        weights = tuple(
            row
            for channel in code.channels
            for row in transpose([code.column(channel, k) for k in range(2 * m - 1)], code.r)
        )
        return _predictor(lambda: ResiduePredictor(code), weights, "a b at the zeros of the code", structural)
    bits, g = code.parity_bits, code.generator
    weights = linear_rows(lambda d: poly.remainder(field.reduce(d) << bits, g), 2 * m - 1, bits)
    form = best_predictor(field, code) if config.predictor == "auto" else config.predictor
    return _predictor(
        lambda: ProductPredictor(field, code, form), weights, "check bits of a b mod f", structural
    )


def _predictor(
    make: Callable[[], wiring.Component], weights: tuple[int, ...], says: str, structural: bool
) -> Claim:
    netlist = _mapped(make, structural)
    return Claim(block="predictor", output="p", says=says, netlist=netlist, weights=weights)


def _checks(config: GfConfig, structural: bool) -> Iterator[Claim]:
    field, m = config.field, config.m
    if config.protect == "majority":
        return
    code = config.code
    width = code.r * len(code.channels)
    if config.protect == "residue_bch":
        serial = config.multiplier == "digit_serial"
        upper = [
            field.polynomial << k if serial else 1 << m + k ^ field.reduce(1 << m + k) for k in range(m - 1)
        ]
        columns = {
            "c": [_syndrome(code, 1 << k) for k in range(m)],
            "quotient" if serial else "high": [_syndrome(code, errors) for errors in upper],
            "p": [1 << k for k in range(width)],
        }
        yield _linear(
            "checker", "syndrome", "d + prediction at the zeros",
            _mapped(lambda: ResidueChecker(field, code, quotient=serial), structural), columns, width,
        )  # fmt: skip
        return
    bits = code.parity_bits
    columns = {
        "c": [poly.remainder(1 << k + bits, code.generator) for k in range(m)],
        "p": [1 << k for k in range(bits)],
    }
    checker = _mapped(lambda: ProductChecker(field, code), structural)
    yield _linear("checker", "residual", "check bits of c + prediction", checker, columns, bits)
    columns = {"residual": [_syndrome(code, 1 << k) for k in range(bits)]}
    syndromes = _mapped(lambda: Syndromes(code), structural)
    yield _linear("syndromes", "syndrome", "residual at the zeros", syndromes, columns, width)


def _corrections(config: GfConfig, structural: bool) -> Iterator[Claim]:
    field, code, m = config.field, config.code, config.m
    if config.protect == "residue_bch":
        flips = [field.reduce(1 << k) for k in range(code.length)]
    else:
        flips = [1 << k >> code.parity_bits for k in range(code.length)]
    flip = _mapped(lambda: Flip(field, code), structural)
    same = {"c": [1 << k for k in range(m)]}
    for correct, columns, says in ((1, {**same, "errors": flips}, "c + errors mod f"), (0, same, "c")):
        tie = {"correct": correct}
        yield _linear("flip", "y", f"{says}, correct = {correct}", flip, columns, m, tie)
    if config.correct < code.t:
        rest = rest_channels(code, config.correct)
        columns = {
            "errors": [
                sum(code.column(code.channels[index], k) << n * code.r for n, index in enumerate(rest))
                for k in range(code.length)
            ]
        }
        netlist = _mapped(lambda: RestSyndrome(code, config.correct), structural)
        yield _linear("rest", "rest", "errors at the other zeros", netlist, columns, code.r * len(rest))


def _syndrome(code: BchCode, errors: int) -> int:
    """Syndrome as one number, as the ports have it."""
    return sum(value << n * code.r for n, value in enumerate(code.syndrome(errors)))


def _linear(
    block: str,
    output: str,
    says: str,
    netlist: Callable[[], Netlist],
    columns: Mapping[str, Sequence[int]],
    width: int,
    tie: Mapping[str, int] | None = None,
) -> Claim:
    """A claim from what each input bit adds to the output, by port."""
    rows = {port: transpose(values, width) for port, values in columns.items()}
    linear = tuple({port: masks[bit] for port, masks in rows.items()} for bit in range(width))
    return Claim(block=block, output=output, says=says, netlist=netlist, linear=linear, tie=tie or {})
