"""Every protection as one combinational datapath, with injected errors, against integers."""

import random

import pytest
from finitefields import settle
from multiplications import draw, expected

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.datapath import Datapath
from pyralis.hw.gf.ports import element_names

FLAGS = ("product", "error", "corrected", "uncorrectable", "alarm")
CONFIGS = {
    "none": GfConfig(m=8, protect="none", inject=True),
    "dwc": GfConfig(m=8, protect="dwc", multiplier="mastrovito", inject=True),
    "diverse": GfConfig(m=8, protect="diverse_dwc", inject=True),
    "tmr": GfConfig(m=8, protect="tmr", multiplier="karatsuba", inject=True),
    "hamming": GfConfig(m=16, protect="hamming", inject=True),
    "product detect": GfConfig(
        m=8, protect="product_bch", t=2, correct=0, corrector="none", predictor="lfsr", inject=True
    ),
    "product": GfConfig(m=8, protect="product_bch", t=2, correct=2, predictor="rows", inject=True),
    "product 5 of 5": GfConfig(m=8, protect="product_bch", t=5, correct=5, inject=True),
    "residue 1": GfConfig(m=8, t=1, correct=1, inject=True, separate_operands=True),
    "residue 1 of 3": GfConfig(m=8, t=3, correct=1, locator="affine", inject=True),
    "residue 3": GfConfig(m=8, t=3, correct=3, key_equation="bm", locator="chien", inject=True),
    "residue karatsuba": GfConfig(m=16, t=2, correct=2, multiplier="karatsuba", duplicate=True, inject=True),
    "residue 5": GfConfig(m=16, t=5, correct=5, inject=True),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_products_and_flags(name):
    config = CONFIGS[name]
    rng = random.Random(config.m)
    jobs = [draw(rng, config, count % (2 * config.t + 2)) for count in range(40)]
    found = settle(Datapath(config), jobs, *FLAGS)
    wanted = [expected(config, job) for job in jobs]
    assert found == [tuple(answer[flag] for flag in FLAGS) for answer in wanted]
    assert len({answer["error"] for answer in wanted}) == (1 if name == "none" else 2)


def test_majority_corrects_what_it_promises():
    config = GfConfig(m=8, protect="majority", t=2, correct=2, inject=True)
    rng = random.Random(1)
    jobs = [draw(rng, config, 0) for _ in range(30)]
    for count, job in enumerate(jobs):
        for bit in rng.sample(range(8), count % 3):
            job["inject"]["reduced"] ^= 1 << bit
    found = settle(Datapath(config), jobs, "product", "error", "corrected")
    for (product, error, corrected), job in zip(found, jobs, strict=True):
        assert product == config.field.multiply(job["a"], job["b"])
        assert error == corrected == (job["inject"]["reduced"] != 0)


def test_a_spoilt_predictor_operand_is_seen():
    config = GfConfig(m=8, t=2, correct=0, corrector="none", separate_operands=True)
    rng = random.Random(2)
    jobs = [{name: rng.getrandbits(8) for name in element_names(config)} for _ in range(40)]
    for job in jobs[::2]:
        job["a_check"], job["b_check"] = job["a"], job["b"]
    found = settle(Datapath(config), jobs, "product", "error")
    assert [product for product, _ in found] == [config.field.multiply(job["a"], job["b"]) for job in jobs]
    assert not any(error for _, error in found[::2]) and all(error for _, error in found[1::2])


@pytest.mark.filterwarnings("ignore")
def test_latency_follows_the_levels():
    latencies = []
    for levels in (14, 18, 26, 60):
        path = Datapath(GfConfig(m=45, t=3, correct=3, corrector="pipelined", levels=levels))
        latencies.append(path.latency)
        assert path.early_latency == 0
    assert latencies == sorted(latencies, reverse=True) and latencies[0] > latencies[-1] > 0
    assert Datapath(GfConfig(m=45, stages=2)).latency == 2
    with pytest.raises(ValueError, match=r"^levels = 5 is too few: the block 'multiplier_0' has 10"):
        Datapath(GfConfig(m=45, t=3, correct=3, corrector="pipelined", levels=5))


def test_digit_serial_is_no_datapath():
    with pytest.raises(ValueError, match=r"^digit_serial takes several cycles"):
        Datapath(GfConfig(m=8, multiplier="digit_serial"))
