"""Bounded-distance decoding: against a table of all patterns, against galois, and how often it is wrong."""

import itertools
import random
import re
from math import comb

import pytest
import torch

from pyralis.hw.gf.code import MAX_T, product_code, residue_code
from pyralis.hw.gf.field import Gf2m
from pyralis.sim.golden.gf import polynomial as poly
from pyralis.sim.golden.gf.code import CodeModel
from pyralis.sim.golden.gf.decode import Decoder

KINDS = {"residue": residue_code, "product": product_code}
SMALL = [("residue", 2, 1), ("residue", 8, 2), ("residue", 8, 3), ("product", 8, 3), ("residue", 16, 3)]
SIZES = (8, 16, 32, 45, 64, 128, 163, 233, 283, 409, 571)
# A length of 8 bits has no code of exactly t = 4, and neither has an unreduced product of 2 * 16 - 1.
NONE = {("residue", 8, 4), ("product", 8, 4), ("residue", 16, 4)}
CODES = [key for key in itertools.product(KINDS, SIZES, range(1, MAX_T + 1)) if key not in NONE]


def quick(codes, chosen):
    """The others are slow."""
    slow = pytest.mark.slow
    return [pytest.param(*key, marks=() if chosen(*key[1:]) else slow) for key in codes]


def model(kind, m, t, device="cpu"):
    return CodeModel(KINDS[kind](m, t), Gf2m(m), device)


def patterns(length, weight):
    return (sum(1 << k for k in chosen) for chosen in itertools.combinations(range(length), weight))


def pick(rng, length, weight):
    return sum(1 << k for k in rng.sample(range(length), weight))


def flat(code, errors):
    return sum(value << n * code.r for n, value in enumerate(code.syndrome(errors)))


@pytest.mark.parametrize(("kind", "m", "t"), SMALL)
def test_every_syndrome_equals_a_table_of_all_patterns(kind, m, t):
    code_model = model(kind, m, t)
    code = code_model.code
    bits = code.r * len(code.channels)
    syndromes = code_model.unpack(torch.arange(1 << bits)[:, None])
    table = {0: 0}
    for correct in range(t + 1):
        if correct:
            table |= {flat(code, errors): errors for errors in patterns(code.length, correct)}
        found = Decoder(code_model, correct).decode(syndromes)
        assert poly.to_ints(found.errors) == [table.get(value, 0) for value in range(1 << bits)]
        assert found.error.tolist() == [value > 0 for value in range(1 << bits)]
        assert found.corrected.tolist() == [value > 0 and value in table for value in range(1 << bits)]
        assert torch.equal(found.uncorrectable, found.error & ~found.corrected)
        assert len(table) == sum(comb(code.length, weight) for weight in range(correct + 1))


def corrupted(kind, m, t, count):
    """Operands' products with random errors: model, right products, wrong ones, syndromes, patterns."""
    code_model = model(kind, m, t)
    code, field = code_model.code, code_model.field
    rng = random.Random(f"{kind} {m} {t}")
    a = field.from_ints(rng.getrandbits(m) for _ in range(count))
    b = field.from_ints(rng.getrandbits(m) for _ in range(count))
    errors = [pick(rng, code.length, index % (t + 1)) for index in range(count)]
    words, p = poly.from_ints(errors, code.length), code_model.predict(a, b)
    right = field.multiply(a, b)
    if kind == "residue":
        d = poly.to_bits(field.product(a, b) ^ words, code.length)
        high = poly.from_bits(d[:, m:])
        wrong = field.reduce(poly.from_bits(d))
        return code_model, right, wrong, code_model.residue_syndrome(wrong, p, high=high), words
    table = poly.to_bits(words, code.length)
    p ^= poly.from_bits(table[:, : code.parity_bits])
    wrong = right ^ poly.from_bits(table[:, code.parity_bits :])
    return code_model, right, wrong, code_model.syndrome(code_model.residual(wrong, p)), words


@pytest.mark.parametrize(("kind", "m", "t"), quick(CODES, lambda m, t: m <= 45 or (m, t) == (571, 5)))
def test_products_with_up_to_t_errors_are_put_right(kind, m, t):
    code_model, right, wrong, syndrome, errors = corrupted(kind, m, t, 60)
    found, decoded = Decoder(code_model).correct(wrong, syndrome)
    assert torch.equal(found, right)
    assert torch.equal(decoded.errors, errors)
    assert torch.equal(decoded.corrected, (errors != 0).any(1))
    assert not decoded.uncorrectable.any()


@pytest.mark.parametrize(("kind", "m", "t"), quick(CODES, lambda m, t: m <= 32))
def test_the_same_errors_as_galois(kind, m, t):
    import galois

    code_model = model(kind, m, t)
    code = code_model.code
    modulus = galois.Poly.Int(code.locator_field.polynomial)
    # Beyond 8 bits its Python form counts positions in bytes; its compiled form takes seconds to compile.
    form = "python-calculate" if code.r <= 8 else "jit-calculate"
    locators = galois.GF(2**code.r, irreducible_poly=modulus, primitive_element=2, compile=form)
    other = galois.BCH(2**code.r - 1, d=2 * t + 1, extension_field=locators)
    assert int(other.generator_poly) == code.generator
    rng = random.Random(f"{kind} {m} {t}")
    errors = [pick(rng, code.length, weight) for weight in range(t + 1)]
    bits = max(code.length - code.parity_bits, 1)  # of 15 positions, 20 check bits leave nothing
    sent = other.encode(galois.GF2([[rng.getrandbits(1) for _ in range(bits)] for _ in errors]))
    length = sent.shape[1]  # the highest power first
    added = [[e >> k & 1 for k in reversed(range(length))] for e in errors]
    received = sent + galois.GF2(added)
    corrected, counts = other.decode(received, output="codeword", errors=True)
    assert counts.tolist() == list(range(t + 1)) and (corrected == sent).all()
    lowest_first = torch.tensor(received[:, ::-1].tolist(), dtype=torch.bool)
    found = Decoder(code_model).decode(code_model.evaluate(poly.from_bits(lowest_first), length))
    wanted = [
        sum(int(bit) << k for k, bit in enumerate(reversed(row.tolist()))) for row in received + corrected
    ]
    assert poly.to_ints(found.errors) == wanted == errors


