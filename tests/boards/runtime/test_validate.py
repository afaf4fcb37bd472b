"""Validation: what is equal, what is not and where, what the core doubts; and the command line around it."""

import json

import numpy as np
import pytest
from fakecores import FakeGf

from pyralis.boards.runtime import deployment
from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.gf import GfDriver
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.boards.runtime.validate import main, validate
from pyralis.gen.boards.designs.gf import samples as gf_samples
from pyralis.gen.emit.registers import to_json
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.registers import register_map, words_of

CODED = GfConfig(m=45, protect="product_bch", t=2, correct=2, corrector="combinational", inject=True)


@pytest.fixture
def samples(small):
    labels = small.scores.argmax(axis=1)
    return {"inputs": small.images, "scores": small.scores.copy(), "labels": labels}


@pytest.fixture
def driver(small):
    driver = SnnDriver(small.board(), small.map, small.network)
    driver.load(small.program, small.weights)
    return driver


def test_all_equal(driver, samples):
    assert validate(driver, samples) == {
        "ok": True,
        "samples": 7,
        "equal": 7,
        "different": 0,
        "first_difference": None,
        "accuracy": 1.0,
        "saturated": False,
    }


def test_differences_are_counted_by_image_and_the_first_is_named(driver, samples, small):
    samples["scores"][2, 3:5] += 1
    samples["scores"][5, 0] -= 1
    samples["labels"][0] ^= 1
    facts = validate(driver, samples)
    assert (facts["ok"], facts["equal"], facts["different"]) == (False, 5, 2)
    right = int(small.scores[2, 3])
    assert facts["first_difference"] == f"image 2: score 3 is {right} instead of {right + 1}"
    assert facts["accuracy"] == pytest.approx(6 / 7)


def test_without_labels_there_is_no_accuracy(driver, samples):
    del samples["labels"]
    assert validate(driver, samples)["accuracy"] is None


def test_saturation_is_a_fact(driver, samples):
    driver.transport.saturate = True
    assert validate(driver, samples)["saturated"]


def test_no_samples(driver, samples):
    with pytest.raises(DriverError) as caught:
        validate(driver, {name: array[:0] for name, array in samples.items()})
    assert (caught.value.what, caught.value.hint) == (
        "there are no samples to run",
        "write the deploy folder with some",
    )


def test_the_multiplier_is_also_asked_to_see_errors():
    registers = register_map(CODED, operands=True)
    board = FakeGf(registers, CODED.field, words_of(CODED.m))
    driver, wanted = GfDriver(board, json.loads(to_json(registers))), gf_samples(CODED, 12)
    facts = validate(driver, wanted)
    assert facts == {
        "ok": True,
        "samples": 12,
        "equal": 12,
        "different": 0,
        "first_difference": None,
        "flagged": 0,
        "injected": 12,
        "missed": 0,
    }
    right = int(wanted["product"][4, 1])
    wanted["product"][4, 1] ^= 1
    facts = validate(driver, wanted)
    assert facts["first_difference"] == f"product 4: word 1 is {right} instead of {right ^ 1}"
    wanted["product"][4, 1] ^= 1
    board.flags = {"error": 1}
    facts = validate(driver, wanted)
    assert (facts["ok"], facts["flagged"]) == (False, 12)


@pytest.fixture
def folder(small, samples, tmp_path, monkeypatch):
    """A deploy folder whose serial port leads to a fake core; ``core.broken``: it gives wrong scores."""
    from pyralis.boards.base import all_boards
    from pyralis.gen.boards.deploy import deploy
    from pyralis.gen.boards.designs.snn import design

    deploy(
        all_boards()["ulx3s"],
        design(small.config, "tiny", small.compiled, samples),
        tmp_path,
        tmp_path / "no",
    )
    asked = []

    def connect(port, baud, *, seconds):
        asked.append((port, baud, seconds))
        return small.board()

    monkeypatch.setattr(deployment, "SerialTransport", connect)
    return tmp_path, asked


def test_the_program_says_what_came_out(folder, capsys):
    path, asked = folder
    assert main(path, []) == 0
    assert capsys.readouterr().out == (
        "7 of 7 samples equal the golden model's results.\nAccuracy: 100.00%.\nValidation passed.\n"
    )
    assert asked == [("/dev/ttyUSB0", 1_000_000, 0.5)]
    words = ["--port", "socket://localhost:7", "--baud", "115200", "--seconds", "2.5"]
    assert main(path, [*words, "--images", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["samples"] == 3
    assert asked[1] == ("socket://localhost:7", 115200, 2.5)


def test_the_program_fails_with_the_samples(folder, capsys, small):
    path, _ = folder
    wrong = small.scores.copy()
    wrong[1, 0] += 1
    np.savez(path / "samples.npz", inputs=small.images, scores=wrong)
    manifest = json.loads((path / "manifest.json").read_text())
    del manifest["files"]["samples.npz"]
    (path / "manifest.json").write_text(json.dumps(manifest))
    assert main(path, []) == 1
    right = int(small.scores[1, 0])
    assert capsys.readouterr().out == (
        "6 of 7 samples equal the golden model's results.\n"
        f"First difference: image 1: score 0 is {right} instead of {right + 1}.\nValidation failed.\n"
    )


def test_the_program_turns_errors_into_sentences(folder, capsys):
    path, _ = folder
    (path / "weights.bin").unlink()
    assert main(path, []) == 1
    sentence = "weights.bin cannot be read: No such file or directory"
    hint = "copy the whole folder to the board again"
    assert capsys.readouterr() == ("", f"{sentence}\n  next: {hint}\n")
    assert main(path, ["--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "ok": False,
        "error": "weights.bin cannot be read: No such file or directory",
        "next": "copy the whole folder to the board again",
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--images", "0"], "argument --images: must be a number from 1 on, not '0'"),
        (["--images", "x"], "argument --images: must be a number from 1 on, not 'x'"),
        (["--seconds", "0"], "argument --seconds: must be a number of seconds above 0, not '0'"),
        (["--seconds", "long"], "argument --seconds: must be a number of seconds above 0, not 'long'"),
        (["--transport", "usb"], "argument --transport: invalid choice: 'usb'"),
    ],
)
def test_wrong_options(folder, capsys, words, message):
    with pytest.raises(SystemExit):
        main(folder[0], words)
    assert message in capsys.readouterr().err
