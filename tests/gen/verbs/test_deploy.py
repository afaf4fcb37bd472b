"""``pyralis deploy``: the folder that it writes, and what it says of it."""

import json

import numpy as np

from pyralis.boards.runtime.deployment import Deployment
from pyralis.sim.golden.snn import network as golden_model


def test_a_multiplier_without_a_bitstream(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("deploy", "gf", "--board", "pynq-z2", "--m", 8, "--protect", "none")
    assert (code, err) == (0, "")
    folder = "build/boards/pynq_z2/gf/deploy"
    assert f"{folder}: README.txt, registers.h, registers.json, registers.svd, samples.npz," in out
    assert "validate.py, and the driver in pyralis/." in out
    assert "There is no bitstream yet in build/boards/pynq_z2/gf; make bitstream BOARD=pynq_z2" in out
    assert out.endswith(f"How to run it there: {folder}/README.txt\n")
    samples = Deployment(tmp_path / folder).samples()
    assert set(samples) == {"a", "b", "product"}


def test_a_network_with_inputs_of_its_own(command, network, network_file, core_file, images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    words = ("--board", "ulx3s", "--network", network_file, "--config", core_file, "-o", tmp_path / "out")
    code, out, _ = command("deploy", *words, "--inputs", tmp_path / "images.npy", "--json")
    assert code == 0
    written = json.loads(out)
    assert (written["board"]["name"], written["baud"], written["bitstream"]) == ("ulx3s", 1_000_000, None)
    assert written["memory"] == {"program": "program.bin", "weights": "weights.bin"}
    samples = Deployment(tmp_path / "out").samples()
    assert (samples["scores"] == golden_model.run(network, images).scores.numpy()).all()
    assert (samples["inputs"] == images).all()


def test_without_inputs_there_is_nothing_to_validate(command, network_file, core_file, tmp_path):
    words = ("--board", "zcu104", "--network", network_file, "--config", core_file, "-o", tmp_path / "out")
    code, out, _ = command("deploy", *words, "--json")
    assert code == 0 and json.loads(out)["samples"] is None
    assert "This folder has no samples" in (tmp_path / "out" / "README.txt").read_text()


def test_an_unknown_board(command):
    code, _, err = command("deploy", "gf", "--board", "ulx4s")
    assert code == 1 and "did you mean ulx3s?" in err