def words_of_weight(length, weight, count, seed):
    """(count, words) random patterns of one weight."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(count, length, generator=generator).argsort(1)
    return poly.from_bits(order < weight)


def within_three_sigma(decoded, expected):
    assert decoded.error.all()
    sigma = (expected * (1 - expected) / len(decoded.error)) ** 0.5
    assert abs(float(decoded.corrected.double().mean()) - expected) < 3 * sigma


def weights(code):
    """How many words of the code have each weight, from those of its dual (F. J. MacWilliams, 1963)."""
    n, p = code.length, code.parity_bits
    words = [0]
    for row in range(p):  # the channels of this code have r check rows each
        check = sum((flat(code, 1 << k) >> row & 1) << k for k in range(n))
        words += [word ^ check for word in words]
    dual = [0] * (n + 1)
    for word in words:
        dual[word.bit_count()] += 1

    def krawtchouk(w, x):
        return sum((-1) ** i * comb(x, i) * comb(n - x, w - i) for i in range(w + 1))

    return [sum(dual[x] * krawtchouk(w, x) for x in range(n + 1)) >> p for w in range(n + 1)]


def test_too_many_errors_are_taken_for_few_as_often_as_the_weights_of_the_code_say():
    code_model = model("product", 16, 3)
    code = code_model.code
    n, t = code.length, code.t
    known = weights(code)
    assert known[: 2 * t + 2] == [1, *[0] * (2 * t), 155] and sum(known) == 1 << 16
    for weight in (4, 5, 6, 9, 15):
        near = sum(  # words of the code, and patterns that share i positions with one and are t or less away
            known[w] * comb(w, i) * comb(n - w, weight - i)
            for w in range(1, n + 1)
            for i in range(min(w, weight) + 1)
            if w + weight - 2 * i <= t
        )
        errors = words_of_weight(n, weight, 20000, weight)
        decoded = Decoder(code_model).decode(code_model.error_syndrome(errors))
        within_three_sigma(decoded, near / comb(n, weight))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weight", [15, 20, 40])
def test_many_errors_are_taken_for_few_as_often_as_counting_says(kind, weight):
    """Few more than t are another matter: of the least weights there are more words than on average."""
    code_model = model(kind, 45, 5)
    code = code_model.code
    errors = words_of_weight(code.length, weight, 1 << 17, weight)
    decoded = Decoder(code_model).decode(code_model.error_syndrome(errors))
    within_three_sigma(decoded, sum(comb(code.length, k) for k in range(code.t + 1)) / 2**code.parity_bits)
    left = code_model.error_syndrome(errors ^ decoded.errors)
    assert not left[decoded.corrected].any()  # what is taken for corrected is a word of the code


@pytest.mark.parametrize(("correct", "weights"), [(2, (3, 4, 5)), (1, (2, 3, 4))])
def test_correcting_fewer_detects_more(correct, weights):
    """Up to 2 t - correct errors are never taken for others."""
    code_model = model("product", 16, 3)
    for weight in weights:
        errors = words_of_weight(code_model.code.length, weight, 4000, weight)
        decoded = Decoder(code_model, correct).decode(code_model.error_syndrome(errors))
        safe = weight <= 2 * 3 - correct
        assert bool(decoded.uncorrectable.all()) == safe


def test_flags_of_one_small_code_have_their_exact_probability():
    """All words of the positions: V_t / 2^p of them are within t of a code word."""
    code_model = model("product", 8, 2)
    code = code_model.code
    every = poly.from_bits(poly.to_bits(torch.arange(1 << code.length)[:, None], code.length))
    decoded = Decoder(code_model).decode(code_model.error_syndrome(every))
    within = 1 + comb(18, 1) + comb(18, 2)
    assert int((~decoded.error).sum()) == 1 << 8
    assert int(decoded.corrected.sum()) == (within - 1) << 8


def test_nothing_to_decode():
    code_model = model("residue", 8, 2)
    decoded = Decoder(code_model).decode(torch.zeros(0, 2, dtype=torch.int64))
    assert decoded.errors.shape == (0, 1) and decoded.error.shape == (0,)


@pytest.mark.parametrize("correct", [-1, 3])
def test_correct_out_of_range(correct):
    with pytest.raises(ValueError, match=re.escape(f"correct must be in 0..t = 0..2, not {correct}.")):
        Decoder(model("residue", 8, 2), correct)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize(("kind", "m", "t"), [("product", 45, 5), ("residue", 163, 4)])
def test_gpu_and_cpu_agree(kind, m, t):
    results = []
    for device in ("cpu", "cuda"):
        code_model = model(kind, m, t, device)
        errors = torch.cat([words_of_weight(code_model.code.length, w, 5000, w) for w in range(t + 3)])
        syndrome = code_model.error_syndrome(errors.to(device))
        decoded = Decoder(code_model).decode(syndrome)
        results.append([x.cpu() for x in (syndrome, decoded.errors, decoded.corrected)])
    assert all(torch.equal(x, y) for x, y in zip(*results, strict=True))
