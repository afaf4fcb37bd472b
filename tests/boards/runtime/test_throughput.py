"""Throughput from the counters of the hardware, and as the host sees it."""

import json

import pytest
from fakecores import FakeGf

from pyralis.boards.runtime import deployment
from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.gf import GfDriver
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.boards.runtime.throughput import main, throughput
from pyralis.gen.boards.designs.gf import samples as gf_samples
from pyralis.gen.emit.registers import to_json
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.registers import register_map, words_of

COUNTS = {
    "images": 4,
    "totals": {
        "cycles": 4000,
        "active": 1000,
        "weight_stalls": 400,
        "weight_beats": 40,
        "read_beats": 80,
        "write_beats": 20,
    },
    "layers": [{"name": "fc", "cycles": 2000, "active": 500, "stalls": 100, "spikes": 8}],
}


@pytest.fixture
def driver(small, monkeypatch):
    driver = SnnDriver(small.board(), small.map, small.network)
    driver.load(small.program, small.weights)
    monkeypatch.setattr(driver, "counters", lambda: COUNTS)
    return driver


def test_images_by_the_counters(driver, small):
    facts = throughput(driver, {"inputs": small.images[:4]})
    assert 0 < facts.pop("host_seconds") < 0.01
    assert facts.pop("host_samples_per_second") > 400
    assert facts == {
        "ok": True,
        "samples": 4,
        "clock_mhz": 1.0,
        "samples_per_second": 1000.0,
        "cycles_per_sample": 1000.0,
        "busy_share": 0.25,
        "stall_share": 0.1,
        "bytes_per_sample": {"weights": 80.0, "program_and_input": 160.0, "results": 40.0},
        "layers": [
            {
                "name": "fc",
                "cycles_per_sample": 500.0,
                "busy_share": 0.25,
                "stall_share": 0.05,
                "spikes_per_sample": 2.0,
            }
        ],
    }


def connected(config, without=()):
    registers = register_map(config, operands=True)
    content = json.loads(to_json(registers))
    content["words"] = [word for word in content["words"] if word["name"] not in without]
    return GfDriver(FakeGf(registers, config.field, words_of(config.m)), content)


def test_products_by_the_counters():
    config = GfConfig(m=45)
    facts = throughput(connected(config), gf_samples(config, 5))
    assert (facts["samples"], facts["cycles_per_sample"], facts["least_cycles"], facts["most_cycles"]) == (
        5,
        7,
        7,
        7,
    )
    assert facts["samples_per_second"] == pytest.approx(1e6 / 7)
    assert facts["host_samples_per_second"] == pytest.approx(5 / facts["host_seconds"])


def test_a_core_without_a_counter_has_no_cycles():
    config = GfConfig(m=45)
    facts = throughput(connected(config, without=["cycles"]), gf_samples(config, 5))
    assert facts["cycles_per_sample"] is None and facts["samples_per_second"] is None
    assert facts["host_samples_per_second"] > 0


def test_no_samples(driver, small):
    with pytest.raises(DriverError, match="there are no samples to run"):
        throughput(driver, {"inputs": small.images[:0]})


def test_the_program(small, tmp_path, monkeypatch, capsys):
    from pyralis.boards.base import all_boards
    from pyralis.gen.boards.deploy import deploy
    from pyralis.gen.boards.designs.snn import design

    samples = {"inputs": small.images, "scores": small.scores}
    deploy(
        all_boards()["ulx3s"],
        design(small.config, "tiny", small.compiled, samples),
        tmp_path,
        tmp_path / "no",
    )
    monkeypatch.setattr(deployment, "SerialTransport", lambda port, baud, seconds: small.board())
    monkeypatch.setattr(SnnDriver, "counters", lambda self: COUNTS)
    assert main(tmp_path, ["--images", "4"]) == 0
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first == "1,000.0 cycles a sample by the hardware's counters: 1,000 a second at 1 MHz."
    assert second.endswith(" samples a second for the host, with all transfers.")
    assert rest == [
        "The array was busy in 25.0% of the cycles and waited for weights in 10.0%.",
        "  fc: 500.0 cycles, busy 25.0%, 2.0 spikes",
    ]
    assert main(tmp_path, ["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cycles_per_sample"] == 1000.0
