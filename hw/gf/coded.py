"""Protection by a code: check bits predicted from the operands, syndrome, and correction."""

from amaranth import Value
from amaranth.lib import data, wiring

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.decoder import spoiled_by_one_channel
from pyralis.hw.gf.flip import Flip
from pyralis.hw.gf.flow import Flow, Timed
from pyralis.hw.gf.keyequation import KeyEquation, key_equation
from pyralis.hw.gf.locator import Form, Locator, best_form, levels_of
from pyralis.hw.gf.majority import MajorityDecoder, MajorityPredictor, latin_checks
from pyralis.hw.gf.product_code import ProductChecker, ProductPredictor, Syndromes, best_predictor
from pyralis.hw.gf.redundancy import Comparator, Nonzero
from pyralis.hw.gf.residue import ResidueChecker, ResiduePredictor
from pyralis.hw.gf.scheme import NEVER, Checked, Outcome, Product
from pyralis.hw.gf.verdict import RestSyndrome, RootCount, Verdict

__all__ = ["check", "correct", "duplicated", "flag", "predict", "prediction_bits"]


def duplicated(config: GfConfig) -> bool:
    """Whether there are two predictors.

    By default where a fault of a single predictor channel looks like an error that would be corrected, so
    that a right product would be spoilt. The syndromes of such faults are zero in all channels but one.
    """
    if config.duplicate is not None:
        return config.duplicate
    if config.protect != "residue_bch" or config.correct == 0:
        return False
    return spoiled_by_one_channel(config.code, config.correct)


def prediction_bits(config: GfConfig) -> int:
    """Check bits that one predictor gives."""
    if config.protect == "residue_bch":
        return config.code.r * len(config.code.channels)
    if config.protect == "majority":
        return len(latin_checks(config.m, config.t))
    return config.code.parity_bits


def predict(flow: Flow, config: GfConfig, a: Timed, b: Timed, flip: Timed | None) -> list[Timed]:
    """Check bits from the operands, once or twice; *flip* is XORed onto the first."""
    predictions = []
    for index in range(1 + duplicated(config)):
        inject = flip is not None and index == 0
        block = _predictor(config, inject)
        extra = {"flip_p": flip} if inject and flip is not None else {}
        predictions.append(flow.place(f"predictor_{index}", block, a=a, b=b, **extra)["p"])
    return predictions


def check(flow: Flow, config: GfConfig, product: Product, predictions: list[Timed]) -> Checked:
    """The syndrome of *product* against the first prediction; a second one must give the same."""
    if config.protect == "majority":
        block = MajorityDecoder(config.field, config.t)
        found = flow.place("checker", block, c=product.c, p=predictions[0])
        return Checked(product.c, found["error"], found["errors"], voted=found["y"])
    if config.protect == "residue_bch":
        return _check_residue(flow, config, product, predictions)
    found = flow.place("checker", ProductChecker(config.field, config.code), c=product.c, p=predictions[0])
    syndrome = flow.place("syndromes", Syndromes(config.code), residual=found["residual"])["syndrome"]
    return Checked(product.c, found["error"], syndrome, _differ(flow, predictions))


def _check_residue(flow: Flow, config: GfConfig, product: Product, predictions: list[Timed]) -> Checked:
    quotient = config.multiplier == "digit_serial"
    syndromes = []
    for index, prediction in enumerate(
        predictions
    ):  # each with a checker of its own, which may be faulty too
        # Channels stand apart where something is corrected: a fault of the checker disturbs one only then.
        block = ResidueChecker(config.field, config.code, quotient=quotient, apart=config.correct > 0)
        assert product.high is not None, (
            "multipliers without an unreduced product are refused with the configuration"
        )
        high = {"quotient" if quotient else "high": product.high}
        found = flow.place(f"checker_{index}", block, c=product.c, p=prediction, **high)
        syndromes.append(found["syndrome"])
    error = flow.place("error_flag", Nonzero(len(syndromes[0].value)), value=syndromes[0])["any"]
    return Checked(product.c, error, syndromes[0], _differ(flow, syndromes))


def _differ(flow: Flow, values: list[Timed]) -> Timed:
    """Whether the second of *values*, if there is one, differs from the first."""
    if len(values) == 1:
        return NEVER
    comparator = Comparator(len(values[0].value))
    return flow.place("doubles_comparator", comparator, a=values[0], b=values[1])["differ"]


def flag(checked: Checked) -> Outcome:
    """The raw product; errors are flagged and not corrected."""
    flags = {"alarm": checked.mismatch, "syndrome": checked.syndrome}
    return Outcome(checked.c, checked.error, uncorrectable=checked.error, **flags)


def correct(flow: Flow, config: GfConfig, checked: Checked) -> Outcome:
    """Finds the wrong bits and flips them."""
    error, flags = checked.error, {"alarm": checked.mismatch, "syndrome": checked.syndrome}
    if checked.voted is not None:
        return Outcome(checked.voted, error, corrected=error, **flags)
    code, t = config.code, config.correct
    solution = _solve(flow, config, checked.syndrome)
    search = Locator(code, t, _search_form(flow, config))
    located = flow.place("root_search", search, locator=solution["locator"])["errors"]
    count = flow.place("roots", RootCount(code, t), errors=located)["count"]
    trusted = error
    if checked.mismatch is not NEVER:  # predictors that differ prove nothing about the product
        trusted = flow.join(lambda wrong, differ: wrong & ~differ, error, checked.mismatch, levels=1)
    given = {"count": count, "degree": solution["degree"], "fail": solution["fail"], "error": trusted}
    if t < code.t:
        given["rest"] = flow.place("rest", RestSyndrome(code, t), errors=located)["rest"]
        given["syndrome"] = checked.syndrome
    certain = flow.place("verdict", Verdict(code, t), **given)["corrected"]
    lost = flow.join(lambda wrong, right: wrong & ~right, error, certain, levels=1)
    flipped = flow.place("flip", Flip(config.field, code), c=checked.c, errors=located, correct=certain)
    return Outcome(flipped["y"], error, certain, lost, **flags)


def _solve(flow: Flow, config: GfConfig, syndrome: Timed) -> dict[str, Timed]:
    """Locator polynomial, number of errors and failure of the key equation."""
    code, t = config.code, config.correct
    form = config.key_equation
    if form == "auto":
        form = "closed"  # smaller than Berlekamp and Massey's, and shallower, for every t
    steps = key_equation(code, t, form) if flow.levels is not None else [KeyEquation(code, t, form)]
    used = len(steps[0].i.as_value())
    state = Timed(syndrome.value[:used], syndrome.stage, syndrome.depth)
    for index, step in enumerate(steps):
        state = flow.place(f"key_equation_{index}", step, i=state)["o"]
    fields = data.View(steps[-1].o.shape(), state.value)
    return {
        name: Timed(Value.cast(fields[name]), state.stage, state.depth)
        for name in ("locator", "degree", "fail")
    }


def _search_form(flow: Flow, config: GfConfig) -> Form:
    """The smallest form, or of a pipeline the smallest that fits between two registers."""
    if config.locator != "auto":
        return config.locator
    smallest = best_form(config.code, config.correct)
    return smallest if flow.fits(levels_of(config.code, config.correct, smallest)) else "chien"


def _predictor(config: GfConfig, inject: bool) -> wiring.Component:
    if config.protect == "residue_bch":
        return ResiduePredictor(config.code, inject=inject)
    if config.protect == "majority":
        return MajorityPredictor(config.field, config.t, inject=inject)
    form = config.predictor
    if form == "auto":
        form = best_predictor(config.field, config.code)
    return ProductPredictor(config.field, config.code, form, inject=inject)
